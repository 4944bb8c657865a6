"""The T-pose of a robot whose arms move by hinges: the angles at which they are held out.

Such a body's zero pose has the arms hanging, often with bent elbows, and no joint that could be turned straight to
where it is wanted. It knows bodies by what they are, and no robot by its name.
"""

from collections.abc import Mapping

import mujoco
import numpy as np
from jaxtyping import Float
from scipy.optimize import least_squares

from sfv.errors import InputError
from sfv.joints.part_names import SIDES, common_parent
from sfv.skeleton import Skeleton

SMALL = 0.05
"""Weight of an angle beside a bone's direction: of all ways to hold an arm out the one that turns hinges least."""
OFF = 20.0
"""degrees by which the bones of an arm that is held out may be off at most."""


def by_hinges(skeleton: Skeleton, points: Mapping[str, str]) -> bool:
    """Whether the arms hang on hinges alone."""
    arms = [_hinges(skeleton, points, side) for side in SIDES]
    return all(arms) and all(skeleton.joint_kinds[joint] == "hinge" for arm in arms for joint in arm)


def held_out(skeleton: Skeleton, points: Mapping[str, str], zero: Float[np.ndarray, " nq"]) -> Float[np.ndarray, " nq"]:
    """(nq,) a pose that stands and faces X, with the arms held out to the sides as far as their hinges go.

    Raises:
        InputError: they do not go so far, or nobody knows where the hands are.
    """
    if not {"left_wrist", "right_wrist"} <= points.keys():
        raise InputError(
            f"{points['left_elbow']} ends the left arm, and without hands nobody knows how its forearms lie; give the "
            f'model a body at each hand, such as <body name="left_hand" pos="..."/> in {points["left_elbow"]}'
        )
    model, out = skeleton.model, zero.copy()
    for side, way in zip(SIDES, (1.0, -1.0), strict=True):
        joints = _hinges(skeleton, points, side)
        ends = [int(model.body(points[f"{side}_{part}"]).id) for part in ("shoulder", "elbow", "wrist")]
        off = _hold_out(model, out, joints, ends, np.array([0.0, way, 0.0]))
        if off > OFF:
            names = ", ".join(model.joint(joint).name for joint in joints)
            raise InputError(
                f"the {side} arm cannot be held out by its hinges ({names}): {off:.0f} degrees are left; "
                "widen their ranges, or hold the arms out in the zero pose"
            )
    return out


def _hold_out(
    model: mujoco.MjModel,
    pose: Float[np.ndarray, " nq"],
    joints: list[int],
    ends: list[int],
    way: Float[np.ndarray, "3"],
) -> float:
    """Turn these hinges in a pose until the bones from one end to the next point that way; degrees that are left."""
    data, columns = mujoco.MjData(model), model.jnt_qposadr[joints]
    limited = model.jnt_limited[joints].astype(bool)
    low, high = np.where(limited, model.jnt_range[joints].T, np.array([[-np.pi], [np.pi]]))

    def bones(angles: Float[np.ndarray, " k"]) -> Float[np.ndarray, "b 3"]:
        data.qpos[:] = pose
        data.qpos[columns] = angles
        mujoco.mj_kinematics(model, data)
        arm = np.diff(data.xpos[ends], axis=0)
        return np.asarray(arm / np.linalg.norm(arm, axis=1, keepdims=True))

    def residual(angles: Float[np.ndarray, " k"]) -> Float[np.ndarray, " m"]:
        return np.concatenate(((bones(angles) - way).ravel(), SMALL * angles))

    first = np.clip(pose[columns], low + 1e-3, high - 1e-3)  # inside, as the solver wants it
    pose[columns] = least_squares(residual, first, bounds=(low, high)).x
    return float(np.degrees(np.arccos(np.clip((bones(pose[columns]) @ way).min(), -1.0, 1.0))))


def _hinges(skeleton: Skeleton, points: Mapping[str, str], side: str) -> list[int]:
    """The joints from the trunk down to a hand, or to the elbow where there is no hand."""
    model = skeleton.model
    trunk = model.body(common_parent(skeleton, points["left_shoulder"], points["right_shoulder"])).id
    body = model.body(points.get(f"{side}_wrist", points[f"{side}_elbow"])).id
    joints: list[int] = []
    while body not in (trunk, 0):
        first = int(model.body_jntadr[body])
        joints = [*range(first, first + int(model.body_jntnum[body])), *joints]
        body = int(model.body_parentid[body])
    return joints
