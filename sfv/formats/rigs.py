"""Motions of skeletons that a file gives as joints' places and turns in the world: Kimodo, poselib, FBX.

In the zero pose all bodies are aligned with the world, so a joint's turn is that of its bone since then. It knows no
file.
"""

from dataclasses import dataclass

import mujoco
import numpy as np
from jaxtyping import Float

from sfv.errors import InputError
from sfv.formats.conventions import WORLDS, is_z_up_read_as_y_up
from sfv.motion import Motion
from sfv.quaternions import apply, conjugate, continuous, multiply, turned
from sfv.reading import Reading
from sfv.skeleton import DEEPEST, MOST, Skeleton

STILL = 1e-4
"""rad: a leaf that turns less against its parent is welded to it."""
WELDED = 1.0 - STILL**2 / 8.0


@dataclass(frozen=True)
class Rig:
    """Joints that turn, in the file's axes (m).

    Attributes:
        names: of the joints, the root first.
        parents: index of each joint's parent, which stands before it; -1 for the root.
        rest: their places in the zero pose.
        root: the root's place in each frame.
        turns: how far each is turned in the world since the zero pose.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    rest: Float[np.ndarray, "J 3"]
    root: Float[np.ndarray, "T 3"]
    turns: Float[np.ndarray, "T J 4"]


def rig_motion(rig: Rig, fps: float, reading: Reading, up: str) -> tuple[Motion, str]:
    """A Motion of balls at every joint, leaves that never turn welded; and a note on which way up it was taken for.

    Args:
        rig: the joints.
        fps: frames per second.
        reading: what was given.
        up: the file's axis that points up by its format.

    Raises:
        InputError: too many joints, or parents that do not stand before their children.
    """
    _check(rig)
    motion = _motion(rig, fps, WORLDS[reading.up or up])
    if reading.up is None and up == "y" and is_z_up_read_as_y_up(motion):
        return _motion(rig, fps, WORLDS["z"]), "taken for z up"
    return motion, f"{reading.up or up} up"


def offsets_of(
    parents: tuple[int, ...], places: Float[np.ndarray, "T J 3"], turns: Float[np.ndarray, "T J 4"]
) -> Float[np.ndarray, "J 3"]:
    """Where each joint is from its parent, in the parent's frame: the median over the frames, 0 for the root."""
    out = np.zeros((len(parents), 3))
    for j, parent in enumerate(parents):
        if parent >= 0:
            way = apply(conjugate(turns[:, parent]), places[:, j] - places[:, parent])
            out[j] = np.median(way, axis=0)
    return out


def places_of(parents: tuple[int, ...], offsets: Float[np.ndarray, "J 3"]) -> Float[np.ndarray, "J 3"]:
    """Where the joints are when nothing is turned, the root at the origin."""
    out = np.zeros((len(parents), 3))
    for j, parent in enumerate(parents):
        if parent >= 0:
            out[j] = out[parent] + offsets[j]
    return out


def _check(rig: Rig) -> None:
    depth = list[int]()
    for j, parent in enumerate(rig.parents):
        if not (parent < j and (parent >= 0) == (j > 0)):
            raise InputError(f"the joint {rig.names[j]!r} hangs on none that stands before it; export the file again")
        depth.append(depth[parent] + 1 if j else 0)
    if len(rig.names) > MOST or max(depth) > DEEPEST:
        raise InputError(f"the file has {len(rig.names)} joints, {max(depth)} in a row; {MOST} and {DEEPEST} may be")


def _motion(rig: Rig, fps: float, axes: Float[np.ndarray, "3 3"]) -> Motion:
    spec, bodies, columns = mujoco.MjSpec(), list[mujoco.MjsBody](), dict[str, np.ndarray]()
    rest = rig.rest @ axes.T
    leaves, seen = set(range(len(rig.names))) - set(rig.parents), set[str]()
    for j, (label, parent) in enumerate(zip(rig.names, rig.parents, strict=True)):
        name = next(n for n in (label or "joint", f"{label}_{j}") if n not in seen and n != "world")
        seen.add(name)
        place = rest[j] - rest[parent] if j else np.array([0.0, 0.0, rest[0, 2] - rest[:, 2].min()])
        body = (bodies[parent] if j else spec.worldbody).add_body(name=name, pos=place)
        body.add_geom(type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[0.02, 0, 0], mass=1.0)
        bodies.append(body)
        if j == 0:
            body.add_freejoint(name=name)
            columns[name] = np.concatenate((rig.root @ axes.T, turned(rig.turns[:, 0], axes)), 1)
            continue
        local = multiply(conjugate(rig.turns[:, parent]), rig.turns[:, j])
        if j in leaves and (np.abs(local[:, 0]) > WELDED).all():
            continue
        body.add_joint(name=name, type=mujoco.mjtJoint.mjJNT_BALL)
        columns[name] = turned(local, axes)
    skeleton = Skeleton.of(spec.compile())
    # MuJoCo's order goes down each limb, whatever the file's
    qpos = np.concatenate([columns[name] for name in skeleton.joint_names], 1)
    return Motion(skeleton, fps, continuous(skeleton, qpos))
