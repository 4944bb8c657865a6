"""Who touches the ground that his clip keeps off it, and what becomes of him where falls count."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from envs.config import TrackingConfig
from envs.judge.evaluate import evaluate, training_judge
from envs.judge.evaluation import judging_env
from envs.tracking import TrackingEnv
from sfv.character import load_character
from sfv.errors import InputError
from sfv.judged import Figures, Judged
from sfv.report import Report

CHARACTER = load_character("humanoid")
TASK = TrackingConfig(threads=1, start="fixed", max_deviation=100.0)
LYING = torch.tensor([np.sqrt(0.5), 0.0, np.sqrt(0.5), 0.0])


def laid(env: TrackingEnv, index: int) -> None:
    """On its face."""
    env.sim.qpos[index, 3:7] = LYING
    env.sim.qpos[index, 2] = 0.1


def test_touch_is_of_what_the_clip_keeps_off_the_ground(wave) -> None:
    env = TrackingEnv([wave], CHARACTER, TASK, 3)
    touch = env.touching()
    env.sim.forward()
    assert not touch(env.clip).any()  # it stands
    laid(env, 1)
    env.sim.qpos[2, 2] += 0.5  # flies
    env.sim.forward()
    assert touch(env.clip).tolist() == [False, True, False]


def test_of_each_clip_what_that_one_keeps_off(wave) -> None:
    down = wave.qpos.copy()
    down[:, 2], down[:, 3:7] = 0.1, LYING.numpy()
    env = TrackingEnv([wave, replace(wave, qpos=down)], CHARACTER, TASK, 2)
    touch = env.touching()
    laid(env, 0), laid(env, 1)
    env.sim.forward()
    assert touch(torch.tensor([0, 1])).tolist() == [True, False]


@pytest.mark.parametrize("falls", [True, False])
def test_an_episode_ends_by_a_fall(wave, falls) -> None:
    env = TrackingEnv([wave], CHARACTER, replace(TASK, falls=falls), 2)
    laid(env, 1)
    step = env.step(torch.zeros(2, env.action_size))
    assert step.terminated.tolist() == [False, falls]


def test_a_rollout_that_is_judged_fails_by_a_fall(wave) -> None:
    env = judging_env([wave], CHARACTER, replace(TASK, falls=True), 2, 0)
    env.reset()
    laid(env, 1)
    env.sim.forward()
    assert env.failed(torch.zeros(2, dtype=torch.bool), env.moment()).tolist() == [False, True]


def test_training_judges_falls_and_reports_do_not(wave, monkeypatch) -> None:
    """Nor do they see what training sees: other seeds, and where it is in doubt four times as many tries."""
    made = []

    class Made:
        def __init__(self, motion, character, config, rollouts, seed, watch=False) -> None:
            made.append((config.falls, rollouts, seed))

        def __call__(self, policy) -> Judged:
            return Judged(Figures(*9 * [0.0]), Report("judged", ()))

    monkeypatch.setattr("envs.judge.evaluate.Evaluator", Made)
    config = replace(TASK, falls=True)
    training_judge({"wave": wave}, CHARACTER, config)
    training_judge({"wave": wave}, CHARACTER, config, again=True)
    evaluate(torch.zeros_like, {"wave": wave}, CHARACTER, config, 4)
    assert made == [(True, 128, 1000), (True, 512, 1500), (False, 4, 2000)]


@pytest.mark.parametrize("threads", [1, 2])
def test_resuming_where_falls_count_is_bit_for_bit(wave, threads, goes_on) -> None:
    env, other = (TrackingEnv([wave], CHARACTER, replace(TASK, falls=True, threads=threads), 8) for _ in range(2))
    steps = goes_on(env, other, steps=40, size=4.0)
    assert sum(int(step.terminated.sum()) for step in steps) > 0


def test_who_waits_for_the_fallen_does_not_end_by_falls() -> None:
    with pytest.raises(InputError, match="leave out one"):
        replace(TASK, falls=True, recovery=2.0).check()
