"""The people of a clip as tracks: numbered by prominence, listed, and one of them chosen.

It refuses clips in which nobody is long enough in view, head to feet. How people are found is not its business.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool

from recon.config import PoseConfig
from sfv.errors import InputError
from sfv.pose import PoseTrack

MIN_SECONDS = 0.5
MIN_FRAMES = 8
"""Shorter tracks are passers-by, or not people."""
LEGS = ("left_knee", "right_knee", "left_ankle", "right_ankle")
VISIBLE = 0.3
"""Confidence from which a leg point counts as seen; the estimator gives 0.1 and less to legs it only guesses."""
WHOLE_BODY_SHARE = 0.5
"""Share of the frames in which the legs must be seen."""
AT = 0.5
"""s, and of the person's size: how far from where somebody is a --person-at may point."""

STEADY_FRAMES, STEADY_SHARE = 3, 0.8
"""A track begins and ends with so many frames in a row that are seen nearly as well as its median frame."""
LIMBS = tuple(
    tuple(f"{side}_{joint}" for joint in joints)
    for side in ("left", "right")
    for joints in (("knee", "ankle", "heel", "foot_index"), ("elbow", "wrist"))
)
AT_RIM, DOUBTED = 0.2, 0.75
"""Of the person's size: a limb so near to the picture's rim may be beyond it, where points are put inside by guess; it
is if it is believed so much less than in its median frame. In twelve clips that is who walks in or out, nobody else."""


@dataclass(frozen=True)
class Pieces:
    """The tracks of one person, in order of time, as they were followed."""

    followed: tuple[PoseTrack, ...]

    @cached_property
    def steady(self) -> tuple[PoseTrack, ...]:
        """Those that last for long enough, without their ends."""
        tracks = (trimmed(track) for track in self.followed)
        return tuple(track for track in tracks if len(track) >= MIN_FRAMES and seconds(track) >= MIN_SECONDS)

    @cached_property
    def best(self) -> int:
        """Which of the steady ones lasts longest."""
        return max(range(len(self.steady)), key=lambda k: seconds(self.steady[k]))

    @property
    def longest(self) -> PoseTrack:
        """The steady track that lasts longest."""
        return self.steady[self.best]

    @property
    def number(self) -> int:
        """The person's."""
        return self.followed[0].person

    def numbered(self, person: int) -> "Pieces":
        """The same, of a person of that number."""
        return Pieces(tuple(replace(track, person=person) for track in self.followed))


@dataclass(frozen=True)
class CastEntry:
    """A person as the list says it: from where to where (s), how tall (px, and of the picture), and where (of it)."""

    person: int
    begin: float
    end: float
    seconds: float
    pieces: int
    pixels: int
    share: float
    across: float
    down: float
    whole_body: float
    chosen: bool

    def words(self) -> str:
        """One line."""
        side = ("left", "middle", "right")[min(int(3 * self.across), 2)]
        level = ("top", "middle", "bottom")[min(int(3 * self.down), 2)]
        place = side if level == "middle" else f"{level} {side}" if side != "middle" else f"{level} middle"
        times = f" in {self.pieces} pieces" if self.pieces > 1 else ""
        legs = "" if self.whole_body >= WHOLE_BODY_SHARE else ", legs not in view"
        taken = ", taken" if self.chosen else ""
        return (
            f"person {self.person}: {self.seconds:.1f} s{times} ({self.begin:.1f} to {self.end:.1f} s), "
            f"{self.pixels} px tall ({self.share:.0%} of the picture), {place}{legs}{taken}"
        )


@dataclass(frozen=True)
class Cast:
    """Everybody who was followed for long enough, the most prominent first, and who of them is to be imitated."""

    people: tuple[Pieces, ...]
    """`people[i]` has the tracks of person i, the number in the overlay."""
    chosen: int

    @property
    def person(self) -> Pieces:
        """The chosen one."""
        return self.people[self.chosen]

    @property
    def others(self) -> tuple[PoseTrack, ...]:
        """All tracks but that of the chosen person that is taken."""
        taken = self.person.longest
        return tuple(track for pieces in self.people for track in pieces.steady if track is not taken)

    def listed(self) -> tuple[CastEntry, ...]:
        """A line for each person."""
        return tuple(_listed(pieces, pieces is self.person) for pieces in self.people)


def as_content(people: Sequence[CastEntry]) -> dict[str, Any]:
    """The list as a file holds it."""
    return {"kind": "sfv people", "people": [asdict(person) for person in people]}


def lasting(people: Sequence[Pieces], clip: Path) -> list[Pieces]:
    """Those who are in view for long enough at a time.

    Raises:
        InputError: there is nobody, or nobody for long enough.
    """
    if not people:
        raise InputError(f"no person was found in {clip}; use a clip that shows one person from head to feet")
    kept = [pieces for pieces in people if pieces.steady]
    if not kept:
        most = max(seconds(trimmed(track)) for pieces in people for track in pieces.followed)
        raise InputError(
            f"in {clip} nobody is in view for longer than {most:.2f} s at a time, and {MIN_SECONDS} s "
            "are needed; use a clip in which the person stays in the picture"
        )
    return kept


def choose(people: Sequence[Pieces], config: PoseConfig, clip: Path) -> Cast:
    """Number the people by prominence and choose one: "auto" is the most prominent whose whole body is in view.

    Raises:
        InputError: there is no such person, or only upper bodies are in view.
    """
    ranked = sorted(people, key=lambda pieces: prominence(pieces.longest), reverse=True)
    ranked = [pieces.numbered(number) for number, pieces in enumerate(ranked)]
    at = config.place_and_time
    if at is not None:
        chosen = _at(ranked, at, clip)
    elif config.person == "auto":
        whole = (i for i, pieces in enumerate(ranked) if whole_body_share(pieces.longest) >= WHOLE_BODY_SHARE)
        chosen = next(whole, 0)
    else:
        chosen = int(config.person)
        if not 0 <= chosen < len(ranked):
            raise InputError(f"there is no person {chosen} in {clip}; give --person one of: {_spans(ranked)}")
    share = whole_body_share(ranked[chosen].longest)
    if share < WHOLE_BODY_SHARE:
        raise InputError(
            f"{clip} shows only the upper body of person {chosen} (knees and ankles are seen in {share:.0%} of the "
            "frames); use a clip that shows them from head to feet"
        )
    return Cast(tuple(ranked), chosen)


def _at(people: Sequence[Pieces], at: tuple[float, float, float], clip: Path) -> int:
    """Who is nearest to a place (px) at a time (s)."""
    x, y, time = at
    off: dict[int, float] = {}
    for track in (track for pieces in people for track in pieces.steady):
        there = np.flatnonzero(track.found & (np.abs(track.times - time) <= AT))
        if not len(there):
            continue
        points = track.points_2d[there[np.abs(track.times[there] - time).argmin()]]
        low, high = points.min(axis=0), points.max(axis=0)
        outside = np.maximum(np.maximum(low - (x, y), (x, y) - high), 0.0)
        inside = np.linalg.norm((low + high) / 2 - (x, y)) / (high - low).max()  # of two who cover it, the nearer
        off[track.person] = float(np.linalg.norm(outside) / (high - low).max() + 0.01 * inside)
    near = [person for person in off if off[person] <= AT]
    if not near:
        raise InputError(
            f"nobody is near {x:g},{y:g} at {time:g} s in {clip}; give --person-at a place in px and a time at which "
            f"one of them is there, or --person one of: {_spans(people)}"
        )
    return min(near, key=off.__getitem__)


def trimmed(track: PoseTrack) -> PoseTrack:
    """The track without its ends, where somebody half in the picture is seen as somebody small and twisted."""
    seen = (track.confidence * inside(track)).mean(axis=1)  # (T,)
    good = (seen >= STEADY_SHARE * np.median(seen[track.found])) & ~half_in(track)
    runs = np.convolve(good, np.ones(STEADY_FRAMES), mode="valid") == STEADY_FRAMES  # (T - 2,): runs begin here
    if not runs.any():
        return track
    starts = np.flatnonzero(runs)
    kept = slice(int(starts[0]), int(starts[-1]) + STEADY_FRAMES)
    return track.part(kept)


def half_in(track: PoseTrack) -> Bool[np.ndarray, " T"]:
    """Frames in which a limb is beyond the picture's rim, as far as that shows."""
    out, sure = np.zeros(len(track), bool), track.confidence * inside(track)
    extent = np.nan_to_num(np.ptp(track.points_2d, axis=1).max(axis=1))
    for limb in LIMBS:
        columns = [track.index(name) for name in limb if name in track.names]
        points, belief = track.points_2d[:, columns], sure[:, columns].mean(axis=1)
        rim = np.minimum(points, np.array(track.image_size) - points).min(axis=(1, 2))  # (T,), NaN where absent
        out |= (rim < AT_RIM * extent) & (belief < DOUBTED * np.median(belief[track.found]))
    return out


def seconds(track: PoseTrack) -> float:
    """How long a track lasts."""
    return float(track.times[-1] - track.times[0])


def prominence(track: PoseTrack) -> float:
    """How large, how surely and how long somebody is seen, summed over the frames: px times seconds."""
    extent = np.nan_to_num(np.ptp(track.points_2d, axis=1).max(axis=1))  # (T,)
    return float((extent * track.confidence.mean(axis=1) * np.gradient(track.times)).sum())


def whole_body_share(track: PoseTrack) -> float:
    """Share of the frames with at least half of knees and ankles seen, and inside the picture."""
    legs = [track.index(name) for name in LEGS]
    seen = inside(track)[:, legs] & (track.confidence[:, legs] >= VISIBLE)  # (T, 4)
    return float((seen.sum(axis=1) >= len(LEGS) / 2).mean())


def inside(track: PoseTrack) -> Bool[np.ndarray, "T K"]:
    """Which points lie in the picture; absent ones do not."""
    within: Bool[np.ndarray, "T K 2"] = (track.points_2d >= 0) & (track.points_2d < track.image_size)
    return np.all(within, axis=2)


def _listed(pieces: Pieces, chosen: bool) -> CastEntry:
    tracks = pieces.steady
    points = np.concatenate([track.points_2d[track.found] for track in tracks])  # (N, K, 2)
    middle = np.median((points.min(axis=1) + points.max(axis=1)) / 2, axis=0)
    tall, size = float(np.median(np.ptp(points, axis=1).max(axis=1))), tracks[0].image_size
    across, down = np.clip(middle / size, 0.0, 1.0).tolist()
    return CastEntry(
        person=pieces.number,
        begin=round(float(tracks[0].times[0]), 3),
        end=round(float(tracks[-1].times[-1]), 3),
        seconds=round(sum(seconds(track) for track in tracks), 3),
        pieces=len(tracks),
        pixels=round(tall),
        share=round(tall / size[1], 3),
        across=round(across, 3),
        down=round(down, 3),
        whole_body=round(whole_body_share(pieces.longest), 3),
        chosen=chosen,
    )


def _spans(people: Sequence[Pieces]) -> str:
    tracks = (pieces.steady for pieces in people)
    return ", ".join(f"{t[0].person} ({t[0].times[0]:.1f} to {t[-1].times[-1]:.1f} s)" for t in tracks)
