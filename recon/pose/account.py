"""What a pose track is worth, in a few sentences that a person can act on: who, how long, how sure, what is missing.

It reads the track alone, and knows neither the pictures nor the motion that will be made from it.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool

from sfv.pose import LeftOut, PoseTrack
from sfv.work.mask import runs

FEET = ("left_ankle", "right_ankle", "left_heel", "right_heel", "left_foot_index", "right_foot_index")
LEGS = ("left_knee", "right_knee", "left_ankle", "right_ankle")
TORSO = ("left_shoulder", "right_shoulder"), ("left_hip", "right_hip")
LASTS = 0.3
"""s: shorter stretches are not worth a sentence."""
SEEN = 0.5
"""Confidence from which a point counts as seen."""
SMALL = 100.0
"""px from head to foot: below, the estimator sees less than half of the 256 px that it works on. Assumption."""
SLOW = 20.0
"""Frames a second: below, quick limbs are elsewhere in the next frame."""
MOST = 3
"""Stretches that are named."""
OFTEN = 0.1
"""Share of the frames in which something is wrong, from which it is said."""


def account(track: PoseTrack) -> tuple[str, ...]:
    """The sentences, the most important first."""
    said = (_who, _left_out, _gaps, _cut_off, _hidden, _upside_down, _small, _slow)
    return tuple(sentence for say in said if (sentence := say(track)))


def _who(track: PoseTrack) -> str:
    sure = float(np.nanmedian(track.confidence[track.found])) if track.found.any() else 0.0
    turned = f"; its pictures are turned by {90 * track.turns} degrees" if track.turns else ""
    slow = f"; one second of it is {track.speed:g} s" if track.speed != 1.0 else ""
    return (
        f"person {track.person} is followed for {_length(track):.1f} s, from {track.times[0]:.1f} to "
        f"{track.times[-1]:.1f} s of the clip; the middle confidence is {sure:.2f}{turned}{slow}"
    )


def _left_out(track: PoseTrack) -> str:
    return left_out_words(track.left_out)


def left_out_words(parts: Sequence[LeftOut]) -> str:
    """What of a clip is left out, by its reasons, in one sentence; nothing if that is nothing."""
    if not parts:
        return ""
    reasons = list(dict.fromkeys(part.why for part in parts))
    said = []
    for why in reasons:
        spans = [f"{part.begin:.1f} to {part.end:.1f} s" for part in parts if part.why == why]
        more = f" and {len(spans) - MOST} more times" if len(spans) > MOST else ""
        said.append(f"{', '.join(spans[:MOST])}{more} ({why})")
    return f"left out: {sum(part.end - part.begin for part in parts):.1f} s: {'; '.join(said)}"


def _gaps(track: PoseTrack) -> str:
    stretches = _stretches(track, ~track.found)
    lost = 1.0 - float(track.found.mean())
    if not stretches and lost < OFTEN:
        return ""
    return f"not seen in {lost:.0%} of the frames{_when(stretches)}; the pose is filled in there"


def _cut_off(track: PoseTrack) -> str:
    """Feet below or beside the picture."""
    names = [track.index(name) for name in FEET if name in track.names]
    places, (width, height) = track.points_2d[:, names], track.image_size
    outside = (places[..., 1] > height) | (places[..., 0] < 0) | (places[..., 0] > width)
    stretches = _stretches(track, outside.any(1) & track.found)
    if not stretches:
        return ""
    when = _when(stretches)
    return f"the feet are out of the picture{when}: film from farther away, or leave that out, --begin, --end"


def _hidden(track: PoseTrack) -> str:
    names = [track.index(name) for name in LEGS if name in track.names]
    hidden = (track.confidence[:, names] < SEEN).any(1) & track.found
    if not names or hidden.mean() < OFTEN:
        return ""
    when = _when(_stretches(track, hidden))
    return f"a leg is hidden or blurred in {hidden.mean():.0%} of the frames{when}: its motion is a guess there"


def _upside_down(track: PoseTrack) -> str:
    shoulders, hips = (
        track.points_2d[:, [track.index(name) for name in names if name in track.names], 1] for names in TORSO
    )
    if not shoulders.shape[1] or not hips.shape[1]:
        return ""
    turned = (shoulders.mean(1) > hips.mean(1)) & track.found
    stretches = _stretches(track, turned)
    if not turned.any() or (not stretches and turned.mean() < OFTEN):
        return ""
    when = _when(stretches)
    return f"upside down in {turned.mean():.0%} of the frames{when}: right for a flip, wrong for anything else"


def _small(track: PoseTrack) -> str:
    high = track.points_2d[track.found][..., 1]
    tall = float(np.median(np.ptp(high, axis=1))) if len(high) else 0.0
    if not 0.0 < tall < SMALL:
        return ""
    return f"only {tall:.0f} px tall in the picture: come nearer, or use a larger copy of the video"


def _slow(track: PoseTrack) -> str:
    if len(track) < 2:
        return ""
    rate = 1.0 / float(np.median(np.diff(track.times)))
    return f"{rate:.0f} frames a second: quick limbs are missed between them" if rate < SLOW else ""


def _length(track: PoseTrack) -> float:
    return float(track.times[-1] - track.times[0])


def _stretches(track: PoseTrack, mask: Bool[np.ndarray, " T"]) -> list[tuple[float, float]]:
    """Start and end (s of the clip) of each run of True that lasts LASTS or longer."""
    last = len(track) - 1
    times = [(float(track.times[a]), float(track.times[min(b, last)])) for a, b in runs(mask)]
    return [(start, stop) for start, stop in times if stop - start >= LASTS]


def _when(stretches: list[tuple[float, float]]) -> str:
    shown = ", ".join(f"from {start:.1f} to {stop:.1f} s" for start, stop in stretches[:MOST])
    more = f", and {len(stretches) - MOST} more times" if len(stretches) > MOST else ""
    return f" ({shown}{more})" if shown else ""
