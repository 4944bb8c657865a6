"""A robot's skeleton out of a user's MJCF, for files that hold joint angles and no bones.

Only bodies and joints are read, so meshes need not be there, and a root of slides and hinges, as loco-mujoco's models
have it, becomes a free joint.
"""

from pathlib import Path

import mujoco
import numpy as np
from jaxtyping import Float

from sfv.bodies.person import is_person
from sfv.character import ASSETS, Character, load_character
from sfv.errors import InputError, blamed
from sfv.mjcf import require_model
from sfv.skeleton import Skeleton


def robot_skeleton(character: Character | Path | str | None, path: Path | str) -> Skeleton:
    """The skeleton of `character`: a Character, the name of one of ours, or an MJCF file; `path` is for the error.

    Raises:
        InputError: no character was given, there is no such file, or it is no model with one root.
    """
    if isinstance(character, Character):
        return character.skeleton
    if character is None:
        raise InputError(f"{path} holds joint angles but no bones; say whose they are with --character ROBOT.xml")
    if is_person(str(character)):
        return load_character(str(character)).skeleton
    own = ASSETS / f"{character}.xml"
    file = own if own.is_file() else Path(character)
    if not file.is_file():
        raise InputError(f"there is no file {file}; give the robot's MJCF with --character FILE.xml")
    if file != own:
        require_model(file, bare=True)
    with blamed(f"{file} is not a model that MuJoCo reads", "check the MJCF file"):
        return Skeleton.of(_bare(mujoco.MjSpec.from_file(str(file))).compile())


def hinges(skeleton: Skeleton) -> tuple[str, ...]:
    """The names of all joints but the root.

    Raises:
        InputError: one of them is not a hinge.
    """
    for name, kind in zip(skeleton.joint_names[1:], skeleton.joint_kinds[1:], strict=True):
        if kind != "hinge":
            raise InputError(f"joint {name!r} is a {kind} joint, but robots' files have hinges; write .npz instead")
    return skeleton.joint_names[1:]


def heights(skeleton: Skeleton, qpos: Float[np.ndarray, "T nq"]) -> Float[np.ndarray, "T"]:
    """The height of the lowest body's origin in each frame (m)."""
    data = mujoco.MjData(skeleton.model)
    out = np.zeros(len(qpos))
    for t, frame in enumerate(qpos):
        data.qpos[:] = frame
        mujoco.mj_kinematics(skeleton.model, data)
        out[t] = data.xpos[1:, 2].min()
    return out


def _bare(spec: mujoco.MjSpec) -> mujoco.MjSpec:
    """The model with a sphere for each body, no meshes, actuators, sensors, keys or contacts, and a free root."""
    for kind in (spec.actuators, spec.sensors, spec.keys, spec.equalities, spec.tendons, spec.excludes, spec.pairs):
        for element in list(kind):
            spec.delete(element)
    for body in spec.bodies[1:]:
        for element in [*body.geoms, *body.sites, *body.cameras, *body.lights]:
            spec.delete(element)
        body.add_geom(type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[0.02, 0, 0], mass=1.0)
    for geom in list(spec.worldbody.geoms):
        spec.delete(geom)
    for element in [*spec.meshes, *spec.materials, *spec.textures, *spec.hfields, *spec.skins]:
        spec.delete(element)
    root = spec.worldbody.first_body()
    if root is not None and any(joint.type == mujoco.mjtJoint.mjJNT_SLIDE for joint in root.joints):
        for joint in list(root.joints):
            spec.delete(joint)
        root.add_freejoint(name="root")
    return spec
