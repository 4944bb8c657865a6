"""A terrain to look things up in, many places at once, on any device.

It is apart from the terrain itself, which is data, for who only draws it has no need of torch.
"""

import numpy as np
import torch
from jaxtyping import Bool, Float, Shaped
from torch import Tensor

from sfv.terrain.terrain import Terrain


class Relief:
    """A terrain's tables on a device: gathers of one row a place, which is what many environments can pay for."""

    def __init__(self, terrain: Terrain, device: str, dtype: torch.dtype = torch.float32) -> None:
        self.flat, self.cell, self.thick = terrain.flat, terrain.cell, terrain.thick

        def tensor(array: object) -> Tensor:
            return torch.as_tensor(array, dtype=dtype, device=device)

        self._corner = tensor(terrain.corner)
        self._cells = torch.tensor(terrain.tops.shape, device=device)
        self.seats = terrain.seats is not None
        ground = [*_corners(terrain.heights), terrain.tops, *([] if terrain.seats is None else [terrain.seats])]
        # of each cell: four heights, its block, and its seat where there are any
        self._ground = tensor(np.stack(ground, -1)).reshape(-1, len(ground))
        self._footing = tensor(np.stack(_corners(terrain.footing), -1)).reshape(-1, 4)

    def height(self, places: Float[Tensor, "*n 2"]) -> Float[Tensor, "*n"]:
        """Height of the ground, blocks included, m."""
        rows, u, v = self._rows(self._ground, places)
        return torch.maximum(_triangles(rows, u, v), rows[..., 4])

    def footing(self, places: Float[Tensor, "*n 2"]) -> Float[Tensor, "*n"]:
        """Height of the smooth ground that references stand on, m."""
        return _triangles(*self._rows(self._footing, places))

    def height_above(
        self, points: Float[Tensor, "*n 3"], sits: Bool[Tensor, "#h"] | None = None
    ) -> Float[Tensor, "*n"]:
        """How high points are above the ground below them, m; over the plane z = 0 exactly their z.

        A point that is nearer to a block's underside than to its top is below the block. `sits` says which points, of
        the last axis but one, are borne by seats; without it none are.
        """
        if self.flat:
            return points[..., 2]
        rows, u, v = self._rows(self._ground, points[..., :2])
        ground, top = _triangles(rows, u, v), rows[..., 4]
        if self.seats and sits is not None:
            top = torch.where(sits, torch.maximum(top, rows[..., 5]), top)
        below = points[..., 2] < top - 0.5 * self.thick
        return points[..., 2] - torch.where(below, ground, torch.maximum(ground, top))

    def normal(self, places: Float[Tensor, "*n 2"]) -> Float[Tensor, "*n 3"]:
        """Upward unit normal."""
        rows, u, v = self._rows(self._ground, places)
        a, b, c, d = rows[..., 0], rows[..., 1], rows[..., 2], rows[..., 3]
        low = u > v
        slope_x, slope_y = torch.where(low, b - a, d - c), torch.where(low, d - b, c - a)
        level = rows[..., 4] >= _triangles(rows, u, v)
        slope_x, slope_y = (torch.where(level, 0.0, slope) / self.cell for slope in (slope_x, slope_y))
        return torch.nn.functional.normalize(torch.stack((-slope_x, -slope_y, torch.ones_like(slope_x)), -1), dim=-1)

    def heights(self, x: Shaped[np.ndarray, "*n"], y: Shaped[np.ndarray, "*n"]) -> Float[np.ndarray, "*n"]:
        """`height` of arrays."""
        return self.height(_places(x, y)).numpy()

    def heights_above(
        self, points: Float[np.ndarray, "*n 3"], sits: Bool[np.ndarray, "#h"] | None = None
    ) -> Float[np.ndarray, "*n"]:
        """`height_above` of arrays."""
        borne = None if sits is None else torch.from_numpy(sits)
        return self.height_above(torch.from_numpy(np.asarray(points, np.float64)), borne).numpy()

    def normals(self, x: Shaped[np.ndarray, "*n"], y: Shaped[np.ndarray, "*n"]) -> Float[np.ndarray, "*n 3"]:
        """`normal` of arrays."""
        return self.normal(_places(x, y)).numpy()

    def _rows(self, table: Tensor, places: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The table's rows of the cells that places are in, and where in them, 0..1 along x and y."""
        at = (places - self._corner) / self.cell
        at = torch.minimum(at.clamp_min(0.0), self._cells.to(at.dtype))  # NaN stays NaN
        index = torch.minimum(at.nan_to_num(0.0).long(), self._cells - 1)
        inside = at - index
        rows = table.index_select(0, (index[..., 0] * self._cells[1] + index[..., 1]).flatten())
        return rows.reshape(*index.shape[:-1], -1), inside[..., 0], inside[..., 1]


def exact_relief(terrain: Terrain) -> Relief:
    """That of a terrain in double precision on the processor."""
    return Relief(terrain, "cpu", torch.float64)


def _places(x: np.ndarray, y: np.ndarray) -> Tensor:
    return torch.from_numpy(np.stack([np.asarray(x, np.float64), np.asarray(y, np.float64)], -1))


def _corners(grid: np.ndarray) -> list[np.ndarray]:
    """Of each cell, the grid's values at its corners (0, 0), (1, 0), (0, 1), (1, 1)."""
    return [grid[:-1, :-1], grid[1:, :-1], grid[:-1, 1:], grid[1:, 1:]]


def _triangles(rows: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """Heights on a cell's two triangles, which share the diagonal from (0, 0) to (1, 1)."""
    a, b, c, d = rows[..., 0], rows[..., 1], rows[..., 2], rows[..., 3]
    return torch.where(u > v, a + u * (b - a) + v * (d - b), a + v * (c - a) + u * (d - c))
