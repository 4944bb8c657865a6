"""Limbs that an estimator takes for each other."""

from dataclasses import replace

import numpy as np
import pytest

from recon.pose.sides import PAIRS, swapped, told_apart
from sfv.motion import Motion

LEGS = [f"{{}}_{joint}" for joint in PAIRS["legs"]]


def exchanged(track, frames):
    """The track with the legs' labels exchanged in these frames."""
    left, right = ([track.index(n.format(s)) for n in LEGS if n.format(s) in track.names] for s in ("left", "right"))
    values = [v.copy() for v in (track.points_2d, track.points_3d, track.confidence)]
    for value in values:
        value[np.ix_(frames, left + right)] = value[np.ix_(frames, right + left)]
    return replace(track, points_2d=values[0], points_3d=values[1], confidence=values[2])


@pytest.fixture(scope="module")
def walk(humanoid, camera, filmed):
    """Somebody who swings his legs across the picture, so that they pass each other in it."""
    time = np.arange(75) / 30.0
    qpos = np.tile(humanoid.model.qpos0, (len(time), 1))
    qpos[:, 0] = time - 1.0
    for side, sign in (("left", 1.0), ("right", -1.0)):
        at = humanoid.model.joint(f"{side}_hip").qposadr[0]
        half = 0.25 * sign * np.sin(2 * np.pi * time / 1.1)
        qpos[:, at], qpos[:, at + 2] = np.cos(half), np.sin(half)
    motion = Motion(humanoid.skeleton, 30.0, qpos)
    away = replace(camera, position=np.array([1.0, -5.0, 1.2]), heading=np.pi / 2)
    return filmed(motion, away)


@pytest.mark.parametrize("frames", [[20], [20, 21, 22], list(range(40, 48)), [10, 11, 50, 51, 52]])
def test_swapped_legs_are_put_right(walk, frames):
    fixed, found = told_apart(exchanged(walk, np.array(frames)))
    assert np.flatnonzero(found).tolist() == frames
    np.testing.assert_array_equal(fixed.points_2d, walk.points_2d)
    np.testing.assert_array_equal(fixed.points_3d, walk.points_3d)


def test_legs_that_pass_each_other_are_left_alone(walk):
    fixed, found = told_apart(walk)
    assert not found.any()
    np.testing.assert_array_equal(fixed.points_2d, walk.points_2d)


def test_a_gap_and_missing_metres_are_no_matter(walk):
    bad = exchanged(walk, np.arange(30, 34))
    bad.points_2d[50:55], bad.confidence[50:55] = np.nan, 0.0
    _, found = told_apart(replace(bad, points_3d=np.full_like(bad.points_3d, np.nan)))
    assert np.flatnonzero(found).tolist() == [30, 31, 32, 33]


def test_a_point_that_is_never_seen_hides_no_swap(walk):
    bad = exchanged(walk, np.arange(30, 34))
    nose = bad.index("nose")
    bad.points_2d[:, nose], bad.points_3d[:, nose], bad.confidence[:, nose] = np.nan, np.nan, 0.0
    assert np.flatnonzero(told_apart(bad)[1]).tolist() == [30, 31, 32, 33]


def test_what_crosses_smoothly_is_not_swapped():
    time = np.linspace(-1, 1, 40)[:, None]
    passing = np.stack((np.concatenate((time, 0 * time), 1), np.concatenate((-time, 0 * time), 1)), 1) / 4
    assert not swapped(passing).any()
    wrong = passing.copy()
    wrong[28:32] = wrong[28:32, ::-1]
    assert np.flatnonzero(swapped(wrong)).tolist() == [28, 29, 30, 31]
