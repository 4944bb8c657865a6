"""The named kinds of ground, one small function each: of a size, such as a slope's degrees or a stair's height.

A kind fills a site, a strip along x that starts at x = 0 and is crossed lengthwise. Difficulty 0..1 stands for the
kind's range of sizes. Sizes along the ground are rounded to the grid; heights and angles are not. Light: no torch.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.ndimage import gaussian_filter, map_coordinates

from sfv.errors import InputError, did_you_mean

SOFT = 0.2
"""m: standard deviation of the blur that makes footing of heights: about a foot's length, so that a stair is a ramp."""
PIT = 1.0
"""m from the tops of what stands over a pit to its floor."""
PAD = 1.2
"""m of solid ground on either side of the start, before the first hole, stair or hurdle."""


@dataclass(frozen=True)
class Site:
    """Where a kind is to be made: the grid's points along (nx,) and across (ny,), m, and the m between them."""

    x: Float[np.ndarray, " x"]
    y: Float[np.ndarray, " y"]
    cell: float

    @property
    def middle(self) -> tuple[Float[np.ndarray, "cx 1"], Float[np.ndarray, "1 cy"]]:
        """Places of the cells' middles."""
        return 0.5 * (self.x[:-1] + self.x[1:])[:, None], 0.5 * (self.y[:-1] + self.y[1:])[None]

    @property
    def level(self) -> Float[np.ndarray, "x y"]:
        """Heights of zero."""
        return np.zeros((len(self.x), len(self.y)))


@dataclass(frozen=True)
class Patch:
    """What a kind makes of a site: as in `Terrain`; no blocks where `tops` is None."""

    heights: Float[np.ndarray, "x y"]
    footing: Float[np.ndarray, "x y"]
    tops: Float[np.ndarray, "cx cy"] | None = None


Make = Callable[[Site, float, np.random.Generator], Patch]


@dataclass(frozen=True)
class Kind:
    """A row of the table.

    Attributes:
        make: fills a site.
        easy, hard: sizes at difficulty 0 and 1.
        unit: 'cm' or 'deg'; `make` is given metres or degrees.
        narrow: whether starts may not be moved aside, since there is no ground.
        beyond: whether it begins only after PAD of solid ground.
        what: in words; {} stands for the size.
    """

    make: Make
    easy: float
    hard: float
    unit: str
    what: str
    narrow: bool = False
    beyond: bool = False

    def size(self, difficulty: float) -> float:
        """In `unit`."""
        return self.easy + difficulty * (self.hard - self.easy)

    def difficulty(self, size: float) -> float:
        """The inverse of `size`."""
        return (size - self.easy) / (self.hard - self.easy) if self.hard != self.easy else 0.0

    def patch(self, site: Site, difficulty: float, rng: np.random.Generator) -> Patch:
        """The ground at a difficulty."""
        return self.make(site, self.size(difficulty) / (100.0 if self.unit == "cm" else 1.0), rng)


def flat(site: Site, size: float, rng: np.random.Generator) -> Patch:
    """Level."""
    return Patch(site.level, site.level)


def rough(site: Site, size: float, rng: np.random.Generator) -> Patch:
    """Points every 0.2 m at heights drawn evenly between 0 and `size`."""
    every = max(1, round(0.2 / site.cell))
    coarse = rng.uniform(0.0, size, (len(site.x) // every + 2, len(site.y) // every + 2))
    at = np.meshgrid(np.arange(len(site.x)) / every, np.arange(len(site.y)) / every, indexing="ij")
    return _soft(site, map_coordinates(coarse, at, order=1))


def slope_up(site: Site, size: float, rng: np.random.Generator) -> Patch:
    """Rising along x by `size` degrees."""
    return _exact(site.level + np.tan(np.radians(size)) * site.x[:, None])


def slope_down(site: Site, size: float, rng: np.random.Generator) -> Patch:
    """Falling along x by `size` degrees."""
    return slope_up(site, -size, rng)


def slope_across(site: Site, size: float, rng: np.random.Generator) -> Patch:
    """Rising along y by `size` degrees."""
    return _exact(site.level + np.tan(np.radians(size)) * site.y[None])


def stairs_up(site: Site, size: float, rng: np.random.Generator) -> Patch:
    """Flights of four stairs, `size` m high and 0.4 m deep, with a landing of 1.2 m before each."""
    return _stairs(site, size)


def stairs_down(site: Site, size: float, rng: np.random.Generator) -> Patch:
    """The same, downwards."""
    return _stairs(site, -size)


def stones(site: Site, size: float, rng: np.random.Generator) -> Patch:
    """Stones of 0.5 m over a pit, `size` m apart both ways, each row moved aside by chance."""
    x, y = site.middle
    pitch = 0.5 + _round(site, size)
    row = np.floor((x - PAD) / pitch)
    aside = rng.uniform(0.0, pitch, int(row.max()) + 2)[np.maximum(row, 0).astype(int)]
    stone = (((x - PAD) % pitch) >= pitch - 0.5 - 1e-9) & (((y + aside) % pitch) < 0.5 - 1e-9)
    return _over_pit(site, stone)


def gaps(site: Site, size: float, rng: np.random.Generator) -> Patch:
    """Gaps of `size` m across the way, the next 1.5 m from edge to edge."""
    x, y = site.middle
    pitch = 1.5 + _round(site, size)
    return _over_pit(site, (((x - PAD) % pitch) >= pitch - 1.5 - 1e-9) & (y == y))


def bumps(site: Site, size: float, rng: np.random.Generator) -> Patch:
    """One round bump a square metre, 0.25 to 0.5 m in radius and up to `size` m high, at places by chance."""
    heights, (low, high) = site.level, ((v[0], v[-1]) for v in (site.x, site.y))
    for _ in range(int((low[1] - low[0]) * (high[1] - high[0]))):
        x, radius, top = rng.uniform(*low), rng.uniform(0.25, 0.5), size * rng.uniform(0.4, 1.0)
        y = rng.uniform(*high)
        near = tuple(
            slice(*np.searchsorted(line, (at - radius, at + radius))) for line, at in ((site.x, x), (site.y, y))
        )
        away = np.hypot(site.x[near[0], None] - x, site.y[None, near[1]] - y) / radius
        heights[near] = np.maximum(heights[near], top * np.cos(0.5 * np.pi * np.minimum(away, 1.0)) ** 2)
    return _soft(site, heights)


def beam(site: Site, size: float, rng: np.random.Generator) -> Patch:
    """A beam over a pit, `size` m wide, that winds by 0.1 m to either side in 4 m."""
    x, y = site.middle
    aside = 0.1 * np.sin(0.5 * np.pi * np.maximum(x - PAD, 0.0) + np.pi * rng.integers(0, 2))
    return _over_pit(site, np.abs(y - aside) < 0.5 * size + 1e-9)


def waves(site: Site, size: float, rng: np.random.Generator) -> Patch:
    """Waves along x, 2 m long, `size` m from trough to crest."""
    return _soft(site, site.level + 0.5 * size * (1.0 - np.cos(np.pi * site.x[:, None])))


def hurdles(site: Site, size: float, rng: np.random.Generator) -> Patch:
    """Bars across the way, 0.1 m thick and `size` m high, every 2 m."""
    x, y = site.middle
    bar = (((x - PAD) % 2.0) < 0.1 - 1e-9) & (x > PAD) & (y == y)
    return Patch(site.level, site.level, np.where(bar, size, -np.inf))


KINDS = {
    "flat": Kind(flat, 0.0, 0.0, "cm", "level ground"),
    "rough": Kind(rough, 2.0, 15.0, "cm", "points every 0.2 m, up to {} high"),
    "slope_up": Kind(slope_up, 5.0, 20.0, "deg", "rising by {}"),
    "slope_down": Kind(slope_down, 5.0, 20.0, "deg", "falling by {}"),
    "slope_across": Kind(slope_across, 5.0, 20.0, "deg", "tilted sideways by {}"),
    "stairs_up": Kind(stairs_up, 5.0, 20.0, "cm", "flights of four stairs, each {} high and 40 cm deep", beyond=True),
    "stairs_down": Kind(stairs_down, 5.0, 20.0, "cm", "the same, downwards, each {} high", beyond=True),
    "stones": Kind(stones, 10.0, 50.0, "cm", "stepping stones of 50 cm, {} apart", narrow=True, beyond=True),
    "gaps": Kind(gaps, 10.0, 60.0, "cm", "gaps of {} across the way", beyond=True),
    "bumps": Kind(bumps, 3.0, 20.0, "cm", "round bumps up to {} high"),
    "beam": Kind(beam, 70.0, 30.0, "cm", "a winding beam, {} wide", narrow=True, beyond=True),
    "waves": Kind(waves, 5.0, 40.0, "cm", "waves of 2 m, {} from trough to crest"),
    "hurdles": Kind(hurdles, 3.0, 20.0, "cm", "bars across the way, {} high", beyond=True),
}


def parse_terrain(text: str) -> tuple[str, float | None]:
    """'rough', 'rough:0.3' or 'rough:6cm' -> kind and difficulty; None where the text names none.

    Raises:
        InputError: no such kind, or no such difficulty or size of it.
    """
    name, _, said = text.partition(":")
    if name not in KINDS:
        raise InputError(f"{name!r} is not a kind of terrain{did_you_mean(name, KINDS)}")
    if not said:
        return name, None
    kind = KINDS[name]
    number, sized = said.removesuffix(kind.unit), said.endswith(kind.unit)
    try:
        value = float(number)
    except ValueError:
        value = float("nan")
    difficulty = kind.difficulty(value) if sized else value
    if not -1e-9 <= difficulty <= 1.0 + 1e-9:
        low, high = sorted((kind.easy, kind.hard))
        raise InputError(
            f"{text!r} names no terrain that there is; write {name}:0 to {name}:1, "
            f"or a size, {name}:{low:g}{kind.unit} to {name}:{high:g}{kind.unit}"
        )
    return name, min(max(difficulty, 0.0), 1.0)


def _stairs(site: Site, rise: float) -> Patch:
    def steps(x: np.ndarray) -> np.ndarray:
        flights, inside = np.divmod(np.maximum(x, 0.0) + 1e-9, PAD + 1.6)
        return 4 * flights + np.clip(np.floor((inside - PAD) / 0.4) + 1, 0, 4)

    x, y = site.middle
    tops = rise * steps(x) + 0.0 * y
    base = min(0.0, float(tops.min()))
    smooth = _soft(site, site.level + rise * steps(site.x[:, None])).footing
    return Patch(site.level + base, smooth, np.where(tops > base, tops, -np.inf))


def _over_pit(site: Site, solid: np.ndarray) -> Patch:
    """Blocks with their tops at 0 where it is solid and within PAD of the start, over a pit."""
    x, _ = site.middle
    return Patch(site.level - PIT, site.level, np.where(solid | (x < PAD), 0.0, -np.inf))


def _exact(heights: np.ndarray) -> Patch:
    return Patch(heights, heights)


def _soft(site: Site, heights: np.ndarray) -> Patch:
    return Patch(heights, gaussian_filter(heights, SOFT / site.cell, mode="nearest"))


def _round(site: Site, length: float) -> float:
    """A length along the ground in whole cells."""
    return round(length / site.cell) * site.cell
