"""Parts: a joint map on one skeleton that stands with its arms out, with the places of heels, soles and head.

What a landmark's place or a frame's direction is used for is told in `recon.retarget.keys`; how skeletons of bare bones
stand, in `recon.retarget.t_pose`.
"""

from dataclasses import dataclass

import mujoco
import numpy as np
from jaxtyping import Float

from recon.retarget.t_pose import bare_offsets, t_pose_of
from sfv.joints.joint_map import JointMap, Offset
from sfv.joints.part_names import SIDES
from sfv.skeleton import Skeleton


@dataclass(frozen=True)
class Parts:
    """A joint map on one skeleton.

    Attributes:
        points: part ('left_knee') -> body and place in its frame (m).
        frames: part ('left_thigh') -> body.
        feet: side -> the foot's bodies, the one that bears the weight first.
        t_pose: (nq,) standing with the arms out.
    """

    points: dict[str, tuple[str, Offset]]
    frames: dict[str, str]
    feet: dict[str, tuple[str, ...]]
    t_pose: Float[np.ndarray, " nq"]


def parts_of(skeleton: Skeleton, known: JointMap, poses: Float[np.ndarray, "T nq"] | None = None) -> Parts:
    """The parts of a body.

    Args:
        skeleton: the body.
        known: its joint map.
        poses: a motion of it, by which bare bones are told how they stand if their zero pose does not say it.

    Raises:
        InputError: how the bones stand cannot be told.
    """
    points, frames = dict(known.points), dict(known.frames)
    origins = {part: body for part, (body, _) in points.items()}
    model, qpos = skeleton.model, skeleton.qpos0.copy()
    if known.bare:
        qpos = t_pose_of(skeleton, origins, frames, poses).copy()
    for joint, angle in known.t_pose.items():
        qpos[int(model.joint(joint).qposadr[0])] = angle
    data = mujoco.MjData(model)
    data.qpos[:] = qpos
    mujoco.mj_kinematics(model, data)
    # pelvis and thorax stand for the middle of hips and shoulders, wherever their bodies' origins are
    for part, joint in (("pelvis", "hip"), ("thorax", "shoulder")):
        body = data.body(points[part][0])
        middle = sum(data.body(points[f"{side}_{joint}"][0]).xpos for side in SIDES) / 2.0
        x, y, z = (float(v) for v in body.xmat.reshape(3, 3).T @ (middle - body.xpos))
        points[part] = (points[part][0], (x, y, z))
    if known.bare:
        points |= bare_offsets(skeleton, origins, qpos)
    return Parts(points, frames, dict(known.feet), qpos)
