"""A pinhole camera over a level floor: what the pixels of a clip mean in metres.

The floor is z = 0. While fitting, the camera stands at (0, 0, height) and looks along X; a finished `Camera` may stand
anywhere. Lens distortion is not modelled; of a camera that moves it is the middle frame's, see `recon.pose.steady`.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

USUAL = 63.0
"""Degrees from corner to corner that a camera sees of which nothing is known: of two that were calibrated a web camera
has 59 and an action camera 67, phones have 65 to 75."""


@dataclass(frozen=True)
class Camera:
    """Where the camera is, how it looks, and how wide.

    Attributes:
        image_size: width and height, px; the principal point is the middle.
        focal: focal length, px.
        position: (3,) of the pinhole in the world, m.
        heading: direction of view about Z, rad, 0 along X.
        pitch: rad, positive looks down.
        roll: rad, positive turns the camera clockwise (the picture's content anticlockwise).
    """

    image_size: tuple[int, int]
    focal: float
    position: Float[np.ndarray, "3"]
    heading: float
    pitch: float
    roll: float

    @property
    def centre(self) -> Float[np.ndarray, "2"]:
        """The principal point, px."""
        return 0.5 * np.array(self.image_size, np.float64)

    @property
    def rotation(self) -> Float[np.ndarray, "3 3"]:
        """Camera axes (x right, y down, z away) from world axes."""
        c, s = np.cos(self.heading), np.sin(self.heading)
        turn = np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]])
        return camera_from_world(self.pitch, self.roll) @ turn

    def to_camera(self, points: Float[np.ndarray, "*n 3"]) -> Float[np.ndarray, "*n 3"]:
        """World points (m) in the camera's axes."""
        return (points - self.position) @ self.rotation.T

    def project(
        self, points: Float[np.ndarray, "*n 3"], shift: Float[np.ndarray, "*#n 3"] | float = 0.0
    ) -> Float[np.ndarray, "*n 2"]:
        """World points (m) to pixels, of a camera that has travelled by `shift` (m, in its own axes)."""
        seen = self.to_camera(points) - shift
        return self.centre + self.focal * seen[..., :2] / seen[..., 2:]

    def moved(self, turn: float, shift: Float[np.ndarray, "2"], scale: float = 1.0) -> "Camera":
        """The camera in a world that was scaled, then turned about Z (rad), then shifted in xy (m)."""
        c, s = np.cos(turn), np.sin(turn)
        x, y, z = self.position * scale
        position = np.array([c * x - s * y + shift[0], s * x + c * y + shift[1], z])
        return replace(self, position=position, heading=self.heading + turn)


def camera_from_world(pitch: float, roll: float) -> Float[np.ndarray, "3 3"]:
    """Rotation from the world's axes to those of a camera that looks along X, pitched down, then rolled (rad)."""
    right, down = np.array([0.0, -1.0, 0.0]), np.array([-np.sin(pitch), 0.0, -np.cos(pitch)])
    c, s = np.cos(roll), np.sin(roll)
    return np.stack((c * right + s * down, c * down - s * right, [np.cos(pitch), 0.0, -np.sin(pitch)]))


def view_rotations(
    pixels: Float[np.ndarray, "N 2"], focal: float, image_size: tuple[int, int]
) -> Float[np.ndarray, "N 3 3"]:
    """The rotations, in camera axes, that take the optical axis to the ray through each pixel.

    Estimators see a person cut out of the picture, so their metric axes are those of a camera that looks at the person.
    """
    x, y = ((pixels - 0.5 * np.array(image_size)) / focal).T
    away = np.stack((x, y, np.ones_like(x)), -1)
    away /= np.linalg.norm(away, axis=-1, keepdims=True)
    right = np.stack((away[:, 2], np.zeros_like(x), -away[:, 0]), -1)
    right /= np.linalg.norm(right, axis=-1, keepdims=True)
    return np.stack((right, np.cross(away, right), away), -1)


def focal_of(image_size: tuple[int, int], fov: float = USUAL) -> float:
    """The focal length (px) of a camera that sees `fov` degrees from corner to corner."""
    return float(np.hypot(*image_size) / 2.0 / np.tan(np.radians(0.5 * fov)))
