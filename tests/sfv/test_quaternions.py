import mujoco
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from sfv import quaternions as quat
from sfv.formats.euler import from_euler, to_euler
from sfv.skeleton import Skeleton

ORDERS = ["XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX"]


def random(count=100, seed=0):
    return Rotation.random(count, rng=np.random.default_rng(seed))


def wxyz(rotation):
    return rotation.as_quat(scalar_first=True)


def test_arithmetic_agrees_with_scipy():
    a, b = random(seed=1), random(seed=2)
    v = np.random.default_rng(3).normal(size=(100, 3))
    product = quat.multiply(wxyz(a), wxyz(b))
    np.testing.assert_allclose(quat.matrix(product), (a * b).as_matrix(), atol=1e-12)
    np.testing.assert_allclose(quat.apply(quat.conjugate(wxyz(a)), v), a.inv().apply(v), atol=1e-12)
    axis = np.array([0.6, 0.0, 0.8])
    np.testing.assert_allclose(
        quat.matrix(quat.about(axis, np.array([0.7]))), Rotation.from_rotvec([0.7 * axis]).as_matrix()
    )


def test_a_turned_quaternion_turns_turned_vectors():
    q, v = wxyz(random(1))[0], np.array([1.0, 2.0, 3.0])
    axes = quat.Y_UP_TO_Z_UP
    np.testing.assert_allclose(quat.apply(quat.turned(q, axes), axes @ v), axes @ quat.apply(q, v), atol=1e-12)
    np.testing.assert_array_equal(axes @ [0, 1, 0], [0, 0, 1])


@pytest.mark.parametrize("order", ORDERS)
def test_euler_angles_agree_with_scipy_and_back(order):
    rotation = random()
    np.testing.assert_allclose(
        quat.matrix(from_euler(rotation.as_euler(order), order)), rotation.as_matrix(), atol=1e-9
    )
    angles = to_euler(wxyz(rotation), order)
    np.testing.assert_allclose(Rotation.from_euler(order, angles).as_matrix(), rotation.as_matrix(), atol=1e-9)


@pytest.mark.parametrize("order", ORDERS)
def test_euler_angles_where_two_axes_are_one(order):
    locked = Rotation.from_euler(order, [[0.3, np.pi / 2, 0.5], [0.3, -np.pi / 2, 0.5]])
    for turn in locked:
        angles = to_euler(wxyz(turn)[None], order)[0]
        np.testing.assert_allclose(Rotation.from_euler(order, angles).as_matrix(), turn.as_matrix(), atol=1e-6)


def test_euler_angles_follow_a_motion_without_jumps():
    time = np.linspace(0, 1, 200)
    # two turns about z while leaning over the pole of the order
    angles = np.stack((4 * np.pi * time, 1.2 + 0.9 * np.sin(5 * time), 0.3 * time), 1)
    found = to_euler(wxyz(Rotation.from_euler("ZXY", angles)), "ZXY")
    assert np.abs(np.diff(found, axis=0)).max() < 0.2


def test_signs_follow_the_frame_before():
    model = mujoco.MjModel.from_xml_string(
        "<mujoco><worldbody><body><freejoint/><geom size='1'/><body><joint/><geom size='1'/>"
        "<body><joint type='ball'/><geom size='1'/></body></body></body></worldbody></mujoco>"
    )
    skeleton = Skeleton.of(model)
    smooth = np.zeros((30, skeleton.nq))
    smooth[:, 3:7] = quat.about(np.array([0.0, 0, 1]), np.linspace(0, 9, 30))
    smooth[:, 8:] = quat.about(np.array([0.0, 1, 0]), np.linspace(0, 9, 30))
    signs = np.where(np.random.default_rng(0).random((30, 2)) < 0.5, -1.0, 1.0)
    messy = smooth.copy()
    messy[:, 3:7] *= 2.0 * signs[:, :1]
    messy[:, 8:] *= signs[:, 1:]
    np.testing.assert_allclose(quat.continuous(skeleton, messy), smooth, atol=1e-12)


@pytest.mark.parametrize(("fps", "whole"), [(60.0024, 60), (1 / 0.0083333, 120), (29.97, 29.97), (0.4, 0.4)])
def test_rates_lose_the_rounding_of_frame_times_only(fps, whole):
    assert quat.whole_rate(fps) == whole


def test_the_heading_of_who_leans_is_that_of_the_turn_about_z():
    # turned by 0.7 about z, then leaning by 0.5 about an axis of the level plane: swing after twist, q = s t
    turn, lean = (
        quat.about(np.array([0.0, 0.0, 1.0]), np.array(0.7)),
        quat.about(np.array([0.6, 0.8, 0.0]), np.array(0.5)),
    )
    assert quat.heading(quat.multiply(lean, turn)) == pytest.approx(0.7)
    assert quat.heading(-quat.multiply(lean, turn)) == pytest.approx(0.7 - 2.0 * np.pi)  # the same rotation, once round
