"""Gaits of which everything is known."""

import numpy as np
import pytest

from sfv.character import Character, load_character
from sfv.kinematics import motion_state
from sfv.priors.features import headings
from sfv.priors.gaits import STYLES, Style, gait, takes
from sfv.surface import lowest


@pytest.fixture(scope="module")
def character() -> Character:
    return load_character("humanoid")


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.caption)
def test_the_foot_that_stands_stays(character: Character, style: Style) -> None:
    made = gait(character, style, 2.0)
    state = motion_state(made.motion)
    for side, name in enumerate(("left_ankle", "right_ankle")):
        foot = state.xpos[:, made.motion.skeleton.body_names.index(name) + 1]
        stays = made.stands[:-1, side] & made.stands[1:, side]
        going = 30.0 * np.linalg.norm(np.diff(foot[:, :2], axis=0), axis=1)
        assert np.median(going[stays]) < 0.2
    np.testing.assert_allclose(lowest(character.model, motion_state(made.motion, character.model)), 0.0, atol=1e-9)


def test_a_walk_goes_where_its_caption_says(character: Character) -> None:
    forward, backward, left, right = (gait(character, style, 3.0).motion for style in STYLES[:4])
    assert forward.qpos[-1, 0] > 2.0
    assert backward.qpos[-1, 0] < -1.0
    # 3 s at 0.6 rad/s
    assert headings(left.qpos[:, 3:7])[-1] == pytest.approx(1.8, abs=0.01)
    assert headings(right.qpos[:, 3:7])[-1] == pytest.approx(-1.8, abs=0.01)


def test_phase_is_the_pace_times_time(character: Character) -> None:
    made = gait(character, STYLES[0], 2.0, phase=0.25)
    np.testing.assert_allclose(made.phase, 0.25 + 0.9 * np.arange(61) / 30.0)
    # the left foot stands in the first half of each cycle
    np.testing.assert_array_equal(made.stands[:, 0], np.sin(2 * np.pi * made.phase) >= 0)


def test_takes_are_of_all_styles_and_the_same_for_a_seed(character: Character) -> None:
    some, same = takes(character, 9, 1.0, seed=2), takes(character, 9, 1.0, seed=2)
    assert {take.label for take in some} == {"walk", "run", "squat", "wave", "stand"}
    assert all(np.array_equal(a.motion.qpos, b.motion.qpos) for a, b in zip(some, same, strict=True))
    assert not np.array_equal(some[0].motion.qpos, some[8].motion.qpos)
    assert some[0].captions == some[8].captions
