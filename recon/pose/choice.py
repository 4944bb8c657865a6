"""Which of several readings of a person is right in each frame, chosen for the whole clip at once.

A body goes on as it went: from two readings it is known where the third should be, and how far from there a body can
get in the time between. The sequence that asks for the least of such jumps is found by dynamic programming; a frame
none of whose readings fits is left out. It knows readings alone: no picture, and not where they came from.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.ndimage import median_filter

from recon.pose.clothes import OTHER, unlike
from recon.pose.marks import EXCHANGES, layout, size_of
from recon.pose.people import Sighting
from sfv.pose import PoseTrack

RATE = 60.0
"""1/s: at higher rates frames weigh less, so that no second is dearer than one of so many."""
CAP = 20.0
"""Squares of misfits, in units of what is free, beyond which they count no more: it was a jump, however far.
Up to 1 they are what a body and an estimator do, and count by the second as all else."""
MISSED = 4.0
"""What a frame costs that is left out. A jump there and back costs about 100."""
DOUBT = 2.0
"""What a frame costs whose points have no confidence at all."""
EXCHANGED = 0.5
"""What it costs to take left for right in a frame."""
STRANGE = 3.5
"""What a reading costs in which the person wears other clothes. It alone leaves no frame out."""
UNKNOWN = 3.0
"""How much more drift is free where it is not known how a body moved before."""
EASE = 0.12
"""s: velocities are forgotten so fast."""
BRIEF = 0.01
"""s: of steps as brief as this, two make a velocity: one alone is mostly noise."""
LONGEST = 2.0
"""s over which frames that have readings may be left out in a row."""
KEPT = 4
"""Histories kept of each reading; more change nothing."""
BEHIND = 30.0
"""Histories dearer than the best by this are not gone back to."""
USUAL = 0.5
"""s to either side over which the size in the picture is a median."""


@dataclass(frozen=True)
class Choice:
    """What was chosen in each of T frames.

    Attributes:
        picks: the reading's number in its frame; -1 where none fits.
        exchanges: what of it has its left on the person's right, one of EXCHANGES.
        misfit: what it cost to go on to it, and from it; 0 where none was picked.
    """

    picks: Int[np.ndarray, " T"]
    exchanges: tuple[str, ...]
    misfit: Float[np.ndarray, " T"]


@dataclass(frozen=True)
class _Moment:
    """A frame's n variants, and what is free there."""

    marks: Float[np.ndarray, "n M 3"]
    own: Float[np.ndarray, " n"]
    """What each costs by itself."""
    share: float
    """How much a frame counts at this rate."""
    noise: Float[np.ndarray, " M"]
    drift: Float[np.ndarray, " M"]
    weight: Float[np.ndarray, " M"]


@dataclass(frozen=True)
class _Front:
    """The best histories that end with each of a frame's n variants, the cheapest of K first."""

    marks: Float[np.ndarray, "n M 3"]
    cost: Float[np.ndarray, "n K"]
    step: Float[np.ndarray, "n K"]
    """What the last step cost, without the variant's own doubt."""
    before: Int[np.ndarray, "n K 3"]
    """Frame, variant and history that came before; -1: none."""
    span: Float[np.ndarray, "n K"]
    """s over which the velocity was seen."""
    velocity: Float[np.ndarray, "n K M 3"]
    least: float
    """The cheapest history's cost."""


def choose_readings(
    names: tuple[str, ...],
    times: Float[np.ndarray, " T"],
    readings: Sequence[Sequence[Sighting]],
    leaving: bool = True,
    worn: Float[np.ndarray, "2 3"] | None = None,
) -> Choice:
    """The readings, with what of them exchanged, that together ask for the least.

    Args:
        names: of the points of each reading.
        times: s.
        readings: of each frame, in any number.
        leaving: whether a frame that has readings may be left out.
        worn: the person's clothes; None: not known.
    """
    body = layout(names)
    units = _units(times, readings)
    unit = float(np.median(units))
    share = np.minimum(RATE * np.gradient(times), 1.0) if len(times) > 1 else np.ones(1)
    there = np.array([bool(frame) for frame in readings])
    missed = np.concatenate(([0.0], np.cumsum(there * share * (MISSED if leaving else 1e6))))
    fronts: list[_Front | None] = []
    noise, drift, weight, pictured = body.table
    for frame, own_unit, part in zip(readings, units, share.tolist(), strict=True):
        if not frame:
            fronts.append(None)
            continue
        doubt = np.array([DOUBT * (1.0 - seen.belief) + STRANGE * _strange(seen, worn) for seen in frame])
        own = (doubt[:, None] + [EXCHANGED * (what != EXCHANGES[0]) for what in EXCHANGES]).ravel()
        # whoever comes near moves farther in the picture
        larger = np.where(pictured > 0, own_unit / unit, 1.0)
        now = _Moment(body.marks(frame, unit), part * own, part, noise * larger, drift * larger, weight)
        fronts.append(_front(now, times, missed, fronts))
    return _traced(fronts, missed)


def told_apart(track: PoseTrack) -> tuple[PoseTrack, Bool[np.ndarray, " T"]]:
    """The track with exchanged limbs put right, and (T,) the frames in which any were: for tracks of any source."""
    body = layout(track.names)
    rows = zip(track.points_2d, track.points_3d, track.confidence, strict=True)
    readings = [[Sighting(*row)] if np.isfinite(row[0]).any() else [] for row in rows]
    choice = choose_readings(track.names, track.times, readings, leaving=False)
    changed = np.array([what != "nothing" for what in choice.exchanges])
    points_2d, points_3d, confidence = track.points_2d.copy(), track.points_3d.copy(), track.confidence.copy()
    for frame in np.flatnonzero(changed).tolist():
        seen = body.exchanged(readings[frame][0], choice.exchanges[frame])
        points_2d[frame], points_3d[frame], confidence[frame] = seen.points_2d, seen.points_3d, seen.confidence
    return replace(track, points_2d=points_2d, points_3d=points_3d, confidence=confidence), changed


def _front(now: _Moment, times: np.ndarray, missed: np.ndarray, fronts: list[_Front | None]) -> _Front:
    """The best histories of the next frame's variants, from those of the frames before it."""
    t, count, own, marks = len(fronts), len(now.own), now.own, now.marks
    cost, step = np.full((count, KEPT), np.inf), np.zeros((count, KEPT))
    before = np.full((count, KEPT, 3), -1)
    cost[:, 0] = own + missed[t]  # it may be the first
    cheapest, least = float(own.min()), float(cost[:, 0].min())
    for s in range(t - 1, -1, -1):
        front, skipped = fronts[s], missed[t] - missed[s + 1]
        if skipped > 0.0 and times[t] - times[s] > LONGEST:
            break
        if front is None or front.least + skipped + cheapest > least + BEHIND:
            continue
        steps = _steps(now, times[t] - times[s], front)  # (n_s, K, n)
        n = len(front.cost)
        come = np.stack(np.meshgrid([s], np.arange(n), np.arange(KEPT), indexing="ij"), -1).reshape(-1, 3)
        dear = (front.cost[:, :, None] + skipped + steps + own).reshape(-1, count).T  # (n, n_s K)
        cost, step, before = _cheapest(
            np.concatenate((cost, dear), 1),
            np.concatenate((step, steps.reshape(-1, count).T), 1),
            np.concatenate((before, np.broadcast_to(come, (count, *come.shape))), 1),
        )
        least = float(cost[:, 0].min())
    span, velocity = np.full((count, KEPT), np.inf), np.zeros((count, KEPT, *marks.shape[1:]))
    for i, k in zip(*np.nonzero(before[..., 0] >= 0), strict=True):
        s, variant, past = before[i, k]
        earlier = fronts[s]
        assert earlier is not None
        gone = times[t] - times[s]
        velocity[i, k], span[i, k] = (marks[i] - earlier.marks[variant]) / gone, gone
        if np.isfinite(earlier.span[variant, past]):
            velocity[i, k] += BRIEF / (gone + BRIEF) * (earlier.velocity[variant, past] - velocity[i, k])
            span[i, k] += BRIEF
    return _Front(marks, cost, step, before, span, velocity, least)


def _cheapest(cost: np.ndarray, step: np.ndarray, before: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    order = np.argsort(cost, 1, kind="stable")[:, :KEPT]
    rows = np.arange(len(cost))[:, None]
    return cost[rows, order], step[rows, order], before[rows, order]


def _steps(now: _Moment, gone: float, front: _Front) -> Float[np.ndarray, "n K m"]:
    """What it costs to go on, for `gone` s, from each history of a frame to each variant of a later one."""
    ahead = EASE * (1.0 - np.exp(-gone / EASE))
    first = ~np.isfinite(front.span)[..., None]
    expected = front.marks[:, None] + ahead * front.velocity  # (n, K, M, 3)
    known = 0.5 * now.noise * (1.0 + ahead / front.span[..., None]) + now.drift * gone
    allowed = np.where(first, now.noise + UNKNOWN * now.drift * gone, known)  # (n, K, M)
    # axis by axis: sums over three neighbours are slow
    square = np.zeros((*allowed.shape[:2], *now.marks.shape[:2]))  # (n, K, m, M)
    for axis in range(3):
        square += (now.marks[..., axis] - expected[:, :, None, :, axis]) ** 2
    square /= (allowed**2)[:, :, None]
    square[np.isnan(square)] = 0.0
    return np.asarray((now.share * np.minimum(square, 1.0) + np.clip(square - 1.0, 0.0, CAP)) @ now.weight)


def _traced(fronts: list[_Front | None], missed: np.ndarray) -> Choice:
    """The cheapest history, backwards from where it ends."""
    picks, what, misfit = np.full(len(fronts), -1), [EXCHANGES[0]] * len(fronts), np.zeros(len(fronts))
    ends = [(float(f.cost.min() + missed[-1] - missed[t + 1]), t) for t, f in enumerate(fronts) if f is not None]
    t = min(ends)[1] if ends else -1
    front = fronts[t] if ends else None
    variant, history = np.unravel_index(front.cost.argmin(), front.cost.shape) if front is not None else (0, 0)
    while front is not None:
        picks[t], what[t] = variant // len(EXCHANGES), EXCHANGES[variant % len(EXCHANGES)]
        earlier, step = front.before[variant, history], front.step[variant, history]
        misfit[[t, earlier[0]] if earlier[0] >= 0 else [t]] += step
        t, variant, history = earlier.tolist()
        front = fronts[t] if t >= 0 else None
    return Choice(picks, tuple(what), misfit)


def _strange(seen: Sighting, worn: Float[np.ndarray, "2 3"] | None) -> bool:
    return worn is not None and seen.clothes is not None and unlike(seen.clothes, worn) > OTHER


def _units(times: np.ndarray, readings: Sequence[Sequence[Sighting]]) -> Float[np.ndarray, " T"]:
    """A stature in px, frame by frame: a running median of the surest readings'."""
    sizes = np.array([size_of(max(frame, key=lambda s: s.belief)) if frame else np.nan for frame in readings])
    seen, index = np.isfinite(sizes), np.arange(len(sizes))
    if not seen.any():
        return np.ones(len(sizes))
    width = 2 * round(USUAL / float(np.median(np.diff(times)))) + 1 if len(times) > 1 else 1
    return np.asarray(median_filter(np.interp(index, index[seen], sizes[seen]), width, mode="nearest"))
