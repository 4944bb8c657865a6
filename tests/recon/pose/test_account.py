"""What is said of a track: sentences for what was planted in it, and none for what was not."""

from dataclasses import replace

import numpy as np
import pytest

from recon.pose.account import account
from sfv.pose import LeftOut, PoseTrack

NAMES = ("nose", "left_shoulder", "right_shoulder", "left_hip", "right_hip", "left_knee", "right_knee",
         "left_ankle", "right_ankle")  # fmt: skip
HEIGHTS = np.array([50.0, 100.0, 100.0, 220.0, 220.0, 320.0, 320.0, 420.0, 420.0])


@pytest.fixture
def good() -> PoseTrack:
    """Three seconds of somebody who stands in the middle of a picture of 640 x 480, 370 px tall, at 30 fps."""
    points = np.stack((np.full(9, 320.0), HEIGHTS), 1)
    return PoseTrack(
        names=NAMES,
        times=1.0 + np.arange(90) / 30.0,
        points_2d=np.tile(points, (90, 1, 1)),
        points_3d=np.zeros((90, 9, 3)),
        confidence=np.full((90, 9), 0.9),
        image_size=(640, 480),
        estimator="none",
        person=1,
    )


def test_of_a_good_track_only_who_and_how_long_is_said(good: PoseTrack) -> None:
    (who,) = account(good)
    assert who == "person 1 is followed for 3.0 s, from 1.0 to 4.0 s of the clip; the middle confidence is 0.90"


def test_turned_pictures_and_slow_motion_are_said(good: PoseTrack) -> None:
    (who,) = account(replace(good, turns=3, speed=0.25))
    assert who.endswith("its pictures are turned by 270 degrees; one second of it is 0.25 s")


def test_what_is_left_out_is_said_with_its_reasons(good: PoseTrack) -> None:
    parts = tuple(LeftOut(float(k), k + 0.5, "not seen") for k in range(5))
    sentence = account(replace(good, left_out=(*parts, LeftOut(9.0, 10.0, "another scene"))))[1]
    assert sentence == (
        "left out: 3.5 s: 0.0 to 0.5 s, 1.0 to 1.5 s, 2.0 to 2.5 s and 2 more times (not seen); "
        "9.0 to 10.0 s (another scene)"
    )


def changed(track: PoseTrack, frames: slice, **values: object) -> PoseTrack:
    """The track with points or confidence changed in some frames."""
    out = track
    for name, value in values.items():
        array = getattr(track, name).copy()
        array[frames] = value
        out = replace(out, **{name: array})  # type: ignore[arg-type]
    return out


def test_a_gap_is_named_with_its_time(good: PoseTrack) -> None:
    gone = changed(good, slice(30, 60), points_2d=np.nan, points_3d=np.nan, confidence=0.0)
    assert "not seen in 33% of the frames (from 2.0 to 3.0 s); the pose is filled in there" in account(gone)


def test_feet_out_of_the_picture_are_named_with_what_to_do(good: PoseTrack) -> None:
    # from 2.0 s on everything is 100 px lower: ankles at 520 of 480
    low = changed(good, slice(30, 90), points_2d=good.points_2d[30:] + np.array([0.0, 100.0]))
    (sentence,) = [s for s in account(low) if "feet" in s]
    assert "from 2.0 to 4.0 s" in sentence
    assert "film from farther away" in sentence


def test_hidden_legs_somebody_upside_down_small_or_seen_seldom(good: PoseTrack) -> None:
    confidence = good.confidence.copy()
    confidence[:45, NAMES.index("left_knee")] = 0.2
    unsure = replace(good, confidence=confidence)
    assert any("a leg is hidden or blurred in 50% of the frames" in s for s in account(unsure))
    turned = good.points_2d.copy()
    turned[10:40, :, 1] = 480.0 - turned[10:40, :, 1]
    upside = replace(good, points_2d=turned)
    assert any("upside down in 33% of the frames (from 1.3 to 2.3 s)" in s for s in account(upside))
    assert any("only 74 px tall" in s for s in account(replace(good, points_2d=0.2 * good.points_2d)))
    assert any("10 frames a second" in s for s in account(replace(good, times=np.arange(90) / 10.0)))
