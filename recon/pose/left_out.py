"""What of a clip a track leaves out, and why: every second of it, for those who wonder where the rest is."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from jaxtyping import Float, Int

from sfv.pose import LeftOut, PoseTrack

STILL = "the video shows one picture for longer"


def left_out(
    track: PoseTrack,
    pieces: Sequence[PoseTrack],
    times: Float[np.ndarray, " T"],
    scenes: Int[np.ndarray, " T"],
    repeats: Sequence[float] = (),
) -> tuple[LeftOut, ...]:
    """The parts of a clip outside of `track`, which is of one of the `pieces` that its person was followed in.

    Args:
        track: what is used.
        pieces: everything that was seen of its person.
        times: s, of the clip's frames.
        scenes: the number of the scene that each frame shows.
        repeats: s, of pictures that only repeat one of these frames.
    """
    start = int(np.searchsorted(times, track.times[0] - 1e-6))
    stop = start + len(track)
    own = [int(np.searchsorted(times, piece.times[0] - 1e-6)) for piece in pieces]
    spans = [(first, first + len(piece)) for first, piece in zip(own, pieces, strict=True)]
    every = np.sort(np.concatenate((times, repeats)))
    used = (every >= times[start]) & (every <= times[stop - 1])
    shown = np.clip(np.searchsorted(times, every, side="right") - 1, 0, None).tolist()
    reasons = [
        "" if within else STILL if start <= k < stop else _reason(k, start, track, spans, scenes)
        for k, within in zip(shown, used.tolist(), strict=True)
    ]
    edges = [0, *(k for k in range(1, len(every)) if reasons[k] != reasons[k - 1]), len(every)]
    ends = np.append(every, every[-1] + np.median(np.diff(times)))
    return tuple(LeftOut(float(every[a]), float(ends[b]), reasons[a]) for a, b in pairwise(edges) if reasons[a])


def _reason(
    frame: int, start: int, track: PoseTrack, spans: Sequence[tuple[int, int]], scenes: Int[np.ndarray, " T"]
) -> str:
    """Why a frame outside of the track is left out."""
    if scenes[frame] != scenes[start]:
        return "another scene, after a hard cut" if frame > start else "another scene, before a hard cut"
    for first, stop in spans:
        if first <= frame < stop:
            if first < start + len(track) and start < stop:  # the piece that the track is of
                return f"person {track.person} is half in the picture or seen badly"
            return f"person {track.person} is there again, but was away for too long"
    return f"person {track.person} is not seen"
