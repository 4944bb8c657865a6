"""One person read again from several windows."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from recon.pose.people import Sighting, Window
from recon.pose.pose_landmarker import MIRRORED, NAMES
from recon.pose.readings import read_again
from sfv.clip import Clip

WRIST = NAMES.index("left_wrist")


def test_two_looks_are_averaged_where_they_agree(standing, numbered):
    def look(image: np.ndarray, window: Window) -> list[Sighting]:
        assert window.mirrored  # where nothing is doubtful, no other look is asked for
        points = standing.points_2d[0] + (4.0, 0.0)
        points[WRIST] += (60.0, 0.0)  # 0.34 of the person's height away: one of the looks is wrong
        return [Sighting(points, standing.points_3d[0] + 0.02, np.full(33, 0.9))]

    again = read_again(numbered, standing, (), look, lambda steps: None)
    shift = again.points_2d - standing.points_2d
    np.testing.assert_allclose(np.delete(shift, WRIST, axis=1), np.broadcast_to((2.0, 0.0), (30, 32, 2)), atol=1e-9)
    np.testing.assert_array_equal(shift[:, WRIST], 0.0)
    np.testing.assert_allclose(again.points_3d[:, 0], standing.points_3d[:, 0] + 0.01)
    np.testing.assert_allclose(again.confidence[:, WRIST], 0.45)


def test_who_was_lost_or_upside_down_is_found_in_the_whole_picture(standing, numbered):
    """Frames 5 to 8 have nobody; in frame 20 they stand on their head. The whole picture shows them in all of them."""
    points = standing.points_2d.copy()
    points[5:9] = np.nan
    points[20, :, 1] = 480 - points[20, :, 1]
    track = replace(standing, points_2d=points)
    truth = Sighting(standing.points_2d[0], standing.points_3d[0], np.full(33, 0.8))
    asked = []

    def look(image: np.ndarray, window: Window) -> list[Sighting]:
        asked.append(int(image[0, 0, 0]) - 30)
        return [truth] if window.side == 640 and not window.mirrored else []

    again = read_again(numbered, track, (), look, lambda steps: None)
    np.testing.assert_array_equal(again.points_2d, standing.points_2d)
    assert asked.count(20) > asked.count(5) > 0


def test_where_nothing_fits_the_frame_is_absent(standing, numbered):
    """A reading half the size, beside the person, and no other: frames 10 to 12 are marked, and no others."""
    points = standing.points_2d.copy()
    points[10:13] = (points[10:13] - (320, 240)) * 0.5 + (420, 240)
    again = read_again(numbered, replace(standing, points_2d=points), (), lambda image, window: [], lambda steps: None)
    assert np.flatnonzero(~again.found).tolist() == [10, 11, 12]


def test_exchanged_sides_are_put_right(standing, numbered):
    points, metres = standing.points_2d.copy(), standing.points_3d.copy()
    points[7:15], metres[7:15] = points[7:15][:, MIRRORED], metres[7:15][:, MIRRORED]
    track = replace(standing, points_2d=points, points_3d=metres)
    again = read_again(numbered, track, (), lambda image, window: [], lambda steps: None)
    np.testing.assert_array_equal(again.points_2d, standing.points_2d)


def test_who_is_read_from_behind_has_the_depth_of_before_and_after(standing, numbered):
    """Frames 7 to 14 show the back: left is right, and toes point away. Before they point to the camera."""
    points, metres = standing.points_2d.copy(), standing.points_3d.copy()
    points[7:15], metres[7:15] = points[7:15][:, MIRRORED], metres[7:15][:, MIRRORED] * (1, 1, -1)
    track = replace(standing, points_2d=points, points_3d=metres)
    again = read_again(numbered, track, (), lambda image, window: [], lambda steps: None)
    np.testing.assert_array_equal(again.points_2d, standing.points_2d)
    np.testing.assert_allclose(again.points_3d, standing.points_3d, atol=1e-12)


def test_of_whom_only_the_picture_fits_the_depth_is_bridged(standing, numbered):
    """In frame 10 the metric points lie on their side, 2 px off in the picture: no body turns so fast."""
    points, metres = standing.points_2d.copy(), standing.points_3d.copy()
    points[10] += 2.0
    metres[10] = metres[10][:, [1, 0, 2]] + (0.0, 0.0, 0.3)
    track = replace(standing, points_2d=points, points_3d=metres)
    again = read_again(numbered, track, (), lambda image, window: [], lambda steps: None)
    np.testing.assert_array_equal(again.points_2d, points)
    np.testing.assert_allclose(again.points_3d[10, :, 2], standing.points_3d[10, :, 2], atol=1e-12)
    np.testing.assert_allclose(again.confidence[10], 0.45)


class Beside(Clip):
    """A clip in which somebody bright stands beside the person."""

    def __iter__(self):  # type: ignore[no-untyped-def]
        image = np.zeros((480, 640, 3), np.uint8)
        image[100:400, 340:360] = 255  # narrower than what is averaged to paint with
        return iter([image] * len(self))


def test_who_is_behind_somebody_is_seen_once_that_one_is_painted_over(standing):
    """An estimator that sees nobody but whoever is before: from frame 10 to 19 the person is not followed."""
    clip = Beside(Path("clip.mp4"), (640, 480), np.arange(90) / 30)
    other = replace(standing, points_2d=standing.points_2d + np.array([30.0, 0.0]), person=1)
    points = standing.points_2d.copy()
    points[10:20] = np.nan
    track = replace(standing, points_2d=points)
    before = Sighting(other.points_2d[0], other.points_3d[0], np.full(33, 0.9))
    behind = Sighting(standing.points_2d[0], standing.points_3d[0], np.full(33, 0.8))

    def look(image: np.ndarray, window: Window) -> list[Sighting]:
        return [before] if image[240, 350].mean() > 200 else [behind]

    found = read_again(clip, track, (other,), look, lambda steps: None)
    np.testing.assert_allclose(found.points_2d, standing.points_2d)
    assert (found.confidence[10:20] <= 0.8).all()
    assert found.confidence[10:20].min() == 0.4  # what is under the paint
    alone = read_again(clip, track, (), look, lambda steps: None)
    np.testing.assert_allclose(alone.points_2d[10:20], other.points_2d[10:20])  # nobody knows of the other
