"""The ground as triangles: what a browser draws of a terrain. It knows no bodies and no browsers."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from sfv.terrain.geoms import boxes
from sfv.terrain.terrain import Terrain

BELOW = 0.02
"""m of a block's sides that are drawn below the ground's lowest point."""


@dataclass(frozen=True)
class Surface:
    """Triangles: points (v, 3) m, and the indices of the corners of each."""

    points: Float[np.ndarray, "v 3"]
    faces: Int[np.ndarray, "f 3"]


def ground_surface(terrain: Terrain) -> Surface:
    """The ground's grid, cut as it is touched, its blocks and its seats."""
    nx, ny = terrain.heights.shape
    x, y = (terrain.corner[axis] + terrain.cell * np.arange(count) for axis, count in enumerate((nx, ny)))
    points = np.stack([*np.meshgrid(x, y, indexing="ij"), terrain.heights], -1).reshape(-1, 3)
    a = (np.arange(nx - 1)[:, None] * ny + np.arange(ny - 1)).ravel()
    b, c, d = a + ny, a + 1, a + ny + 1  # the corners one on along x, along y, and along both
    faces = np.concatenate([np.stack([a, b, d], 1), np.stack([a, d, c], 1)])
    low = float(terrain.heights.min()) - BELOW
    parts, count = [(points, faces)], len(points)
    blocks = [terrain.tops] if terrain.seats is None else [terrain.tops, terrain.seats]
    for x0, x1, y0, y1, top in np.concatenate([boxes(terrain, tops) for tops in blocks]):
        bottom = max(low, top - terrain.thick)
        corners = np.array([(i, j, k) for i in (x0, x1) for j in (y0, y1) for k in (bottom, top)])
        parts.append((corners, _CUBE + count))
        count += 8
    return Surface(np.concatenate([p for p, _ in parts]), np.concatenate([f for _, f in parts]))


_CUBE = np.array(
    [[0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1],
     [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3]]
)  # fmt: skip
"""The triangles of a box, from outside anticlockwise; its corners go along z first, then y, then x."""
