"""What holds for every prior: seeds, files, what it cannot do is said, and what it learns of eight gaits."""

import importlib
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sfv.character import Character
from sfv.errors import InputError
from sfv.interfaces import Condition, MotionPrior, Take
from sfv.motion import Motion
from sfv.priors.features import headings
from sfv.priors.fitting import FitConfig
from sfv.priors.gaits import takes
from sfv.priors.latent.codec import FACTOR, CodecConfig
from sfv.priors.rows import ROWS, fit_to, load_prior, row_of, steps_of

WALK, LEFT, RIGHT = (f"a person walks forward{and_}" for and_ in ("", " and turns left", " and turns right"))


@pytest.fixture(scope="module", params=sorted(ROWS))
def prior(request: pytest.FixtureRequest, gaits: list[Take], humanoid: Character) -> MotionPrior:
    """Every prior after two steps: it knows nothing, and has to keep all promises but that of being good."""
    module: Any = importlib.import_module(ROWS[request.param].module)
    config = module.SIZES["tiny"]
    parts = {} if config is None else {part.name: getattr(config, part.name) for part in fields(config)}
    hurried = {name: replace(part, steps=2) for name, part in parts.items() if isinstance(part, FitConfig)}
    hurried |= {name: replace(part, bare=0) for name, part in parts.items() if isinstance(part, CodecConfig)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(module.SIZES, "tiny", replace(config, **hurried) if hurried else config)
        return fit_to(request.param, gaits, humanoid, "tiny")


def test_it_speaks_the_interface(prior: MotionPrior) -> None:
    assert isinstance(prior, MotionPrior)
    assert prior.name in ROWS
    assert prior.alike("walking forward, turning left")[0][0] == LEFT


def test_a_seed_makes_the_same_motion_and_another_seed_another(prior: MotionPrior) -> None:
    condition = Condition(text=WALK, seconds=1.5)
    first, again, other = (prior.sample(condition, seed, 4) for seed in (1, 1, 2))
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a.qpos, b.qpos)
    if ".search." not in ROWS[prior.name].module:  # which has two clips that say so, one of them in the mirror
        # what knows no chance but that of where it begins may begin twice at one place
        assert not all(np.array_equal(a.qpos, b.qpos) for a, b in zip(first, other, strict=True))
        assert not all(np.array_equal(first[0].qpos, b.qpos) for b in first[1:])


def test_it_lasts_as_long_as_was_asked(prior: MotionPrior) -> None:
    for seconds in (1.0, 2.0):
        (motion,) = prior.sample(Condition(seconds=seconds), 0, 1)
        assert motion.duration == pytest.approx(seconds, abs=4 / 30)
        assert motion.fps == 30.0


def test_its_file_makes_the_same_motion(prior: MotionPrior, humanoid: Character, tmp_path: Path) -> None:
    path = tmp_path / "prior.safetensors"
    prior.save(path)
    once = load_prior(path, humanoid)
    once.save(path)  # from here on all numbers are what half precision holds
    twice = load_prior(path, humanoid)
    condition = Condition(label="walk", seconds=1.0)
    a, b = (p.sample(condition, 3, 1)[0] for p in (once, twice))
    np.testing.assert_array_equal(a.qpos, b.qpos)


def test_it_says_what_it_cannot_do_and_who_can(prior: MotionPrior, gaits: list[Take]) -> None:
    row = ROWS[prior.name]
    path = np.array(((0.0, 0.0), (1.0, 0.0)))
    if "path" not in row.able:
        with pytest.raises(
            InputError, match="heeds no path; those that do: motion-graph, motion-matching, motion-vae, regression"
        ):
            prior.sample(Condition(path=path), 0, 1)
    keep = np.arange(61) < 30
    if "fill" in row.able:
        filled = prior.fill(gaits[0].motion, keep, Condition(), 0)
        np.testing.assert_array_equal(filled.qpos[keep], gaits[0].motion.qpos[keep])
    else:
        with pytest.raises(InputError, match="cannot fill; those that can: mdm, mld, momask"):
            prior.fill(gaits[0].motion, keep, Condition(), 0)


def test_a_prefix_is_gone_on_from(prior: MotionPrior, gaits: list[Take]) -> None:
    condition = Condition(prefix=gaits[0].motion, seconds=2.8)
    if "prefix" not in ROWS[prior.name].able:
        with pytest.raises(InputError, match="heeds no prefix"):
            prior.sample(condition, 0, 1)
        return
    (motion,) = prior.sample(condition, 0, 1)
    assert motion.duration == pytest.approx(2.8, abs=4 / 30)
    if prior.name in (
        "mdm",
        "motion-vae",
        "regression",
    ):  # codes of t2m-gpt give the prefix back as well as the codec can
        np.testing.assert_allclose(motion.qpos[:60, :3], gaits[0].motion.qpos[:60, :3], atol=1e-4)


def test_keyframes_are_gone_through(prior: MotionPrior, gaits: list[Take]) -> None:
    poses = gaits[0].motion.qpos
    condition = Condition(keyframes={0.0: poses[0], 1.0: poses[30], 2.0: poses[60]}, text=WALK)
    if "keyframes" not in ROWS[prior.name].able:
        with pytest.raises(InputError, match="heeds no keyframes"):
            prior.sample(condition, 0, 1)
        return
    first, second = prior.sample(condition, 0, 2)
    for motion in (first, second):
        np.testing.assert_array_equal(motion.qpos[[0, 30, 60]], poses[[0, 30, 60]])
    assert not np.array_equal(first.qpos, second.qpos)
    with pytest.raises(InputError, match=r"from 0 to 1\.5 s"):
        prior.sample(replace(condition, seconds=1.5), 0, 1)
    with pytest.raises(InputError, match="has 43 numbers"):
        prior.sample(Condition(keyframes={1.0: np.zeros(7)}), 0, 1)


def test_unknown_names_are_told(humanoid: Character, gaits: list[Take]) -> None:
    with pytest.raises(InputError, match="did you mean 'momask'"):
        row_of("momsk")
    with pytest.raises(InputError, match="no size 'huge'"):
        fit_to("mdm", gaits, humanoid, "huge")
    with pytest.raises(InputError, match="comes without weights; fit one"):
        load_prior("motion-matching", humanoid)
    assert steps_of("motion-matching", "tiny") == 0.0
    assert steps_of("t2m-gpt", "tiny") == 600.0


@pytest.mark.parametrize(("name", "codes"), [("t2m-gpt", "writer"), ("momask", "base"), ("mld", "denoiser")])
def test_the_longest_motion_is_that_of_the_small_size(name: str, codes: str) -> None:
    most = getattr(importlib.import_module(ROWS[name].module).SIZES["small"], codes).most
    assert ROWS[name].longest == pytest.approx(most * FACTOR / 30.0)


# ---- what they learn


def turned(motion: Motion) -> float:
    return float(np.diff(headings(motion.qpos[:, 3:7])[[0, -1]])[0])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["t2m-gpt", "momask", "mdm", "mld", "motion-vae"])
def test_it_learns_where_sentences_go(name: str, humanoid: Character) -> None:
    learnt = fit_to(name, takes(humanoid, 16, 3.0), humanoid, "tiny")
    ahead, left, right = (learnt.sample(Condition(text=text, seconds=2.0), 0, 8) for text in (WALK, LEFT, RIGHT))
    # gaits go at 1.1 m/s, and turn by 0.6 rad/s: 2.2 m, and 1.2 rad either way
    assert np.median([m.qpos[-1, 0] for m in ahead]) > 1.0
    assert np.median([turned(m) for m in left]) > 0.4
    assert np.median([turned(m) for m in right]) < -0.4
    still = learnt.sample(Condition(text="a person stands still", seconds=2.0), 0, 8)
    assert np.median([np.linalg.norm(m.qpos[-1, :2]) for m in still]) < 0.5
