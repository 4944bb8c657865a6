"""Joint maps: tables of names that say which bodies of a skeleton are whose hip, hand or foot.

A body is known by its bodies' names alone, whatever its bones measure, so a new one is one row of MAPS. What a
landmark's place or a frame's direction is used for is told in `recon.retarget.keys`; how skeletons of bare bones stand
with their arms out, in `recon.retarget.t_pose`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import mujoco
import numpy as np
from jaxtyping import Float

from recon.retarget.t_pose import bare_offsets, t_pose_of
from sfv.errors import InputError
from sfv.skeleton import Skeleton

SIDES = ("left", "right")
Offset = tuple[float, float, float]
ORIGIN: Offset = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class JointMap:
    """The names of one body. `{}` in a name stands for its sides.

    Attributes:
        points: part -> body whose origin is the part's landmark.
        frames: part -> body that turns with it.
        offsets: part -> place of the landmark in its body's frame, where that is not the origin (m); on the left.
        feet: bodies of a foot, the one that bears the weight first.
        t_pose: joint -> angle (rad) of the left side, where the zero pose is no T-pose; `mirrored` ones turn the other
            way on the right.
        mirrored: joints of t_pose that change their sign.
        sides: what left and right are called in it.
        bare: a skeleton of bones only, as mocap files have; its T-pose, heels, soles and head are found, not told.
    """

    points: Mapping[str, str]
    frames: Mapping[str, str]
    offsets: Mapping[str, Offset]
    feet: tuple[str, ...]
    t_pose: Mapping[str, float]
    mirrored: tuple[str, ...] = ()
    sides: tuple[str, str] = SIDES
    bare: bool = False


def _bare(
    trunk: tuple[str, str, str], arm: tuple[str, str, str], leg: tuple[str, str, str, str], sides: tuple[str, str]
) -> JointMap:
    """A mocap skeleton by the names of its hips, chest and head, shoulder to wrist, and hip to toes."""
    (pelvis, thorax, head), (shoulder, elbow, wrist), (hip, knee, ankle, toe) = trunk, arm, leg
    points = {
        "pelvis": pelvis, "thorax": thorax, "head": head, "shoulder": shoulder, "elbow": elbow, "wrist": wrist,
        "hip": hip, "knee": knee, "ankle": ankle, "toe": toe,
    }  # fmt: skip
    frames = {
        "pelvis": pelvis, "thorax": thorax, "head": head, "upper_arm": shoulder, "forearm": elbow, "thigh": hip,
        "shin": knee, "foot": ankle,
    }  # fmt: skip
    return JointMap(points, frames, {}, (ankle, toe), {}, sides=sides, bare=True)


MAPS = {
    "humanoid": JointMap(
        points={
            "pelvis": "root", "thorax": "chest", "head": "neck",
            "shoulder": "{}_shoulder", "elbow": "{}_elbow", "wrist": "{}_wrist",
            "hip": "{}_hip", "knee": "{}_knee", "ankle": "{}_ankle", "heel": "{}_ankle", "toe": "{}_ankle",
        },
        frames={
            "pelvis": "root", "thorax": "chest", "head": "neck", "upper_arm": "{}_shoulder", "forearm": "{}_elbow",
            "thigh": "{}_hip", "shin": "{}_knee", "foot": "{}_ankle",
        },
        offsets={"head": (0.0, 0.0, 0.175), "heel": (-0.04, 0.0, -0.05), "toe": (0.13, 0.0, -0.05)},
        feet=("{}_ankle",),
        t_pose={},
    ),
    "smpl22": JointMap(
        points={
            "pelvis": "pelvis", "thorax": "spine3", "head": "head",
            "shoulder": "{}_shoulder", "elbow": "{}_elbow", "wrist": "{}_wrist",
            "hip": "{}_hip", "knee": "{}_knee", "ankle": "{}_ankle", "heel": "{}_ankle", "toe": "{}_foot",
        },
        frames={
            "pelvis": "pelvis", "thorax": "spine3", "head": "head", "upper_arm": "{}_shoulder",
            "forearm": "{}_elbow", "thigh": "{}_hip", "shin": "{}_knee", "foot": "{}_ankle",
        },
        offsets={"head": (0.01, 0.0, 0.07), "heel": (-0.05, 0.0, -0.085), "toe": (0.06, 0.0, -0.03)},
        feet=("{}_ankle", "{}_foot"),
        t_pose={},
    ),
    "unitree_g1": JointMap(
        points={
            "pelvis": "pelvis", "thorax": "torso_link",
            "shoulder": "{}_shoulder_roll_link", "elbow": "{}_elbow_link", "wrist": "{}_wrist_yaw_link",
            "hip": "{}_hip_roll_link", "knee": "{}_knee_link", "ankle": "{}_ankle_roll_link",
            "heel": "{}_ankle_roll_link", "toe": "{}_ankle_roll_link",
        },
        frames={
            "pelvis": "pelvis", "thorax": "torso_link", "upper_arm": "{}_shoulder_yaw_link",
            "forearm": "{}_elbow_link", "thigh": "{}_hip_yaw_link", "shin": "{}_knee_link",
            "foot": "{}_ankle_roll_link",
        },
        offsets={"heel": (-0.05, 0.0, -0.035), "toe": (0.13, 0.0, -0.035)},
        feet=("{}_ankle_roll_link",),
        # upper arms raised sideways, forearms stretched
        t_pose={"{}_shoulder_roll_joint": 0.5 * np.pi, "{}_elbow_joint": 0.5 * np.pi},
        mirrored=("{}_shoulder_roll_joint",),
    ),
    "Mixamo": _bare(
        ("Hips", "Spine2", "Head"), ("{}Arm", "{}ForeArm", "{}Hand"), ("{}UpLeg", "{}Leg", "{}Foot", "{}ToeBase"),
        ("Left", "Right"),
    ),
    "LAFAN1": _bare(
        ("Hips", "Spine2", "Head"), ("{}Arm", "{}ForeArm", "{}Hand"), ("{}UpLeg", "{}Leg", "{}Foot", "{}Toe"),
        ("Left", "Right"),
    ),
    "CMU": _bare(
        ("Hips", "Spine1", "Head"), ("{}Arm", "{}ForeArm", "{}Hand"), ("{}UpLeg", "{}Leg", "{}Foot", "{}ToeBase"),
        ("Left", "Right"),
    ),
    "CMU's ASF": _bare(
        ("root", "thorax", "head"), ("{}humerus", "{}radius", "{}wrist"), ("{}femur", "{}tibia", "{}foot", "{}toes"),
        ("l", "r"),
    ),
    "Bandai-Namco": _bare(
        ("Hips", "Chest", "Head"), ("UpperArm_{}", "LowerArm_{}", "Hand_{}"),
        ("UpperLeg_{}", "LowerLeg_{}", "Foot_{}", "Toes_{}"), ("L", "R"),
    ),
    "100STYLE": _bare(
        ("Hips", "Chest4", "Head"), ("{}Shoulder", "{}Elbow", "{}Wrist"), ("{}Hip", "{}Knee", "{}Ankle", "{}Toe"),
        ("Left", "Right"),
    ),
}  # fmt: skip
"""By the name of the body or of the data set. A prefix as Mixamo's (mixamorig:Hips) may stand before all names."""


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


def parts_of(skeleton: Skeleton, name: str, poses: Float[np.ndarray, "T nq"] | None = None) -> Parts:
    """The parts of a body, found by the names of its bodies; `name` is for the error.

    Args:
        skeleton: the body.
        name: what it is called.
        poses: a motion of it, by which bare bones are told how they stand if their zero pose is no T-pose.

    Raises:
        InputError: no joint map fits, or how the bones stand cannot be told.
    """
    prefix = "".join(skeleton.body_names[0].rpartition(":")[:2])
    for row in MAPS.values():
        known = _prefixed(row, prefix)
        points = {part: body for part, (body, _) in _points(known).items()}
        frames = _sided(known.frames, known.sides)
        if {*points.values(), *frames.values()} <= set(skeleton.body_names):
            return _on(known, skeleton, t_pose_of(skeleton, points, frames, poses) if known.bare else None)
    has = ", ".join(skeleton.body_names[:6])
    raise InputError(
        f"no joint map fits {name}, whose bodies are {has} ...; there are maps for {', '.join(MAPS)}: add a row of the "
        "body's names to MAPS in recon/retarget/joint_maps.py"
    )


def _prefixed(known: JointMap, prefix: str) -> JointMap:
    if not prefix:
        return known
    points, frames = ({part: prefix + body for part, body in names.items()} for names in (known.points, known.frames))
    return replace(known, points=points, frames=frames, feet=tuple(prefix + foot for foot in known.feet))


def _points(known: JointMap) -> dict[str, tuple[str, Offset]]:
    out: dict[str, tuple[str, Offset]] = {}
    for part, body in known.points.items():
        x, y, z = known.offsets.get(part, ORIGIN)
        if "{}" in body:
            left, right = known.sides
            out[f"left_{part}"] = (body.format(left), (x, y, z))
            out[f"right_{part}"] = (body.format(right), (x, -y, z))
        else:
            out[part] = (body, (x, y, z))
    return out


def _sided(names: Mapping[str, str], sides: tuple[str, str]) -> dict[str, str]:
    out: dict[str, str] = {}
    for part, body in names.items():
        both = {f"{side}_{part}": body.format(own) for side, own in zip(SIDES, sides, strict=True)}
        out |= both if "{}" in body else {part: body}
    return out


def _on(known: JointMap, skeleton: Skeleton, t_pose: Float[np.ndarray, " nq"] | None) -> Parts:
    """The map on a skeleton that stands as `t_pose`; None: as the map says."""
    model, qpos = skeleton.model, (skeleton.qpos0 if t_pose is None else t_pose).copy()
    for joint, angle in known.t_pose.items():
        for side, sign in zip(SIDES, (1.0, -1.0 if joint in known.mirrored else 1.0), strict=True):
            qpos[int(model.joint(joint.format(side)).qposadr[0])] = sign * angle
    data = mujoco.MjData(model)
    data.qpos[:] = qpos
    mujoco.mj_kinematics(model, data)
    points = _points(known)
    # pelvis and thorax stand for the middle of hips and shoulders, wherever their bodies' origins are
    for part, joint in (("pelvis", "hip"), ("thorax", "shoulder")):
        body = data.body(points[part][0])
        middle = sum(data.body(points[f"{side}_{joint}"][0]).xpos for side in SIDES) / 2.0
        x, y, z = (float(v) for v in body.xmat.reshape(3, 3).T @ (middle - body.xpos))
        points[part] = (points[part][0], (x, y, z))
    if known.bare:
        points |= bare_offsets(skeleton, {part: body for part, (body, _) in points.items()}, qpos)
    feet = {side: tuple(body.format(own) for body in known.feet)
            for side, own in zip(SIDES, known.sides, strict=True)}  # fmt: skip
    return Parts(points, _sided(known.frames, known.sides), feet, qpos)
