"""The priors that come with sfv: small, told where they are from, and a walk is a walk."""

import json
from pathlib import Path

import numpy as np
import pytest

from sfv.character import Character
from sfv.check.check import check
from sfv.interfaces import Condition
from sfv.pipeline.reference import mended
from sfv.priors.features import headings
from sfv.priors.rows import COMING, ROWS, WEIGHTS, load_prior

SHIPPED = sorted(path for path in WEIGHTS.glob("*.safetensors") if path.stem not in ("lifter", "tracker"))
MOST = 4_000_000
"""Bytes of a file."""


def test_those_that_come_with_sfv_are_there() -> None:
    assert {path.stem for path in SHIPPED} == set(COMING) <= set(ROWS)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_each_is_small_and_says_where_it_is_from(path: Path) -> None:
    assert path.stat().st_size < MOST
    about = json.loads(path.with_suffix(".json").read_text())
    assert {"data", "licences", "command", "commit", "date", "seed", "parameters"} <= about.keys()
    assert "mocap.cs.cmu.edu" in json.dumps(about["licences"])


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_walk_goes_on(path: Path, humanoid: Character) -> None:
    prior = load_prior(path.stem, humanoid)
    assert "walk" in prior.alike("a person walks forward")[0][0]
    made = prior.sample(Condition(text="a person walks forward", seconds=3.0), 0, 8)
    # the walks that it was fitted to go at 0.9 to 1.9 m/s
    forward = [motion.qpos[-1, 0] for motion in made]
    assert 1.5 < np.median(forward) < 6.0
    height = np.stack([motion.qpos[:, 2] for motion in made])
    assert 0.7 < height.min() < height.max() < 1.1
    # MDM walks in curves now and then; of eight samples sfv generate keeps a straight one
    turned = np.abs([headings(motion.qpos[:, 3:7])[-1] for motion in made])
    assert np.median(turned) < 0.8
    assert turned.min() < 0.5


@pytest.mark.slow
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_walk_that_turns_passes_the_check_once_mended(path: Path, humanoid: Character) -> None:
    text = "a person walks forward and turns around to the left"
    made = load_prior(path.stem, humanoid).sample(Condition(text=text, seconds=4.0), 0, 10)
    assert np.median([headings(motion.qpos[:, 3:7])[-1] for motion in made]) > np.radians(90.0)
    passed = [check(mended(motion, humanoid)[0], humanoid).passed for motion in made]
    assert sum(passed) >= 8
