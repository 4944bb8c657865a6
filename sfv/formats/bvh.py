"""BVH in and out, for any skeleton.

BVH has no rest rotations: every bone's frame is aligned with the world in the zero pose, so on the way out offsets and
rotations are carried into such frames. Its angles are degrees, its world has y up, its unit is anybody's guess.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import mujoco
import numpy as np
from jaxtyping import Float

from sfv.character import load_character
from sfv.errors import InputError
from sfv.formats import conventions
from sfv.formats.bvh_dialects import dialect, without_still_root
from sfv.formats.bvh_text import BvhNode, BvhText, format_bvh, parse_bvh
from sfv.formats.euler import AXES, from_euler, to_euler
from sfv.formats.text import read_text, write_text
from sfv.motion import Motion
from sfv.quaternions import (
    about,
    apply,
    conjugate,
    continuous,
    multiply,
    turned,
    whole_rate,
)
from sfv.reading import Up
from sfv.skeleton import Skeleton


def read_bvh(path: Path | str, unit: float | None = None, up: Up | None = None) -> Motion:
    """A BVH file, plain or gzipped, as a Motion of its own skeleton.

    Joints with several rotation channels become ball joints, with one a hinge, without any welded; end sites become
    welded bodies NAME_end. Calibration poses at the start are dropped. What was guessed is in `source`.

    Args:
        path: the file.
        unit: metres per unit of the file; None guesses it from the length of the bones.
        up: the file's vertical axis; None takes y unless the motion shows that it is z.

    Raises:
        InputError: not a BVH file, or a damaged one.
    """
    bvh = parse_bvh(read_text(path), str(path))
    known = dialect(bvh)
    bvh = without_still_root(bvh)
    if len(bvh.values) < 2:
        raise InputError(f"{path} has {len(bvh.values)} frames but a motion needs at least 2; export the whole clip")
    notes = [f"{up or 'y'} up"]
    if unit is not None:
        notes.append(f"unit {unit:g} m")
    else:
        span = _span(bvh)
        name, unit = conventions.likely_unit(span)
        if known is not None and 0.5 < span * known.unit / conventions.SPAN < 2.0:
            name, unit = next(item for item in conventions.UNITS.items() if item[1] == known.unit)
        notes.append(f"unit taken for {name}")
    if known is not None:
        notes.append(f"{known.name}'s joints")
    motion = _motion(bvh, unit, conventions.WORLDS[up or "y"])
    if up is None and conventions.is_z_up_read_as_y_up(motion):
        motion, notes[0] = _motion(bvh, unit, conventions.WORLDS["z"]), "taken for z up"
    moved, note = conventions.without_calibration(motion)
    notes += [note] if note else []
    qpos = continuous(motion.skeleton, moved)
    source = f"{Path(path).name} (BVH, {', '.join(notes)})"
    return Motion(motion.skeleton, whole_rate(1.0 / bvh.frame_time), qpos, source=source)


def write_bvh(
    motion: Motion,
    path: Path | str,
    unit: Literal["cm", "m"] = "cm",
    order: str = "ZXY",
    ends: Mapping[str, tuple[float, float, float]] | None = None,
) -> None:
    """Write BVH with y up and z ahead; every joint has three rotation channels, hinges and welds too.

    Bodies NAME_end, as `read_bvh` makes them, become end sites again. The loop flag and contacts are lost.

    Args:
        motion: of any skeleton whose joints of one body share one anchor.
        path: the file; gzipped when it ends in .gz.
        unit: of the offsets and positions.
        order: of the rotation channels, as 'ZXY'.
        ends: where bones without children end, in their body's frame (m); None knows the humanoid's and lengthens
            others by a third.

    Raises:
        InputError: a body whose joints have different anchors, several roots, or a strange order.
    """
    if sorted(order) != list(AXES):
        raise InputError(f"the order {order!r} of rotations is none of XYZ, XZY, YXZ, YZX, ZXY, ZYX; give one of them")
    scale = {"cm": 100.0, "m": 1.0}[unit]
    skeleton = motion.skeleton
    _check_writable(skeleton)
    quat0, point0 = _zero_pose(skeleton)
    ends = _ends(skeleton) if ends is None else ends
    rotation_channels = tuple(f"{letter}rotation" for letter in order)
    nodes: list[BvhNode] = []
    values = [scale * motion.qpos[:, :3] @ conventions.AXES]
    leaves = set(range(len(skeleton.parents))) - set(skeleton.parents)
    index: dict[int, int] = {-1: -1}
    for i, (name, parent) in enumerate(zip(skeleton.body_names, skeleton.parents, strict=True)):
        offset = (point0[i] - point0[parent] if i else np.zeros(3)) @ conventions.AXES * scale
        label, index[i] = "_".join(name.split()), len(nodes)
        if i in leaves and name.endswith("_end") and not skeleton.model.body(i + 1).jntnum[0]:
            nodes.append(BvhNode(label, index[parent], offset, (), end=True))
            continue
        position = ("Xposition", "Yposition", "Zposition") if i == 0 else ()
        nodes.append(BvhNode(label, index[parent], offset, position + rotation_channels))
        turn = multiply(multiply(quat0[i], _joint_rotation(skeleton, i + 1, motion.qpos)), conjugate(quat0[i]))
        values.append(np.degrees(to_euler(turned(turn, conventions.AXES.T), order)))
        if i in leaves:
            end = apply(quat0[i], np.array(ends[name])) @ conventions.AXES * scale if name in ends else offset / 3.0
            nodes.append(BvhNode(f"{label}_end", index[i], end, (), end=True))
    write_text(path, format_bvh(BvhText(tuple(nodes), np.concatenate(values, 1), 1.0 / motion.fps)))


def _motion(bvh: BvhText, unit: float, axes: Float[np.ndarray, "3 3"]) -> Motion:
    """In our world; `axes` maps the file's axes to ours. The rate is not set yet."""
    offsets = [unit * axes @ offset for offset in _offsets(bvh)]
    rest = [np.zeros(3)]
    spec = mujoco.MjSpec()
    bodies: list[mujoco.MjsBody] = []
    columns, column = [], 0
    for i, node in enumerate(bvh.nodes):
        if i:
            rest.append(rest[node.parent] + offsets[i])
        parent = bodies[node.parent] if i else spec.worldbody
        body = parent.add_body(name=node.name, pos=offsets[i] if i else np.zeros(3))
        body.add_geom(type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[0.02, 0, 0], mass=1.0)
        bodies.append(body)
        values = bvh.values[:, column : column + len(node.channels)]
        column += len(node.channels)
        turns = [c for c in range(len(node.channels)) if node.channels[c].endswith("rotation")]
        letters, angles = "".join(node.channels[c][0] for c in turns), np.radians(values[:, turns])
        if i == 0:
            body.add_freejoint(name=node.name)
            position = np.tile(node.offset, (len(values), 1))
            for c, channel in enumerate(node.channels):
                if channel.endswith("position"):
                    position[:, AXES.index(channel[0])] = values[:, c]
            columns.append(unit * position @ axes.T)
        if i and len(turns) == 1:
            axis = axes[:, AXES.index(letters)]
            body.add_joint(name=node.name, type=mujoco.mjtJoint.mjJNT_HINGE, axis=axis)
            columns.append(angles)
        elif turns or i == 0:
            if i:
                body.add_joint(name=node.name, type=mujoco.mjtJoint.mjJNT_BALL)
            columns.append(turned(from_euler(angles, letters), axes))
    bodies[0].pos = [0.0, 0.0, -min(point[2] for point in rest)]
    return Motion(Skeleton.of(spec.compile()), 1.0, np.concatenate(columns, 1))


def _offsets(bvh: BvhText) -> list[Float[np.ndarray, "3"]]:
    """Offsets of all nodes, with position channels of joints other than the root taken in, at their median.

    Such channels hold the offset itself in most files and what is added to it in some (then they are near zero).
    """
    out, column = [], 0
    for i, node in enumerate(bvh.nodes):
        offset = node.offset.copy()
        for c, channel in enumerate(node.channels):
            if i and channel.endswith("position"):
                axis = AXES.index(channel[0])
                median = float(np.median(bvh.values[:, column + c]))
                added = abs(median) < 0.5 * abs(node.offset[axis])
                offset[axis] = node.offset[axis] + median if added else median
        column += len(node.channels)
        out.append(offset)
    return out


def _span(bvh: BvhText) -> float:
    """The longest path through the bones, in the file's unit."""
    reach, span = np.zeros(len(bvh.nodes)), 0.0
    lengths = [float(np.linalg.norm(offset)) for offset in _offsets(bvh)]
    for i in range(len(bvh.nodes) - 1, 0, -1):
        parent, arm = bvh.nodes[i].parent, reach[i] + lengths[i]
        span = max(span, reach[parent] + arm)
        reach[parent] = max(reach[parent], arm)
    return span


def _check_writable(skeleton: Skeleton) -> None:
    if skeleton.parents.count(-1) != 1:
        roots = [n for n, p in zip(skeleton.body_names, skeleton.parents, strict=True) if p < 0]
        raise InputError(f"a BVH file has one root but this skeleton has {', '.join(roots)}; write .npz instead")
    model = skeleton.model
    for body in range(1, model.nbody):
        start = int(model.body_jntadr[body])
        anchors = model.jnt_pos[start : start + int(model.body_jntnum[body])]
        if len(anchors) and np.ptp(anchors, axis=0).max() > 1e-6:
            raise InputError(
                f"the joints of {model.body(body).name!r} turn about different points, which BVH cannot say; "
                "write .npz instead"
            )


def _zero_pose(skeleton: Skeleton) -> tuple[Float[np.ndarray, "n 4"], Float[np.ndarray, "n 3"]]:
    """Orientations of the bodies and positions of their joints' anchors (of the origin where there is no joint)."""
    model = skeleton.model
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    point = data.xpos[1:].copy()
    for i in range(len(point)):
        if model.body_jntnum[i + 1]:
            point[i] = data.xanchor[int(model.body_jntadr[i + 1])]
    return data.xquat[1:].copy(), point


def _joint_rotation(skeleton: Skeleton, body: int, qpos: Float[np.ndarray, "T nq"]) -> Float[np.ndarray, "T 4"]:
    """How far the joints of a body turn it from its zero pose, in its own frame."""
    model = skeleton.model
    out = np.tile([1.0, 0.0, 0.0, 0.0], (len(qpos), 1))
    start = int(model.body_jntadr[body])
    for joint in range(start, start + int(model.body_jntnum[body])):
        address, kind = int(model.jnt_qposadr[joint]), skeleton.joint_kinds[joint]
        if kind == "free":
            turn = multiply(conjugate(model.qpos0[address + 3 : address + 7]), qpos[:, address + 3 : address + 7])
        elif kind == "ball":
            turn = qpos[:, address : address + 4]
        else:
            turn = about(model.jnt_axis[joint], qpos[:, address] - model.qpos0[address])
        out = multiply(out, turn)
    return out


def _ends(skeleton: Skeleton) -> dict[str, tuple[float, float, float]]:
    """Of the humanoid: the landmark farthest from each body's origin, as the toes and the fingertips; and the crown."""
    humanoid = load_character("humanoid")
    if skeleton.difference_to(humanoid.skeleton) is not None:
        return {}
    ends: dict[str, tuple[float, float, float]] = {}
    for body, offset in humanoid.keypoints.values():
        if np.linalg.norm(offset) > np.linalg.norm(ends.get(body, (0.0, 0.0, 0.0))):
            ends[body] = offset
    head = humanoid.model.body(humanoid.keypoints["nose"][0])
    ball = humanoid.model.geom(int(head.geomadr[0]))
    ends[head.name] = (0.0, 0.0, float(ball.pos[2] + ball.size[0]))  # the crown, and no eye or ear
    return ends
