"""Times in the air, and times in which something bears the body that is not there: flights, and standing or sitting on
nothing.

They are read from a `Performance`: how high its lowest point is, how its centre of mass falls, and where its weight
would have to be borne.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float

from sfv.check.performance import Performance
from sfv.check.wrench import NEAR, on_ground, outside_of
from sfv.kinematics import GRAVITY
from sfv.work.mask import runs

CLEAR = 0.04
"""m of air under the lowest point in flight; slow clips have up to 2 cm under standing feet."""
SKIMS = 0.025
"""m of air that a runner's flight may have. Four of CMU's sprints have under CLEAR; walks at three times their speed
have under 1.5 cm."""
SHORTEST_FLIGHT = 0.1
"""s of flight; shorter ones say nothing about how fast the body falls."""
FALLS = 0.2
"""g: who is in the air and falls more slowly is held, or stands on tiptoe. Leaps and hops of all clips fall at 0.4 g or
more, a jump played at half of its speed at 0.25; who steps onto a box and stands there at 0."""
SEEMS = 0.5
"""s: who stands on nothing, or sits, for less may just have been read vaguely."""
OFF_LOW, OFF_HIGH = 0.12, 0.25
"""m outside of all that touches the ground: there the weight would have to be borne while somebody sits on nothing, and
while somebody leans on nothing. Dancers on one foot, put on another body, are up to 0.2 m off."""
CALM = 0.5
"""m/s of the centre of mass over the ground: who goes faster may be falling."""
SEAT = 0.75
"""Share of its standing height below which the root of who sits is."""
GAP = 0.1
"""s: shorter interruptions of a stretch are none."""


@dataclass(frozen=True)
class Held:
    """A stretch in which something unseen bears the body.

    Attributes:
        how: what it seems to do.
        start, stop: s.
        height: m above the floor, of what stands or sits.
    """

    how: Literal["stands", "sits", "leans"]
    start: float
    stop: float
    height: float


@dataclass(frozen=True)
class Flight:
    """A time in the air: its frames (`stop` exclusive), and how fast the centre of mass falls, in g; NaN: too short."""

    start: int
    stop: int
    fall: float


def flights(performance: Performance, clear: float = CLEAR) -> tuple[Flight, ...]:
    """Times with `clear` m of air in which the body falls, by the parabola nearest to its centre of mass's height."""
    return tuple(f for f in _aloft(performance, clear) if not f.fall < FALLS)


def held(performance: Performance, seems: float = SEEMS) -> tuple[Held, ...]:
    """Times of at least `seems` seconds in which it stands in the air, or its weight is far outside of all that touches
    the ground."""
    fps, floor, out = performance.motion.fps, performance.floor, []
    for span in _aloft(performance):
        if span.fall < FALLS and (span.stop - span.start) / fps >= seems:
            height = float(np.median(performance.lowest[span.start : span.stop])) - floor
            out.append(Held("stands", span.start / fps, span.stop / fps, height))
    root, beside = performance.root - floor, _beside(performance)
    low = root < SEAT * performance.tall
    kinds: dict[Literal["sits", "leans"], Bool[np.ndarray, " T"]] = {
        "sits": low & (beside > OFF_LOW),
        "leans": ~low & (beside > OFF_HIGH),
    }
    for how, mask in kinds.items():
        for start, stop in runs(_closed(mask, round(GAP * fps))):
            if (stop - start) / fps >= seems:
                out.append(Held(how, start / fps, stop / fps, float(np.median(root[start:stop]))))
    return tuple(sorted(out, key=lambda stretch: stretch.start))


def _aloft(performance: Performance, clear: float = CLEAR) -> list[Flight]:
    """All times of at least SHORTEST_FLIGHT above the clip's own floor, falling or not."""
    fps, out = performance.motion.fps, []
    for start, stop in runs(performance.lowest - performance.floor > clear):
        if (stop - start) / fps >= SHORTEST_FLIGHT:
            height, time = performance.state.com[start:stop, 2], np.arange(stop - start) / fps
            fall = -2.0 * float(np.polyfit(time, height, 2)[0]) / GRAVITY if stop - start >= 3 else float("nan")
            out.append(Flight(start, stop, fall))
    return out


def _beside(performance: Performance) -> Float[np.ndarray, " T"]:
    """How far (m) outside of what is on its floor a calm body's weight would have to be borne; 0 for others."""
    com, need, out = performance.state.com, performance.demand, np.zeros(len(performance.motion))
    speed = np.linalg.norm(np.gradient(com[:, :2], axis=0), axis=1) * performance.motion.fps
    for t in np.flatnonzero(speed < CALM):
        near = performance.heights[t] - performance.floor < NEAR
        if near.any():
            places = on_ground(performance.points[t, near], performance.heights[t, near])
            out[t] = outside_of(places, com[t], need.force[t], need.moment[t])
    return np.nan_to_num(out)


def _closed(mask: Bool[np.ndarray, " T"], width: int) -> Bool[np.ndarray, " T"]:
    """The same without gaps of at most `width` frames between two of True."""
    out = mask.copy()
    for start, stop in runs(~mask):
        if start > 0 and stop < len(mask) and stop - start <= width:
            out[start:stop] = True
    return out
