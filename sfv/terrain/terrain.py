"""The ground as data: heights on a grid, blocks with upright sides on its cells, friction.

Between the grid's points the ground is two triangles a cell, cut as MuJoCo cuts a height field, so that what is looked
up here is what bodies touch there. It knows no simulator and no character; beyond its edges the ground goes on level.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, Shaped

from sfv.errors import InputError

if TYPE_CHECKING:
    from sfv.terrain.relief import Relief

CELL = 0.1
"""m between the points of the grids that sfv makes: half of a foot's length. 0.05 costs physics twice the plane's time,
this half as much again."""
FLATNESS = 1e-9
"""m from a plane that is rounding."""
NO_BLOCK = -np.inf
LARGEST, HIGHEST = 1_000_000, 1000.0
"""Points of a ground that a file holds, and m of its blocks: more is no ground that a person moves on."""


@dataclass(frozen=True)
class Terrain:
    """A piece of ground.

    Attributes:
        heights: (nx, ny) m, of the grid's points; x goes with the first index.
        tops: (nx - 1, ny - 1) m, the top of the block that stands on each cell, or NO_BLOCK.
        seats: (nx - 1, ny - 1) m, the top of the seat on each cell, or NO_BLOCK. A seat bears hips and thighs
            (`sfv.surface.sitting_bodies`), and all else passes: legs go under it, and a chair may be moved there later.
        footing: (nx, ny) m, the smooth ground that a reference made for flat ground is lifted onto: edges are rounded,
            holes bridged, low hurdles left out.
        cell: m between points.
        corner: (x, y) of the first point, m.
        friction: coefficient, sliding.
        thick: m from the top of a block to its underside: a seat has room for legs below. Infinite where blocks stand
            on the ground.
    """

    heights: Float[np.ndarray, "x y"]
    tops: Float[np.ndarray, "cx cy"]
    footing: Float[np.ndarray, "x y"]
    cell: float = CELL
    corner: tuple[float, float] = (0.0, 0.0)
    friction: float = 1.0
    thick: float = np.inf
    seats: Float[np.ndarray, "cx cy"] | None = None

    def __post_init__(self) -> None:
        nx, ny = self.heights.shape
        assert self.tops.shape == (nx - 1, ny - 1), "a block for every cell"
        assert self.footing.shape == (nx, ny), "a footing for every point"
        assert self.seats is None or self.seats.shape == self.tops.shape, "a seat for every cell"

    @cached_property
    def flat(self) -> bool:
        """Whether it is the plane z = 0."""
        return not self.heights.any() and not np.isfinite(self.tops).any() and self.seats is None

    @cached_property
    def slope(self) -> tuple[float, float] | None:
        """How much its grid rises along x and along y (m/m), where it is one plane; whatever stands on it."""
        rise = self.heights - self.heights[0, 0]
        x, y = (int(count) - 1 for count in rise.shape)
        along, across = float(rise[-1, 0]) / x, float(rise[0, -1]) / y
        plane = along * np.arange(x + 1)[:, None] + across * np.arange(y + 1)[None]
        return (along / self.cell, across / self.cell) if np.abs(rise - plane).max() < FLATNESS else None

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

    def arrays(self) -> dict[str, object]:
        """It as named arrays, for a file; `of` reads them again."""
        return {
            "ground_heights": self.heights,
            "ground_tops": self.tops,
            "ground_footing": self.footing,
            "ground_cell": self.cell,
            "ground_corner": np.array(self.corner),
            "ground_friction": self.friction,
            "ground_thick": self.thick,
        } | ({} if self.seats is None else {"ground_seats": self.seats})

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray]) -> "Terrain":
        """That of a file.

        Raises:
            InputError: an array is missing, of another shape, or no number.
            KeyError, ValueError: likewise, of a damaged file.
        """
        names = ("heights", "tops", "footing")
        heights, tops, footing = (np.asarray(arrays[f"ground_{name}"], float) for name in names)
        cell, friction, thick = (float(arrays[f"ground_{name}"]) for name in ("cell", "friction", "thick"))
        x, y = (float(number) for number in arrays["ground_corner"])
        seats = np.asarray(arrays["ground_seats"], float) if "ground_seats" in arrays else None
        blocks = [tops] if seats is None else [tops, seats]
        fits = heights.ndim == 2 and min(heights.shape) >= 2 and heights.size <= LARGEST
        fits = fits and footing.shape == heights.shape
        fits = fits and all(each.shape == (heights.shape[0] - 1, heights.shape[1] - 1) for each in blocks)
        sane = bool(np.isfinite([*heights.flat, *footing.flat, x, y]).all())
        sane = sane and not any(np.isnan(each).any() or each.max() >= HIGHEST for each in blocks)
        sane = sane and 0.0 < cell <= 100.0 and 0.0 <= friction <= 100.0 and thick > 0.0
        if not (fits and sane):
            raise InputError("the ground in the file is none: its arrays do not fit each other; find it with sfv scene")
        return cls(heights, tops, footing, cell, (x, y), friction, thick, seats)


FLAT = Terrain(np.zeros((2, 2)), np.full((1, 1), NO_BLOCK), np.zeros((2, 2)))
"""The plane z = 0."""


def height_above(
    points: Float[np.ndarray, "*n 3"], terrain: Terrain = FLAT, sits: Bool[np.ndarray, "#h"] | None = None
) -> Float[np.ndarray, "*n"]:
    """How high points (m) are above the ground below them, m; over the plane z = 0 exactly their z.

    `sits` says which of the last axis but one are borne by seats; without it none are.
    """
    if terrain.flat:
        return points[..., 2]
    return terrain.relief.heights_above(points, sits)
