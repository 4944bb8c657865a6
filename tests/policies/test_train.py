"""Training as a whole on a small task: files, export, killing and going on."""

import csv
from dataclasses import replace

import numpy as np
import pytest
import torch

from envs.config import TrackingConfig
from envs.judge.evaluation import Evaluator
from envs.tracking import TrackingEnv
from policies.config import TrainConfig
from policies.export import load_policy
from policies.ppo import PPO
from policies.settling import settled
from policies.train import _Run, train
from sfv.character import load_character
from sfv.errors import InputError
from sfv.judged import Figures, Judged
from sfv.report import Report
from sfv.work.tensors import load_tensors

CHARACTER = load_character("humanoid")
TASK = TrackingConfig(threads=1)
CONFIG = TrainConfig(
    budget="1536",
    num_envs=16,
    steps=8,
    minibatch=64,
    hidden=(32, 16),
    evaluate_every=512,
    checkpoint_every=256,
    compile=False,
)


NOTHING = Figures(*9 * [0.0])


class Stopped(Exception):
    """Stands for SIGKILL."""


def run(wave, folder, stop_after=None):
    evaluator = Evaluator(wave, CHARACTER, TASK, rollouts=2)
    calls = 0

    def judge(policy):
        nonlocal calls
        calls += 1
        if stop_after is not None and calls > stop_after:
            raise Stopped
        return evaluator(policy)

    return train(TrackingEnv([wave], CHARACTER, TASK, CONFIG.num_envs, CONFIG.seed), judge, CONFIG, folder)


@pytest.fixture(scope="module")
def trained(wave, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    run(wave, folder)
    return folder


def read(folder):
    return list(csv.DictReader((folder / "progress.csv").read_text().splitlines()))


def test_files(trained):
    names = {path.name for path in trained.iterdir()}
    assert {"policy.safetensors", "policy.zip", "policy.onnx", "progress.csv", "checkpoint.safetensors"} <= names
    assert list((trained / "tensorboard").iterdir())
    rows = read(trained)
    assert [float(row["samples"]) for row in rows] == [0, 512, 1024, 1536]
    assert all(0 <= float(row["normalised_return"]) <= 1 for row in rows)


def judged(**figures):
    """What a judge says who always says the same."""
    found = replace(NOTHING, **figures)
    return Judged(found, Report("judged", found.numbers()))


@pytest.mark.parametrize(("survival", "pace"), [(0.0, 0.0), (0.1, 0.5), (0.7, 1.0)])
def test_exploration_narrows_for_those_who_stay_up(wave, tmp_path, survival, pace):
    found = judged(survival=survival)
    env = TrackingEnv([wave], CHARACTER, TASK, CONFIG.num_envs, CONFIG.seed)
    train(env, lambda policy: found, replace(CONFIG, narrowing=1e4), tmp_path)
    last, (wide, narrow, _) = read(tmp_path)[-1], CONFIG.noise
    assert float(last["noise"]) == pytest.approx(wide + (narrow - wide) * pace * float(last["samples"]) / 1e4)


@pytest.mark.parametrize(("success", "pace"), [(0.25, 0.0), (0.5, 0.5), (0.8, 1.0)])
def test_who_began_from_another_narrows_by_what_is_found(wave, tmp_path, success, pace):
    """Survival says nothing: the other policy stays up from the start."""
    env = TrackingEnv([wave], CHARACTER, TASK, CONFIG.num_envs, CONFIG.seed)
    learner = PPO(env, CONFIG)
    learner.narrowed = CONFIG.narrowing
    found = judged(survival=1.0, success=success)
    _Run(learner, lambda policy: found, CONFIG, tmp_path, from_another=True).evaluate()
    assert learner.settling == pytest.approx(pace)


def test_who_began_from_another_takes_small_steps_at_first(wave, trained, tmp_path):
    """A fifth of the first step; 1.3 times as large after an iteration that was far below its target."""
    env = TrackingEnv([wave], CHARACTER, TASK, CONFIG.num_envs, CONFIG.seed)
    config = replace(CONFIG, budget="128", evaluate_every=128, target_kl=(100.0,) * 4)
    train(env, lambda policy: judged(), config, tmp_path, begun_from=trained)
    assert float(read(tmp_path)[-1]["learning_rate"]) == pytest.approx(0.2 * 1.3 * config.learning_rate)


@pytest.mark.parametrize(("survival", "pace"), [(0.5, 0.0), (0.7, 0.5), (0.95, 1.0)])
def test_steps_shrink_only_for_those_who_hardly_fall(wave, tmp_path, survival, pace):
    env = TrackingEnv([wave], CHARACTER, TASK, CONFIG.num_envs, CONFIG.seed)
    learner = PPO(env, CONFIG)
    learner.narrowed = 2.0 * CONFIG.narrowing
    _Run(learner, lambda policy: judged(survival=survival), CONFIG, tmp_path).evaluate()
    assert learner.settling == pytest.approx(pace)


@pytest.mark.parametrize(
    ("survival", "strict", "share"),
    [(0.2, 0.0, 0.0), (0.375, 0.0, 0.5), (1.0, 0.8, 1.0), (1.0, 0.95, 0.5), (1.0, 1.0, 0.0)],
)
def test_exploration_lasts_while_a_skill_is_there_but_not_firm(wave, tmp_path, survival, strict, share):
    env = TrackingEnv([wave], CHARACTER, TASK, CONFIG.num_envs, CONFIG.seed)
    learner = PPO(env, CONFIG)
    _Run(learner, lambda policy: judged(survival=survival, strict_success=strict), CONFIG, tmp_path).evaluate()
    assert learner.lasting == pytest.approx(share)


@pytest.mark.parametrize(
    ("narrowing", "ended"),
    [
        (100.0, 1024),  # the fifth evaluation
        (400.0, 1280),  # three times as long
    ],
)
def test_training_does_not_end_before_exploration_is_narrow(wave, tmp_path, narrowing, ended):
    figures = dict.fromkeys(("success", "success_random_phase", "survival"), 1.0)
    found = judged(normalised_return=0.9, **figures)
    config = replace(CONFIG, narrowing=narrowing, evaluate_every=256)
    env = TrackingEnv([wave], CHARACTER, TASK, CONFIG.num_envs, CONFIG.seed)
    train(env, lambda policy: found, config, tmp_path)
    assert float(read(tmp_path)[-1]["samples"]) == ended


def test_three_readers_act_alike(trained):
    import onnxruntime
    from stable_baselines3 import PPO

    policy, about = load_policy(trained)
    obs = torch.randn(5, about["obs_size"], generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        wanted = policy(obs).numpy()
    theirs, _ = PPO.load(trained / "policy.zip", device="cpu").predict(obs.numpy(), deterministic=True)
    np.testing.assert_allclose(theirs, wanted, atol=1e-6)
    session = onnxruntime.InferenceSession(str(trained / "policy.onnx"), providers=["CPUExecutionProvider"])
    (onnx_action,) = session.run(None, {"obs": obs.numpy()})
    np.testing.assert_allclose(onnx_action, wanted, atol=1e-5)
    assert "kp" in session.get_modelmeta().custom_metadata_map


def test_killed_and_resumed_is_the_same_training(wave, trained, tmp_path):
    with pytest.raises(Stopped):
        run(wave, tmp_path, stop_after=2)
    assert (tmp_path / "checkpoint.safetensors").exists()
    assert not (tmp_path / "policy.safetensors").exists()
    run(wave, tmp_path)
    ours, _ = load_tensors(tmp_path / "policy.safetensors", "")
    theirs, _ = load_tensors(trained / "policy.safetensors", "")
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    assert [row | {"minutes": ""} for row in read(tmp_path)] == [row | {"minutes": ""} for row in read(trained)]


@pytest.mark.parametrize(
    ("returns", "success", "wanted"),
    [
        ((0.9818, 0.9830, 0.9840, 0.9845, 0.9841), 1.0, False),  # a twentieth of what is missing to 1 is yet gained
        ((0.978, 0.9785, 0.9782, 0.9790, 0.9788), 1.0, True),
        ((0.678, 0.6785, 0.6782, 0.6890, 0.6788), 1.0, True),  # .011 is little, where .32 are missing
        ((0.978, 0.9785, 0.9782, 0.9790, 0.9788), 0.97, False),  # the skill is not there
        ((0.9785, 0.9782, 0.9790, 0.9788), 1.0, False),  # too soon to say
    ],
)
def test_training_ends_where_nothing_more_is_gained(returns, success, wanted):
    there = replace(NOTHING, success=1.0, success_random_phase=success)
    assert settled([replace(there, normalised_return=value) for value in returns]) is wanted


def test_no_policy_there(tmp_path):
    with pytest.raises(InputError, match="sfv train MOTION"):
        load_policy(tmp_path)


def test_a_broken_policy_file(tmp_path):
    (tmp_path / "policy.safetensors").write_bytes(b"not tensors")
    with pytest.raises(InputError, match="no safetensors file of sfv"):
        load_policy(tmp_path)
