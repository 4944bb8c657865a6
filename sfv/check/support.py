"""How a motion stands, slides and flies: figures of its contact with the ground, and of gravity between contacts.

They read a `Performance` and return a `Finding` each, NaN where the motion has nothing to measure it by.
"""

import numpy as np
from jaxtyping import Bool

from sfv.character import Character
from sfv.check import bearing
from sfv.check.finding import NOTHING, Finding, place, stretches
from sfv.check.performance import Performance
from sfv.kinematics import GRAVITY
from sfv.metrics import RATE
from sfv.motion import Motion
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


def slide_of(motion: Motion, character: Character) -> float:
    """The foot slide of scorecards and evaluations: `support_slide` at RATE, cm/s."""
    even = motion if abs(motion.fps / RATE - 1.0) < 0.01 else motion.resampled(RATE)
    return support_slide(Performance(even, character)).value


def floating(performance: Performance) -> Finding:
    """Height (cm) of the lowest point in the frames in which something carries the body: the median."""
    return Finding(100.0 * performance.floor)


def deepest(performance: Performance) -> Finding:
    """How far (cm) the deepest point is under the ground at worst, and which body's it is."""
    frame = int(performance.lowest.argmin())
    depth = max(-float(performance.lowest[frame]), 0.0)
    point = int(performance.heights[frame].argmin())
    body = performance.character.model.body(int(surface_points(performance.character.model)[0][point])).name
    return Finding(100.0 * depth, place(body, frame / performance.motion.fps) if depth else "")


def mean_depth(performance: Performance) -> Finding:
    """The same on average over frames."""
    return Finding(float(100.0 * np.maximum(-performance.lowest, 0.0).mean()))


def support_slide(performance: Performance) -> Finding:
    """Mean speed (cm/s) of what stands stillest, over the frames in which something carries the body."""
    carried = performance.carried[1:] & performance.carried[:-1]
    speed = np.linalg.norm(performance.support_velocity(), axis=1)
    speed[~carried] = np.nan
    if not np.isfinite(speed).any():
        return NOTHING
    worst = f"most at {int(np.nanargmax(speed)) / performance.motion.fps:.2f} s"
    return Finding(float(100.0 * np.nanmean(speed)), worst)


def drift(performance: Performance) -> Finding:
    """Speed (cm/s) at which standing feet move on the whole: the length of their median velocity; shuffling cancels.

    Only frames count in which the body is upright and on nothing else: who rolls or crouches does not stand.
    """
    frames = performance.carried & performance.upright
    velocity = performance.support_velocity(LEANT_ON)[frames[1:] & frames[:-1]]
    velocity = velocity[np.isfinite(velocity).all(1)]
    enough = len(velocity) >= ENOUGH * len(performance.motion)
    return Finding(float(100.0 * np.linalg.norm(np.median(velocity, axis=0)))) if enough else NOTHING


def flight_gravity(performance: Performance) -> Finding:
    """How fast the centre of mass falls in flight, in g: the mean over all flights, each by how long it lasts."""
    known = _known_falls(performance)
    if not known:
        return NOTHING
    return Finding(float(np.average([f.fall for f in known], weights=[f.stop - f.start for f in known])))


def slowest_fall(performance: Performance) -> Finding:
    """The same of the flight in which it falls most slowly."""
    known = _known_falls(performance)
    if not known:
        return NOTHING
    slowest = min(known, key=lambda flight: flight.fall)
    return Finding(slowest.fall, f"at {slowest.start / performance.motion.fps:.2f} s")


def on_nothing(performance: Performance) -> Finding:
    """How long (s) something unseen bears the body, and what it seems to do there."""
    found = bearing.held(performance)
    words = []
    for how in ("stands", "sits", "leans"):
        mine = [stretch for stretch in found if stretch.how == how]
        if mine:
            up = "" if how == "leans" else f" {np.median([s.height for s in mine]):.1f} m up"
            words.append(f"{how}{up} {stretches([(s.start, s.stop) for s in mine])}: on what?")
    return Finding(sum((stretch.stop - stretch.start for stretch in found), 0.0), "; ".join(words))


def froude(performance: Performance) -> Finding:
    """v^2 / (g l) of a gait without flight, l the height of the centre of mass: walking ends at 1 (Alexander 1984)."""
    if bearing.flights(performance, bearing.SKIMS):
        return NOTHING
    com = performance.state.com
    speed = np.linalg.norm(com[-1, :2] - com[0, :2]) / performance.motion.duration
    return Finding(float(speed**2 / (GRAVITY * max(float(np.median(com[:, 2])), 0.1))))


def contact_disagreement(performance: Performance) -> Finding:
    """Share of frames and feet, of those declared or seen to stand, in which declaration and geometry disagree.

    A foot stands when its lowest point is within TOUCHING of the floor and slower than STILL. Within BLUR of a change
    of either, both are right. NaN for motions without contacts of all feet.
    """
    motion = performance.motion
    if motion.contacts is None or not performance.feet or not set(performance.feet) <= set(motion.contact_names):
        return NOTHING
    said = np.stack([motion.contacts[:, motion.contact_names.index(foot)] > 0.5 for foot in performance.feet], 1)
    seen = feet_down(performance)
    width = max(1, round(BLUR * motion.fps))
    wrong = (said & ~_near(seen, width)) | (seen & ~_near(said, width))
    either = (said | seen).sum()
    return Finding(float(wrong.sum() / either)) if either else NOTHING


def feet_down(performance: Performance) -> Bool[np.ndarray, "T F"]:
    """Which feet stand, by their height above the clip's floor and their speed."""
    bodies = surface_points(performance.character.model)[0]
    out = []
    for foot in performance.foot_bodies:
        mine = bodies == foot
        speed = np.linalg.norm(np.gradient(performance.points[:, mine], axis=0)[..., :2], axis=-1)
        near = performance.heights[:, mine] - performance.floor < TOUCHING
        out.append((near & (speed * performance.motion.fps < STILL)).any(1))
    return np.stack(out, 1)


def _known_falls(performance: Performance) -> list[bearing.Flight]:
    return [flight for flight in bearing.flights(performance) if flight.fall == flight.fall]


def _near(mask: Bool[np.ndarray, "T F"], width: int) -> Bool[np.ndarray, "T F"]:
    """True within `width` frames of a True."""
    out = mask.copy()
    for shift in range(1, width + 1):
        out[shift:] |= mask[:-shift]
        out[:-shift] |= mask[shift:]
    return out
