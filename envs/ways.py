"""When a limb of a clip stands and swings: the stretches of its path from one stance to the next, called ways.

A way goes from the middle of one stance to the middle of the next. It knows the level clip alone, and no terrain.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from envs.config import TICKS
from envs.limbs import Limb, floor_of, stances

LOOKS = 16
"""Moments between two stances at which a limb's path is looked at, evenly spaced."""
AHEAD, SOON = 0.12, 0.05
"""s: how long before and after what it passes over a limb begins and ceases to be raised for that, and how long after
it left the ground, and before it stands, it is raised in full."""


@dataclass(frozen=True)
class Middle:
    """At the LOOKS of a swing: how much of it is over, eased, and an arch that is 1 in its middle."""

    eased: Float[np.ndarray, " k"]
    arch: Float[np.ndarray, " k"]


def eased(u: Float[np.ndarray, "*n"]) -> Float[np.ndarray, "*n"]:
    """From 0 to 1 and level at both ends; u is cut to 0..1."""
    u = np.clip(u, 0.0, 1.0)
    return u * u * (3.0 - 2.0 * u)


_AT = (np.arange(LOOKS) + 0.5) / LOOKS
MIDDLE = Middle(eased(_AT), np.sin(np.pi * _AT))


@dataclass(frozen=True)
class Ways:
    """Those of one limb of one clip of T rows.

    Attributes:
        count: how many; 0 where the limb never stands. In a loop, in each cycle.
        looks: (count, 6 + LOOKS) ticks: three of the stance that a way begins with, three of that it ends with, and
            those between.
        number: (T,) which way each row is on; -1 is the last of the cycle before, and so on.
        course: (T, 2 + 2 LOOKS): how much of the swing is over (0..1, eased) and its rate (1/s); for each look, how
            much of what is missing there a limb is raised by (0..1), and its rate.
    """

    count: int
    looks: Int[np.ndarray, "w k"]
    number: Int[np.ndarray, " T"]
    course: Float[np.ndarray, "T c"]


def ways_of(surface: Float[np.ndarray, "T H 3"], limbs: tuple[Limb, ...], loop: bool) -> list[Ways]:
    """The ways of each limb of a clip, whose surface at every tick is given."""
    floor = floor_of(surface[..., 2])
    return [_ways(stances(surface, limb, loop, floor), len(surface), loop) for limb in limbs]


def _ways(found: list[tuple[int, int]], rows: int, loop: bool) -> Ways:
    last = rows - 1
    if not found:
        none = np.zeros((0, 6 + LOOKS), np.int64), np.zeros(rows, np.int64), np.zeros((rows, 2 + 2 * LOOKS))
        return Ways(0, *none)
    if loop:
        held = [*found, (found[0][0] + last, found[0][1] + last)]
    else:  # a limb that is in the air at an end of the clip goes from there, or there, as if it stood
        held = [*([(0, 0)] if found[0][0] else []), *found, *([(last, last)] if found[-1][1] < last else [])]
        held = held if len(held) > 1 else 2 * held
    starts, stops = np.array(held).T
    count, middles = len(held) - 1, (starts + stops) // 2
    swing = stops[:-1], starts[1:]
    between = swing[0][:, None] + (swing[1] - swing[0])[:, None] * _AT
    ends = np.stack((starts, middles, stops), -1)
    looks = np.concatenate((ends[:-1], ends[1:], np.rint(between).astype(np.int64)), 1)
    row = np.arange(rows)
    if loop:  # the middle of a stance over the seam is in the next cycle, so a way may have begun two cycles ago
        earlier = np.concatenate((middles[:count] - 2 * last, middles[:count] - last, middles[:count]))
        number = np.searchsorted(earlier, row, side="right") - 1 - 2 * count
    else:
        number = np.maximum(np.searchsorted(middles[:count], row, side="right") - 1, 0)
    cycle, which = np.divmod(number, count)
    begin, end = swing[0][which] + cycle * last, swing[1][which] + cycle * last
    looked = between[which] + (cycle * last)[:, None]
    now = _course(row, begin, end, looked)
    rate = 0.5 * TICKS * (_course(row + 1, begin, end, looked) - _course(row - 1, begin, end, looked))
    course = np.concatenate((now[:, :1], rate[:, :1], now[:, 1:], rate[:, 1:]), 1)
    return Ways(count, looks, number, course)


def _course(
    tick: Int[np.ndarray, " T"],
    begin: Int[np.ndarray, " T"],
    end: Int[np.ndarray, " T"],
    looked: Float[np.ndarray, "T k"],
) -> Float[np.ndarray, "T 1+k"]:
    """How much of the swing is over, and how much of what is missing at each look a limb is raised by."""
    long = np.maximum(end - begin, 1)
    over = eased((tick - begin) / long)
    soon = np.minimum(SOON * TICKS, 0.5 * long)
    held = eased((tick - begin) / soon) * eased((end - tick) / soon)
    flat = 0.5 * long / LOOKS + 1.0
    near = eased(1.0 - (np.abs(tick[:, None] - looked) - flat[:, None]) / (AHEAD * TICKS))
    return np.concatenate((over[:, None], held[:, None] * near), 1)
