"""Motion matching: it finds what it has, fades what jumps, and goes where a path goes."""

import numpy as np
import pytest
import torch

from sfv.character import Character
from sfv.errors import InputError
from sfv.interfaces import Condition, MotionController, MotionPrior, Take
from sfv.priors.features import headings
from sfv.priors.gaits import takes
from sfv.priors.rows import fit_to
from sfv.priors.search.database import Database, travelled
from sfv.priors.search.matching import Aim, MotionMatching, along


@pytest.fixture(scope="module")
def matching(humanoid: Character) -> MotionMatching:
    """Of sixteen gaits of 3 s, and their mirror images."""
    prior = fit_to("motion-matching", takes(humanoid, 16, 3.0), humanoid)
    assert isinstance(prior, MotionMatching)
    return prior


def test_a_frame_of_the_database_is_found_again(matching: MotionMatching) -> None:
    database = matching.library.database
    everywhere = np.ones(len(database.keys), bool)
    for frame in (5, 200, 860):  # none within 10 of the end of its clip of 91
        found, distance = database.nearest(database.keys[frame], everywhere)
        np.testing.assert_allclose(database.keys[found], database.keys[frame], atol=1e-6)
        assert distance == pytest.approx(0.0, abs=1e-9)
    only = np.zeros(len(database.keys), bool)
    only[300:330] = True
    assert 300 <= database.nearest(database.keys[5], only)[0] < 330


def test_the_way_to_come_is_integrated(matching: MotionMatching) -> None:
    # 1 m/s ahead while turning by 1 rad/s: after 1 s (sin 1, 1 - cos 1), facing 1 rad
    rows = np.zeros((40, matching.library.basis.features.size))
    rows[:, :2] = 1.0
    places, directions = travelled(rows, [30], matching.library.basis.features)
    np.testing.assert_allclose(places[0], (np.sin(1.0), 1.0 - np.cos(1.0)), atol=0.02)
    np.testing.assert_allclose(directions[0], (np.cos(1.0), np.sin(1.0)), atol=1e-9)
    np.testing.assert_allclose(places[39], places[0], atol=1e-9)  # past the end it goes on


def test_a_jump_fades(matching: MotionMatching) -> None:
    matcher = matching.controller(Condition())
    state = matcher.start(0)
    for _ in range(10):
        state = matcher.step(state, Aim())
    # told to be far behind, it jumps to another clip
    back = np.tile((-1.0, 0.0), (3, 1)) * np.array((1 / 3, 2 / 3, 1.0))[:, None]
    jumped, rows = state, [state.row]
    for t in range(24):
        jumped = matcher.step(jumped, Aim(back, np.tile((1.0, 0.0), (3, 1))) if t < 3 else Aim())
        rows.append(jumped.row)
    pose = slice(3, -4)
    data = np.abs(np.diff(matching.library.database.rows[:, pose], axis=0)).max()
    assert np.abs(np.diff(np.stack(rows)[:, pose], axis=0)).max() < 1.5 * data
    assert matching.library.database.clip[jumped.frame] != matching.library.database.clip[state.frame]
    assert np.abs(jumped.off[pose]).max() < 0.02  # 0.7 s later; half is gone after 0.1


def test_it_goes_along_a_path(matching: MotionMatching) -> None:
    angle = np.linspace(0.0, 1.5 * np.pi, 60)
    path = np.stack((1.8 * np.sin(angle), 1.8 * (1.0 - np.cos(angle))), 1)
    (motion,) = matching.sample(Condition(path=path, label="walk"), 0, 1)
    # 8.5 m at 1.1 m/s
    assert motion.duration == pytest.approx(1.8 * 1.5 * np.pi / 1.1, abs=0.1)
    moments = np.linspace(0.0, motion.duration, 60)
    there = np.stack([np.interp(motion.times, moments, path[:, axis]) for axis in (0, 1)], 1)
    error = np.linalg.norm(motion.qpos[:, :2] - there, axis=1)
    assert error.mean() < 0.3
    turned = headings(motion.qpos[:, 3:7])[-1]
    assert turned == pytest.approx(1.5 * np.pi, abs=0.6)


def test_a_sentence_chooses_the_clips(matching: MotionMatching) -> None:
    squat = matching.sample(Condition(text="a person squats down", seconds=2.5), 0, 3)
    assert all(motion.qpos[:, 2].min() < 0.8 < motion.qpos[:, 2].max() for motion in squat)
    left = matching.sample(Condition(text="walking forward, then turning left", seconds=2.0), 1, 3)
    assert all(headings(motion.qpos[:, 3:7])[-1] > 0.5 for motion in left)


def test_where_a_straight_path_goes_on() -> None:
    # along x at 1 m/s; 0.5 m behind, 0.2 to the left and facing left by 90 degrees
    aim = along(np.array(((0.0, 0.0), (4.0, 0.0))), 4.0, 1.0, np.array((0.5, 0.2, np.pi / 2)))
    assert aim.here == pytest.approx((-0.2, -0.5, -np.pi / 2))
    np.testing.assert_allclose(aim.places[-1], (-0.2, -1.5), atol=1e-9)
    np.testing.assert_allclose(aim.directions, np.tile((0.0, -1.0), (3, 1)), atol=1e-9)


def test_it_is_a_prior_and_a_controller(matching: MotionMatching) -> None:
    assert isinstance(matching, MotionPrior)
    assert isinstance(matching.controller(Condition()), MotionController)
    with pytest.raises(InputError, match="two points"):
        matching.sample(Condition(path=np.zeros((1, 2))), 0, 1)


def test_clips_that_are_too_short_to_go_over_to_still_play(humanoid: Character, gaits: list[Take]) -> None:
    prior = fit_to("motion-matching", takes(humanoid, 1, 0.2), humanoid)
    (motion,) = prior.sample(Condition(seconds=1.0), 0, 1)
    assert motion.duration == pytest.approx(1.0)


def test_distances_are_weighed_by_group(matching: MotionMatching) -> None:
    clips = [clip.double() for clip in matching.library.clips]
    database = Database.of([clip.float() for clip in clips], matching.library.basis.features)
    spread = database.keys.std(0)
    assert spread[-6:].mean() == pytest.approx(1.5, rel=0.05)  # directions
    assert spread[:6].mean() == pytest.approx(0.75, rel=0.05)  # feet
    assert torch.is_tensor(matching.library.clips[0])
