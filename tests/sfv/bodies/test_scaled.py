"""Bodies of another size: they fly as the others do, in another time."""

import mujoco
import numpy as np
import pytest

from sfv.bodies.scaled import scaled
from sfv.character import load_character

OFF = mujoco.mjtDisableBit.mjDSBL_CONTACT | mujoco.mjtDisableBit.mjDSBL_LIMIT
"""Contacts and limits are springs of a time of their own."""


@pytest.mark.parametrize("name", ["humanoid", "heavy-robot", "smpl22"])
def test_in_free_flight_it_is_dynamically_similar(name) -> None:
    size, rng = 0.8, np.random.default_rng(0)
    xml = load_character(name).xml
    usual, small = (mujoco.MjModel.from_xml_string(text) for text in (xml, scaled(xml, size)))
    assert small.body_mass.sum() == pytest.approx(size**3 * usual.body_mass.sum())
    small.opt.timestep *= np.sqrt(size)  # lengths over the square of the time are gravity, which is the same
    flying, smaller = mujoco.MjData(usual), mujoco.MjData(small)
    flying.qpos[2] = 5.0
    smaller.qpos[:] = flying.qpos
    smaller.qpos[:3] *= size
    for model in (usual, small):
        model.opt.disableflags |= OFF
    for _ in range(40):
        flying.ctrl[:] = smaller.ctrl[:] = 0.2 * rng.standard_normal(usual.nu)
        mujoco.mj_step(usual, flying)
        mujoco.mj_step(small, smaller)
    assert np.abs(flying.qpos[7:]).max() > 0.5  # they did move
    np.testing.assert_allclose(smaller.qpos[:3], size * flying.qpos[:3], atol=1e-3)
    np.testing.assert_allclose(smaller.qpos[3:], flying.qpos[3:], atol=1e-3)
    np.testing.assert_allclose(smaller.actuator_force, size**4 * flying.actuator_force, rtol=0.02, atol=0.05)
