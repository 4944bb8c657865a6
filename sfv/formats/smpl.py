"""The SMPL-22 skeleton and the way from SMPL's parameters to a Motion on it.

SMPL's own axes are x left, y up, z forward; a joint's rotation is that of its body against its parent's, all aligned
in the T-pose. The skeleton needs no model files; with them (`rest_joints`) bones have the length that betas say.
"""

import os
from pathlib import Path

import mujoco
import numpy as np
from jaxtyping import Float

from sfv.errors import InputError
from sfv.formats.conventions import AXES, WORLDS
from sfv.formats.rotations import from_matrix
from sfv.motion import Motion
from sfv.quaternions import apply, conjugate, continuous, multiply
from sfv.reading import Reading
from sfv.skeleton import Skeleton
from sfv.work.contents import arrays_of, content_of

NAMES = (
    *("pelvis", "left_hip", "right_hip", "spine1", "left_knee", "right_knee", "spine2", "left_ankle", "right_ankle"),
    *("spine3", "left_foot", "right_foot", "neck", "left_collar", "right_collar", "head"),
    *("left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist"),
)
"""The first 22 joints of SMPL, SMPL-H and SMPL-X, which are the same, in their order."""
PARENTS = (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19)
HEAD, FEET = NAMES.index("head"), (NAMES.index("left_foot"), NAMES.index("right_foot"))

_LEFT_AND_MIDDLE = {
    "left_hip": (0.07, -0.09, -0.005),
    "spine1": (0.0, 0.11, -0.025),
    "left_knee": (0.035, -0.38, -0.005),
    "spine2": (0.0, 0.135, 0.005),
    "left_ankle": (-0.015, -0.40, -0.04),
    "spine3": (0.0, 0.055, 0.025),
    "left_foot": (0.025, -0.055, 0.12),
    "neck": (0.0, 0.215, -0.04),
    "left_collar": (0.08, 0.12, -0.03),
    "head": (0.0, 0.07, 0.05),
    "left_shoulder": (0.09, 0.03, -0.01),
    "left_elbow": (0.26, -0.015, -0.025),
    "left_wrist": (0.25, 0.01, 0.0),
}
"""Offsets from the parent in SMPL's axes, m. Our own approximation of a grown person of 1.70 m in SMPL's T-pose,
rounded to 5 mm and symmetric; it is from no model file and stands for no particular body. Assumption, not studied."""
PELVIS = np.array([0.0, -0.22, 0.03])
"""Where the pelvis stands in SMPL's T-pose, m, about the template's origin; files give the origin's translation. It
differs by a few centimetres between bodies."""
MODEL = 1 << 30
"""Bytes in a file of SMPL's model; SMPL-X has 500 MB."""
SOLE = 0.03
"""Height of the foot joint over the ground, m, when the foot stands on it."""


def mean_joints() -> Float[np.ndarray, "22 3"]:
    """Joints of the T-pose without model files, in SMPL's axes (m)."""
    joints = np.zeros((22, 3))
    joints[0] = PELVIS
    for i, name in enumerate(NAMES[1:], 1):
        x, y, z = _LEFT_AND_MIDDLE[name.replace("right", "left")]
        joints[i] = joints[PARENTS[i]] + (-x if name.startswith("right") else x, y, z)
    return joints


def rest_joints(betas: Float[np.ndarray, "B"] | None, gender: str = "neutral") -> tuple[Float[np.ndarray, "22 3"], str]:
    """Joints of the T-pose in SMPL's axes (m), and half a sentence on where they are from.

    The folder that $SFV_SMPL_MODELS names is searched for an .npz of the user's (SMPL, SMPL-H or SMPL-X) with the
    gender in its name; without one, or without betas, it is `mean_joints`.

    Raises:
        InputError: the file lacks v_template, shapedirs or J_regressor.
    """
    folder = os.environ.get("SFV_SMPL_MODELS")
    if not folder or betas is None:
        return mean_joints(), "mean bones, betas not used"
    found = sorted(path for path in Path(folder).rglob("*.npz") if _gender(path.stem) == gender.lower())
    if not found:
        return mean_joints(), f"mean bones, for there is no {gender} model .npz in {folder}"
    wanted = frozenset({"v_template", "shapedirs", "J_regressor"})
    model = arrays_of(content_of(found[0], MODEL), str(found[0]), wanted)
    if missing := {"v_template", "shapedirs", "J_regressor"} - model.keys():
        raise InputError(f"{found[0]} lacks {', '.join(sorted(missing))}; give a body model of SMPL, SMPL-H or SMPL-X")
    count = min(len(betas), model["shapedirs"].shape[-1])
    vertices = model["v_template"] + model["shapedirs"][..., :count] @ betas[:count]
    return (model["J_regressor"] @ vertices)[:22].astype(np.float64), f"bones of {found[0].name} with the file's betas"


def _gender(stem: str) -> str | None:
    return next((name for name in ("female", "male", "neutral") if name in stem.lower()), None)


def smpl_skeleton(joints: Float[np.ndarray, "22 3"]) -> Skeleton:
    """The 22 bodies with their joints, from the joints' places in the T-pose (SMPL's axes, m)."""
    spec = mujoco.MjSpec()
    bodies: list[mujoco.MjsBody] = []
    for i, (name, parent) in enumerate(zip(NAMES, PARENTS, strict=True)):
        up = spec.worldbody if i == 0 else bodies[parent]
        offset = (joints[i] - joints[parent]) @ AXES.T if i else np.array([0, 0, joints[0, 1] - joints[:, 1].min()])
        body = up.add_body(name=name, pos=offset)
        body.add_geom(type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[0.02, 0, 0], mass=1.0)
        if i:
            body.add_joint(name=name, type=mujoco.mjtJoint.mjJNT_BALL)
        else:
            body.add_freejoint(name=name)
        bodies.append(body)
    return Skeleton.of(spec.compile())


def places(
    joints: Float[np.ndarray, "22 3"], rotations: Float[np.ndarray, "T 22 4"], pelvis: Float[np.ndarray, "T 3"]
) -> Float[np.ndarray, "T 22 3"]:
    """Where the joints are, in the file's world (m)."""
    turns, points = [rotations[:, 0]], [pelvis]
    for i in range(1, 22):
        parent = PARENTS[i]
        points.append(points[parent] + apply(turns[parent], (joints[i] - joints[parent])[None]))
        turns.append(multiply(turns[parent], rotations[:, i]))
    return np.stack(points, 1)


def stands_along(points: Float[np.ndarray, "T 22 3"]) -> str | None:
    """The axis ('z', 'y' or '-y') that points from feet to head in more than 60 of 100 frames; None when none does."""
    up = points[:, HEAD] - points[:, list(FEET)].mean(1)
    up /= np.linalg.norm(up, axis=1, keepdims=True).clip(1e-9)
    share = {"z": up[:, 2] > 0.8, "y": up[:, 1] > 0.8, "-y": up[:, 1] < -0.8}
    name = max(share, key=lambda axis: share[axis].mean())
    return name if share[name].mean() > 0.6 else None


def likely_up(points: Float[np.ndarray, "T 22 3"], expected: str) -> str:
    """The axis that points up: `expected`, unless the body stands along another and does not rest on the ground."""
    found = stands_along(points)
    lowest = float(np.median((points @ WORLDS[expected].T)[..., 2].min(1)))
    lies = -0.05 < lowest < 0.15  # m
    return expected if found is None or (lies and found != expected) else found


def up_axis(reading: Reading, points: Float[np.ndarray, "T 22 3"], expected: str) -> tuple[str, str]:
    """The axis that points up, and a note: as it was given, else `likely_up`."""
    if reading.up is not None:
        return reading.up, f"{reading.up} up"
    up = likely_up(points, expected)
    return up, f"{up} up" if up == expected else f"taken for {up} up"


def smpl_motion(
    joints: Float[np.ndarray, "22 3"],
    rotations: Float[np.ndarray, "T 22 4"],
    pelvis: Float[np.ndarray, "T 3"],
    fps: float,
    up: str,
    source: str,
) -> Motion:
    """A Motion on the SMPL-22 skeleton.

    Args:
        joints: of the T-pose, in SMPL's axes (m).
        rotations: quaternions; the pelvis's in the file's world, the others against the parent, SMPL's axes.
        pelvis: the pelvis joint's place in the file's world (m).
        fps: frames per second.
        up: the axis of WORLDS that points up in the file's world.
        source: for `Motion.source`.
    """
    skeleton, own = smpl_skeleton(joints), from_matrix(AXES)
    world = WORLDS[up]
    qpos = np.zeros((len(pelvis), skeleton.nq))
    qpos[:, :3] = pelvis @ world.T
    qpos[:, 3:7] = multiply(multiply(from_matrix(world)[None], rotations[:, 0]), conjugate(own)[None])
    for i, name in enumerate(NAMES[1:], 1):
        start = int(skeleton.model.joint(name).qposadr[0])
        qpos[:, start : start + 4] = np.concatenate((rotations[:, i, :1], rotations[:, i, 1:] @ AXES.T), -1)
    return Motion(skeleton, fps, continuous(skeleton, qpos), source=source)
