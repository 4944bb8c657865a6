"""A terrain to look things up in, many places at once, on any device.

It is apart from the terrain itself, which is data, for who only draws it has no need of torch.
"""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Bool, Float, Shaped
from torch import Tensor

from sfv.terrain.terrain import Terrain


class Relief:
    """A terrain's tables on a device: a gather a column, which is what many environments can pay for."""

    def __init__(self, terrain: Terrain, device: str, dtype: torch.dtype = torch.float32) -> None:
        self.flat, self.cell, self.thick = terrain.flat, terrain.cell, terrain.thick

        def tensor(array: object) -> Tensor:
            return torch.as_tensor(array, dtype=dtype, device=device)

        self._corner, self._cells = tensor(terrain.corner).tolist(), terrain.tops.shape
        self.seats = terrain.seats is not None
        ground = [*_corners(terrain.heights), terrain.tops, *([] if terrain.seats is None else [terrain.seats])]
        # of each cell: four heights, its block, and its seat where there are any
        self._ground = [tensor(column).flatten() for column in ground]
        self._footing = [tensor(column).flatten() for column in _corners(terrain.footing)]

    def height(self, places: Float[Tensor, "*n 2"]) -> Float[Tensor, "*n"]:
        """Height of the ground, blocks included, m."""
        corners, u, v = self._cell(self._ground, places)
        return torch.maximum(_triangles(corners, u, v), corners[4])

    def footing(self, places: Float[Tensor, "*n 2"]) -> Float[Tensor, "*n"]:
        """Height of the smooth ground that references stand on, m."""
        return _triangles(*self._cell(self._footing, places))

    def height_above(
        self, points: Float[Tensor, "*n 3"], sits: Bool[Tensor, "#h"] | None = None
    ) -> Float[Tensor, "*n"]:
        """How high points are above the ground below them, m; over the plane z = 0 exactly their z.

        A point that is nearer to a block's underside than to its top is below the block. `sits` says which points, of
        the last axis but one, are borne by seats; without it none are.
        """
        if self.flat:
            return points[..., 2]
        corners, u, v = self._cell(self._ground, points[..., :2])
        ground, top = _triangles(corners, u, v), corners[4]
        if self.seats and sits is not None:
            top = torch.where(sits, torch.maximum(top, corners[5]), top)
        below = points[..., 2] < top - 0.5 * self.thick
        return points[..., 2] - torch.where(below, ground, torch.maximum(ground, top))

    def normal(self, places: Float[Tensor, "*n 2"]) -> Float[Tensor, "*n 3"]:
        """Upward unit normal."""
        corners, u, v = self._cell(self._ground, places)
        a, b, c, d = corners[:4]
        low = u > v
        slope_x, slope_y = torch.where(low, b - a, d - c), torch.where(low, d - b, c - a)
        level = corners[4] >= _triangles(corners, u, v)
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

    def _cell(self, table: Sequence[Tensor], places: Tensor) -> tuple[list[Tensor], Tensor, Tensor]:
        """What a table holds of the cells that places are in, and where in them, 0..1 along x and y."""
        indices, inside = [], []
        for place, corner, count in zip(places.unbind(-1), self._corner, self._cells, strict=True):
            at = ((place - corner) / self.cell).clamp(0.0, float(count))  # NaN stays NaN
            indices.append(at.nan_to_num(0.0).long().clamp_max(count - 1))
            inside.append(at - indices[-1])
        index = (indices[0] * self._cells[1] + indices[1]).flatten()
        shape = places.shape[:-1]
        return [column.index_select(0, index).reshape(shape) for column in table], inside[0], inside[1]


def exact_relief(terrain: Terrain) -> Relief:
    """That of a terrain in double precision on the processor."""
    return Relief(terrain, "cpu", torch.float64)


def _places(x: np.ndarray, y: np.ndarray) -> Tensor:
    return torch.from_numpy(np.stack([np.asarray(x, np.float64), np.asarray(y, np.float64)], -1))


def _corners(grid: np.ndarray) -> list[np.ndarray]:
    """Of each cell, the grid's values at its corners (0, 0), (1, 0), (0, 1), (1, 1)."""
    return [grid[:-1, :-1], grid[1:, :-1], grid[:-1, 1:], grid[1:, 1:]]


def _triangles(corners: Sequence[Tensor], u: Tensor, v: Tensor) -> Tensor:
    """Heights on a cell's two triangles, which share the diagonal from (0, 0) to (1, 1)."""
    a, b, c, d = corners[:4]
    return torch.where(u > v, a + u * (b - a) + v * (d - b), a + v * (c - a) + u * (d - c))
