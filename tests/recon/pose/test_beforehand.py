"""Looks taken beside the following are those that are asked for later, and nobody pays for them twice."""

from dataclasses import replace
from threading import Event

import numpy as np
import pytest

from recon.pose.beforehand import WAITING, Beforehand, mirrors
from recon.pose.people import Sighting, Window
from recon.pose.pose_landmarker import LARGEST_INPUT, _crop, upright_turns
from recon.pose.readings import read_again
from sfv.clip import Clip
from sfv.pose import PoseTrack


@pytest.fixture
def track(standing: PoseTrack) -> PoseTrack:
    """Somebody who stands from 1 to 2 s and goes aside by a pixel in each frame; absent in two."""
    points = standing.points_2d + np.arange(30)[:, None, None] * (1.0, 0.0)
    points[10:12] = np.nan
    return replace(standing, points_2d=points)


def sighting(track: PoseTrack, row: int) -> Sighting:
    flat = track.points_2d[row]
    colours = np.full((2, 3), 10.0 * row)
    return Sighting(flat, track.points_3d[row], track.confidence[row], upright_turns(flat), colours)


def test_what_was_seen_beforehand_is_not_looked_at_again(track: PoseTrack, numbered: Clip) -> None:
    asked: list[int] = []

    def look(image: np.ndarray, window: Window) -> list[Sighting]:
        number = int(image[0, 0, 0])
        asked.append(number)
        row = min(max(number - 30, 0), 29)
        points = track.points_2d[row] if track.found[row] else track.points_2d[9]
        return [Sighting(points + np.array([2.0, 0.0]), track.points_3d[0], np.full(33, 0.8))]

    plain = read_again(numbered, track, (), look, lambda steps: None)
    before = len(asked)
    with Beforehand(look) as beforehand:
        for row in np.flatnonzero(track.found).tolist():
            beforehand.see(30 + row, np.full((480, 640, 3), 30 + row, np.uint8), [sighting(track, row)])
    taken = asked[before:]
    assert sorted(taken) == [30 + row for row in np.flatnonzero(track.found)]
    asked.clear()
    advanced: list[float] = []
    again = read_again(numbered, track, (), look, advanced.append, beforehand.recall)
    for name in ("points_2d", "points_3d", "confidence"):
        np.testing.assert_array_equal(getattr(again, name), getattr(plain, name))
    # frames 10 and 11, in which nobody was followed, are looked at as ever; others only where something is doubtful
    assert {40, 41} <= set(asked)
    assert len(asked) == before - len(taken)
    assert sum(advanced) == pytest.approx(60.0)


def test_another_person_is_not_taken_for_the_one_who_was_seen(track: PoseTrack, numbered: Clip) -> None:
    asked: list[int] = []

    def look(image: np.ndarray, window: Window) -> list[Sighting]:
        asked.append(int(image[0, 0, 0]))
        return []

    with Beforehand(look) as beforehand:
        other = sighting(track, 3)
        beforehand.see(33, np.full((480, 640, 3), 33, np.uint8), [replace(other, points_2d=other.points_2d + 50.0)])
        beforehand.see(34, np.full((480, 640, 3), 34, np.uint8), [sighting(track, 4), other])
    assert asked == [33]
    assert beforehand.recall(34) is None  # two were in sight
    read_again(numbered, track, (), look, lambda steps: None, beforehand.recall)
    assert asked.count(33) > 1
    assert 34 in asked


def test_few_pictures_wait(track: PoseTrack) -> None:
    """The thread is held up: of pictures that are shown meanwhile WAITING are taken, and then the next has to wait."""
    go, looked = Event(), []

    def look(image: np.ndarray, window: Window) -> list[Sighting]:
        assert go.wait(10.0)
        looked.append(int(image[0, 0, 0]))
        return []

    with Beforehand(look) as beforehand:
        for row in range(WAITING):
            beforehand.see(row, np.full((4, 4, 3), row, np.uint8), [sighting(track, row)])
        assert not looked
        go.set()
        beforehand.see(WAITING, np.full((4, 4, 3), WAITING, np.uint8), [sighting(track, 5)])
        assert 0 in looked
    assert looked == list(range(WAITING + 1))


def test_somebody_who_lies_is_looked_at_in_two_windows(track: PoseTrack) -> None:
    upright = sighting(track, 0)
    lying = replace(upright, turns=1)
    assert [window.turns for window in mirrors(upright)] == [0]
    assert [(window.turns, window.mirrored) for window in mirrors(lying)] == [(0, True), (1, True)]


@pytest.mark.parametrize("side", [641, 700, 900, 1080, 1300, 1900, 2700])
def test_a_large_window_is_shrunk_to_means_over_areas(side: int) -> None:
    import cv2

    rng = np.random.default_rng(side)
    image = cv2.GaussianBlur(rng.integers(0, 255, (side, side, 3), dtype=np.uint8), (0, 0), 1.5)
    found = _crop(image, Window(0, 0, side))
    means = cv2.resize(image, (LARGEST_INPUT, LARGEST_INPUT), interpolation=cv2.INTER_AREA)
    assert found.shape == means.shape
    assert np.abs(found.astype(float) - means).mean() < 1.0
