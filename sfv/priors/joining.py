"""Motions one after another: the second is put where the first leads, and what is between them a prior fills.

It knows no sentence.
"""

from dataclasses import replace

import numpy as np

from sfv.interfaces import Condition, MotionPrior
from sfv.motion import Motion
from sfv.priors.features import headings
from sfv.quaternions import about, multiply

BETWEEN = 0.7
"""s from the last frame of a motion to the first of the next: a step."""
LATELY = 0.2
"""s over which it is measured how somebody goes and turns at an end."""
UP = np.array((0.0, 0.0, 1.0))


def joined(first: Motion, second: Motion, prior: MotionPrior, seed: int = 0) -> Motion:
    """The first motion, BETWEEN seconds that a prior fills, and the second where the first leads.

    Args:
        first: a motion.
        second: another of the same skeleton at the same rate.
        prior: who fills.
        seed: of what is filled.

    Raises:
        InputError: the prior cannot fill, or makes motions of another rate.
    """
    gap = round(BETWEEN * first.fps) - 1
    second = _led(first, second, (gap + 1) / first.fps)
    plain = replace(first, contacts=None, contact_names=(), loop=False)
    # the prior begins from a straight way
    ends = replace(plain, qpos=np.stack((first.qpos[-1], second.qpos[0])), fps=1.0)
    between = ends.at(np.linspace(0.0, 1.0, gap + 2))[1:-1]
    whole = replace(plain, qpos=np.concatenate((first.qpos, between, second.qpos)))
    keep = np.ones(len(whole), bool)
    keep[len(first) : len(first) + gap] = False
    return replace(prior.fill(whole, keep, Condition(), seed), source=f"{first.source}; {second.source}")


def _led(first: Motion, second: Motion, seconds: float) -> Motion:
    """The second motion where one is who goes on for so long as the first ends and the second begins, in the mean."""
    (way, turn), (after, turns) = _going(first, -1), _going(second, 0)
    ends, begins = headings(first.qpos[:, 3:7])[-1], headings(second.qpos[:, 3:7])[0]
    heading = ends + seconds * (turn + turns) / 2
    place = first.qpos[-1, :2] + seconds * (_turned(way, ends) + _turned(after, heading)) / 2
    qpos, angle = second.qpos.copy(), heading - begins
    qpos[:, :2] = place + _turned(second.qpos[:, :2] - second.qpos[0, :2], angle)
    qpos[:, 3:7] = multiply(about(UP, np.array(angle)), second.qpos[:, 3:7])
    return replace(second, qpos=qpos)


def _going(motion: Motion, end: int) -> tuple[np.ndarray, float]:
    """Velocity (m/s) as seen from the heading, and turn (rad/s), at the first frame or at the last."""
    frames = max(1, min(round(LATELY * motion.fps), len(motion) - 1))
    part = motion.qpos[: frames + 1] if end == 0 else motion.qpos[-frames - 1 :]
    heading, seconds = headings(part[:, 3:7]), frames / motion.fps
    return _turned(part[-1, :2] - part[0, :2], -heading[end]) / seconds, float(heading[-1] - heading[0]) / seconds


def _turned(points: np.ndarray, angle: float) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    return np.asarray(points @ np.array(((c, s), (-s, c))))
