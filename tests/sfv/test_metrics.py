import mujoco
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from sfv import metrics
from sfv.character import load_character
from sfv.kinematics import motion_state
from sfv.motion import Motion
from sfv.skeleton import Skeleton

CUBE = """<mujoco><worldbody><body name="cube"><freejoint name="cube"/><geom type="box" size=".1 .1 .1" mass="1"/>
</body></worldbody></mujoco>"""


def sliding_cube(height, speed, frames=10, fps=10.0):
    """A cube whose bottom is at `height`, moving along x at `speed` m/s."""
    model = mujoco.MjModel.from_xml_string(CUBE)
    qpos = np.zeros((frames, 7))
    qpos[:, 0], qpos[:, 2], qpos[:, 3] = speed * np.arange(frames) / fps, 0.1 + height, 1.0
    motion = Motion(Skeleton.of(model), fps, qpos)
    return model, motion_state(motion, model)


def test_mpjpe_by_hand():
    truth = np.zeros((2, 3, 3))
    off = truth + np.array([0.003, 0.004, 0.0])
    assert np.isclose(metrics.mpjpe(off, truth), 5.0)
    assert np.isclose(metrics.root_mpjpe(off, truth, np.array([0, 1])), 0.0)


def test_body_errors_over_the_time_of_both():
    """A cube 30 mm off in x, and after half a second 50 mm (3-4-5), against a reference at twice the rate."""
    model = mujoco.MjModel.from_xml_string(CUBE)
    qpos = np.zeros((11, 7))
    qpos[:, 3] = 1.0
    reference = Motion(Skeleton.of(model), 20.0, np.repeat(qpos, 2, 0)[:21], loop=True)
    qpos[:, 0], qpos[6:, 1] = 0.03, 0.04
    moved = Motion(Skeleton.of(model), 10.0, np.concatenate((qpos, qpos)))  # goes on for longer: that is left out
    times, distances = metrics.body_errors(moved, reference)
    np.testing.assert_allclose(times, np.arange(11) / 10)
    np.testing.assert_allclose(distances[:, 0], [30.0] * 6 + [50.0] * 5)


def test_pa_mpjpe_forgives_a_similarity_and_nothing_else():
    generator = np.random.default_rng(0)
    truth = generator.normal(size=(4, 6, 3))
    turns = Rotation.random(4, rng=generator).as_matrix()
    moved = 2.5 * np.einsum("tij,tkj->tki", turns, truth) + generator.normal(size=(4, 1, 3))
    assert metrics.pa_mpjpe(moved, truth) < 1e-9
    assert metrics.pa_mpjpe(moved * [1, 1, -1], truth) > 50.0


def test_jerk_and_acceleration_of_powers_of_time():
    t = np.arange(60) / 30.0
    points = np.stack((t**3, 0 * t, 0 * t), -1)[:, None]
    assert np.isclose(metrics.mean_jerk(points, 30.0), 6.0)  # (t^3)''' = 6
    parabola = np.stack((0 * t, t**2, 0 * t), -1)[:, None]
    assert np.isclose(metrics.peak_acceleration(parabola, 30.0), 2.0)


@pytest.mark.parametrize("fps", [30.0, 60.0, 120.0, 240.0])
def test_what_has_a_derivative_in_it_is_the_same_at_every_rate(fps):
    # a swing of 0.2 m, once a second, with the shake of a millimetre that marker data have at their own rate
    t = np.arange(round(4 * fps)) / fps
    noise = 0.001 * np.random.default_rng(0).normal(size=(len(t), 1, 3))
    points = 0.2 * np.stack((np.sin(2 * np.pi * t), 0 * t, 0 * t), -1)[:, None] + noise
    # of white noise third differences have the root of 1 + 9 + 9 + 1 = 20 times its spread: 4.5 mm in 1/30 s cubed;
    # in three directions the mean length is 1.6 times that. The swing itself adds 0.2 (2 pi)^3 = 50
    assert 150.0 < metrics.mean_jerk(points, fps) < 230.0
    assert metrics.peak_acceleration(points, fps) < 25.0  # 8 of the swing, and noise


def test_fingertips_are_no_limbs_and_fingers_do_not_count_as_turning():
    # a forearm of 0.3 m, a hand of 0.18 m with a finger of 0.08 m in two bones
    arm = mujoco.MjModel.from_xml_string(
        """<mujoco><default><default class="seen"><geom contype="0" conaffinity="0"/></default></default>
        <worldbody><body name="root"><freejoint/><geom size=".05" mass="1"/>
        <body name="hand" pos="0.3 0 0"><joint name="wrist" type="ball"/><geom size=".01" mass="1" class="seen"/>
        <body name="finger" pos="0.1 0 0"><joint type="ball"/><geom size=".01" mass="1" class="seen"/>
        <body name="tip" pos="0.08 0 0"><joint type="ball"/><geom size=".01" mass="1" class="seen"/>
        </body></body></body></body></worldbody></mujoco>"""
    )
    np.testing.assert_allclose(metrics.levers(arm)[1:], [0.48, 0.18, 0.08, 0.0])
    still = Motion(Skeleton.of(arm), 30.0, np.tile(arm.qpos0, (5, 1)))
    assert [arm.joint(j).name for j in metrics.joint_speeds(arm, still)[0]] == ["wrist"]
    assert [arm.body(body).name for body in metrics.limbs(arm)] == ["root", "hand", "finger"]


def test_amplitude_of_a_sine():
    t = np.linspace(0, 2 * np.pi, 1000, endpoint=False)
    points = np.stack((0.3 * np.sin(t), 0 * t, 0 * t), -1)[:, None]
    assert np.isclose(metrics.amplitude(points)[0], 0.3 / np.sqrt(2), rtol=1e-3)
    assert np.isclose(metrics.amplitude_kept(0.9 * points, points), 90.0)


def test_a_cube_on_the_ground():
    model, state = sliding_cube(0.0, 0.5)
    contacts = np.ones((10, 1))
    assert np.isclose(metrics.contact_slide(model, state, 10.0, ("cube",), contacts), 50.0)
    np.testing.assert_allclose(metrics.penetration(model, state), 0.0, atol=1e-9)
    np.testing.assert_allclose(metrics.stance_height(model, state, contacts), 0.0, atol=1e-9)


def test_a_cube_below_and_above_the_ground():
    model, state = sliding_cube(-0.02, 0.0)
    np.testing.assert_allclose(metrics.penetration(model, state), 2.0)
    model, state = sliding_cube(0.05, 0.5)
    np.testing.assert_allclose(metrics.stance_height(model, state, np.ones((10, 1))), 5.0)


def test_limits_in_degrees():
    model = load_character("humanoid").model
    qpos = np.tile(model.qpos0, (2, 1))
    knee = model.joint("right_knee")
    qpos[1, knee.qposadr[0]] = knee.range[1] + np.radians(3.0)
    np.testing.assert_allclose(metrics.joint_limit_violation(model, qpos), [0.0, 3.0], atol=1e-9)
    neck = model.joint("neck")
    angle = neck.range[1] + np.radians(7.0)
    qpos[1, neck.qposadr[0] : neck.qposadr[0] + 4] = [np.cos(angle / 2), 0.0, -np.sin(angle / 2), 0.0]
    assert np.isclose(metrics.joint_limit_violation(model, qpos)[1], 7.0)


@pytest.mark.parametrize("speed", [1.0, 3.0])
def test_joint_speed(speed):
    character = load_character("humanoid")
    qpos = np.tile(character.model.qpos0, (30, 1))
    qpos[:, character.model.joint("left_knee").qposadr[0]] = speed * np.arange(30) / 30.0
    motion = Motion(character.skeleton, 30.0, qpos)
    assert np.isclose(metrics.peak_joint_speed(character.model, motion), speed, rtol=1e-6)
