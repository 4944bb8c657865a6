"""The reconstruction stage: a pose track becomes a motion of the character, a camera and a scorecard.

It checks the track, runs the passes on the span that plays on one floor, and puts the result into the world: floor at
z = 0, start at the origin, facing X. It knows no estimator and no file.
"""

import logging
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import Float

from recon.camera import Camera, focal_of
from recon.config import ReconstructConfig
from recon.fit.contacts import foot_contacts, on_one_floor, rolling_feet
from recon.fit.evidence import Evidence
from recon.fit.fit import Term
from recon.fit.lifting import LEAN
from recon.fit.passes import SHARES, carried_over, in_picture, on_floor, pose_problem
from recon.gaps import filler, made_anew, unseen
from recon.lifter.depth import deepened, lifter_for
from recon.pose.choice import told_apart
from recon.pose.steady import along_path, focal_from_turns, steadied
from recon.scorecard import LIMBS, scorecard
from recon.shipped import NONE
from sfv.character import Character
from sfv.errors import InputError
from sfv.motion import Motion
from sfv.pose import LeftOut, PoseTrack
from sfv.progress import bar
from sfv.quaternions import heading
from sfv.report import Report
from sfv.work.mask import runs

log = logging.getLogger(__name__)

LEAST_SECONDS = 0.5
"""s of clip."""
FEWEST = 0.3
"""Share of frames in which the person must be found, with confidence in half of the landmarks."""


@dataclass(frozen=True)
class Reconstruction:
    """What a clip shows.

    Attributes:
        motion: the reference motion, on the character, with contacts of its feet.
        character: who performs it.
        camera: the camera in the motion's world.
        points: (T, K, 3) landmarks of the person (own proportions) in the motion's world, m.
        point_names: the K landmarks.
        track: the part of the pose track that the motion shows, in the time that passed, which in slow motion is less
            than the clip's; the motion's frame 0 is at track.times[0].
        left_out: what of the clip it does not show, and why: what the track leaves out, and other floors.
        swapped: frames in which left and right were taken for each other.
        config: how it was made.
    """

    motion: Motion
    character: Character
    camera: Camera
    points: Float[np.ndarray, "T K 3"]
    point_names: tuple[str, ...]
    track: PoseTrack
    left_out: tuple[LeftOut, ...]
    swapped: int
    config: ReconstructConfig

    @cached_property
    def scorecard(self) -> Report:
        """How good the motion is, in numbers; distances in the picture are those of the person, `points`."""
        return scorecard(
            self.track,
            self.character,
            self.motion,
            self.points,
            self.point_names,
            self.camera,
            self.left_out,
            self.swapped,
            self.config,
        )


def reconstruct(
    track: PoseTrack, character: Character, config: ReconstructConfig, prior: Term | None = None
) -> Reconstruction:
    """The reference motion of the person in `track`, performed by `character`.

    The world has the floor at z = 0; at the first confident frame the character is at x = y = 0 and faces X. If the
    person leaves the floor for another, lower one, the longest span on one floor is taken.

    Args:
        track: where the person's landmarks are.
        character: who performs the motion.
        config: how.
        prior: a term of one's own that is added to the objective of every pass: how unlikely a candidate's motion is
            (a differentiable scalar, >= 0; 1 counts as much as every pixel being off by 1 % of the body).

    Raises:
        InputError: the track is too short, or shows the person in too few frames, or lacks landmarks, as a robot does.
    """
    _check(track)
    if absent := lacking(character):
        raise InputError(
            f"{character.name} has no site called {', '.join(absent)}, so no video can be laid upon it; reconstruct "
            f"the motion on the humanoid, and then type: sfv retarget MOTION --to {character.name}"
        )
    track, focal = _at_rest(track, config)
    config = replace(config, focal=focal, fov=None)
    speed, track = track.speed, track.in_true_time()
    track, swapped = told_apart(track)
    if swapped.any():
        log.warning("left and right were taken for each other in %d frames, and are put right", swapped.sum())
    lifter, lean = lifter_for(track, config.lifter), LEAN
    if lifter is not None:
        track, lean = deepened(lifter, track, focal), 0.0
    whole = track
    with bar("reconstruct", config.iterations * sum(SHARES.values())) as advance:
        problem = pose_problem(track, character, config, advance, prior, lean)
        body, person = problem.body, in_picture(problem)
        start, stop = on_one_floor(body, character, person, problem.evidence, config.fps)
        if stop - start + 1 < len(person.qpos):
            track = _cut(track, start / config.fps, stop / config.fps)
            _check(track)
            problem = pose_problem(track, character, config, advance, prior, lean)
            person = in_picture(problem)
        person, stance = on_floor(problem, person)
        performed, scale = carried_over(problem, person, stance)

    qpos, pinhole, source = performed.qpos.numpy(), person.pinhole, f"{track.estimator}, person {track.person}"
    turn, shift = _to_origin(qpos, problem.evidence)
    rolling = rolling_feet(body, character, performed.placed.surface.numpy(), config.fps)
    contacts = np.maximum(foot_contacts(body, character, stance), rolling)
    motion = Motion(character.skeleton, config.fps, _turned(qpos, turn, shift), contacts, character.feet, source=source)
    motion = _through_gaps(motion, track, character, config.gaps if prior is None else NONE)  # who has one needs none
    height, pitch, roll = (float(value) for value in (pinhole.height, pinhole.pitch, pinhole.roll))
    camera = Camera(track.image_size, float(pinhole.focal), np.array([0.0, 0.0, height]), 0.0, pitch, roll)
    camera = camera.moved(turn, shift, scale)
    points = _about_z(turn, scale * person.placed.landmarks.numpy()) + np.array([*shift, 0.0])
    missing = (*track.left_out, *_other_floors(whole, track, speed))
    return Reconstruction(
        motion, character, camera, points, body.landmark_names, track, missing, int(swapped.sum()), config
    )


def lacking(character: Character) -> list[str]:
    """Landmarks without which no video can be laid upon a character, and which it has no site for."""
    feet = [f"{side}_{part}" for side in ("left", "right") for part in ("heel", "foot_index")]
    return [name for name in (*LIMBS, *feet) if name not in character.keypoints]


def _check(track: PoseTrack) -> None:
    if not np.isfinite(track.points_3d).any():
        raise InputError(
            f"the track ({track.estimator}) has points in pixels alone, and reconstruction needs their depth in "
            "metres, too; make a track of the video itself with sfv pose"
        )
    if missing := [name for name in LIMBS if name not in track.names]:
        raise InputError(
            f"the pose track lacks {', '.join(missing)}, without which no body can be placed; it has "
            f"{', '.join(track.names)}; make one with: sfv pose CLIP"
        )
    duration = float(track.times[-1] - track.times[0]) if len(track) > 1 else 0.0
    if duration < LEAST_SECONDS:
        raise InputError(f"the pose track lasts {duration:.2f} s but {LEAST_SECONDS} s are needed; give a longer clip")
    sure = (track.confidence > 0.5).mean(1) > 0.5
    if sure.mean() < FEWEST or sure.sum() < 8:
        raise InputError(
            f"the person is seen with confidence in {sure.sum()} of {len(track)} frames, too few to reconstruct; "
            "choose another person with --person, or a clip that shows the whole body"
        )


def _through_gaps(motion: Motion, track: PoseTrack, character: Character, choice: Path | None) -> Motion:
    """The motion with its gaps filled, of which the user is told."""
    gaps = unseen(track, motion)
    prior = filler(choice, character) if gaps.any() else None
    if prior is None:
        return motion
    for first, stop in runs(gaps):
        log.warning(
            "nobody was seen from %.1f to %.1f s; what is done there is made up by %s (--gaps none leaves it to the "
            "smoothest way)",
            *(motion.times[[first, stop - 1]]),
            prior.name,
        )
    return made_anew(motion, gaps, prior, character)


def _at_rest(track: PoseTrack, config: ReconstructConfig) -> tuple[PoseTrack, float]:
    """The track as a camera that did not turn saw it, and its focal length (px): told, seen by turns, or the usual."""
    size, focal = track.image_size, config.focal
    if config.fov is not None:
        focal = focal_of(size, config.fov)
    if focal is None and config.camera_path is None and track.homography is not None:
        focal = focal_from_turns(track.homography, size)
    focal = focal or focal_of(size)
    if config.camera_path is not None:
        track = along_path(track, config.camera_path, focal)
    return steadied(track, focal), focal


def _cut(track: PoseTrack, start: float, stop: float) -> PoseTrack:
    """The frames of a track between two times, s from its start."""
    times = track.times - track.times[0]
    keep = (times >= start - 1e-6) & (times <= stop + 1e-6)
    return track.part(keep)


def _other_floors(whole: PoseTrack, used: PoseTrack, speed: float) -> tuple[LeftOut, ...]:
    """What of a track was cut off, in s of a clip that plays at `speed`."""
    ends = (whole.times[0], used.times[0]), (used.times[-1], whole.times[-1])
    why = f"person {used.person} is on another floor"
    return tuple(LeftOut(float(a / speed), float(b / speed), why) for a, b in ends if b > a)


def _to_origin(qpos: np.ndarray, evidence: Evidence) -> tuple[float, np.ndarray]:
    """The turn about Z (rad) and the shift (m) that put the first confident frame at the origin, facing X."""
    sure = np.flatnonzero((evidence.trust > 0.25).double().mean(1).numpy() > 0.5)
    frame = int(evidence.low[sure[0]]) if len(sure) else 0
    turn = -float(heading(qpos[frame, 3:7]))
    return turn, -_about_z(turn, qpos[frame, :3])[:2]


def _about_z(turn: float, points: np.ndarray) -> np.ndarray:
    c, s = np.cos(turn), np.sin(turn)
    return points @ np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]])


def _turned(qpos: np.ndarray, turn: float, shift: np.ndarray) -> np.ndarray:
    out = qpos.copy()
    out[:, :3] = _about_z(turn, qpos[:, :3]) + np.array([*shift, 0.0])
    w, x, y, z = qpos[:, 3:7].T
    c, s = np.cos(turn / 2), np.sin(turn / 2)
    out[:, 3:7] = np.stack((c * w - s * z, c * x - s * y, c * y + s * x, c * z + s * w), 1)
    return out
