"""Straight gaits, bent."""

from dataclasses import replace

import numpy as np
import pytest

from sfv.character import Character
from sfv.check.support import slide_of
from sfv.interfaces import Take
from sfv.kinematics import motion_state
from sfv.motion import Motion
from sfv.priors.captions import measured
from sfv.priors.curves import ANGLES, LATERAL, curved
from sfv.priors.features import SOLES, Features, headings
from sfv.priors.gaits import takes


@pytest.fixture(scope="module")
def features(humanoid: Character) -> Features:
    return Features(humanoid)


@pytest.fixture(scope="module")
def walk(humanoid: Character) -> Take:
    return replace(takes(humanoid, 1, 4.2)[0], label="walk")


def test_a_walk_is_bent_to_the_left_and_its_sentence_is_measured(walk: Take, features: Features) -> None:
    out = curved([walk], features)
    assert len(out) == len(ANGLES)
    for take, angle in zip(out, ANGLES, strict=True):
        heading = headings(take.motion.qpos[:, 3:7])
        assert heading[-1] - heading[0] == pytest.approx(angle, abs=0.1)
        assert not take.captions
        assert take.motion.duration == walk.motion.duration
        rows = features.encode(take.motion)
        turn, velocity = rows[:, features.groups["turn"]].ravel(), rows[:, features.groups["velocity"]]
        said = measured(take.label, turn, velocity, features.fps)
        assert said == f"a person walks forward and turns {'around to the ' if angle > 2.0 else ''}left"
        # what is drawn inward by no more than LATERAL is as fast as it was
        assert np.linalg.norm(velocity.mean(0)) * angle / take.motion.duration < LATERAL * 1.05


def test_feet_stand_and_the_body_leans_into_the_curve(walk: Take, features: Features, humanoid: Character) -> None:
    turns = spun(walk.motion, features)
    for take, angle in zip(curved([walk], features), ANGLES, strict=True):
        assert slide_of(take.motion, humanoid) < 5.0  # cm/s
        # a foot turns as little while it stands as it did; with the body it would turn by this rate
        assert spun(take.motion, features) - turns < 0.25 * angle / take.motion.duration
        # to the left is inward: the body's up has a part along its left
        heading, up = headings(take.motion.qpos[:, 3:7]), ups(take.motion.qpos[:, 3:7])
        inward = (up[:, 0] * -np.sin(heading) + up[:, 1] * np.cos(heading)).mean()
        assert inward == pytest.approx(np.sin(np.arctan2(accelerated(take), 9.81)), abs=0.03)


def test_what_turns_already_is_short_or_is_no_gait_is_left(walk: Take, features: Features) -> None:
    (turned, _) = curved([walk], features)
    dance = replace(walk, label="dance")
    short = replace(walk, motion=replace(walk.motion, qpos=walk.motion.qpos[:90], contacts=None, contact_names=()))
    assert curved([turned, dance, short], features) == []


def test_a_fast_walk_is_slowed_and_a_run_is_not(features: Features, humanoid: Character) -> None:
    walk = replace(takes(humanoid, 1, 8.0)[0], label="walk")
    fast = replace(walk, motion=replace(walk.motion, fps=walk.motion.fps * 1.9).resampled(30.0))
    gentle, tight = curved([fast], features)
    assert accelerated(gentle) < LATERAL * 1.05
    assert accelerated(tight) == pytest.approx(LATERAL, rel=0.15)
    assert len(curved([replace(fast, label="run")], features)) == 1


def spun(motion: Motion, features: Features) -> float:
    """Mean rate (rad/s) at which soles turn about the vertical while they stand."""
    rows = features.encode(motion)
    points = motion_state(motion, features.character.model)
    rates = []
    for side, name in (("left", "left_ankle"), ("right", "right_ankle")):
        body = features.character.model.body(name).id
        on = rows[:, features.groups["contacts"]][:, [sole.startswith(side) for sole in SOLES]].min(1) > 0.5
        turned = np.abs(np.diff(np.unwrap(2.0 * np.arctan2(*points.xquat[:, body, [3, 0]].T))))
        rates.append(turned[on[1:] & on[:-1]].mean() * motion.fps)
    return float(np.mean(rates))


def ups(quat: np.ndarray) -> np.ndarray:
    w, x, y, z = quat.T
    return np.stack((2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)), 1)


def accelerated(take: Take) -> float:
    way = np.linalg.norm(np.diff(take.motion.qpos[:, :2], axis=0), axis=1).sum()
    heading = headings(take.motion.qpos[:, 3:7])
    return float(way / take.motion.duration * (heading[-1] - heading[0]) / take.motion.duration)
