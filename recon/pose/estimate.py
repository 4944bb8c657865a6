"""The pose stage: from a clip to the people in it, and the one who is to be imitated.

It decides who counts (long enough in view, head to feet) and refuses clips in which nobody does. How people are seen is
`pose_landmarker`'s business, how they are followed is `people`'s.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from recon.config import PoseConfig
from recon.pose.background import camera_motion
from recon.pose.people import Sighting, follow_people
from recon.pose.pose_landmarker import NAMES, PoseLandmarker
from recon.pose.readings import read_again
from recon.pose.weights import pose_landmarker
from sfv.clip import Clip
from sfv.errors import InputError
from sfv.pose import PoseTrack
from sfv.progress import bar

MIN_SECONDS = 0.5
MIN_FRAMES = 8
"""Shorter tracks are passers-by, or not people."""
LEGS = ("left_knee", "right_knee", "left_ankle", "right_ankle")
VISIBLE = 0.3
"""Confidence from which a leg point counts as seen; the estimator gives 0.1 and less to legs it only guesses."""
WHOLE_BODY_SHARE = 0.5
"""Share of the frames in which the legs must be seen."""
STEADY_FRAMES, STEADY_SHARE = 3, 0.8
"""A track begins and ends with so many frames in a row that are seen nearly as well as its median frame."""


@dataclass(frozen=True)
class PoseEstimate:
    """Everybody who was followed for long enough, the most prominent first, and who of them was chosen."""

    tracks: tuple[PoseTrack, ...]
    """`tracks[i].person == i`, the number in the overlay. Each covers one continuous span of the clip."""
    chosen: int

    @property
    def track(self) -> PoseTrack:
        """The chosen person's track."""
        return self.tracks[self.chosen]


def estimate_pose(clip: Clip, config: PoseConfig) -> PoseEstimate:
    """Find and follow the people in `clip` and choose one, as `config` says.

    Raises:
        InputError: nobody was found, nobody for long enough, the chosen person's legs are out of view, there is no such
            person, or the weights cannot be had.
    """
    weights = pose_landmarker(config.model)
    with PoseLandmarker(weights, config.max_people) as landmarker:
        with bar("finding people", float(len(clip)), "frames") as advance:
            followed = follow_people(clip, clip.times, landmarker.look, config.max_gap, advance)
        tracks = [trimmed(_track(clip, seen, f"mediapipe pose landmarker {config.model}")) for seen in followed]
        estimate = choose(_lasting(tracks, clip.path), config.person, clip.path)
        others = [track for track in estimate.tracks if track is not estimate.track]
        with bar("looking again", 2.0 * len(clip), "frames") as advance:
            refined = read_again(clip, estimate.track, others, landmarker.look, advance)
    if config.background == "auto":
        with bar("looking at the background", float(len(clip)), "frames") as advance:
            moved = camera_motion(clip, estimate.tracks, refined, advance)
        refined = replace(refined, homography=moved)
    tracks = list(estimate.tracks)
    tracks[estimate.chosen] = refined
    return replace(estimate, tracks=tuple(tracks))


def _lasting(tracks: list[PoseTrack], clip: Path) -> list[PoseTrack]:
    if not tracks:
        raise InputError(f"no person was found in {clip}; use a clip that shows one person from head to feet")
    lasting = [track for track in tracks if len(track) >= MIN_FRAMES and _seconds(track) >= MIN_SECONDS]
    if not lasting:
        longest = max(tracks, key=_seconds)
        raise InputError(
            f"in {clip} nobody is in view for longer than {_seconds(longest):.2f} s at a time, and {MIN_SECONDS} s "
            "are needed; use a clip in which the person stays in the picture"
        )
    return lasting


def choose(tracks: list[PoseTrack], person: int | str, clip: Path) -> PoseEstimate:
    """Number the people by prominence and choose one: "auto" is the most prominent whose whole body is in view.

    Raises:
        InputError: there is no such person, or only upper bodies are in view.
    """
    ranked = sorted(tracks, key=prominence, reverse=True)
    ranked = [replace(track, person=number) for number, track in enumerate(ranked)]
    if person == "auto":
        chosen = next((i for i, track in enumerate(ranked) if whole_body_share(track) >= WHOLE_BODY_SHARE), 0)
    else:
        chosen = int(person)
        if not 0 <= chosen < len(ranked):
            spans = ", ".join(f"{t.person} ({t.times[0]:.1f} to {t.times[-1]:.1f} s)" for t in ranked)
            raise InputError(f"there is no person {chosen} in {clip}; give --person one of: {spans}")
    share = whole_body_share(ranked[chosen])
    if share < WHOLE_BODY_SHARE:
        raise InputError(
            f"{clip} shows only the upper body of person {chosen} (knees and ankles are in view in {share:.0%} of the "
            "frames); use a clip that shows the person from head to feet"
        )
    return PoseEstimate(tuple(ranked), chosen)


def trimmed(track: PoseTrack) -> PoseTrack:
    """The track without its ends, where somebody half in the picture is seen as somebody small and twisted."""
    seen = (track.confidence * _inside(track)).mean(axis=1)  # (T,)
    good = seen >= STEADY_SHARE * np.median(seen[track.found])
    runs = np.convolve(good, np.ones(STEADY_FRAMES), mode="valid") == STEADY_FRAMES  # (T - 2,): runs begin here
    if not runs.any():
        return track
    starts = np.flatnonzero(runs)
    kept = slice(int(starts[0]), int(starts[-1]) + STEADY_FRAMES)
    return track.part(kept)


def prominence(track: PoseTrack) -> float:
    """How large, how surely and how long somebody is seen, summed over the frames: px times seconds."""
    extent = np.nan_to_num(np.ptp(track.points_2d, axis=1).max(axis=1))  # (T,)
    return float((extent * track.confidence.mean(axis=1) * np.gradient(track.times)).sum())


def whole_body_share(track: PoseTrack) -> float:
    """Share of the frames with at least half of knees and ankles seen, and inside the picture."""
    legs = [track.index(name) for name in LEGS]
    seen = _inside(track)[:, legs] & (track.confidence[:, legs] >= VISIBLE)  # (T, 4)
    return float((seen.sum(axis=1) >= len(LEGS) / 2).mean())


def _inside(track: PoseTrack) -> Bool[np.ndarray, "T K"]:
    """Which points lie in the picture; absent ones do not."""
    inside: Bool[np.ndarray, "T K 2"] = (track.points_2d >= 0) & (track.points_2d < track.image_size)
    return np.all(inside, axis=2)


def _track(clip: Clip, seen: dict[int, Sighting], estimator: str) -> PoseTrack:
    """The span from the first sighting to the last; frames between without one are marked absent."""
    first, frames = min(seen), max(seen) - min(seen) + 1
    points_2d = np.full((frames, len(NAMES), 2), np.nan)
    points_3d = np.full((frames, len(NAMES), 3), np.nan)
    confidence = np.zeros((frames, len(NAMES)))
    for index, sighting in seen.items():
        points_2d[index - first] = sighting.points_2d
        points_3d[index - first] = sighting.points_3d
        confidence[index - first] = sighting.confidence
    times = clip.times[first : first + frames]
    return PoseTrack(NAMES, times, points_2d, points_3d, confidence, clip.size, estimator, person=0)


def _seconds(track: PoseTrack) -> float:
    return float(track.times[-1] - track.times[0])
