import numpy as np
import torch

from recon.camera import Camera, camera_from_world, focal_of, view_rotations
from recon.fit.fit import Pinhole


def level(pitch=0.0, roll=0.0, heading=0.0, position=(0.0, 0.0, 1.0)):
    return Camera((100, 100), 100.0, np.array(position), heading, pitch, roll)


def test_projection_by_hand():
    # 10 m ahead, 1 m below the camera, 2 m to the left: 100 px * 1/10 down, 100 px * 2/10 to the left
    np.testing.assert_allclose(level().project(np.array([10.0, 2.0, 0.0])), [30.0, 60.0])


def test_a_camera_that_looks_down_sees_the_point_ahead_higher():
    # 0.1 rad down: the horizon rises by 100 px tan 0.1
    u = level(pitch=0.1).project(np.array([1000.0, 0.0, 1.0]))
    np.testing.assert_allclose(u, [50.0, 50.0 - 100.0 * np.tan(0.1)])


def test_a_camera_rolled_clockwise_turns_the_picture_anticlockwise():
    right_of_centre = np.array([10.0, -2.0, 1.0])
    u = level(roll=0.1).project(right_of_centre)
    assert u[0] > 69.0
    assert u[1] < 50.0


def test_rotations_are_rotations():
    turn = camera_from_world(0.3, -0.2)
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(turn) > 0.99


def test_moving_camera_and_world_together_changes_no_pixel():
    camera = level(pitch=0.2, roll=0.1, heading=0.5, position=(1.0, 2.0, 1.5))
    points = np.random.default_rng(0).normal(size=(20, 3)) + np.array([8.0, 5.0, 1.0])
    turn, shift, scale = 0.7, np.array([3.0, -1.0]), 1.3
    c, s = np.cos(turn), np.sin(turn)
    moved = scale * points @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]]) + [*shift, 0.0]
    np.testing.assert_allclose(camera.moved(turn, shift, scale).project(moved), camera.project(points), atol=1e-9)


def test_the_pinhole_of_the_fit_agrees_with_the_camera():
    camera = level(pitch=0.2, roll=-0.1)
    pinhole = Pinhole(*(torch.tensor(v).double() for v in (camera.focal, camera.pitch, camera.roll, 1.0, 0.0)))
    points = np.random.default_rng(1).normal(size=(20, 3)) + np.array([8.0, 0.0, 1.0])
    np.testing.assert_allclose(pinhole.project(torch.tensor(points)).numpy() + camera.centre, camera.project(points))


def test_view_rotations_take_the_axis_to_the_pixel():
    pixels = np.array([[50.0, 50.0], [90.0, 20.0]])
    turns = view_rotations(pixels, 100.0, (100, 100))
    np.testing.assert_allclose(turns[0], np.eye(3), atol=1e-12)
    ray = turns[1] @ [0.0, 0.0, 1.0]
    np.testing.assert_allclose(50.0 + 100.0 * ray[:2] / ray[2], pixels[1])
    np.testing.assert_allclose(turns[1] @ turns[1].T, np.eye(3), atol=1e-12)


def test_a_field_of_view_goes_from_corner_to_corner():
    # 600 x 800 px are 1000 px across; half of 90 degrees is 45, whose tangent is 1
    assert np.isclose(focal_of((600, 800), 90.0), 500.0)
    assert np.isclose(focal_of((600, 800)), 500.0 / np.tan(np.radians(31.5)))
