"""Which pictures of a video show the one before them again: programs put these in where they have none.

A repeated picture is no look at anything: a person in it does not stand still. It compares pictures, and knows neither
files nor what is in them.
"""

from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

BLOCK = 8
"""px of the small pictures that are compared, over which changes are averaged: more than one limb's width."""
SAME = 2.0
"""Grey levels of 255 by which no block of a repeated picture differs; what compression adds is up to 1.6."""
MOVES = 10.0
"""The same that some block changes by at least as the video goes on, or nobody can tell: a person may stand still.
Who starts to move from rest changes blocks by 2 to 7 at first, who runs by 100 and more."""
AT_ONCE = 0.5
"""What the change at its end is at least, over the next changes: motion begins gently, a stopped video does not."""
NEXT = 5
"""Changes that are compared."""
EVENLY, FEWEST = 0.8, 8
"""Share of the runs, and how many, that last as long as most or longer where a video shows each picture several times:
who moves slowly makes some that are shorter."""
HELD = 0.25
"""s: what lasts longer, and is not at the video's end or begin, may be another scene, such as a title."""


def change(before: UInt8[np.ndarray, "H W"], after: UInt8[np.ndarray, "H W"]) -> float:
    """The mean change of the block that changes most, grey levels; sides are whole multiples of BLOCK."""
    height, width = (side // BLOCK for side in after.shape)
    apart = np.abs(after.astype(np.int16) - before)
    return float(apart.reshape(height, BLOCK, width, BLOCK).mean((1, 3)).max())


def repeated(changes: Float[np.ndarray, " S"], times: Float[np.ndarray, " T"]) -> Bool[np.ndarray, " T"]:
    """Which of T pictures are to be left out: all but one of each run of the same, where others move on at once.

    Of a run the first remains: it fills the time until the video goes on. At the begin that is no time of its own, so
    the last remains there, or where every picture is shown n times the last but n - 1. Where every picture is, it is no
    matter how the video moves on, and of longer runs, of who stands still, every n-th remains.

    Args:
        changes: from each picture to the next (S = T - 1), by `change`.
        times: s.
    """
    out = np.zeros(len(times), bool)
    edges = [0, *(np.flatnonzero(changes > SAME) + 1).tolist(), len(times)]
    moving, usual = changes[changes > SAME], round(float(np.median(np.diff(edges))))
    often = _shown(np.diff(edges), usual)
    for run, (start, stop) in enumerate(pairwise(edges)):
        if stop - start < 2:
            continue
        begins, ends = start == 0, stop == len(times)
        sides = [] if begins else [moving[max(run - 1 - NEXT, 0) : run][::-1]]
        sides += [] if ends else [moving[run : run + 1 + NEXT]]
        brief = begins or ends or times[stop - 1] - times[start] <= HELD
        if sides and brief and all(_at_once(side) for side in sides):
            out[start:stop] = True
            out[max(stop - usual, start) if begins else start] = False
        elif often > 1:
            steps = often * np.arange(max((stop - start) // often, 1))
            out[start:stop] = True
            out[np.maximum(stop - often - steps, start) if begins else start + steps] = False
    return out


def _shown(runs: Int[np.ndarray, " R"], usual: int) -> int:
    """How often a video shows every picture; once where runs are not `usual` long or longer all along."""
    inner = runs[1:-1]  # the first and the last may be cut off
    return usual if len(inner) >= FEWEST and (inner >= usual).mean() >= EVENLY else 1


def _at_once(changes: Float[np.ndarray, " n"]) -> bool:
    """Whether the first of some changes is about as large as the others."""
    return bool(changes[0] >= max(MOVES, AT_ONCE * float(np.median(changes))))
