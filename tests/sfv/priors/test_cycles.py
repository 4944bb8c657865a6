"""Strides again and again."""

import numpy as np
import pytest

from sfv.character import Character
from sfv.priors.cycles import LASTING, gone_on
from sfv.priors.gaits import takes


def test_a_walk_of_two_seconds_goes_on_and_a_long_one_stays(humanoid: Character) -> None:
    walk, longer = takes(humanoid, 1, 2.0)[0], takes(humanoid, 1, 5.0)[0]
    (more,) = gone_on([walk, longer], humanoid)
    assert more.captions == walk.captions
    assert more.split == walk.split
    assert more.motion.duration == pytest.approx(LASTING)
    # the gait goes on as fast as it went, and no frame differs more from the next than in the take
    pace = float(np.linalg.norm(walk.motion.qpos[-1, :2])) / 2.0
    assert np.linalg.norm(more.motion.qpos[-1, :2]) / LASTING == pytest.approx(pace, rel=0.1)
    steps, before = (np.abs(np.diff(m.qpos, axis=0)).max() for m in (more.motion, walk.motion))
    assert steps < 1.2 * before


def test_what_repeats_too_slowly_to_be_a_gait_does_not(humanoid: Character) -> None:
    squat = takes(humanoid, 6, 4.0)[5]  # once in two seconds
    assert gone_on([squat], humanoid) == []
