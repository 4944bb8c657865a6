"""Where a motion repeats itself: the frames between which it can be cut into a loop, and what gap is left there.

Poses are compared in the frame of their heading, so walking on and turning do not count as differences.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from sfv.character import Character
from sfv.kinematics import motion_state
from sfv.motion import Motion
from sfv.quaternions import heading

ALIKE = 0.16
"""m: two moments with a smaller gap are the same moment of a cycle. The ends of DeepMimic's run are 0.15 apart, those
of its kick and punch, which are no loops, 0.20 and 0.23."""
LOOK_AHEAD = 0.1
"""s: what differs in velocity by 1 m/s will differ by 10 cm soon."""
SHORTEST_CYCLE = 0.4
"""s: half a step in a run takes longer."""
EXCURSION, MOVES = 2.0, 0.05
"""What stays within so many gaps, or within 5 cm, of where it began is standing still, not a cycle."""
MOST = 400
"""Frames that are compared with each other; longer motions are thinned."""


@dataclass(frozen=True)
class Cycle:
    """A span that can be played again and again.

    Attributes:
        start, stop: its first frame, and the frame that is the first one again.
        gap: root mean square over bodies of the distance between both, and of LOOK_AHEAD times their velocities', m.
        whole: it is the whole motion.
    """

    start: int
    stop: int
    gap: float
    whole: bool


def find_cycle(motion: Motion, character: Character) -> Cycle | None:
    """The best cycle: the whole motion if its ends are alike, else the longest of the nearly best cuts, or None."""
    step = max(1, -(-len(motion) // MOST))
    frames = np.arange(0, len(motion), step)
    frames[-1] = len(motion) - 1
    gaps = _gaps(motion, character, frames)
    # how far the body has been from frame i at any time up to frame j
    away = np.maximum.accumulate(np.triu(gaps), axis=1)
    long = (frames[None] - frames[:, None]) / motion.fps >= SHORTEST_CYCLE
    good = long & (gaps < ALIKE) & (away > np.maximum(EXCURSION * gaps, MOVES))
    if not good.any():
        return None
    if good[0, -1]:
        return Cycle(0, len(motion) - 1, float(gaps[0, -1]), True)
    best = float(gaps[good].min())
    close = good & (gaps <= 1.2 * best + 0.005)
    i, j = max(np.argwhere(close), key=lambda pair: pair[1] - pair[0])
    return Cycle(int(frames[i]), int(frames[j]), float(gaps[i, j]), False)


def end_gap(motion: Motion, character: Character) -> float:
    """The gap between the first and the last frame, m."""
    return float(_gaps(motion, character, np.array([0, len(motion) - 1]))[0, 1])


def _gaps(motion: Motion, character: Character, frames: np.ndarray) -> Float[np.ndarray, "N N"]:
    """The gap between any two of some frames, m."""
    model = character.model
    state = motion_state(motion, model)
    root = state.xpos[:, 1] * np.array([1.0, 1.0, 0.0])
    velocity = np.gradient(state.xpos[:, 1:], axis=0) * motion.fps
    faces = heading(motion.qpos[:, 3:7])
    c, s, zero = np.cos(faces), np.sin(faces), np.zeros(len(motion))
    turn = np.stack((c, s, zero, -s, c, zero, zero, zero, zero + 1.0), 1).reshape(-1, 3, 3)
    place = np.einsum("tij,tbj->tbi", turn, state.xpos[:, 1:] - root[:, None])
    ahead = LOOK_AHEAD * np.einsum("tij,tbj->tbi", turn, velocity)
    features = np.concatenate((place, ahead), -1)[frames].reshape(len(frames), -1)
    square = (features**2).sum(1)
    distance = np.maximum(square[:, None] + square[None] - 2.0 * features @ features.T, 0.0)
    return np.sqrt(distance / place.shape[1])
