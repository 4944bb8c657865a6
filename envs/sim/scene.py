"""The world that a character is trained in: the body and the ground, at the physics rate."""

from itertools import product

import mujoco
import numpy as np

from sfv.character import Character
from sfv.terrain.geoms import add_ground
from sfv.terrain.terrain import FLAT, Terrain

ROUND = 0.01
"""m: radius of the spheres at a box's corners by which it touches a height field. A box itself rocks on one for ever,
at 0.1 to 1 rad/s, as the contacts of its faces come and go; its corners come to rest, and cost less."""


def build_scene(character: Character, physics_hz: float, terrain: Terrain = FLAT) -> mujoco.MjModel:
    """Compile `scene_spec`."""
    return scene_spec(character, physics_hz, terrain).compile()


def scene_spec(character: Character, physics_hz: float, terrain: Terrain = FLAT) -> mujoco.MjSpec:
    """The character with a ground. Ground and body collide; the body does not collide with itself.

    Where the ground is a height field, which has `contype` 2, boxes of the body touch it by spheres at their corners;
    planes and blocks (`contype` 1) are touched by the boxes themselves.
    """
    spec = mujoco.MjSpec.from_string(character.xml)
    spec.option.timestep = 1.0 / physics_hz
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST  # light joints with damped servos need it
    bodily = [geom for geom in spec.geoms if geom.contype or geom.conaffinity]
    for geom in bodily:
        geom.contype, geom.conaffinity = 0, 1
    if add_ground(spec, terrain):
        spec.geom("floor").contype = 2
        for geom in bodily:
            if geom.type == mujoco.mjtGeom.mjGEOM_BOX:
                _round_corners(geom)
            else:
                geom.conaffinity = 3
    return spec


def _round_corners(box: mujoco.MjsGeom) -> None:
    """Spheres in a box's corners, flush with its faces."""
    turn = np.zeros(9)
    mujoco.mju_quat2Mat(turn, np.array(box.quat))
    radius = min(ROUND, *box.size)
    for signs in product((-1.0, 1.0), repeat=3):
        place = np.array(box.pos) + turn.reshape(3, 3) @ (np.array(signs) * (np.array(box.size) - radius))
        box.parent.add_geom(
            type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[radius, 0, 0], pos=place, mass=0, contype=0, conaffinity=2,
            friction=box.friction, group=4,
        )  # fmt: skip
