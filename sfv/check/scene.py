"""The ground that a motion was done on, found from the motion alone: what must have been there to bear the body.

Where a body stands in the air without falling, its lowest still points stood on something. Where it sits on nothing,
its hips and thighs did. There are boards under these points, and none where the body itself passes through. Nothing is
known of what held the boards up, nor of what somebody leans on.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from scipy.ndimage import binary_dilation
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from sfv.character import Character
from sfv.check import bearing
from sfv.check.check import even
from sfv.check.finding import stretches
from sfv.check.performance import Performance
from sfv.errors import InputError
from sfv.motion import Motion
from sfv.surface import surface_points
from sfv.terrain.terrain import CELL, FLAT, NO_BLOCK, Terrain

NEAR = 0.04
"""m above the lowest point within which points stand on the same thing."""
STILL = 0.5
"""m/s: what stands is slower."""
LONG = 0.2
"""s that a body must be borne by nothing for something to have been there, once the check found it so at all."""
STEP = 0.06
"""m: neighbouring cells that differ by less are one level board."""
THICK = 0.2
"""m of a board. Legs have room below a seat; a step of this height or less is solid."""
ENOUGH = 0.5
"""Share of the cells under what was borne that must be left, without those that the body goes through."""
SUNK = 0.5
"""Share of a board's thickness, or of its height, that a point may be below its top and still be on it: who sits down
lower the second time was read vaguely, and sat on the same thing."""
TOUCHED = 0.05
"""The same where a board is only wider than what it bore: there knees and calves go past its edge."""


@dataclass(frozen=True)
class Support:
    """A stretch in which something bore the body.

    Attributes:
        how: what the body seems to do there.
        start, stop: s.
        points: (P, 3) m, what was borne.
    """

    how: str
    start: float
    stop: float
    points: Float[np.ndarray, "P 3"]


@dataclass(frozen=True)
class Scene:
    """The ground of a motion, FLAT where nothing is missing, and why it is so."""

    ground: Terrain
    supports: tuple[Support, ...]

    def under(self, motion: Motion) -> Motion:
        """A motion with this ground below it; its contacts, where it has any, were with another ground."""
        if self.ground.flat:
            return motion
        return replace(motion, ground=self.ground, contacts=None, contact_names=())

    def words(self) -> list[str]:
        """What was found, for people: a line for each way of being borne."""
        out = []
        for how in sorted({support.how for support in self.supports}):
            mine = [support for support in self.supports if support.how == how]
            heights = [float(np.median(support.points[:, 2])) for support in mine]
            low, high = f"{min(heights):.2f}", f"{max(heights):.2f}"
            up = low if low == high else f"{low} to {high}"
            out.append(f"{how} {up} m up {stretches([(support.start, support.stop) for support in mine])}")
        return out


def find_scene(motion: Motion, character: Character) -> Scene:
    """Level ground with boards where something must have borne the body.

    Raises:
        InputError: the body passes through all places where a support would have to be, or a loop goes on from there.
    """
    performance = Performance(even(motion), character)
    supports = found_supports(performance)
    if not supports:
        return Scene(FLAT, ())
    if motion.loop and np.linalg.norm(motion.cycle()[1]) > CELL:
        raise InputError(
            f"{motion.source or 'the motion'} is a loop that goes on, so what bears it in one cycle is behind it in "
            "the next; give the clip itself, from before it was made a loop"
        )
    every = performance.points.reshape(-1, 3)
    corner = np.floor(every[:, :2].min(0) / CELL - 2) * CELL
    size = np.ceil((every[:, :2].max(0) - corner) / CELL).astype(int) + 2
    tops = np.full(size, np.nan)
    for support in supports:
        borne = _tops(support, corner, size)
        left = _left(performance, borne, corner, SUNK)
        if np.isfinite(left).sum() < ENOUGH * np.isfinite(borne).sum():
            raise InputError(
                f"the body goes through the place where it {support.how} from {support.start:.1f} to "
                f"{support.stop:.1f} s, so nothing can have been there; leave that part out with --begin and --end"
            )
        tops = np.fmax(tops, np.fmax(left, _left(performance, _widened(left), corner, TOUCHED)))
    level, ground = _levelled(tops), np.zeros(size + 1)
    tops = np.where(np.isfinite(level), level, NO_BLOCK)
    return Scene(Terrain(ground, tops, ground, CELL, (corner[0], corner[1]), thick=THICK), tuple(supports))


def found_supports(performance: Performance) -> list[Support]:
    """Where something that is not there bore the body, and which of its points; none where the check misses nothing."""
    if not any(stretch.how != "leans" for stretch in bearing.held(performance)):
        return []
    fps, root, out = performance.motion.fps, 1, []
    bodies = surface_points(performance.character.model)[0]
    parents = performance.character.model.body_parentid
    hips = np.isin(bodies, [root, *(b for b in np.unique(bodies) if parents[b] == root and b != root)])
    below = hips & (performance.points[..., 2] < performance.state.xpos[:, root, 2][:, None])
    slow = np.linalg.norm(performance.material_velocity, axis=-1) < STILL
    slow = np.concatenate([slow, slow[-1:]])
    for stretch in bearing.held(performance, LONG):
        first = round(stretch.start * fps)
        frames = slice(first, max(round(stretch.stop * fps), first + 1))
        height = performance.heights[frames]
        if stretch.how == "stands":
            chosen = (height < performance.lowest[frames][:, None] + NEAR) & slow[frames]
        elif stretch.how == "sits":
            mine = np.where(below[frames], height, np.inf)
            chosen = mine < mine.min(1, keepdims=True) + NEAR
        else:
            continue
        if chosen.any():
            out.append(Support(stretch.how, stretch.start, stretch.stop, performance.points[frames][chosen]))
    return out


def _cells(points: Float[np.ndarray, "P 3"], corner: np.ndarray) -> np.ndarray:
    return np.floor((points[:, :2] - corner) / CELL).astype(int)


def _tops(support: Support, corner: np.ndarray, size: np.ndarray) -> Float[np.ndarray, "x y"]:
    """Height of what is under each cell of a support: the lower quartile of its points; NaN elsewhere."""
    cells = _cells(support.points, corner)
    out = np.full(size, np.nan)
    for cell in np.unique(cells, axis=0):
        out[tuple(cell)] = np.quantile(support.points[(cells == cell).all(1), 2], 0.25)
    return out


def _widened(tops: Float[np.ndarray, "x y"]) -> Float[np.ndarray, "x y"]:
    """The same one cell wider."""
    out, seen = tops.copy(), np.isfinite(tops)
    for i, j in np.argwhere(binary_dilation(seen, np.ones((3, 3))) & ~seen):
        out[i, j] = np.nanmedian(tops[max(i - 1, 0) : i + 2, max(j - 1, 0) : j + 2])
    return out


def _left(
    performance: Performance, tops: Float[np.ndarray, "x y"], corner: np.ndarray, sunk: float
) -> Float[np.ndarray, "x y"]:
    """The same without cells in which the body is ever inside of the board that would be there, deeper than `sunk`."""
    points = performance.points.reshape(-1, 3)
    i, j = _cells(points, corner).T
    top, z = tops[i, j], points[:, 2]  # NaN, where there is none, is above and below nothing
    inside = (z < np.maximum(top - sunk * THICK, (1.0 - sunk) * top)) & (z > top - THICK)
    out = tops.copy()
    out[i[inside], j[inside]] = np.nan
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
