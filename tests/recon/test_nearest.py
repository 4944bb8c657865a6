"""The nearest moment of a motion, to poses that are projected by hand: from any side, of any size, and lying down."""

from dataclasses import replace

import numpy as np
import pytest

from recon.nearest import Nearness, camera_axes, landmarks, nearest
from recon.pose.people import Sighting
from recon.pose.pose_landmarker import NAMES
from sfv.character import Character, load_character
from sfv.errors import InputError
from sfv.motion import Motion

CHARACTER = load_character("humanoid")


def sighting(motion: Motion, frame: int, yaw: float, pitch: float, size: float = 1.0, roll: float = 0.0) -> Sighting:
    """What an estimator without faults would say of a frame, seen so."""
    points = np.zeros((len(NAMES), 3))
    turn = np.array([[np.cos(roll), -np.sin(roll), 0.0], [np.sin(roll), np.cos(roll), 0.0], [0.0, 0.0, 1.0]])
    for name, place in landmarks(motion, CHARACTER).items():
        points[NAMES.index(name)] = turn @ camera_axes(yaw, pitch) @ (size * place[frame])
    return Sighting(300.0 + 100.0 * points[:, :2], points, np.ones(len(NAMES)))


def test_a_camera_s_axes_are_right_down_and_ahead() -> None:
    # it looks along X: its right is -Y, its down -Z
    np.testing.assert_allclose(camera_axes(0.0, 0.0), [[0, -1, 0], [0, 0, -1], [1, 0, 0]], atol=1e-12)
    axes = camera_axes(0.7, -0.3)
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(axes) == pytest.approx(1.0)
    assert axes[2, 2] < 0.0  # looks down


@pytest.mark.parametrize("degrees", [0.0, 85.0, 200.0])
@pytest.mark.parametrize("size", [0.7, 1.3])
def test_a_pose_is_found_from_any_side_and_of_any_size(wave: Motion, degrees: float, size: float) -> None:
    yaw = np.radians(degrees)
    found = nearest(sighting(wave, 8, yaw, np.radians(-10.0), size), wave, CHARACTER)
    assert found.frame in (7, 8)  # sin is as high at 7 of 30 as at 8
    assert found.degrees < 3.0  # TILT: 0.05 * 10 / 20 is 1.4
    assert found.yaw == pytest.approx(yaw)


def test_the_same_limbs_lying_down_are_far(wave: Motion) -> None:
    assert nearest(sighting(wave, 8, 0.5, 0.0, roll=np.pi / 2), wave, CHARACTER).degrees > 45.0


def test_what_is_not_seen_does_not_count(wave: Motion) -> None:
    seen = sighting(wave, 8, 0.0, 0.0)
    pixels, sure = seen.points_2d.copy(), seen.confidence.copy()
    pixels[NAMES.index("left_wrist")] -= 100.0  # a metre
    lost = replace(seen, points_2d=pixels)
    sure[NAMES.index("left_wrist")] = 0.0
    assert nearest(lost, wave, CHARACTER).degrees > 10.0
    assert nearest(replace(lost, confidence=sure), wave, CHARACTER).degrees < 3.0


def test_how_short_a_bone_is_in_the_picture_tells_how_far_it_points_away() -> None:
    """Knees bent by 90 degrees, seen from behind: shins point at the camera, and the estimator has them straight."""
    straight = Motion(CHARACTER.skeleton, 30.0, np.repeat(CHARACTER.model.qpos0[None], 2, 0))
    kneeling = straight.qpos.copy()
    for side in ("left", "right"):
        kneeling[:, int(CHARACTER.model.joint(f"{side}_knee").qposadr[0])] = -0.5 * np.pi
    bent = Motion(CHARACTER.skeleton, 30.0, kneeling)
    guessed = replace(sighting(bent, 0, 0.0, 0.0), points_3d=sighting(straight, 0, 0.0, 0.0).points_3d)
    assert nearest(guessed, bent, CHARACTER).degrees + 10.0 < nearest(guessed, straight, CHARACTER).degrees


def test_of_two_as_near_the_clip_that_is_longer_like_that_explains_more() -> None:
    near, far = np.full(5, 8.0), np.full(45, 90.0)
    brief = Nearness(0, 8.0, np.concatenate((near, far)), 0.0)  # a tenth of it
    all_along = Nearness(0, 8.0, near, 0.0)
    assert all_along.evidence == pytest.approx(10.0 * brief.evidence, rel=1e-6)


def test_a_body_without_landmarks_is_refused(wave: Motion) -> None:
    bare = Character("bare", CHARACTER.xml.replace('name="left_heel"', 'name="left_sole"'))
    with pytest.raises(InputError, match="bare has no site left_heel"):
        landmarks(wave, bare)
