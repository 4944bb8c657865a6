"""The world that a character is trained in: the body and the ground, at the physics rate."""

import mujoco

from sfv.character import Character


def build_scene(character: Character, physics_hz: float) -> mujoco.MjModel:
    """Compile the character with a floor. Floor and body collide; the body does not collide with itself."""
    spec = mujoco.MjSpec.from_string(character.xml)
    spec.option.timestep = 1.0 / physics_hz
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST  # light joints with damped servos need it
    for geom in spec.geoms:
        if geom.contype or geom.conaffinity:
            geom.contype, geom.conaffinity = 0, 1
    spec.worldbody.add_geom(
        name="floor",
        type=mujoco.mjtGeom.mjGEOM_PLANE,
        size=[0, 0, 1],
        contype=1,
        conaffinity=0,
        friction=[1, 0.005, 1e-4],
    )
    return spec.compile()
