"""Servos by the names of joints: a known robot's file without actuators becomes a character that can be driven."""

import mujoco
import pytest

from sfv.character import load_character
from sfv.errors import InputError
from sfv.servos import add_servos, servos_of_motors

LEG = """<mujoco><worldbody><body name="pelvis"><freejoint name="root"/><geom size="0.1" mass="8"/>
<body name="thigh"><joint name="left_{}_joint"/><geom size="0.1" mass="4"/>
<body name="shin" pos="0 0 -0.3"><joint name="left_knee_joint"/><geom size="0.05" mass="2"/></body></body>
</body></worldbody></mujoco>"""


def test_a_known_robots_joints_get_its_motors(tmp_path):
    (tmp_path / "leg.xml").write_text(LEG.format("ankle_roll"))
    leg = load_character(tmp_path / "leg.xml")
    leg.check_servos()
    model = leg.model
    assert [model.actuator(i).name for i in range(2)] == ["left_ankle_roll_joint", "left_knee_joint"]
    assert model.actuator_forcerange.tolist() == [[-50.0, 50.0], [-139.0, 139.0]]
    assert model.dof_armature[6:] == pytest.approx([2 * 0.003609725, 0.025101925], rel=1e-4)
    assert model.actuator_gainprm[1, 0] == pytest.approx(99.098, abs=1e-3)  # as published
    assert model.actuator_biasprm[1, 2] == pytest.approx(-6.3088, abs=1e-4)


def test_a_servo_brings_its_joint_to_the_target(tmp_path):
    (tmp_path / "leg.xml").write_text(LEG.format("hip_pitch").replace('<freejoint name="root"/>', ""))
    spec = mujoco.MjSpec.from_string((tmp_path / "leg.xml").read_text())
    assert add_servos(spec)
    spec.option.integrator, spec.option.timestep = mujoco.mjtIntegrator.mjINT_IMPLICITFAST, 1 / 120
    model = spec.compile()
    data = mujoco.MjData(model)
    data.ctrl[1] = 0.5
    for _ in range(360):
        mujoco.mj_step(model, data)
    # the shin's 2 kg are at its own joint, so gravity does not pull at the knee
    assert data.qpos[1] == pytest.approx(0.5, abs=0.01)


def test_a_robot_that_is_not_known_stays_as_it_is(tmp_path):
    (tmp_path / "leg.xml").write_text(LEG.format("flipper"))
    with pytest.raises(InputError, match="leg has no actuators"):
        load_character(tmp_path / "leg.xml").check_servos()


MOTOR = """<mujoco><worldbody><body><freejoint/><geom size="0.1"/>
<body name="shin"><joint name="knee" armature="{}" actuatorfrcrange="-90 90"/><geom size="0.1"/></body></body>
</worldbody>
<actuator>{}</actuator></mujoco>"""


def test_a_motor_becomes_a_servo_as_strong_as_it_was(tmp_path, caplog):
    """A gear of 2 makes 80 Nm of a control of 40. I = 0.1 and w = 62.83: kp = I w^2 = 394.8 and kd = 4 I w = 25.1."""
    (tmp_path / "leg.xml").write_text(
        MOTOR.format(0.1, '<motor name="knee" joint="knee" gear="2" ctrlrange="-40 40"/>')
    )
    for _ in range(2):
        leg = load_character(tmp_path / "leg.xml")
    leg.check_servos()
    model = leg.model
    assert model.actuator_forcerange.tolist() == [[-80.0, 80.0]]
    assert model.actuator_gainprm[0, 0] == pytest.approx(394.8, abs=0.1)
    assert model.actuator_biasprm[0, :3].tolist() == pytest.approx([0.0, -394.8, -25.13], abs=0.1)
    assert not model.actuator_ctrllimited[0]
    assert model.actuator_gear[0, 0] == 1.0
    assert caplog.text.count("has motors, which become position servos") == 1


def test_a_motor_is_no_stronger_than_its_joint_may_be():
    spec = mujoco.MjSpec.from_string(MOTOR.format(0.1, '<motor joint="knee" ctrlrange="-400 400"/>'))
    assert servos_of_motors(spec)
    assert spec.actuators[0].forcerange.tolist() == [-90.0, 90.0]


@pytest.mark.parametrize(
    ("armature", "actuator"),
    [
        (0.0, '<motor joint="knee" ctrlrange="-40 40"/>'),  # nobody knows how stiff
        (0.1, '<position joint="knee" kp="10"/>'),
        (0.1, '<motor joint="knee" ctrlrange="-40 40"/><velocity joint="knee"/>'),
    ],
)
def test_other_actuators_stay_as_they_are(armature, actuator):
    spec = mujoco.MjSpec.from_string(MOTOR.format(armature, actuator))
    before = [actuator.gainprm[0] for actuator in spec.actuators]
    assert not servos_of_motors(spec)
    assert [actuator.gainprm[0] for actuator in spec.actuators] == before
