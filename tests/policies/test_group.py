"""Learners that work as one: two processes with half of the samples each do what one does with all of them."""

import os
import socket
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file

from policies.group import Group, Team
from sfv.errors import InputError

TOY = """
import sys
import torch
from dataclasses import replace
from safetensors.torch import save_file
from policies.config import TrainConfig
from policies.group import joined
from policies.ppo import PPO, Rollout
from sfv.interfaces import Info, Step

torch.set_num_threads(1)
ENVS, STEPS = 8, 6


class Toy:
    obs_size, action_size, device = 5, 2, "cpu"

    def __init__(self, num_envs, seed):
        self.num_envs, self.generator = num_envs, torch.Generator().manual_seed(seed)
        self.x = self.reset()

    def reset(self):
        self.x = torch.randn(self.num_envs, 5, generator=self.generator)
        return self.x

    def step(self, action):
        reward = torch.exp(-(action - self.x[:, :2]).square().sum(-1))
        never = torch.zeros(self.num_envs, dtype=torch.bool)
        obs = self.reset()
        return Step(obs, reward, never, never, obs, Info(torch.ones(self.num_envs, dtype=torch.long), never))

    def state(self):
        return {"generator": self.generator.get_state(), "x": self.x.clone()}

    def restore(self, state):
        self.generator.set_state(state["generator"])
        self.x = state["x"].clone()

    def describe(self):
        return {"task": "toy"}


CONFIG = TrainConfig(
    num_envs=ENVS, steps=STEPS, minibatch=ENVS * STEPS, epochs=4, hidden=(16, 8), learning_rate=1e-3,
    target_kl=(9.0,) * 4, compile=False,
)
group = joined()
"""

UPDATE = """
def learnt(optimizer):
    learner = PPO(Toy(group.share(ENVS), group.rank), replace(CONFIG, optimizer=optimizer), group)
    learner.half = False  # sums over halves of the samples are rounded otherwise there
    generator = torch.Generator().manual_seed(9)
    mine = slice(group.rank * ENVS // group.size, (group.rank + 1) * ENVS // group.size)
    for _ in range(3):
        obs, action, mean = (3 * torch.randn(STEPS, ENVS, size, generator=generator) + 1 for size in (5, 2, 2))
        advantage, value = torch.randn(2, STEPS, ENVS, generator=generator) * torch.arange(ENVS)  # halves that differ
        with torch.no_grad():
            mean = learner.policy.actor(learner.policy.normaliser(obs.flatten(0, 1))).unflatten(0, (STEPS, ENVS))
            action = mean + learner.noise * torch.randn(mean.shape, generator=generator)
        rollout = Rollout(*(x[:, mine] for x in (obs, action, mean, advantage, value)))
        learner._update(rollout)
        learner.policy.normaliser.merge(*group.moments(rollout.obs.flatten(0, 1)))
        learner.samples += learner.batch
        learner._follow()
    return learner.state() | {"kl": torch.tensor(learner.log["kl"])}

kept = ("policy", "average", "learning", "samples", "kl", "muon", "adam")
out = {f"{o}/{name}": x for o in ("muon", "adam") for name, x in learnt(o).items() if name.startswith(kept)}
save_file(out, f"{sys.argv[1]}/{group.rank}.safetensors")
"""

TRAIN = """
from pathlib import Path
from policies.train import train
from sfv.judged import Figures, Judged
from sfv.report import Report

class Stopped(Exception):
    pass

calls = 0
def judge(policy):
    global calls
    calls += 1
    if calls > int(sys.argv[2]):
        raise Stopped
    action = policy(torch.ones(1, 5))
    better = 0.1 * calls
    # exploration narrows by survival, whoever counts the calls
    return Judged(Figures(better, better, better, better, 0.0, 0.3, 0.0, 0.0, 0.0), Report("toy", ()))

config = replace(CONFIG, budget="960", minibatch=24, evaluate_every=240, checkpoint_every=240)
train(Toy(group.share(ENVS), group.rank), judge, config, Path(sys.argv[1]), group)
"""


def processes(count, script, *arguments):
    """Run a script in `count` processes as torchrun would; their exit codes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = [
        subprocess.Popen(
            [sys.executable, "-c", TOY + script, *map(str, arguments)],
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ
            | {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(count)}
            | {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1"},
        )
        for rank in range(count)
    ]
    errors = [process.communicate()[1] for process in running]
    return [(process.returncode, error) for process, error in zip(running, errors, strict=True)]


def test_two_with_half_each_do_what_one_does(tmp_path):
    for count in (1, 2):
        (tmp_path / str(count)).mkdir()
        for code, error in processes(count, UPDATE, tmp_path / str(count)):
            assert code == 0, error
    one = load_file(tmp_path / "1" / "0.safetensors")
    first, second = (load_file(tmp_path / "2" / f"{rank}.safetensors") for rank in range(2))
    for optimizer in ("muon", "adam"):
        # it grew from 1e-3 to its limit, the KL divergence being below 9/2
        assert float(one[f"{optimizer}/learning_rate"]) == 2e-3
        assert float(one[f"{optimizer}/kl"]) > 1e-4
    assert any(name.startswith("muon/muon.") for name in one)
    for name, wanted in one.items():
        # Muon rounds to bfloat16 on its way, so that gradients that differ in their last bit may move 2^-8 more or less
        off = 1e-3 if name.startswith("muon") else 1e-5
        torch.testing.assert_close(first[name], wanted, atol=off, rtol=off, msg=name)
        assert torch.equal(first[name], second[name]), name  # and none drifts from the others


@pytest.mark.slow
def test_a_group_s_training_killed_and_resumed_is_the_same(tmp_path):
    calm, killed = tmp_path / "calm", tmp_path / "killed"
    for code, error in processes(2, TRAIN, calm, 99):
        assert code == 0, error
    assert any(code for code, _ in processes(2, TRAIN, killed, 3))
    assert (killed / "checkpoint.safetensors").exists()
    assert not (killed / "policy.safetensors").exists()
    for code, error in processes(2, TRAIN, killed, 99):
        assert code == 0, error
    ours, theirs = (load_file(folder / "checkpoint.safetensors") for folder in (killed, calm))
    assert any(name.startswith("learner1.env") for name in ours)
    moving = [name for name in theirs if name.startswith("learner")]
    assert [name for name in moving if not torch.equal(ours[name], theirs[name])] == []
    (code, error), *_ = processes(1, TRAIN, killed, 99)
    assert code
    assert "was begun by 2 processes" in error


def test_what_cannot_be_shared():
    team = object.__new__(Team)
    team.size = 3
    assert team.share(12) == 4
    with pytest.raises(InputError, match="multiples of 3"):
        team.share(512)
    assert Group().share(7) == 7
