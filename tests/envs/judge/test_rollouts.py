"""Rollouts: that who failed rests, and that nobody else notices."""

from dataclasses import replace

import numpy as np
import torch

from envs.config import TrackingConfig
from envs.judge.evaluation import begin, judging_env
from envs.judge.rollouts import Rollouts, roll_out
from envs.sim.cpu import CpuSim
from sfv.character import load_character

CHARACTER = load_character("humanoid")


def rolled(wave) -> tuple[Rollouts, torch.Tensor]:
    config = replace(TrackingConfig(threads=1), randomise=("strength:0:1",))
    env = judging_env([wave], CHARACTER, config, 8, 1)
    env.events.hold("strength", torch.linspace(0.0, 1.0, 8))
    everyone = torch.zeros(8, dtype=torch.long)
    done = roll_out(env, lambda obs: torch.zeros(len(obs), 28), begin(env, everyone, everyone == 0, 1), 2)
    return done, env.sim.qpos.clone()


def test_who_failed_rests_and_changes_nothing(wave, monkeypatch) -> None:
    resting, there = rolled(wave)
    monkeypatch.setattr(CpuSim, "rest", lambda sim, who: None)
    moving, elsewhere = rolled(wave)
    fell = resting.survived < resting.steps
    assert 0 < fell.sum() < 8  # without strength it falls
    for name in ("survived", "returns", "error", "root_error", "worst", "power"):
        torch.testing.assert_close(getattr(resting, name), getattr(moving, name), rtol=0, atol=0, equal_nan=True)
    for one, other in zip(resting.paths, moving.paths, strict=True):
        np.testing.assert_array_equal(one, other)
    # who stands is where he would be, and who fell lies higher than he would
    assert torch.equal(there[~fell], elsewhere[~fell])
    assert (there[fell, 2] > elsewhere[fell, 2]).all()
