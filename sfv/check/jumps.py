"""Jumps: moments at which a motion goes on elsewhere, as where a held pose ends or two takes meet; and what is whole.

It reads places of bodies at the motion's own rate, and knows no physics. `model` is the body's, whose shapes tell its
limbs.
"""

import itertools
from dataclasses import dataclass

import mujoco
import numpy as np
from jaxtyping import Float

from sfv.kinematics import motion_state
from sfv.metrics import limbs
from sfv.motion import Motion

FAR = 0.08
"""m, root mean square over the limbs: who is this far away a frame later has jumped, if frames about it are calm."""
SUDDEN = 6.0
"""Times as far as in the frames about it: bodies gather speed over several frames."""
ABOUT = 0.15
"""s before and after that are looked at."""
STILL = 0.02
"""m: what strays less than this from its middle is a held pose."""


@dataclass(frozen=True)
class Jump:
    """Between which frames it is (`frame` - 1 and `frame`), when (s), and how far (m, root mean square over limbs)."""

    frame: int
    time: float
    size: float


def find_jumps(motion: Motion, model: mujoco.MjModel) -> tuple[Jump, ...]:
    """The jumps of a motion, in their order."""
    way = _way(motion, model)
    width = max(3, round(ABOUT * motion.fps))
    found = []
    for t in np.flatnonzero(way > FAR):
        about = np.concatenate((way[max(0, t - width) : t], way[t + 1 : t + 1 + width]))
        if len(about) and way[t] > SUDDEN * float(np.median(about)):
            found.append(Jump(int(t) + 1, float(t + 1) / motion.fps, float(way[t])))
    return tuple(found)


def longest_piece(motion: Motion, model: mujoco.MjModel) -> tuple[int, int]:
    """First and last frame of the longest stretch without a jump in which somebody moves; of the longest, if none is.

    A held pose before or after a jump is no motion, however long it is.
    """
    cuts = [0, *(jump.frame for jump in find_jumps(motion, model)), len(motion)]
    pieces = [(a, b - 1) for a, b in itertools.pairwise(cuts) if b - a > 1]
    moving = [piece for piece in pieces if _strays(motion, model, *piece) > STILL]
    return max(moving or pieces, key=lambda piece: piece[1] - piece[0], default=(0, len(motion) - 1))


def _way(motion: Motion, model: mujoco.MjModel) -> Float[np.ndarray, " S"]:
    """How far the limbs go from each frame to the next, root mean square, m."""
    places = motion_state(motion, model).xpos[:, limbs(model)]
    return np.sqrt((np.diff(places, axis=0) ** 2).sum(-1).mean(1))


def _strays(motion: Motion, model: mujoco.MjModel, first: int, last: int) -> float:
    """How far the limbs get from where they are on the median, root mean square, m."""
    places = motion_state(motion, model).xpos[first : last + 1, limbs(model)]
    away = places - np.median(places, axis=0)
    return float(np.sqrt((away**2).sum(-1).mean(1)).max())
