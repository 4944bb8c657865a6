"""DeepMimic's motion files: JSON with "Loop" and "Frames" of 44 numbers, for the 45 kg humanoid.

A frame is its duration (s), the root's position (m) and quaternion, then one quaternion or angle for each joint of
JOINTS. The file's world is x forward, y up, z right, its hinges turn about z, and its arms hang in the zero pose.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from sfv.character import load_character
from sfv.errors import InputError
from sfv.formats.conventions import is_z_up_read_as_y_up
from sfv.formats.text import read_text, write_text
from sfv.motion import Motion
from sfv.quaternions import Y_UP_TO_Z_UP, conjugate, continuous, multiply, turned, whole_rate
from sfv.skeleton import Skeleton

JOINTS = (
    *("chest", "neck", "right_hip", "right_knee", "right_ankle", "right_shoulder", "right_elbow"),
    *("left_hip", "left_knee", "left_ankle", "left_shoulder", "left_elbow"),
)
"""In the file's order; our humanoid's bodies and joints bear the same names."""
HINGE_AXIS = np.array([0.0, -1.0, 0.0])
"""The file's z, about which its knees and elbows turn, in our axes."""
FRAME = 44


def read_deepmimic(path: Path | str) -> Motion:
    """A DeepMimic file as a Motion of the humanoid, at the file's own rate; uneven durations are interpolated.

    Raises:
        InputError: not such a file, frames of another length, or conventions that are not DeepMimic's.
    """
    content = _content(path)
    frames = _frames(path, content["Frames"])
    skeleton = load_character("humanoid").skeleton
    qpos = _to_qpos(skeleton, frames)
    steps = frames[:-1, 0]  # the last frame's duration has no meaning
    if not (steps > 0).all():
        raise InputError(
            f"{path}: frame {int(np.argmin(steps > 0))} lasts {steps.min():g} s; "
            "each frame but the last needs a duration above 0"
        )
    if np.ptp(steps) > 1e-3 * np.median(steps):
        times = np.concatenate(([0.0], np.cumsum(steps)))
        count = max(2, round(times[-1] / float(np.median(steps))) + 1)
        even = np.linspace(0.0, times[-1], count)
        qpos = Motion(skeleton, 1.0, qpos).at(np.interp(even, times, np.arange(len(qpos))))
        steps = np.diff(even)
    motion = Motion(
        skeleton,
        fps=whole_rate(1.0 / float(np.median(steps))),
        qpos=continuous(skeleton, qpos),
        loop=str(content["Loop"]).lower() == "wrap",
        source=f"{Path(path).name} (DeepMimic)",
    )
    if is_z_up_read_as_y_up(motion, Y_UP_TO_Z_UP[:, 2]):
        raise InputError(f"{path}: the body lies on its side in the air, so z is up in the file; DeepMimic's has y up")
    return motion


def write_deepmimic(motion: Motion, path: Path | str) -> None:
    """Write a Motion of the humanoid as DeepMimic JSON.

    Raises:
        InputError: the motion is of another skeleton.
    """
    skeleton = load_character("humanoid").skeleton
    motion.require(skeleton, "the humanoid of DeepMimic's files")
    frames = _from_qpos(skeleton, motion.qpos)
    frames[:-1, 0] = 1.0 / motion.fps
    rows = ",\n".join(json.dumps([round(value, 10) for value in row]) for row in frames.tolist())
    loop = "wrap" if motion.loop else "none"
    write_text(path, f'{{\n"Loop": "{loop}",\n"Frames":\n[\n{rows}\n]\n}}\n')


def _content(path: Path | str) -> dict[str, Any]:
    try:
        content = json.loads(read_text(path))
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path} is not valid JSON ({error}); export it again") from error
    if not isinstance(content, dict) or "Frames" not in content or "Loop" not in content:
        raise InputError(f'{path} is JSON but no DeepMimic motion, which has "Loop" and "Frames"; check the file')
    return content


def _frames(path: Path | str, frames: Any) -> Float[np.ndarray, "T 44"]:
    try:
        table = np.array(frames, np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{path}: frames are not lists of {FRAME} numbers each; export the file again") from error
    if table.ndim != 2 or table.shape[1] != FRAME or len(table) < 2:
        raise InputError(
            f"{path}: needs at least 2 frames of {FRAME} numbers (the 45 kg humanoid) but has the shape {table.shape}; "
            "other DeepMimic characters are not read"
        )
    if not np.isfinite(table).all():
        frame = int(np.argwhere(~np.isfinite(table))[0, 0])
        raise InputError(f"{path}: NaN or infinity in frame {frame}; repair the file")
    norms = np.linalg.norm(table[:, 4:8], axis=1)
    if abs(float(np.median(norms)) - 1.0) > 0.05 or norms.min() < 0.1:
        raise InputError(
            f"{path}: the root's quaternion has the length {np.median(norms):.2g} where it should be 1, so the columns "
            "are not DeepMimic's (duration, position, quaternion wxyz, joints); check the export"
        )
    return table


def _to_qpos(skeleton: Skeleton, frames: Float[np.ndarray, "T 44"]) -> Float[np.ndarray, "T nq"]:
    """Our pose: q_ours = Q^-1 q_theirs with Q the body's rest orientation, which is theirs only in the shoulders."""
    qpos = np.tile(skeleton.qpos0, (len(frames), 1))
    qpos[:, :3] = frames[:, 1:4] @ Y_UP_TO_Z_UP.T
    qpos[:, 3:7] = turned(_unit(frames[:, 4:8]), Y_UP_TO_Z_UP)
    column = 8
    for name in JOINTS:
        joint, rest = skeleton.model.joint(name), skeleton.model.body(name).quat
        address = int(joint.qposadr[0])
        if skeleton.joint_kinds[joint.id] == "hinge":
            qpos[:, address] = frames[:, column] * float(joint.axis @ HINGE_AXIS)
            column += 1
        else:
            theirs = turned(_unit(frames[:, column : column + 4]), Y_UP_TO_Z_UP)
            qpos[:, address : address + 4] = multiply(conjugate(rest), theirs)
            column += 4
    return qpos


def _from_qpos(skeleton: Skeleton, qpos: Float[np.ndarray, "T nq"]) -> Float[np.ndarray, "T 44"]:
    frames = np.zeros((len(qpos), FRAME))
    frames[:, 1:4] = qpos[:, :3] @ Y_UP_TO_Z_UP
    frames[:, 4:8] = turned(qpos[:, 3:7], Y_UP_TO_Z_UP.T)
    column = 8
    for name in JOINTS:
        joint, rest = skeleton.model.joint(name), skeleton.model.body(name).quat
        address = int(joint.qposadr[0])
        if skeleton.joint_kinds[joint.id] == "hinge":
            frames[:, column] = qpos[:, address] * float(joint.axis @ HINGE_AXIS)
            column += 1
        else:
            frames[:, column : column + 4] = turned(multiply(rest, qpos[:, address : address + 4]), Y_UP_TO_Z_UP.T)
            column += 4
    return frames


def _unit(q: Float[np.ndarray, "T 4"]) -> Float[np.ndarray, "T 4"]:
    # the shipped clips were interpolated linearly: lengths from 0.58 to 1 occur
    return q / np.linalg.norm(q, axis=1, keepdims=True).clip(1e-9)
