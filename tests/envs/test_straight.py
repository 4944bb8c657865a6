"""Clips along a strip of ground: their way is along +x; loops that hardly turn are straight, others turn as before."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from envs.config import TrackingConfig
from envs.straight import BENT, laid
from envs.tracking import TrackingEnv
from sfv.character import load_character
from sfv.kinematics import motion_state
from sfv.motion import Motion
from sfv.priors.gaits import STYLES, gait
from sfv.surface import surface_track

CHARACTER = load_character("humanoid")
MODEL = CHARACTER.model
PACE = 0.9


def bending(degrees: float) -> Motion:
    """A cycle of a walk by formula that turns by so much to the left; it begins to the left of x."""
    style = replace(STYLES[0], pace=PACE, turn=np.radians(degrees) * PACE)
    motion = gait(CHARACTER, style, 1.0 / PACE + 1e-6, fps=36.0).motion  # 40 frames a cycle
    return replace(motion, loop=True)


def standing(motion: Motion) -> np.ndarray:
    """(T, 2): the middle of the points that are less than 1 cm above the lowest."""
    points = surface_track(MODEL, motion_state(motion, MODEL))
    low = points[..., 2] < points[..., 2].min(1, keepdims=True) + 0.01
    return np.stack([row[mask, :2].mean(0) for row, mask in zip(points, low, strict=True)])


def test_the_way_of_a_clip_is_along_x(stride: Motion) -> None:
    way = laid(stride, MODEL).qpos[-1] - laid(stride, MODEL).qpos[0]
    np.testing.assert_allclose(way[:3], [1.0, 0.0, 0.0], atol=1e-9)


@pytest.mark.parametrize("degrees", [7.0, -7.0])
def test_a_loop_that_hardly_turns_goes_straight(degrees: float) -> None:
    bent = bending(degrees)
    straight = laid(bent, MODEL)
    assert np.degrees(bent.cycle()[0]) == pytest.approx(degrees, abs=0.1)
    turn, shift = straight.cycle()
    assert abs(turn) < 1e-9
    assert abs(shift[1]) < 1e-9
    # of a step's length a turn of 7 degrees about another place than the root leaves 1 - cos(7 degrees) = .7 % to doubt
    assert shift[0] == pytest.approx(np.linalg.norm(bent.cycle()[1]), rel=0.02)
    # joints are as they were, and so are heights
    np.testing.assert_allclose(straight.qpos[:, 7:], bent.qpos[:, 7:])
    np.testing.assert_allclose(straight.qpos[:, 2], bent.qpos[:, 2])


def test_what_stands_keeps_its_place_while_the_body_is_turned_back() -> None:
    bent = bending(7.0)
    moved = [np.linalg.norm(np.diff(standing(motion), axis=0), axis=1) for motion in (bent, laid(bent, MODEL))]
    # turned back about the root, 7 / 40 degrees a frame, it would move by 0.27 mm in the middle frame
    assert np.median(np.abs(moved[1] - moved[0])) < 1e-4


def test_a_loop_that_means_to_turn_goes_on_turning(wave: Motion) -> None:
    turning = bending(20.0)
    assert laid(turning, MODEL).cycle()[0] == pytest.approx(turning.cycle()[0])
    assert np.radians(20.0) > BENT
    np.testing.assert_array_equal(laid(wave, MODEL).qpos, wave.qpos)  # goes nowhere


def test_a_walk_that_bends_climbs_its_slope_to_the_end() -> None:
    env = TrackingEnv([bending(7.0)], CHARACTER, TrackingConfig(threads=1, terrain=("slope_up:10deg",)), 2, 3)
    env.reset_to(torch.zeros(2).long(), torch.zeros(2).long())
    begin, end = (env.reference(env.tick + seconds * 240, env.everyone).qpos[0] for seconds in (10, 14))
    # 7 degrees a cycle would be 70 degrees to the side by now
    rise, run = float(end[2] - begin[2]), float((end - begin)[:2].norm())
    assert rise / run == pytest.approx(np.tan(np.radians(10.0)), rel=0.05)
