"""The ground as data: heights on a grid, blocks with upright sides on its cells, friction.

Between the grid's points the ground is two triangles a cell, cut as MuJoCo cuts a height field, so that what is looked
up here is what bodies touch there. It knows no simulator and no character; beyond its edges the ground goes on level.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Shaped

if TYPE_CHECKING:
    from sfv.terrain.relief import Relief

CELL = 0.1
"""m between the points of the grids that sfv makes: half of a foot's length. 0.05 costs physics twice the plane's time,
this half as much again."""
NO_BLOCK = -np.inf


@dataclass(frozen=True)
class Terrain:
    """A piece of ground.

    Attributes:
        heights: (nx, ny) m, of the grid's points; x goes with the first index.
        tops: (nx - 1, ny - 1) m, the top of the block that stands on each cell, or NO_BLOCK.
        footing: (nx, ny) m, the smooth ground that a reference made for flat ground is lifted onto: edges are rounded,
            holes bridged, low hurdles left out.
        cell: m between points.
        corner: (x, y) of the first point, m.
        friction: coefficient, sliding.
    """

    heights: Float[np.ndarray, "x y"]
    tops: Float[np.ndarray, "cx cy"]
    footing: Float[np.ndarray, "x y"]
    cell: float = CELL
    corner: tuple[float, float] = (0.0, 0.0)
    friction: float = 1.0

    def __post_init__(self) -> None:
        nx, ny = self.heights.shape
        assert self.tops.shape == (nx - 1, ny - 1), "a block for every cell"
        assert self.footing.shape == (nx, ny), "a footing for every point"

    @cached_property
    def flat(self) -> bool:
        """Whether it is the plane z = 0."""
        return not self.heights.any() and not np.isfinite(self.tops).any()

    @cached_property
    def relief(self) -> "Relief":
        """It, to look things up in, in double precision on the processor."""
        from sfv.terrain.relief import exact_relief

        return exact_relief(self)

    def height(self, x: Shaped[np.ndarray, "*n"], y: Shaped[np.ndarray, "*n"]) -> Float[np.ndarray, "*n"]:
        """Height of the ground (m) at places (m)."""
        return self.relief.heights(x, y)

    def normal(self, x: Shaped[np.ndarray, "*n"], y: Shaped[np.ndarray, "*n"]) -> Float[np.ndarray, "*n 3"]:
        """Upward unit normal of the ground at places (m)."""
        return self.relief.normals(x, y)


FLAT = Terrain(np.zeros((2, 2)), np.full((1, 1), NO_BLOCK), np.zeros((2, 2)))
"""The plane z = 0."""


def height_above(points: Float[np.ndarray, "*n 3"], terrain: Terrain = FLAT) -> Float[np.ndarray, "*n"]:
    """How high points (m) are above the ground below them, m; over the plane z = 0 exactly their z."""
    if terrain.flat:
        return points[..., 2]
    return points[..., 2] - terrain.height(points[..., 0], points[..., 1])
