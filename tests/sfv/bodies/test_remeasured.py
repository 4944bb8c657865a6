"""The humanoid remeasured: with its own measures it is itself, and strength follows mass and height."""

from dataclasses import replace

import mujoco
import numpy as np
import pytest

from sfv.bodies.remeasured import HEIGHT, Measures, crown_of, offsets_of, remeasured, sided
from sfv.character import load_character


@pytest.fixture(scope="module")
def xml() -> str:
    return load_character("humanoid").xml


@pytest.fixture(scope="module")
def own(xml: str) -> Measures:
    spec = mujoco.MjSpec.from_string(xml)
    offsets = offsets_of(spec)
    masses = {part: float(spec.body(sided(part)).geoms[0].mass) for part in ("root", *offsets)}
    return Measures(HEIGHT, offsets, masses, {}, crown_of(spec))


FIELDS = ("body_pos", "body_quat", "body_mass", "body_inertia", "geom_size", "geom_pos", "geom_quat", "site_pos",
          "jnt_range", "dof_armature", "actuator_gainprm", "actuator_biasprm", "actuator_forcerange")  # fmt: skip


def test_with_its_own_measures_the_humanoid_is_itself(xml: str, own: Measures) -> None:
    before, after = (mujoco.MjModel.from_xml_string(text) for text in (xml, remeasured(xml, own, "same")))
    for field in FIELDS:
        np.testing.assert_allclose(getattr(after, field), getattr(before, field), rtol=1e-5, atol=1e-6, err_msg=field)


def test_twice_the_size_and_eight_times_the_mass(xml: str, own: Measures) -> None:
    """With M = 8 and L = 2: lengths 2, inertias 8 * 4, gains and torques 16, damping 16 sqrt 2, armature 32."""
    larger = replace(
        own,
        height=2 * HEIGHT,
        offsets={part: (2 * x, 2 * y, 2 * z) for part, (x, y, z) in own.offsets.items()},
        masses={part: 8 * kg for part, kg in own.masses.items()},
        crown=2 * own.crown,
    )
    before, after = (mujoco.MjModel.from_xml_string(text) for text in (xml, remeasured(xml, larger, "larger")))
    factors = {"body_pos": 2, "geom_size": 2, "site_pos": 2, "body_mass": 8, "body_inertia": 32, "dof_armature": 32,
               "actuator_gainprm": 16, "actuator_forcerange": 16}  # fmt: skip
    for field, factor in factors.items():
        np.testing.assert_allclose(getattr(after, field), factor * getattr(before, field), rtol=1e-4, atol=1e-5)
    damping = after.actuator_biasprm[:, 2] / before.actuator_biasprm[:, 2]
    np.testing.assert_allclose(damping, 16.0 * np.sqrt(2.0), rtol=1e-4)


def test_bulk_widens_and_does_not_lengthen(xml: str, own: Measures) -> None:
    model = mujoco.MjModel.from_xml_string(remeasured(xml, replace(own, bulk={"hip": 1.5}), "wide"))
    assert model.geom("left_hip").size[0] == pytest.approx(1.5 * 0.055)
    assert model.geom("left_hip").size[1] == pytest.approx(0.15)  # half of 0.36 - 0.06
    assert model.geom("left_knee").size[0] == pytest.approx(0.05)
