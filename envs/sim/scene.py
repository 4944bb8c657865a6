"""The world that a character is trained in: the body and the ground, at the physics rate."""

from collections.abc import Sequence
from itertools import product

import mujoco
import numpy as np

from sfv.character import Character
from sfv.surface import sitting_bodies
from sfv.terrain.geoms import SEAT, add_ground
from sfv.terrain.parcel import Parcel
from sfv.terrain.terrain import FLAT, Terrain

THROWN = Parcel("thrown box", half=0.15, mass=5.0)
"""What is thrown at characters that are watched."""
CUT = {
    "qpos": "nq", "qvel": "nv", "qacc_warmstart": "nv",
    "xpos": "nbody", "xquat": "nbody", "subtree_com": "nbody", "xfrc_applied": "nbody",
}  # fmt: skip
"""Fields that hold a row for each joint or body, and the size of a model that says how many."""


def build_scene(
    character: Character, physics_hz: float, terrain: Terrain = FLAT, parcels: Sequence[Parcel] = ()
) -> mujoco.MjModel:
    """Compile `scene_spec`, with these boxes behind the character in their order."""
    spec = scene_spec(character, physics_hz, terrain)
    for parcel in parcels:
        parcel.add_to(spec)
    return spec.compile()


def rows_of(shown: mujoco.MjModel | None) -> dict[str, int]:
    """How many rows of the fields in CUT are those of a model that stands first in a scene; of all without one."""
    return {name: getattr(shown, size) for name, size in CUT.items()} if shown else {}


def scene_spec(
    character: Character, physics_hz: float, terrain: Terrain = FLAT, rounded: bool = False
) -> mujoco.MjSpec:
    """The character with a ground. Ground and body collide, seats and what sits; the body does not collide with itself.

    Where the ground is a height field, which has `contype` 2, boxes of the body touch it by spheres in their corners;
    planes and blocks (`contype` 1) are touched by the boxes themselves. With `rounded` it has spheres on any ground.
    """
    spec = mujoco.MjSpec.from_string(character.xml)
    spec.option.timestep = 1.0 / physics_hz
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST  # light joints with damped servos need it
    bodily = [geom for geom in spec.geoms if geom.contype or geom.conaffinity]
    seated = {character.model.body(body).name for body in sitting_bodies(character.model)}
    for geom in bodily:
        geom.contype, geom.conaffinity = 0, 1
    uneven = add_ground(spec, terrain)
    if uneven:
        spec.geom("floor").contype = 2
    if uneven or rounded:
        for geom in bodily:
            if geom.type == mujoco.mjtGeom.mjGEOM_BOX:
                _round_corners(geom)
            else:
                geom.conaffinity = 3
    for geom in bodily if terrain.seats is not None else ():
        if geom.parent.name in seated:
            geom.conaffinity |= SEAT
    return spec


def _round_corners(box: mujoco.MjsGeom) -> None:
    """Spheres as thick as the box, in the middle of its thin edges: its sole still bears at its corners.

    A box itself rocks on a height field for ever, at 0.1 to 1 rad/s, as the contacts of its faces come and go. Spheres
    come to rest and cost less, if they are large: those of 1 cm lose their contacts as they land, and a walk that does
    20 s on the plane then fell within 5 s on a height field of 1 mm.
    """
    turn, half = np.zeros(9), np.array(box.size)
    mujoco.mju_quat2Mat(turn, np.array(box.quat))
    thin = int(half.argmin())
    for signs in product((-1.0, 1.0), repeat=2):
        corner = np.insert(signs * np.delete(half, thin), thin, 0.0)
        box.parent.add_geom(
            type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[half[thin], 0, 0], pos=box.pos + turn.reshape(3, 3) @ corner,
            mass=0, contype=0, conaffinity=2, friction=box.friction, group=4,
        )  # fmt: skip
