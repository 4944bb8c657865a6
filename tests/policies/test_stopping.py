"""A training that is asked to stop, or that goes to NaN: what is kept, and that it goes on from there to the bit."""

import os
import signal
from dataclasses import replace

import pytest
import torch

from policies.config import TrainConfig
from policies.export import load_policy
from policies.stopping import Stopping
from policies.train import CHECKPOINT, train
from sfv.errors import InputError
from sfv.judged import Figures, Judged
from sfv.report import Report
from sfv.work.tensors import load_tensors, save_tensors

CONFIG = TrainConfig(
    budget="512",
    num_envs=16,
    steps=4,
    minibatch=64,
    hidden=(8,),
    evaluate_every=256,
    checkpoint_every=192,
    compile=False,
)
"""Eight iterations of 64 samples; checkpoints at 192 and 384 samples, evaluations at 256 and 512."""
pytestmark = pytest.mark.usefixtures("no_exports")


def judge(policy):
    near = float(torch.exp(-policy(torch.ones(1, 3)).square().sum()).detach())
    figures = Figures(near, near, near, near, near, 1.0, 0.0, 0.0, 0.0)
    return Judged(figures, Report("judged", figures.numbers()))


def weights(folder):
    return load_tensors(folder / "policy.safetensors", "")[0]


def signalled(number, when):
    """Sends this process a signal at a step."""

    def at(steps):
        if steps == when:
            os.kill(os.getpid(), number)
        return 1.0

    return at


@pytest.mark.parametrize(
    ("when", "samples"),
    [
        (10, 192),  # in the third iteration of four steps, which is finished first
        (16, 256),  # in the last step before an evaluation, which then waits for the training to go on
    ],
)
def test_who_stops_writes_down_where(tmp_path, when, samples, still):
    train(still(), judge, CONFIG, tmp_path / "whole")
    config = replace(CONFIG, checkpoint_every=10**6)  # nothing is written but for the signal
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        train(still(signalled(signal.SIGINT, when)), judge, config, tmp_path / "stopped")
    assert signal.getsignal(signal.SIGINT) is before
    tensors, _ = load_tensors(tmp_path / "stopped" / CHECKPOINT, "")
    assert int(tensors["learner.samples"]) == samples
    assert not (tmp_path / "stopped" / "policy.safetensors").exists()

    train(still(), judge, config, tmp_path / "stopped")
    wanted, got = weights(tmp_path / "whole"), weights(tmp_path / "stopped")
    assert all(torch.equal(wanted[name], got[name]) for name in wanted)
    rows = [(tmp_path / name / "progress.csv").read_text().splitlines() for name in ("whole", "stopped")]
    assert [line.split(",")[0] for line in rows[0]] == [line.split(",")[0] for line in rows[1]]


def test_a_second_ctrl_c_ends_at_once():
    with Stopping() as stopping:
        signal.raise_signal(signal.SIGINT)
        assert stopping.asked == signal.SIGINT  # and nothing ended
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_a_learner_that_goes_to_nan_stops_and_keeps_what_was_good(tmp_path, still):
    broken = still(lambda steps: float("nan") if steps == 18 else 1.0)  # in the fifth iteration, of 256 to 320 samples
    with pytest.raises(InputError, match=r"went to NaN before 320 samples; the checkpoint of 192 samples is whole"):
        train(broken, judge, CONFIG, tmp_path)
    train(still(), judge, CONFIG, tmp_path)
    assert all(torch.isfinite(tensor).all() for tensor in weights(tmp_path).values())


@pytest.mark.parametrize("wild", [float("nan"), 1e38])
def test_a_checkpoint_with_wild_numbers_is_refused(tmp_path, wild, still):
    train(still(), judge, CONFIG, tmp_path)
    tensors, about = load_tensors(tmp_path / CHECKPOINT, "")
    name = next(name for name in tensors if name.startswith("learner.policy.") and name.endswith("weight"))
    tensors[name][0, 0] = wild
    save_tensors(tmp_path / CHECKPOINT, tensors, about)
    with pytest.raises(InputError, match="numbers that no training makes"):
        train(still(), judge, replace(CONFIG, budget="1024"), tmp_path)


def test_so_is_such_a_policy(tmp_path, still):
    train(still(), judge, CONFIG, tmp_path)
    tensors, about = load_tensors(tmp_path / "policy.safetensors", "")
    tensors["action_net.bias"][0] = float("nan")
    save_tensors(tmp_path / "policy.safetensors", tensors, about)
    with pytest.raises(InputError, match="damaged"):
        load_policy(tmp_path)
