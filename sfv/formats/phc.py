"""PHC's and ASAP's .pkl files, written by joblib: a dict of clips, each SMPL's or a robot's motion; z up.

From ZhengyiLuo/PHC (scripts/data_process/convert_amass_data.py) and LeCAR-Lab/ASAP: pose_aa (T, 24, 3) rotation vectors
in SMPL's order, root_trans_offset (T, 3) the pelvis's place, trans_orig SMPL's translation, beta, fps. A robot's clips
have dof (T, n) in the MJCF's order and root_rot (T, 4), xyzw, besides. Of several clips the longest is read. The pickle
is not run.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sfv.character import Character
from sfv.errors import InputError
from sfv.formats import smpl
from sfv.formats.amass import check_rotvecs
from sfv.formats.restricted import load_pickle
from sfv.formats.robots import hinges, robot_skeleton
from sfv.formats.rotations import from_rotvec
from sfv.motion import Motion
from sfv.quaternions import continuous, whole_rate
from sfv.reading import AS_IT_SAYS, Reading
from sfv.work.contents import content_of

RATE = 30.0


def read_phc(
    path: Path | str, character: Character | Path | str | None = None, reading: Reading = AS_IT_SAYS
) -> Motion:
    """The longest clip of such a file: SMPL's 22 joints, or the robot where it has joint angles.

    Raises:
        InputError: the pickle names code or is broken, holds no such clip, or lacks the robot.
    """
    content = load_pickle(content_of(path), str(path))
    clips = {str(k): v for k, v in content.items() if _is_clip(v)} if isinstance(content, dict) else {}
    if not clips and _is_clip(content):
        clips = {Path(path).stem: content}
    if not clips:
        raise InputError(f"{path} has no clip with root_trans_offset and pose_aa; give PHC's or ASAP's motion file")
    name = max(clips, key=lambda key: len(np.asarray(clips[key]["root_trans_offset"])))
    clip, notes = clips[name], ["z up"] if len(clips) == 1 else ["z up", f"{name}, the longest of {len(clips)} clips"]
    said = float(np.asarray(clip.get("fps", RATE)).ravel()[0])
    notes += [] if "fps" in clip or reading.fps else [f"{RATE:g} fps taken"]
    fps = whole_rate(reading.fps or said)
    root = np.asarray(clip["root_trans_offset"], np.float64)
    poses = np.asarray(clip["pose_aa"], np.float64)
    poses = poses.reshape(len(poses), -1)
    if root.shape != (len(poses), 3):
        raise InputError(f"{path}: pose_aa has {len(poses)} frames and root_trans_offset is {root.shape}; export it")
    check_rotvecs(path, poses)
    if poses.shape[1] == 72 and "dof" not in clip:
        gender = np.asarray(clip.get("gender", "neutral")).ravel()
        betas = np.asarray(clip["beta"], np.float64).ravel() if "beta" in clip else None
        joints, bones = smpl.rest_joints(betas, str(gender[0]) if len(gender) else "neutral")
        source = f"{Path(path).name} (PHC, {', '.join((*notes, bones))})"
        return smpl.smpl_motion(joints, from_rotvec(poses[:, :66].reshape(-1, 22, 3)), root, fps, "z", source)
    return _robot(path, clip, root, character, fps, notes)


def _is_clip(value: Any) -> bool:
    return isinstance(value, dict) and {"pose_aa", "root_trans_offset"} <= value.keys()


def _robot(
    path: Path | str,
    clip: Mapping[str, Any],
    root: np.ndarray,
    character: Character | Path | str | None,
    fps: float,
    notes: list[str],
) -> Motion:
    if "dof" not in clip or "root_rot" not in clip:
        raise InputError(f"{path}: pose_aa is no SMPL's (T, 24, 3), and there are no dof and root_rot; check the file")
    skeleton = robot_skeleton(character, path)
    dof, turn = np.asarray(clip["dof"], np.float64), np.asarray(clip["root_rot"], np.float64)
    dof = dof.reshape(len(dof), -1)
    if dof.shape != (len(root), len(hinges(skeleton))) or turn.shape != (len(root), 4):
        raise InputError(
            f"{path}: dof is {dof.shape}, but the character has {len(hinges(skeleton))} hinges; give another"
        )
    qpos = np.concatenate((root, turn[:, [3, 0, 1, 2]], dof), 1)
    if not np.abs(np.linalg.norm(turn, axis=1) - 1.0).max() < 0.05:
        raise InputError(f"{path}: root_rot is no quaternion of length 1; export the file again")
    source = f"{Path(path).name} (PHC, a robot's, {', '.join(notes)})"
    return Motion(skeleton, fps, continuous(skeleton, qpos), source=source)
