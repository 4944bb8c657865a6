"""When in a motion each picture of its clip is, and where its camera stood."""

from dataclasses import replace

import numpy as np

from recon.camera import Camera
from recon.scorecard import LIMBS
from sfv.pipeline.footage import placed
from sfv.pose import LeftOut, PoseTrack
from sfv.report import Report
from sfv.view.web.show import Pictures

TIMES = np.array([2.0, 2.5, 3.0])
TRACK = PoseTrack(
    LIMBS, TIMES, np.zeros((3, 12, 2)), np.zeros((3, 12, 3)), np.ones((3, 12)), (640, 480), "somebody", 0,
    left_out=(LeftOut(1.0, 2.0, "not seen"),),
)  # fmt: skip
PICTURES = Pictures(np.array([0.0, 1.0, 1.5]), (b"", b"", b""))
CAMERA = Camera((640, 480), 500.0, np.array([-3.0, 0.5, 1.4]), 0.3, 0.2, 0.1)


def card(start: float, camera: Camera | None = CAMERA) -> Report:
    where = {} if camera is None else {
        "camera": {"size": [640, 480], "focal": camera.focal, "position": camera.position.tolist(),
                   "axes": camera.rotation.tolist()}
    }  # fmt: skip
    return Report("reconstruction", (), {"per clip frame": {"time_s": [start, start + 1.0]}}, where)


def test_pictures_stand_where_the_motion_is_in_its_own_time() -> None:
    # the overlay begins at 1.0 s of the clip, where looking began; the motion at 2.5 s of it
    found = placed(PICTURES, TRACK, card(2.5))
    np.testing.assert_allclose(found.times, [-1.5, -0.5, 0.0])
    # in slow motion half of it passes; the scorecard has what passed: 2.5 s of the clip are 1.25 s
    found = placed(PICTURES, replace(TRACK, speed=0.5), card(1.25))
    np.testing.assert_allclose(found.times, [-0.75, -0.25, 0.0])


def test_the_camera_is_that_of_the_scorecard() -> None:
    shot = placed(PICTURES, TRACK, card(2.0)).shot
    assert shot is not None
    points = np.array([[0.0, 0.0, 0.0], [0.5, -0.4, 1.7]])
    right, down, away = ((points - shot.position) @ shot.axes.T).T
    pixels = np.stack([320 + shot.focal * right / away, 240 + shot.focal * down / away], 1)
    np.testing.assert_allclose(pixels, CAMERA.project(points), atol=1e-9)
    assert placed(PICTURES, TRACK, card(2.0, None)).shot is None


def test_pictures_of_a_camera_that_turned_are_warped_and_of_one_that_travelled_left_alone() -> None:
    homography = np.stack([np.eye(3)] * 3)
    homography[:, 0, 2] = [10.0, 0.0, -10.0]  # px to the right in the middle frame
    found = placed(PICTURES, replace(TRACK, homography=homography), card(2.0))
    assert found.warps is not None
    # a pixel of the middle frame was 10 px to the left in the first, which is nearest to 1.0 and to 2.0 s
    np.testing.assert_allclose(found.warps @ np.array([100.0, 0.0, 1.0]), [[90, 0, 1], [90, 0, 1], [100, 0, 1]])
    went = replace(TRACK, homography=homography, shift=np.zeros((3, 3)))
    assert placed(PICTURES, went, card(2.0)).shot is None
