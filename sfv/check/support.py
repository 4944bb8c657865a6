"""How a motion stands, slides and flies: figures of its contact with the ground, and of gravity between contacts.

They read a `Performance` and return one number each, NaN where the motion has nothing to measure it by.
"""

import numpy as np
from jaxtyping import Bool, Float

from sfv.check.performance import Performance
from sfv.kinematics import GRAVITY
from sfv.surface import surface_points

TOUCHING = 0.03
"""m above the clip's floor within which a foot that is declared to stand may be."""
LEANT_ON = 0.015
"""m: nearer to the floor than this a foot does not lift off any more, as it does at 20 to 40 cm/s in a jog."""
ENOUGH = 0.25
"""Share of the frames with standing feet without which nothing is said of their drift: a roll has fewer, and slides."""
STILL = 0.5
"""m/s: a foot that is declared to stand is slower."""
BLUR = 0.07
"""s: contacts begin and end this vaguely."""
FASTEST = 120.0
"""1/s: above this rate differences are noise."""
SLOWEST = 0.2
"""rad/s over all joints together: less is standing still, which has no tempo."""


def floating(performance: Performance) -> float:
    """Height (cm) of the lowest point in the frames in which something carries the body: the median."""
    return 100.0 * performance.floor


def support_slide(performance: Performance) -> float:
    """Mean speed (cm/s) of what stands stillest, over the frames in which something carries the body."""
    carried = performance.carried[1:] & performance.carried[:-1]
    speed = np.linalg.norm(performance.support_velocity(), axis=1)[carried]
    return float(100.0 * np.nanmean(speed)) if np.isfinite(speed).any() else float("nan")


def drift(performance: Performance) -> float:
    """Speed (cm/s) at which standing feet move on the whole: the length of their median velocity; shuffling cancels.

    Only frames count in which the body is upright and on nothing else: who rolls or crouches does not stand.
    """
    frames = performance.carried & performance.upright
    velocity = performance.support_velocity(LEANT_ON)[frames[1:] & frames[:-1]]
    velocity = velocity[np.isfinite(velocity).all(1)]
    enough = len(velocity) >= ENOUGH * len(performance.motion)
    return float(100.0 * np.linalg.norm(np.median(velocity, axis=0))) if enough else float("nan")


def flight_gravity(performance: Performance) -> float:
    """How fast the centre of mass falls in flight, in g: the mean over all flights of at least 0.1 s."""
    falls = np.array(performance.falls)
    return float(np.nanmean(falls)) if np.isfinite(falls).any() else float("nan")


def slowest_fall(performance: Performance) -> float:
    """The same of the flight in which it falls most slowly."""
    falls = np.array(performance.falls)
    return float(np.nanmin(falls)) if np.isfinite(falls).any() else float("nan")


def froude(performance: Performance) -> float:
    """v^2 / (g l) of a gait without flight, l the height of the centre of mass: walking ends at 1 (Alexander 1984)."""
    if performance.flights:
        return float("nan")
    com = performance.state.com
    speed = np.linalg.norm(com[-1, :2] - com[0, :2]) / performance.motion.duration
    return float(speed**2 / (GRAVITY * max(float(np.median(com[:, 2])), 0.1)))


def contact_disagreement(performance: Performance) -> float:
    """Share of frames and feet, of those declared or seen to stand, in which declaration and geometry disagree.

    A foot stands when its lowest point is within TOUCHING of the floor and slower than STILL. Within BLUR of a change
    of either, both are right. NaN for motions without contacts of all feet.
    """
    motion = performance.motion
    if motion.contacts is None or not performance.feet or not set(performance.feet) <= set(motion.contact_names):
        return float("nan")
    said = np.stack([motion.contacts[:, motion.contact_names.index(foot)] > 0.5 for foot in performance.feet], 1)
    seen = feet_down(performance)
    width = max(1, round(BLUR * motion.fps))
    wrong = (said & ~_near(seen, width)) | (seen & ~_near(said, width))
    either = (said | seen).sum()
    return float(wrong.sum() / either) if either else float("nan")


def feet_down(performance: Performance) -> Bool[np.ndarray, "T F"]:
    """Which feet stand, by their height above the clip's floor and their speed."""
    bodies = surface_points(performance.character.model)[0]
    out = []
    for foot in performance.feet:
        mine = performance.points[:, bodies == performance.character.model.body(foot).id]
        speed = np.linalg.norm(np.gradient(mine, axis=0)[..., :2], axis=-1) * performance.motion.fps
        near = mine[..., 2] - performance.floor < TOUCHING
        out.append((near & (speed < STILL)).any(1))
    return np.stack(out, 1)


def tempo(performance: Performance) -> float:
    """Mean angular acceleration of root and joints over their mean speed, 1/s: how soon a body does something else.

    It doubles with the speed of play, whatever the clip. Of more than FASTEST frames a second some are left out.
    """
    motion = performance.motion
    step = max(1, int(motion.fps / FASTEST))
    velocity = performance.state.qvel[::step, 3:]
    change = np.diff(velocity, axis=0) * motion.fps / step
    speed = np.linalg.norm(velocity, axis=1).mean()
    return float(np.linalg.norm(change, axis=1).mean() / speed) if speed > SLOWEST else float("nan")


def jerk(performance: Performance) -> float:
    """Mean jerk of the bodies with differences over 1/30 s (the own rate, where that is lower), m/s^3."""
    points, fps = _at_thirty(performance.state.xpos[:, 1:], performance.motion.fps)
    return float(np.linalg.norm(np.diff(points, 3, axis=0), axis=-1).mean() * fps**3) if len(points) > 3 else 0.0


def _at_thirty(points: Float[np.ndarray, "T J 3"], fps: float) -> tuple[Float[np.ndarray, "N J 3"], float]:
    """Points 30 times a second, linearly between frames, if there are more."""
    if fps <= 31.0:
        return points, fps
    grid = np.arange(int((len(points) - 1) / fps * 30.0 + 1e-6) + 1) / 30.0 * fps
    low = np.minimum(grid.astype(int), len(points) - 2)
    part = (grid - low)[:, None, None]
    return points[low] * (1 - part) + points[low + 1] * part, 30.0


def _near(mask: Bool[np.ndarray, "T F"], width: int) -> Bool[np.ndarray, "T F"]:
    """True within `width` frames of a True."""
    out = mask.copy()
    for shift in range(1, width + 1):
        out[shift:] |= mask[:-shift]
        out[:-shift] |= mask[shift:]
    return out
