"""The pose stage: from a clip to the people in it, and the one who is to be imitated.

It puts the steps in their order: who is followed, in which scene, which way up, who is who, and who is chosen. How
people are seen is `pose_landmarker`'s business, how they are followed is `people`'s.
"""

import logging
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Int

from recon.config import PoseConfig
from recon.pose.background import camera_motion
from recon.pose.beforehand import Beforehand, Recall
from recon.pose.cast import CastEntry, Pieces, choose, lasting, trimmed
from recon.pose.left_out import left_out
from recon.pose.people import Look, Sighting, follow_people
from recon.pose.persons import Piece, persons
from recon.pose.pose_landmarker import NAMES, PoseLandmarker
from recon.pose.readings import read_again
from recon.pose.scenes import Scenes
from recon.pose.upright import turn_of
from recon.pose.weights import pose_landmarker
from sfv.clip import Clip
from sfv.pose import PoseTrack
from sfv.progress import bar
from sfv.work.abreast import ahead

ENOUGH = 34.0
"""Frames a second that are looked at, of clips of twice as many: motions have 30. Of 240 it is every seventh."""
PATIENCE = 0.3
"""s that somebody is expected where they were seen last."""
MOST = 5
"""Cuts that are named."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PoseEstimate:
    """The track of the chosen person, and everybody who was seen.

    Attributes:
        clip: the clip, upright, with the frames that were looked at.
        tracks: of everybody, each one continuous span of the clip, that of the chosen person last; `tracks[i].person`
            is the number in the overlay.
        people: a line for each person.
    """

    clip: Clip
    tracks: tuple[PoseTrack, ...]
    people: tuple[CastEntry, ...]

    @property
    def track(self) -> PoseTrack:
        """The chosen person's."""
        return self.tracks[-1]


@dataclass(frozen=True)
class WatchedClip:
    """Who was followed in a clip, upright, the number of the scene that each frame shows, and what was seen of it in
    the mirror beforehand."""

    clip: Clip
    pieces: tuple[Piece, ...]
    scenes: Int[np.ndarray, " T"]
    recall: Recall


def estimate_pose(clip: Clip, config: PoseConfig) -> PoseEstimate:
    """Find and follow the people in `clip` and choose one, as `config` says.

    Raises:
        InputError: nobody was found, nobody for long enough, the chosen person's legs are out of view, there is no such
            person, or the weights cannot be had.
    """
    with PoseLandmarker(pose_landmarker(config.model), config.max_people) as landmarker:
        found = followed(clip.thinned(ENOUGH), config, landmarker.look)
        clip, estimator = found.clip, f"mediapipe pose landmarker {config.model}"
        people = persons(found.pieces, clip.times, found.scenes, config.max_gap)
        pieces = [Pieces(tuple(_track(clip, piece, estimator) for piece in person.pieces)) for person in people]
        cast = choose(lasting(pieces, clip.path), config, clip.path)
        track = widened(cast.person, clip, found.scenes, config.max_gap)
        with bar("looking again", 2.0 * len(track), "frames") as advance:
            track = trimmed(read_again(clip, track, cast.others, landmarker.look, advance, found.recall))
    if config.background == "auto":
        with bar("looking at the background", float(len(track)), "frames") as advance:
            moved = camera_motion(clip, (*cast.others, track), track, advance)
        track = replace(track, homography=moved)
    missing = left_out(track, cast.person.followed, clip.times, found.scenes, clip.repeats)
    track = replace(track, turns=clip.turns, left_out=missing)
    return PoseEstimate(clip, (*cast.others, track), cast.listed())


def followed(clip: Clip, config: PoseConfig, look: Look) -> WatchedClip:
    """Who is followed in each scene of a clip that is turned, if it must be, and said where that or a cut was found."""
    if config.turn != "auto":
        return _watched(clip.turned(int(config.turn) // 90), look)
    found = _watched(clip, look)
    turn = turn_of(found.pieces)
    if turn.doubt:
        log.warning("%s", turn.doubt)
    if not turn.turns:
        return found
    log.warning(
        "the pictures are turned by %d degrees counterclockwise, since everybody in them stands then; --turn 0 "
        "leaves them as they are",
        90 * turn.turns,
    )
    # seen anew, as in a clip that was upright: people turned with the picture would lie beside their windows
    return _watched(clip.turned(turn.turns), look)


def _watched(clip: Clip, look: Look) -> WatchedClip:
    scenes = Scenes()
    with bar("finding people", float(len(clip)), "frames") as advance, Beforehand(look) as before:
        frames = ahead(scenes.watch(clip))
        pieces = follow_people(frames, clip.times, look, PATIENCE, advance, scenes.cuts, before.see)
    numbers = scenes.of_frames(len(clip))
    if scenes.cuts:
        when = ", ".join(f"{clip.times[cut]:.2f}" for cut in scenes.cuts[:MOST])
        more = ", ..." if len(scenes.cuts) > MOST else ""
        log.warning("hard cuts at %s%s s: %d scenes, of which one is taken", when, more, len(set(numbers.tolist())))
    return WatchedClip(clip, tuple(pieces), numbers, before.recall)


def widened(person: Pieces, clip: Clip, scenes: Int[np.ndarray, " T"], seconds: float) -> PoseTrack:
    """The person's longest track with frames to either side, absent, in which they may still be found.

    Args:
        person: whose.
        clip: what the track is of.
        scenes: the number of the scene that each of the clip's frames shows; another one is not gone into.
        seconds: how many at each end.
    """
    taken = person.longest
    track = next(t for t in person.followed if t.times[0] <= taken.times[0] and taken.times[-1] <= t.times[-1])
    start = int(np.searchsorted(clip.times, track.times[0] - 1e-6))
    first, last = start, start + len(track) - 1
    while first > 0 and scenes[first - 1] == scenes[start] and clip.times[start] - clip.times[first - 1] <= seconds:
        first -= 1
    end = last
    while end + 1 < len(clip) and scenes[end + 1] == scenes[last] and clip.times[end + 1] - clip.times[last] <= seconds:
        end += 1

    def padded(values: np.ndarray, filling: float) -> np.ndarray:
        widths = [(start - first, end - last), *((0, 0) for _ in values.shape[1:])]
        return np.pad(values, widths, constant_values=filling)

    return replace(
        track,
        times=clip.times[first : end + 1],
        points_2d=padded(track.points_2d, np.nan),
        points_3d=padded(track.points_3d, np.nan),
        confidence=padded(track.confidence, 0.0),
    )


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
