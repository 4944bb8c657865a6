"""The reading that is right, chosen over the whole clip: planted faults, and what must be left alone."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recon.pose.choice import choose_readings, told_apart
from recon.pose.marks import EXCHANGES, layout
from recon.pose.people import Sighting
from sfv.motion import Motion

sys.path.insert(0, str(Path(__file__).parent))
from faults import FEW, KINDS, Track

FIRSTS = (12, 31, 44)
"""Frames at which a fault begins: of three seconds, so that 25 frames fit after each."""


def sightings(track) -> list[Sighting]:
    return [Sighting(*rows) for rows in zip(track.points_2d, track.points_3d, track.confidence, strict=True)]


@pytest.fixture(scope="module")
def walk(humanoid, camera, filmed):
    """Somebody who swings his legs across the picture, so that they pass each other in it."""
    time = np.arange(90) / 30.0
    qpos = np.tile(humanoid.model.qpos0, (len(time), 1))
    qpos[:, 0] = time - 1.0
    for side, sign in (("left", 1.0), ("right", -1.0)):
        at = humanoid.model.joint(f"{side}_hip").qposadr[0]
        half = 0.25 * sign * np.sin(2 * np.pi * time / 1.1)
        qpos[:, at], qpos[:, at + 2] = np.cos(half), np.sin(half)
        at = humanoid.model.joint(f"{side}_shoulder").qposadr[0]
        hang = np.array([np.cos(-0.7 * sign), np.sin(-0.7 * sign), 0.0, 0.0])  # from the T-pose down, about x
        qpos[:, at : at + 4] = hang
    motion = Motion(humanoid.skeleton, 30.0, qpos)
    return filmed(motion, replace(camera, position=np.array([1.0, -5.0, 1.2]), heading=np.pi / 2))


@pytest.fixture(scope="module")
def tracks(walk, jump, camera, filmed):
    """A walk seen from the side and a half-turn jump seen from in front; somebody walks across both, a bit smaller."""
    jumps = filmed(jump, camera)
    out = {}
    for name, track in (("walk", walk), ("jump", jumps)):
        count = min(len(track), len(walk))
        where = np.array([np.median(track.points_2d[..., 0]), np.median(track.points_2d[..., 1])])
        pose = np.roll(np.arange(count), 11)  # out of step
        own = walk.points_2d[pose] - walk.points_2d[pose].mean(1, keepdims=True)
        across = np.linspace(-300.0, 300.0, count)[:, None, None] * [1.0, 0.0]
        others = 0.8 * own * [-1.0, 1.0] + where - across
        other = [Sighting(p, q, np.full(len(p), 0.97))
                 for p, q in zip(others, walk.points_3d[pose] * [-1, 1, 1], strict=True)]  # fmt: skip
        other = [layout(track.names).exchanged(seen, "everything") for seen in other]
        out[name] = (track.times[:count], Track(track.names, sightings(track)[:count], other))
    return out


def wrong_frames(times: np.ndarray, track: Track, kind: str, first: int) -> list[int]:
    """Frames in which something else than the truth was taken, or the truth, though among the readings, was not."""
    planted = KINDS[kind](track, first)
    readings = [planted.get(frame, [seen]) for frame, seen in enumerate(track.seen)]
    choice = choose_readings(track.names, times, readings)
    out = []
    for frame, (pick, what, truth) in enumerate(zip(choice.picks, choice.exchanges, track.seen, strict=True)):
        offered = [layout(track.names).exchanged(seen, way) for seen in readings[frame] for way in EXCHANGES]
        there = any(np.array_equal(seen.points_2d, truth.points_2d) for seen in offered)
        if pick < 0:
            wrong = there
        else:
            taken = layout(track.names).exchanged(readings[frame][pick], what)
            wrong = not np.array_equal(taken.points_2d, truth.points_2d)
        out += [frame] if wrong else []
    return out


@pytest.mark.parametrize("kind", FEW)
def test_a_planted_fault_leaves_no_wrong_frame(tracks, kind):
    times, track = tracks["walk"]
    assert wrong_frames(times, track, kind, FIRSTS[1]) == []


def test_there_are_twenty_kinds():
    assert len(KINDS) == 20
    assert set(FEW) < set(KINDS)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["walk", "jump"])
def test_no_planted_fault_leaves_a_wrong_frame(tracks, name, kind):
    times, track = tracks[name]
    assert {first: wrong_frames(times, track, kind, first) for first in FIRSTS} == {first: [] for first in FIRSTS}


def with_legs_exchanged(track, frames):
    """The track with the legs' labels exchanged in these frames."""
    to = layout(track.names).exchanges["legs"]
    values = [v.copy() for v in (track.points_2d, track.points_3d, track.confidence)]
    for value in values:
        value[frames] = value[frames][:, to]
    return replace(track, points_2d=values[0], points_3d=values[1], confidence=values[2])


@pytest.mark.parametrize("frames", [[20], list(range(40, 48)), [10, 11, 50, 51, 52]])
def test_exchanged_legs_of_a_track_are_put_right(walk, frames):
    fixed, found = told_apart(with_legs_exchanged(walk, np.array(frames)))
    assert np.flatnonzero(found).tolist() == frames
    np.testing.assert_array_equal(fixed.points_2d, walk.points_2d)
    np.testing.assert_array_equal(fixed.points_3d, walk.points_3d)


def test_legs_that_pass_each_other_are_left_alone(walk):
    fixed, found = told_apart(walk)
    assert not found.any()
    np.testing.assert_array_equal(fixed.points_2d, walk.points_2d)


def test_a_gap_a_point_never_seen_and_missing_metres_are_no_matter(walk):
    bad = with_legs_exchanged(walk, np.arange(24, 28))  # the legs are widest apart at 0.825 s
    nose = bad.index("nose")
    bad.points_2d[50:55], bad.confidence[50:55] = np.nan, 0.0
    bad.points_2d[:, nose], bad.confidence[:, nose] = np.nan, 0.0
    _, found = told_apart(replace(bad, points_3d=np.full_like(bad.points_3d, np.nan)))
    assert np.flatnonzero(found).tolist() == [24, 25, 26, 27]


def test_an_exchange_twice_is_none():
    body = layout(("nose", "left_hip", "right_hip", "left_wrist", "right_wrist"))
    for what, to in body.exchanges.items():
        assert [to[i] for i in to] == list(range(5)), what
    assert body.exchanges["legs"] == [0, 2, 1, 3, 4]
    assert body.exchanges["everything"] == [0, 2, 1, 4, 3]


@pytest.mark.parametrize("fps", [10.0, 240.0])
def test_at_any_rate_one_upside_down_reading_is_left_out(jump, camera, filmed, fps):
    """The demo's jump, with half a turn: nothing else is left out or exchanged at 10 or 240 frames a second.

    An estimator sees nearly the same pixels again after 1/240 s, so that its noise there is a third.
    """
    noise = 1.0 if fps < 30 else 1 / 3
    track = filmed(jump, camera, fps=fps, pixels=1.5 * noise, metres=0.02 * noise)
    seen = sightings(track)[: 30 if fps < 30 else 90]
    middle = len(seen) // 2
    planted = KINDS["upside down once"](Track(track.names, seen, seen), middle)
    choice = choose_readings(track.names, track.times[: len(seen)], [planted.get(i, [s]) for i, s in enumerate(seen)])
    assert np.flatnonzero(choice.picks < 0).tolist() == [middle]
    assert set(choice.exchanges) == {"nothing"}
