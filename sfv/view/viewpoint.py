"""A pinhole camera that looks at the world, and how it follows a body.

It says where things appear in a picture; it draws nothing and knows no lens distortion.
"""

from dataclasses import asdict, dataclass

import numpy as np
from jaxtyping import Float

from sfv.terrain.terrain import FLAT, Terrain

Vec = tuple[float, float, float]


@dataclass(frozen=True)
class Viewpoint:
    """Where a camera without roll stands and what it looks at; principal point in the middle of the picture.

    Attributes:
        position: of the eye in the world, m.
        target: the point in the middle of the picture, m; not straight above or below the eye.
        fovy: vertical field of view, degrees.
    """

    position: Vec
    target: Vec
    fovy: float = 40.0

    def axes(self) -> Float[np.ndarray, "3 3"]:
        """Columns: the picture's right, its up, and backwards (MuJoCo's camera frame) in the world."""
        back = np.subtract(self.position, self.target)
        back = back / np.linalg.norm(back)
        right = np.cross((0.0, 0.0, 1.0), back)
        right = right / np.linalg.norm(right)
        return np.stack((right, np.cross(back, right), back), 1)

    def focal(self, height: int) -> float:
        """Focal length in pixels of a picture that is `height` pixels high."""
        return float(0.5 * height / np.tan(0.5 * np.radians(self.fovy)))

    def project(self, points: Float[np.ndarray, "*n 3"], size: tuple[int, int]) -> Float[np.ndarray, "*n 2"]:
        """Pixels (x right, y down, the first pixel's corner is 0, 0) of world points in a picture of `size` (W, H)."""
        seen = (points - np.array(self.position)) @ self.axes()
        scale = self.focal(size[1]) / -seen[..., 2:]
        return np.array(size) / 2 + seen[..., :2] * (1, -1) * scale

    def record(self, size: tuple[int, int]) -> dict[str, object]:
        """What a file should say of this camera for pictures of `size`: pose, focal length (px) and principal point."""
        right, up, back = self.axes().T
        return asdict(self) | {
            "size": list(size),
            "focal_px": self.focal(size[1]),
            "principal_point_px": [size[0] / 2, size[1] / 2],
            "R_camera_world": [right.tolist(), (-up).tolist(), (-back).tolist()],
            "axes": "camera x right, y down, z away; world z up; metres, degrees",
        }


def following(
    path: Float[np.ndarray, "T 3"],
    fps: float,
    away: Vec = (2.6, -2.6, 0.75),
    height: float = 0.85,
    fovy: float = 40.0,
    terrain: Terrain = FLAT,
) -> list[Viewpoint]:
    """One camera for each frame of a body's path (m), at `away` (m) from it, steady in its movements.

    The path is smoothed over about a second, and the camera keeps its height over the ground below it, so that jumps
    are seen as jumps, and who goes up a slope is not lost.
    """
    from scipy.ndimage import gaussian_filter1d  # takes longer than most that is done with it

    smooth = gaussian_filter1d(path[:, :2], sigma=0.4 * fps, axis=0, mode="nearest")
    ground = np.zeros(len(path)) if terrain.flat else terrain.height(path[:, 0], path[:, 1])
    up = height + gaussian_filter1d(ground, sigma=0.4 * fps, mode="nearest")
    looked = zip(*smooth.T.tolist(), up.tolist(), strict=True)
    return [Viewpoint((x + away[0], y + away[1], z + away[2]), (x, y, z), fovy) for x, y, z in looked]
