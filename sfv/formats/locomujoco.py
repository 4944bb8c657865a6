"""loco-mujoco's trajectories: .npz with one array per joint (q_NAME, dq_NAME), or with qpos, joint_names, frequency.

From robfiras/loco-mujoco: in the older files (environments/data/unitree_h1/h1.xml) the root is pelvis_tx along x,
pelvis_tz along y, pelvis_ty along z, all from the model's own height, then hinges pelvis_tilt about -y, pelvis_list
about x, pelvis_rotation about z; the rate is what carries q on by dq. In the newer ones (trajectory/dataclasses.py) it
is a free joint, wxyz, and the rate stands in frequency. Joints are matched by name.
"""

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from sfv.character import Character
from sfv.errors import InputError, did_you_mean
from sfv.formats.robots import hinges, robot_skeleton
from sfv.motion import Motion
from sfv.quaternions import about, continuous, multiply, whole_rate
from sfv.skeleton import Skeleton
from sfv.work.contents import arrays_of, content_of

ROOT = ("pelvis_tx", "pelvis_tz", "pelvis_ty", "pelvis_tilt", "pelvis_list", "pelvis_rotation")


def is_locomujoco(keys: frozenset[str]) -> bool:
    """Whether the arrays of an .npz are one of the two kinds."""
    return "q_pelvis_tx" in keys or {"qpos", "joint_names", "frequency"} <= keys


def read_locomujoco(path: Path | str, character: Character | Path | str | None) -> Motion:
    """Such a file as a Motion of the robot; of several trajectories in it, the longest.

    Joints that the model has and the file does not stay at their zero; of the file's joints that the model lacks, only
    such as never move may be left out. Both are told in `source`.

    Raises:
        InputError: no robot given, moving joints that it lacks, no rate, angles in degrees, or NaN.
    """
    data = arrays_of(content_of(path), str(path))
    skeleton = robot_skeleton(character, path)
    if "q_pelvis_tx" in data:
        root, joints, fps, notes = _old(path, data, skeleton)
    else:
        root, joints, fps, notes = _new(path, data)
    qpos = np.tile(skeleton.qpos0, (len(root), 1))
    qpos[:, :7] = root
    names = hinges(skeleton)
    lost = [name for name in joints if name not in names]
    moving = [name for name in lost if np.ptp(joints[name]) > 1e-6]
    if moving:
        raise InputError(f"{path}: the character has no joint {moving[0]!r}{did_you_mean(moving[0], names)}")
    for name in names:
        if name in joints:
            qpos[:, skeleton.qpos_columns.index(name)] = joints[name]
    if not np.isfinite(qpos).all():
        raise InputError(f"{path}: NaN or infinity in frame {int(np.argwhere(~np.isfinite(qpos))[0, 0])}; repair it")
    if np.abs(qpos[:, 7:]).max() > 4 * np.pi:
        raise InputError(f"{path}: a joint angle is {np.abs(qpos[:, 7:]).max():.0f}: degrees; loco-mujoco has radians")
    still = [name for name in names if name not in joints]
    notes += [f"not in the file: {', '.join(still)}"] if still else []
    notes += [f"left out, unmoved: {', '.join(lost)}"] if lost else []
    source = f"{Path(path).name} (loco-mujoco, {', '.join(notes)})"
    return Motion(skeleton, fps, continuous(skeleton, qpos), source=source)


_Parts = tuple[Float[np.ndarray, "T 7"], dict[str, Any], float, list[str]]


def _old(path: Path | str, data: dict[str, np.ndarray], skeleton: Skeleton) -> _Parts:
    columns = {key[2:]: table.astype(np.float64) for key, table in data.items() if key.startswith("q_")}
    if missing := [name for name in ROOT if name not in columns]:
        raise InputError(f"{path} lacks q_{missing[0]}; download it again")
    x, y, z, tilt, lean, turn = (columns.pop(name) for name in ROOT)
    fps = _rate(path, data, np.stack((x, y, z), 1))
    root = np.zeros((len(x), 7))
    root[:, :3] = np.stack((x, y, z), 1) + skeleton.model.body_pos[1]
    root[:, 3:] = multiply(multiply(about(-np.eye(3)[1], tilt), about(np.eye(3)[0], lean)), about(np.eye(3)[2], turn))
    return root, columns, fps, [f"{fps:g} fps from its velocities", f"height from the model, {root[0, 2]:.2f} m"]


def _rate(path: Path | str, data: dict[str, np.ndarray], places: Float[np.ndarray, "T 3"]) -> float:
    """The rate (Hz, a multiple of 5) with which the root's velocities carry it on, by least squares."""
    keys = [f"dq_{name}" for name in ROOT[:3]]
    if any(key not in data or data[key].shape != (len(places),) for key in keys):
        raise InputError(f"{path} lacks {', '.join(keys)}, so its rate is not known; download it again")
    speed = np.stack([data[key] for key in keys], 1)
    speed, step = 0.5 * (speed[1:] + speed[:-1]), np.diff(places, axis=0)
    if not (speed * step).sum() > 0:
        raise InputError(f"{path}: its root stands still, so its rate is not known; download it again")
    return 5.0 * round(float((speed * speed).sum() / (speed * step).sum()) / 5.0)


def _new(path: Path | str, data: dict[str, np.ndarray]) -> _Parts:
    qpos, names = data["qpos"].astype(np.float64), [str(name) for name in data["joint_names"].ravel()]
    if qpos.ndim != 2 or qpos.shape[1] != 6 + len(names):
        raise InputError(f"{path}: qpos is {qpos.shape}, but {len(names)} joints, one free, need {6 + len(names)}")
    if not np.abs(np.linalg.norm(qpos[:, 3:7], axis=1) - 1.0).max() < 0.05:
        raise InputError(f"{path}: qpos has no unit quaternion in columns 4 to 7, so the root is no free joint")
    notes = ["quaternion wxyz"]
    splits = data.get("split_points", np.array([0, len(qpos)])).astype(int).ravel()
    if len(splits) > 2:
        best = int(np.argmax(np.diff(splits)))
        qpos = qpos[splits[best] : splits[best + 1]]
        notes.append(f"trajectory {best + 1} of {len(splits) - 1}, the longest")
    fps = whole_rate(float(data["frequency"].ravel()[0]))
    return qpos[:, :7], {name: qpos[:, 7 + i] for i, name in enumerate(names[1:])}, fps, notes
