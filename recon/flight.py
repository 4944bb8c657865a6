"""Flights as gravity has them: while nothing touches the floor the centre of mass is on a parabola, exactly.

The optimiser's flight term pulls towards this, and pixels pull against it; here the pull is ended by moving the whole
body, each frame by what its centre of mass is off. Poses do not change.
"""

from itertools import product

import numpy as np
from jaxtyping import Float

from recon.contacts import runs
from sfv import metrics
from sfv.character import Character
from sfv.kinematics import motion_state
from sfv.motion import Motion

G = 9.81
OFF = 0.01
"""m of air under the body from which nothing touches the floor."""
FARTHEST = 0.2
"""m that a body may be moved; what wants more is no flight: it hangs, climbs, or stands on something."""
SUNK = 30.0
"""m/s that a metre under the floor counts as, when the frames of take-off and landing are chosen."""


def falling_freely(
    motion: Motion, character: Character, air: Float[np.ndarray, " T"]
) -> tuple[Float[np.ndarray, "T nq"], int]:
    """The motion's qpos with its flights on parabolas, and in how many it was changed.

    Of the frames at either end of a flight and beside it, those are taken for take-off and landing at which velocities
    change least. Flights that the clip's ends cut are left as they are.

    Args:
        motion: of the character.
        character: its masses.
        air: 1 in frames of flight.
    """
    state, qpos, changed = motion_state(motion, character.model), motion.qpos.copy(), 0
    com, low, fps, last = state.com, metrics.lowest(character.model, state), motion.fps, len(motion) - 1
    # a foot that rolls off or slips does not stand, but pushes
    for start, stop in runs((air > 0.5) & (low > OFF)):
        if start < 2 or stop > last - 1 or stop - start < 2:
            continue
        ends = product((start - 1, start), (stop - 1, stop))
        off, a, b = min(((_off(com, low, fps, a, b), a, b) for a, b in ends if b - a > 1), key=lambda found: found[0])
        move = _parabola(com[a], com[b], b - a, fps) - com[a : b + 1]
        if np.isfinite(off) and np.linalg.norm(move, axis=1).max() <= FARTHEST:
            qpos[a : b + 1, :3] += move
            changed += 1
    return qpos, changed


def _parabola(
    first: Float[np.ndarray, "3"], last: Float[np.ndarray, "3"], frames: int, fps: float
) -> Float[np.ndarray, "n 3"]:
    """Free fall from one place to another in so many frames, both ends included."""
    part = np.arange(frames + 1)[:, None] / frames
    rise = 0.5 * G * (frames / fps) ** 2 * part * (1.0 - part)
    return first + part * (last - first) + rise * [0.0, 0.0, 1.0]


def _off(com: Float[np.ndarray, "T 3"], low: Float[np.ndarray, " T"], fps: float, a: int, b: int) -> float:
    """How much velocities change at take-off and landing, m/s, and how deep in the floor a parabola would be."""
    way = _parabola(com[a], com[b], b - a, fps)
    before, after = com[a] - com[a - 1], com[b + 1] - com[b]
    kinks = np.linalg.norm(way[1] - way[0] - before) + np.linalg.norm(after - (way[-1] - way[-2]))
    under = np.maximum(0.0, -(low[a : b + 1] + way[:, 2] - com[a : b + 1, 2])).max()
    return float(kinks * fps + SUNK * under)
