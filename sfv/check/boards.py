"""Boards under points that were borne: level where they join, and none where a body goes through.

They know points and no motion; whoever adds to them knows why there must be something.
"""

import numpy as np
from jaxtyping import Bool, Float
from scipy.ndimage import binary_dilation
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from sfv.terrain.terrain import CELL, NO_BLOCK, Terrain

STEP = 0.06
"""m: neighbouring cells that differ by less are one level board."""
THICK = 0.2
"""m of a board. Legs have room below a seat; a step of this height or less is solid."""
SUNK = 0.5
"""Share of a board's thickness, or of its height, that a point may be below its top and still be on it: who sits down
lower the second time was read vaguely, and sat on the same thing."""
TOUCHED = 0.05
"""The same where a board is only wider than what it bore: there knees and calves go past its edge."""


class Boards:
    """Boards on squares of CELL, in a room that holds all points of a body over time.

    Attributes:
        tops: (x, y) m, NaN where there is none.
    """

    def __init__(self, body: Float[np.ndarray, "T H 3"], borne: Bool[np.ndarray, " H"] | None = None) -> None:
        """Only points that are `borne` cannot go through boards; by default that is all of them."""
        low, high = (side(body[..., :2].reshape(-1, 2), 0) for side in (np.min, np.max))
        self._body = (body if borne is None else body[:, borne]).reshape(-1, 3)
        self.corner = np.floor(low / CELL - 2) * CELL
        self.tops = np.full(np.ceil((high - self.corner) / CELL).astype(int) + 2, np.nan)

    def add(self, borne: Float[np.ndarray, "P 3"], enough: float) -> bool:
        """Put boards under points; False, and none, if the body goes through more of them than leaves `enough`."""
        under = self._under(borne)
        left = self._left(under, SUNK)
        if np.isfinite(left).sum() < enough * np.isfinite(under).sum():
            return False
        self.tops = np.fmax(self.tops, np.fmax(left, self._left(_widened(left), TOUCHED)))
        return True

    def levelled(self) -> Float[np.ndarray, "x y"]:
        """The tops, level where they join, as a terrain has them."""
        level = _levelled(self.tops)
        return np.where(np.isfinite(level), level, NO_BLOCK)

    def _cells(self, points: Float[np.ndarray, "P 3"]) -> np.ndarray:
        return np.floor((points[:, :2] - self.corner) / CELL).astype(int)

    def _under(self, points: Float[np.ndarray, "P 3"]) -> Float[np.ndarray, "x y"]:
        """Height of what is under each cell of points: their lower quartile; NaN elsewhere."""
        cells, out = self._cells(points), np.full(self.tops.shape, np.nan)
        for cell in np.unique(cells, axis=0):
            out[tuple(cell)] = np.quantile(points[(cells == cell).all(1), 2], 0.25)
        return out

    def _left(self, tops: Float[np.ndarray, "x y"], sunk: float) -> Float[np.ndarray, "x y"]:
        """The same without cells in which the body is ever inside of the board, deeper than `sunk`."""
        i, j = self._cells(self._body).T
        top, z = tops[i, j], self._body[:, 2]  # NaN, where there is none, is above and below nothing
        inside = (z < np.maximum(top - sunk * THICK, (1.0 - sunk) * top)) & (z > top - THICK)
        out = tops.copy()
        out[i[inside], j[inside]] = np.nan
        return out


def ground_with(blocks: Boards, seats: Boards) -> Terrain:
    """Level ground with boards above it, those of `seats` for what sits; both are of the same points."""
    ground, (x, y) = np.zeros(np.array(blocks.tops.shape) + 1), map(float, blocks.corner)
    on = seats.levelled() if np.isfinite(seats.tops).any() else None
    return Terrain(ground, blocks.levelled(), ground, CELL, (x, y), thick=THICK, seats=on)


def _widened(tops: Float[np.ndarray, "x y"]) -> Float[np.ndarray, "x y"]:
    """The same one cell wider."""
    out, seen = tops.copy(), np.isfinite(tops)
    for i, j in np.argwhere(binary_dilation(seen, np.ones((3, 3))) & ~seen):
        out[i, j] = np.nanmedian(tops[max(i - 1, 0) : i + 2, max(j - 1, 0) : j + 2])
    return out


def _levelled(tops: Float[np.ndarray, "x y"]) -> Float[np.ndarray, "x y"]:
    """Neighbouring cells of like height at one height: seats and steps are level."""
    there = np.isfinite(tops)
    number = np.cumsum(there).reshape(tops.shape) - 1
    pairs = []
    for one, other in ((np.s_[1:, :], np.s_[:-1, :]), (np.s_[:, 1:], np.s_[:, :-1])):
        alike = there[one] & there[other] & (np.abs(tops[one] - tops[other]) < STEP)
        pairs.append(np.stack([number[one][alike], number[other][alike]]))
    rows, columns = np.concatenate(pairs, 1)
    count = int(there.sum())
    _, group = connected_components(coo_array((np.ones(len(rows)), (rows, columns)), shape=(count, count)))
    values, out = tops[there], tops.copy()
    out[there] = np.array([np.median(values[group == g]) for g in group])
    return out
