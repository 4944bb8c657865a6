"""Joint maps: which bodies of a skeleton are whose hip, hand or foot. One map serves whoever asks.

Bodies with shapes of their own (the humanoid, SMPL's, Unitree's G1) stand in a table, with the places of heels, toes
and head. Any other skeleton is one of bare bones, as mocap files have, and told by its names (`part_names`) or by its
owner (`given`); where its heels, soles and head are is not said here. It knows no motion.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from sfv.errors import InputError, did_you_mean
from sfv.joints.part_names import SIDES, common_parent, parts_by_name
from sfv.skeleton import Skeleton
from sfv.work.config import read_yaml

Offset = tuple[float, float, float]
ORIGIN: Offset = (0.0, 0.0, 0.0)
NEEDED = tuple(f"{side}_{joint}" for joint in ("hip", "knee", "ankle", "shoulder", "elbow") for side in SIDES)
"""Parts without which nobody knows how a body stands."""
OPTIONAL = ("pelvis", "thorax", "head", *(f"{side}_{joint}" for joint in ("toe", "wrist") for side in SIDES))
LIMBS = {
    "upper_arm": ("shoulder", "elbow"),
    "forearm": ("elbow", "wrist"),
    "thigh": ("hip", "knee"),
    "shin": ("knee", "ankle"),
    "foot": ("ankle", "toe"),
}
"""Limb -> the joints at its ends. Of bare bones the last body before the second turns with it, be it a twist or the
third of three hinges."""
ALIKE = 1e-6
"""Of the length of a leg."""
BONE = 0.3
"""Of a limb: nearer to its end a body shows nothing of how the limb points, and is not asked."""


@dataclass(frozen=True)
class JointMap:
    """The bodies of one skeleton by what they are.

    Attributes:
        points: part ('left_knee') -> the body that carries this landmark, and its place in the body's frame (m).
        frames: part ('left_thigh') -> the body that turns with it.
        feet: side -> the bodies of that foot, the one that bears the weight first.
        t_pose: joint -> its angle (rad) with the arms out, where the zero pose is no T-pose.
        bare: bones only; T-pose, heels, soles and head are to be found.
        leg: m from the hip to the ankle of the body that the places are of, where bodies of other sizes have its names.
    """

    points: Mapping[str, tuple[str, Offset]]
    frames: Mapping[str, str]
    feet: Mapping[str, tuple[str, ...]]
    t_pose: Mapping[str, float]
    bare: bool = False
    leg: float | None = None


def joint_map(skeleton: Skeleton, name: str, given: Mapping[str, str] | None = None) -> JointMap:
    """The joint map of a skeleton.

    Args:
        skeleton: the body.
        name: what it is called, for the error.
        given: part -> body, for what names do not say; it goes before them.

    Raises:
        InputError: parts are not found, or `given` names some that there are not.
    """
    given = _checked(skeleton, name, given or {})
    if not given and (known := known_body(skeleton)) is not None:
        return known
    found = parts_by_name(skeleton) | given
    if lacking := [part for part in NEEDED if part not in found]:
        raise InputError(_refusal(skeleton, name, found, lacking))
    for part, joint in (("pelvis", "hip"), ("thorax", "shoulder")):
        found.setdefault(part, common_parent(skeleton, found[f"left_{joint}"], found[f"right_{joint}"]))
    frames: dict[str, str] = {part: found[part] for part in ("pelvis", "thorax", "head") if part in found}
    for side in SIDES:
        for limb, (joint, end) in LIMBS.items():
            frames[f"{side}_{limb}"] = _carrier(skeleton, found[f"{side}_{joint}"], found.get(f"{side}_{end}"))
    feet = {side: tuple(found[p] for p in (f"{side}_ankle", f"{side}_toe") if p in found) for side in SIDES}
    return JointMap({part: (body, ORIGIN) for part, body in found.items()}, frames, feet, {}, bare=True)


def _carrier(skeleton: Skeleton, joint: str, end: str | None) -> str:
    """The body that the end of a limb hangs on; that of its first joint where it has no end or that hangs elsewhere."""
    names, parents = skeleton.body_names, skeleton.parents
    body = first = names.index(joint)
    if end is not None:
        body = parents[names.index(end)]
        above = body
        while above > first:
            above = parents[above]
        apart = skeleton.model.body_pos[names.index(end) + 1]
        body = body if above == first and np.linalg.norm(apart) > BONE * _length(skeleton, joint, end) else first
    return names[body]


def _length(skeleton: Skeleton, joint: str, end: str) -> float:
    """Length of the bones from one body down to another, m."""
    first, body, out = skeleton.body_names.index(joint), skeleton.body_names.index(end), 0.0
    while body > first:
        out += float(np.linalg.norm(skeleton.model.body_pos[body + 1]))
        body = skeleton.parents[body]
    return out


def known_body(skeleton: Skeleton) -> JointMap | None:
    """The row of BODIES whose bodies a skeleton has, if any; where its legs are others, so are its feet and head."""
    own = set(skeleton.body_names)
    rows = (row for row in BODIES.values() if {body for body, _ in row.points.values()} | {*row.frames.values()} <= own)
    row = next(rows, None)
    if row is None or row.leg is None:
        return row
    leg = sum(_length(skeleton, f"left_{joint}", f"left_{end}") for joint, end in (("hip", "knee"), ("knee", "ankle")))
    if abs(larger := leg / row.leg - 1.0) < ALIKE:
        return row
    points = {part: (body, _times(1.0 + larger, offset)) for part, (body, offset) in row.points.items()}
    return replace(row, points=points)


def _times(factor: float, offset: Offset) -> Offset:
    x, y, z = offset
    return factor * x, factor * y, factor * z


def found_parts(skeleton: Skeleton) -> dict[str, str]:
    """Part -> body, as far as the table or names tell; for those who want a head or a foot and not a whole body."""
    known = known_body(skeleton)
    return parts_by_name(skeleton) if known is None else {part: body for part, (body, _) in known.points.items()}


def read_map(path: Path) -> dict[str, str]:
    """Part -> body as a user wrote it: a YAML file with a line such as `left_knee: LeftShin` for each.

    Raises:
        InputError: no such file, or one that does not name bodies.
    """
    content = read_yaml(path)
    if wrong := [part for part, body in content.items() if not isinstance(body, str)]:
        raise InputError(f"{path}: {wrong[0]} is no name of a body; write a line such as left_knee: LeftShin")
    return content


def _checked(skeleton: Skeleton, name: str, given: Mapping[str, str]) -> dict[str, str]:
    for part, body in given.items():
        if part not in (*NEEDED, *OPTIONAL):
            raise InputError(
                f"the joint map names a part {part!r}{did_you_mean(part, (*NEEDED, *OPTIONAL))}; "
                f"parts are {', '.join((*NEEDED, *OPTIONAL))}"
            )
        if body not in skeleton.body_names:
            like = did_you_mean(body, skeleton.body_names)
            raise InputError(f"the joint map says that {part} is {body!r}, but {name} has no such body{like}")
    return dict(given)


def _refusal(skeleton: Skeleton, name: str, found: Mapping[str, str], lacking: list[str]) -> str:
    own = set(skeleton.body_names)
    lacks = {known: {body for body, _ in row.points.values()} - own for known, row in BODIES.items()}
    nearest = min(lacks, key=lambda known: len(lacks[known]) / len(BODIES[known].points))
    if len(lacks[nearest]) <= len(lacking):
        near = f"the nearest map is {nearest}'s, which asks for {', '.join(sorted(lacks[nearest]))} besides"
    elif found:
        has = ", ".join(f"{part} is {body}" for part, body in found.items())
        near = f"the nearest map, by its names, lacks {', '.join(lacking)} ({has})"
    else:
        near = f"its names say of no part what it is, and the maps by name are those of {', '.join(BODIES)}"
    return (
        f"no joint map fits {name}: {near}; its bodies are {', '.join(skeleton.body_names)}; write lines such as "
        f"`{lacking[0]}: {skeleton.body_names[-1]}` into a file and give it with --map FILE"
    )


def _known(
    points: Mapping[str, str],
    frames: Mapping[str, str],
    offsets: Mapping[str, Offset],
    feet: tuple[str, ...],
    t_pose: Mapping[str, float] | None = None,
    mirrored: tuple[str, ...] = (),
    leg: float | None = None,
) -> JointMap:
    """A row of BODIES. `{}` in a name stands for left and right; offsets (m) and angles (rad) are the left side's.

    Angles of `mirrored` joints change their sign on the right.
    """
    places: dict[str, tuple[str, Offset]] = {}
    turns: dict[str, str] = {}
    angles: dict[str, float] = {}
    for part, body in points.items():
        x, y, z = offsets.get(part, ORIGIN)
        if "{}" in body:
            places[f"left_{part}"] = (body.format("left"), (x, y, z))
            places[f"right_{part}"] = (body.format("right"), (x, -y, z))
        else:
            places[part] = (body, (x, y, z))
    for part, body in frames.items():
        turns |= {f"{s}_{part}": body.format(s) for s in SIDES} if "{}" in body else {part: body}
    for joint, angle in (t_pose or {}).items():
        for side, sign in zip(SIDES, (1.0, -1.0 if joint in mirrored else 1.0), strict=True):
            angles[joint.format(side)] = sign * angle
    sided = {side: tuple(body.format(side) for body in feet) for side in SIDES}
    return JointMap(places, turns, sided, angles, leg=leg)


BODIES = {
    "humanoid": _known(
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
        leg=0.421546 + 0.40987,
    ),
    "smpl22": _known(
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
    ),
    "unitree_g1": _known(
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
}  # fmt: skip
"""By name of the body: those whose shapes are known."""
