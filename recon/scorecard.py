"""The scorecard of a reconstruction: how well the motion fits the clip, and how clean it is, in named numbers."""

from dataclasses import asdict

import numpy as np
from jaxtyping import Float

from recon.camera import Camera
from recon.config import ReconstructConfig
from sfv import metrics
from sfv.character import Character
from sfv.check.support import slide_of
from sfv.kinematics import MotionState, motion_state
from sfv.motion import Motion
from sfv.pose import LeftOut, PoseTrack
from sfv.report import Number, Report
from sfv.surface import lowest
from sfv.work.config import plain

LIMBS = tuple(
    f"{side}_{joint}" for side in ("left", "right") for joint in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
)
"""The twelve joints by which poses are compared."""


def landmark_positions(character: Character, motion: Motion, names: tuple[str, ...]) -> Float[np.ndarray, "T K 3"]:
    """World positions (m) of the character's landmarks over a motion."""
    state = motion_state(motion, character.model)
    out = []
    for name in names:
        body, offset = character.keypoints[name]
        b = character.model.body(body).id
        w, u = state.xquat[:, b, :1], state.xquat[:, b, 1:]
        t = 2.0 * np.cross(u, np.array(offset))
        out.append(state.xpos[:, b] + np.array(offset) + w * t + np.cross(u, t))
    return np.stack(out, 1)


def at_times(
    points: Float[np.ndarray, "T K 3"], fps: float, times: Float[np.ndarray, " N"]
) -> Float[np.ndarray, "N K 3"]:
    """Points between frames, linearly; times (s) from the first frame."""
    grid = np.clip(times * fps, 0, len(points) - 1 - 1e-9)
    low = grid.astype(int)
    part = (grid - low)[:, None, None]
    return points[low] * (1 - part) + points[np.minimum(low + 1, len(points) - 1)] * part


def scorecard(
    track: PoseTrack,
    character: Character,
    motion: Motion,
    points: Float[np.ndarray, "T K 3"],
    names: tuple[str, ...],
    camera: Camera,
    left_out: tuple[LeftOut, ...],
    swapped: int,
    config: ReconstructConfig,
) -> Report:
    """Numbers and series of a reconstruction; `points` are the person's landmarks called `names`.

    Parts of the clip were `left_out`, and in `swapped` frames the estimator's left and right were exchanged.
    """
    model, state = character.model, motion_state(motion, character.model)
    times = track.times - track.times[0]
    contacts = motion.contacts if motion.contacts is not None else np.zeros((len(motion), 0))

    columns = [track.index(name) for name in LIMBS]
    person = at_times(points, motion.fps, times)[:, [names.index(name) for name in LIMBS]]
    shift = 0.0 if track.shift is None else track.shift[:, None]
    error_px = np.linalg.norm(camera.project(person, shift) - track.points_2d[:, columns], axis=-1)
    numbers = (
        *_in_picture(track, error_px, columns),
        *_against_estimate(track, character, motion, camera, columns),
        *_as_motion(character, motion, state, contacts),
        Number("focal length", camera.focal, "px", "none"),
        Number("camera pitch", float(np.degrees(camera.pitch)), "deg", "none"),
        Number("camera height", float(camera.position[2]), "m", "none"),
        Number("left out", sum((part.end - part.begin for part in left_out), 0.0), "s", "lower"),
        Number("frames with swapped sides", float(swapped), "frames", "lower"),
        Number("frames without the person", float((~track.found).sum()), "frames", "lower"),
    )
    series = {
        "per motion frame": {
            "time_s": motion.times.tolist(),
            "lowest_cm": (100.0 * lowest(model, state)).tolist(),
            "root_height_m": motion.qpos[:, 2].tolist(),
            **{f"{name}_contact": contacts[:, i].tolist() for i, name in enumerate(motion.contact_names)},
        },
        "per clip frame": {
            "time_s": track.times.tolist(),
            "reprojection_px": (
                np.nan_to_num(np.nanmedian(error_px, 1)).tolist() if track.found.all() else _quiet(error_px)
            ),
        },
    }
    parts = [asdict(part) for part in left_out]
    made = {"config": plain(config), "left_out": parts, "camera": _placed(camera)}
    return Report("reconstruction", numbers, series, made)


def _in_picture(track: PoseTrack, error_px: Float[np.ndarray, "N J"], columns: list[int]) -> tuple[Number, ...]:
    """How far the person's limbs are from where they were seen."""
    sure = track.confidence[:, columns] > 0.5
    high = track.points_2d[track.found][..., 1]
    size = np.nanmax(high, 1) - np.nanmin(high, 1)
    tall, off = float(np.percentile(size, 90)), float(np.nanmedian(error_px[sure]))
    return (
        Number("reprojection error", off, "px", "lower"),
        Number("reprojection error of body", 100.0 * off / tall, "% of height", "lower"),
    )


def _against_estimate(
    track: PoseTrack, character: Character, motion: Motion, camera: Camera, columns: list[int]
) -> tuple[Number, ...]:
    """The motion beside the estimator's own metric points, both about the hips."""
    found, times = track.found, track.times - track.times[0]
    performed = at_times(landmark_positions(character, motion, LIMBS), motion.fps, times)
    hips = [LIMBS.index("left_hip"), LIMBS.index("right_hip")]
    own, theirs = _hung(performed, hips), _hung(track.points_3d[:, columns] @ camera.rotation, hips)
    rate = 1.0 / float(np.median(np.diff(track.times)))
    ratio = np.sqrt((own[found] ** 2).sum() / (theirs[found] ** 2).sum())
    return (
        Number("agreement in 3D", metrics.pa_mpjpe(own[found], ratio * theirs[found]), "mm", "lower"),
        Number("jerk", metrics.mean_jerk(own[found], rate), "m/s^3", "lower"),
        Number("jerk of the estimate", metrics.mean_jerk(ratio * theirs[found], rate), "m/s^3", "none"),
        Number("amplitude kept", metrics.amplitude_kept(own[found], ratio * theirs[found]), "%", "higher"),
    )


def _as_motion(
    character: Character, motion: Motion, state: MotionState, contacts: Float[np.ndarray, "T F"]
) -> tuple[Number, ...]:
    """How the motion moves and stands, whatever the clip."""
    model = character.model
    under, above = metrics.penetration(model, state), metrics.stance_height(model, state, contacts)
    limit = metrics.joint_limit_violation(model, motion.qpos)
    limbs = state.xpos[:, metrics.limbs(model)]
    return (
        Number("peak acceleration", metrics.peak_acceleration(limbs, motion.fps), "m/s^2", "lower"),
        Number("foot slide", slide_of(motion, character), "cm/s", "lower"),
        Number("penetration, deepest", float(under.max()), "cm", "lower"),
        Number("penetration, mean", float(under.mean()), "cm", "lower"),
        Number("floating in stance", float(above.mean()) if len(above) else float("nan"), "cm", "lower"),
        Number("joint limit violation", float(limit.max()), "deg", "lower"),
        Number("stance share", float((contacts > 0.5).any(1).mean()), "1", "none"),
    )


def _placed(camera: Camera) -> dict[str, object]:
    """Where the clip's camera is in the motion's world: axes are its directions to the right, down and away."""
    return {
        "size": list(camera.image_size), "focal": camera.focal, "position": camera.position.tolist(),
        "axes": camera.rotation.tolist(),
    }  # fmt: skip


def _quiet(errors: np.ndarray) -> list[float]:
    return [float(np.nanmedian(row)) if np.isfinite(row).any() else float("nan") for row in errors]


def _hung(points: np.ndarray, hips: list[int]) -> np.ndarray:
    """Points relative to the middle of the hips."""
    return points - points[:, hips].mean(1, keepdims=True)
