"""MimicKit's .pkl files: a dict with fps, loop_mode and frames of root place, root rotation vector and joint angles.

From xbpeng/MimicKit (anim/motion_lib.py, anim/kin_char_model.py, data/assets/humanoid/humanoid.xml): metres, z up,
bodies in the MJCF's order; three hinges on a body are one joint with a rotation vector, one hinge is an angle. Its
humanoid is DeepMimic's, in a T-pose with all bodies aligned, so its 34 numbers go onto ours. The pickle is not run.
"""

from pathlib import Path

import mujoco
import numpy as np
from jaxtyping import Float

from sfv.character import Character, load_character
from sfv.errors import InputError
from sfv.formats.euler import AXES, to_euler
from sfv.formats.restricted import load_pickle
from sfv.formats.robots import robot_skeleton
from sfv.formats.rotations import from_rotvec
from sfv.motion import Motion
from sfv.quaternions import apply, conjugate, continuous, multiply, whole_rate
from sfv.skeleton import Skeleton
from sfv.work.contents import content_of

JOINTS = {
    "chest": 3, "neck": 3, "right_shoulder": 3, "right_elbow": (0, 0, 1), "left_shoulder": 3, "left_elbow": (0, 0, 1),
    "right_hip": 3, "right_knee": (0, 1, 0), "right_ankle": 3, "left_hip": 3, "left_knee": (0, 1, 0), "left_ankle": 3,
}  # fmt: skip
"""Our joints in the file's order: three numbers, or the axis in the T-pose about which the one number turns."""
WRAP = 1


def read_mimickit(path: Path | str, character: Character | Path | str | None = None) -> Motion:
    """A MimicKit motion, of our humanoid or of the character given.

    Raises:
        InputError: the pickle names code or is broken, lacks its keys, or its frames do not fit the character.
    """
    content = load_pickle(content_of(path), str(path))
    if not isinstance(content, dict) or not {"fps", "frames"} <= content.keys():
        raise InputError(f"{path} is a pickle without fps and frames, which MimicKit's motions have; check the file")
    try:
        frames = np.array(content["frames"], np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{path}: frames are not lists of equally many numbers; export the file again") from error
    if frames.ndim != 2 or frames.shape[1] < 7 or len(frames) < 2:
        raise InputError(f"{path}: frames are {frames.shape} but a motion needs 2 frames of more than 6 numbers")
    if not np.isfinite(frames).all():
        raise InputError(f"{path}: NaN or infinity in frame {int(np.argwhere(~np.isfinite(frames))[0, 0])}; repair it")
    if np.linalg.norm(frames[:, 3:6], axis=1).max() > 4 * np.pi or np.abs(frames[:, 6:]).max() > 4 * np.pi:
        raise InputError(f"{path}: angles beyond two turns, so these are degrees; MimicKit's files hold radians")
    if character is None and frames.shape[1] == 34:
        skeleton = load_character("humanoid").skeleton
        joints = _humanoid(skeleton, frames[:, 6:])
    elif character is None:
        raise InputError(
            f"{path} has frames of {frames.shape[1]} numbers, and the humanoid has 34; "
            "give the MJCF of its character with --character FILE.xml"
        )
    else:
        skeleton = robot_skeleton(character, path)
        joints = _by_bodies(path, skeleton, frames[:, 6:])
    qpos = np.concatenate((frames[:, :3], from_rotvec(frames[:, 3:6]), joints), 1)
    motion = Motion(
        skeleton,
        whole_rate(float(content["fps"])),
        continuous(skeleton, qpos),
        loop=content.get("loop_mode") == WRAP,
        source=f"{Path(path).name} (MimicKit, z up)",
    )
    along_y = apply(motion.qpos[:, 3:7], np.array([[0.0, 0.0, 1.0]]))[:, 1] > 0.8
    if along_y.mean() > 0.6 and np.median(motion.qpos[:, 2]) < 0.5 < np.median(motion.qpos[:, 1]):
        raise InputError(f"{path}: the body is along y, and its root high up there: y is up, but MimicKit has z up")
    return motion


def _humanoid(skeleton: Skeleton, dofs: Float[np.ndarray, "T 28"]) -> Float[np.ndarray, "T n"]:
    """With r in axes that are aligned in the T-pose and Q our body's rest orientation: q = Q^-1 r Q."""
    out, column = np.zeros((len(dofs), skeleton.nq)), 0
    zero = mujoco.MjData(skeleton.model)
    mujoco.mj_kinematics(skeleton.model, zero)
    for name, kind in JOINTS.items():
        joint, rest = skeleton.model.joint(name), zero.body(name).xquat
        address = int(joint.qposadr[0])
        if isinstance(kind, tuple):
            out[:, address] = dofs[:, column] * round(float(apply(rest, joint.axis) @ np.array(kind)))
            column += 1
        else:
            turn = multiply(from_rotvec(dofs[:, column : column + 3]), rest[None])
            out[:, address : address + 4] = multiply(conjugate(rest)[None], turn)
            column += 3
    return out[:, 7:]


def _by_bodies(path: Path | str, skeleton: Skeleton, dofs: Float[np.ndarray, "T n"]) -> Float[np.ndarray, "T m"]:
    model, columns, start = skeleton.model, [], 0
    widths = {"ball": 3, "hinge": 1}
    needed = sum(widths[kind] for kind in skeleton.joint_kinds[1:])
    if dofs.shape[1] != needed:
        raise InputError(f"{path}: {dofs.shape[1]} joint numbers do not fit the character's {needed}; give another")
    for body in range(1, model.nbody):
        joints = [j for j in range(1, model.njnt) if model.jnt_bodyid[j] == body]
        kinds = [skeleton.joint_kinds[j] for j in joints]
        width = sum(widths[kind] for kind in kinds)
        part, start = dofs[:, start : start + width], start + width
        if kinds == ["hinge"] * 3:
            axes = [int(np.argmax(np.abs(model.jnt_axis[j]))) for j in joints]
            signs = np.array([model.jnt_axis[j][axis] for j, axis in zip(joints, axes, strict=True)])
            if sorted(axes) != [0, 1, 2] or not np.allclose(signs, 1.0):
                raise InputError(f"{path}: the hinges of {model.body(body).name!r} are not x, y, z; give another")
            columns.append(to_euler(from_rotvec(part), "".join(AXES[axis] for axis in axes)))
        elif kinds == ["ball"]:
            columns.append(from_rotvec(part))
        elif len(kinds) <= 1:
            columns.append(part)
        else:
            raise InputError(f"{path}: {model.body(body).name!r} has {len(kinds)} joints, which MimicKit does not know")
    return np.concatenate(columns, 1)
