"""Faults planted between an estimator and the choice: 20 kinds, each in one stretch of a track that is known.

A kind is a row of KINDS: a function from the true sightings and a first frame to what is read instead in the frames of
the stretch. Where the truth is among it, it must be chosen; where it is not, the frame must be left out.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from recon.pose.marks import layout
from recon.pose.people import Sighting

Made = Callable[["Track", int], dict[int, list[Sighting]]]


@dataclass(frozen=True)
class Track:
    """The truth, frame by frame, of one person; and somebody else, who crosses."""

    names: tuple[str, ...]
    seen: list[Sighting]
    other: list[Sighting]

    def middle(self, frame: int, *joints: str) -> np.ndarray:
        """px, midway between left and right."""
        columns = [self.names.index(f"{side}_{joint}") for side in ("left", "right") for joint in joints]
        return self.seen[frame].points_2d[columns].mean(0)


def _turned(degrees: float, frames: int, belief: float = 0.97, beside: float | None = None) -> Made:
    """The body turned in the picture about the hips; with the truth beside it, of another confidence."""

    def made(track: Track, first: int) -> dict[int, list[Sighting]]:
        c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        turn = np.array([[c, -s], [s, c]])
        out = {}
        for frame in range(first, first + frames):
            seen, hips = track.seen[frame], track.middle(frame, "hip")
            deep = seen.points_3d.copy()
            deep[:, :2] = deep[:, :2] @ turn.T
            wrong = Sighting((seen.points_2d - hips) @ turn.T + hips, deep, np.full(len(track.names), belief))
            out[frame] = [wrong] + ([] if beside is None else [_sure(seen, beside)])
        return out

    return made


def _exchanged(what: str, frames: int, empty: int = 0) -> Made:
    """Left taken for right; with so many frames without anybody on either side."""

    def made(track: Track, first: int) -> dict[int, list[Sighting]]:
        stretch = range(first, first + frames)
        nobody: dict[int, list[Sighting]] = {f: [] for f in range(first - empty, first + frames + empty)}
        return nobody | {f: [layout(track.names).exchanged(track.seen[f], what)] for f in stretch}

    return made


def _moved(right: float, down: float, size: float, frames: int, beside: float | None = None) -> Made:
    """The same pose elsewhere, by so many sizes of the body, and so many times as large."""

    def made(track: Track, first: int) -> dict[int, list[Sighting]]:
        out = {}
        for frame in range(first, first + frames):
            seen = track.seen[frame]
            points = (seen.points_2d - seen.centre) * size + seen.centre + np.array([right, down]) * seen.extent
            out[frame] = [Sighting(points, seen.points_3d, np.full(len(track.names), 0.97))]
            out[frame] += [] if beside is None else [_sure(seen, beside)]
        return out

    return made


def _shadow(frames: int, belief: float, beside: float | None = None) -> Made:
    """A flat, dark body on the floor: head down from the feet, and half as tall."""

    def made(track: Track, first: int) -> dict[int, list[Sighting]]:
        out = {}
        for frame in range(first, first + frames):
            seen, feet = track.seen[frame], track.middle(frame, "ankle", "heel")
            points = (seen.points_2d - feet) * [0.9, -0.5] + feet
            wrong = Sighting(points, seen.points_3d * [0.9, -0.5, 1.0], np.full(len(track.names), belief))
            out[frame] = [wrong] + ([] if beside is None else [_sure(seen, beside)])
        return out

    return made


def _squeezed(frames: int) -> Made:
    """A whole body seen in the legs alone, as where a window slips down."""

    def made(track: Track, first: int) -> dict[int, list[Sighting]]:
        out = {}
        for frame in range(first, first + frames):
            seen, feet = track.seen[frame], track.middle(frame, "ankle", "heel")
            out[frame] = [replace(seen, points_2d=(seen.points_2d - feet) * 0.5 + feet)]
        return out

    return made


def _other(frames: int, alone: bool) -> Made:
    """Somebody else, surer; alone, where they hide the person."""

    def made(track: Track, first: int) -> dict[int, list[Sighting]]:
        stretch = range(first, first + frames)
        return {f: [track.other[f]] + ([] if alone else [_sure(track.seen[f], 0.8)]) for f in stretch}

    return made


def _nobody(frames: int) -> Made:
    return lambda track, first: {f: [] for f in range(first, first + frames)}


def _sure(seen: Sighting, belief: float) -> Sighting:
    return replace(seen, confidence=np.full(len(seen.confidence), belief))


KINDS: dict[str, Made] = {
    "upside down once": _turned(180, 1),
    "upside down once, surer than the truth": _turned(180, 1, beside=0.8),
    "upside down for 7 frames": _turned(180, 7),
    "upside down for 12 frames, surer than the truth": _turned(180, 12, beside=0.6),
    "lying for 5 frames": _turned(90, 5),
    "the trunk 50 degrees off for 3 frames": _turned(50, 3),
    "the trunk 50 degrees off for 6 frames, surer than the truth": _turned(50, 6, beside=0.7),
    "sides exchanged once": _exchanged("everything", 1),
    "sides exchanged for 20 frames": _exchanged("everything", 20),
    "sides exchanged for 9 frames, with gaps beside it": _exchanged("everything", 9, empty=3),
    "legs exchanged once": _exchanged("legs", 1),
    "legs exchanged for 12 frames": _exchanged("legs", 12),
    "arms exchanged for 5 frames": _exchanged("arms", 5),
    "another person, surer, for 25 frames": _other(25, alone=False),
    "another person hides them for 8 frames": _other(8, alone=True),
    "a shadow for 10 frames": _shadow(10, 0.75),
    "a shadow, surer than the truth, for 20 frames": _shadow(20, 0.95, beside=0.7),
    "a jump to the side for 2 frames": _moved(0.7, 0.0, 1.0, 2),
    "seen in the legs alone for 5 frames": _squeezed(5),
    "nobody for half a second": _nobody(15),
}
FEW = (
    "upside down once",
    "sides exchanged for 9 frames, with gaps beside it",
    "legs exchanged for 12 frames",
    "another person, surer, for 25 frames",
    "a shadow, surer than the truth, for 20 frames",
)
