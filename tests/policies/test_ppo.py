"""The learner: returns worked out by hand, a toy task it must solve, exact resume."""

import math
from dataclasses import replace

import pytest
import torch

from policies.config import TrainConfig, parse_budget
from policies.ppo import PPO, gae
from sfv.errors import InputError
from sfv.interfaces import Info, Step


def test_reward_one_for_ever_under_a_time_limit_is_worth_its_whole():
    # the time limit's bootstrap is in the last reward: 1 + 0.9 * 10, so each step's return is 1 / (1 - 0.9) = 10
    reward = torch.tensor([[1.0], [1.0], [1.0 + 0.9 * 10.0]])
    done = torch.tensor([[False], [False], [True]])
    value = torch.zeros(4, 1)
    advantage = gae(reward, value, done, 0.9, 1.0)
    torch.testing.assert_close(advantage[:, 0], torch.tensor([10.0, 10.0, 10.0]))


def test_three_steps_of_gae():
    # gamma .5, lambda .5, values 1 2 3 4, rewards 1 1 1, no end:
    # delta = 1 + .5*2 - 1 = 1;  1 + .5*3 - 2 = .5;  1 + .5*4 - 3 = 0
    # A2 = 0; A1 = .5 + .25*0 = .5; A0 = 1 + .25*.5 = 1.125
    value = torch.tensor([[1.0], [2.0], [3.0], [4.0]])
    advantage = gae(torch.ones(3, 1), value, torch.zeros(3, 1, dtype=torch.bool), 0.5, 0.5)
    torch.testing.assert_close(advantage[:, 0], torch.tensor([1.125, 0.5, 0.0]))


def test_nothing_crosses_a_fall():
    value = torch.tensor([[1.0], [2.0], [100.0]])
    done = torch.tensor([[True], [False]])
    advantage = gae(torch.tensor([[0.5], [0.0]]), value, done, 0.9, 0.9)
    torch.testing.assert_close(advantage[0], torch.tensor([0.5 - 1.0]))


class Target:
    """Toy task: see a number in -1..1, act with it; reward exp(-(a - x)^2); episodes of 5 steps time out."""

    num_envs, obs_size, action_size, device = 64, 1, 1, "cpu"

    def __init__(self):
        self.generator = torch.Generator().manual_seed(0)
        self.age = torch.zeros(64, dtype=torch.long)
        self.x = self._draw()

    def _draw(self):
        return 2 * torch.rand(64, 1, generator=self.generator) - 1

    def reset(self):
        self.age[:] = 0
        self.x = self._draw()
        return self.x

    def step(self, action):
        reward = torch.exp(-(3 * (action - self.x)).square().sum(-1))
        self.age += 1
        final = self.x = self._draw()
        truncated = self.age >= 5
        info = Info(self.age.clone(), torch.zeros_like(truncated))
        self.age[truncated] = 0
        return Step(final, reward, torch.zeros_like(truncated), truncated, final, info)

    def state(self):
        return {"generator": self.generator.get_state(), "age": self.age.clone(), "x": self.x.clone()}

    def restore(self, state):
        self.generator.set_state(state["generator"])
        self.age, self.x = state["age"].clone(), state["x"].clone()

    def describe(self):
        return {"task": "toy"}


CONFIG = TrainConfig(
    num_envs=64,
    steps=8,
    minibatch=128,
    hidden=(32,),
    noise=(0.3, 0.1, 0.05),
    narrowing=2e4,
    learning_rate=1e-2,
    compile=False,
)


def test_it_solves_a_toy_task():
    learner = PPO(Target(), CONFIG)
    rewards = []
    for _ in range(40):
        learner.iterate()
        rewards.append(learner.log["reward"])
    assert rewards[0] < 0.45
    # with noise .1 the best expected reward is 1 / sqrt(1 + 2 * 9 * .01) = .92
    assert rewards[-1] > 0.8


def test_it_solves_it_with_bfloat16_in_the_hidden_layers(monkeypatch):
    monkeypatch.setattr("policies.ppo.half_pays", lambda device: True)
    learner = PPO(Target(), CONFIG)
    rollout = learner._collect()
    obs = rollout.obs.flatten(0, 1)
    again = learner.policy.actor(learner.policy.normaliser(obs), half=True)
    whole = learner.policy.actor(learner.policy.normaliser(obs))
    torch.testing.assert_close(again, rollout.mean.flatten(0, 1), rtol=0, atol=1e-6)  # so ratios begin at 1
    assert again.dtype == whole.dtype == torch.float32
    assert not torch.equal(again, whole)
    rewards = []
    for _ in range(40):
        learner.iterate()
        rewards.append(learner.log["reward"])
    assert rewards[-1] > 0.8


@pytest.mark.parametrize("optimizer", ["muon", "adam"])
def test_going_on_from_a_state_is_bit_for_bit(optimizer):
    learner, other = (PPO(Target(), replace(CONFIG, optimizer=optimizer)) for _ in range(2))
    for _ in range(3):
        learner.iterate()
    state = learner.state()
    for _ in range(3):
        learner.iterate()
    other.restore(state)
    for _ in range(3):
        other.iterate()
    for name, tensor in learner.state().items():
        assert torch.equal(tensor, other.state()[name]), name


def test_one_seed_one_policy():
    a, b = PPO(Target(), CONFIG), PPO(Target(), CONFIG)
    for _ in range(2):
        a.iterate()
        b.iterate()
    assert all(torch.equal(x, y) for x, y in zip(a.policy.parameters(), b.policy.parameters(), strict=True))


def test_importance_weights_of_starts():
    plain, ones, none = (PPO(Target(), CONFIG) for _ in range(3))
    rollout = PPO(Target(), CONFIG)._collect()
    before = [p.clone() for p in plain.policy.mlp_extractor.policy_net.parameters()]
    plain._update(rollout)
    ones._update(replace(rollout, weight=torch.ones_like(rollout.value)))
    none._update(replace(rollout, weight=torch.zeros_like(rollout.value)))
    for weight, other in zip(plain.policy.parameters(), ones.policy.parameters(), strict=True):
        assert torch.equal(weight, other)
    # what counts for nothing moves no action, while values are learnt all the same
    for start, now in zip(before, none.policy.mlp_extractor.policy_net.parameters(), strict=True):
        assert torch.equal(start, now)
    for weight, other in zip(plain.policy.value_net.parameters(), none.policy.value_net.parameters(), strict=True):
        assert torch.allclose(weight, other, atol=5e-2)
        assert other.abs().sum() > 0


class Minus:
    """The toy task in a mirror: left is minus right."""

    def obs(self, obs):
        return -obs

    def action(self, action):
        return -action


def test_a_mirror_makes_the_policy_even():
    # the best action is x, which is its own mirror image; how far from pi(-x) = -pi(x) is what has been learnt?
    x = torch.linspace(-1, 1, 21)[:, None]
    uneven = []
    for mirror in (False, True):
        env = Target()
        env.mirror = Minus
        learner = PPO(env, replace(CONFIG, mirror=mirror))
        for _ in range(10):
            learner.iterate()
        with torch.no_grad():
            there, back = (learner.policy.actor(learner.policy.normaliser(side)) for side in (x, -x))
        uneven.append(float((there + back).abs().mean()))
    assert uneven[1] < 0.5 * uneven[0]


def test_a_task_without_a_mirror():
    with pytest.raises(InputError, match="does not say how it looks in a mirror"):
        PPO(Target(), replace(CONFIG, mirror=True))


def test_noise_narrows_with_the_samples():
    learner = PPO(Target(), CONFIG)
    assert learner.noise == pytest.approx(0.3)
    learner.narrowed = 10_000
    assert learner.noise == pytest.approx(0.2)
    learner.narrowed = 20_000
    assert learner.noise == pytest.approx(0.1)
    learner.narrowed = 30_000
    assert learner.noise == pytest.approx(0.075)
    learner.narrowed = 10**9
    assert learner.noise == pytest.approx(0.05)
    assert learner._narrowed((0.06, 0.015)) == pytest.approx(0.015)


@pytest.mark.parametrize(("narrowed", "wanted"), [(0, 0.0), (30_000, 0.4), (50_000, 0.4), (10**9, 0.0)])
def test_exploration_lasts_for_a_while_once_it_is_narrow(narrowed, wanted):
    learner = PPO(Target(), replace(CONFIG, steps=100))
    learner.narrowed = narrowed
    assert learner.correlation == pytest.approx(wanted)
    width = learner.noise
    rollout = learner._collect()
    pushes = ((rollout.action - rollout.mean) / width).squeeze(-1)  # 100 steps in 64 environments
    assert float(pushes.std()) == pytest.approx(1.0, abs=0.05)  # narrower or wider it does not get
    assert float((pushes[1:] * pushes[:-1]).mean()) == pytest.approx(wanted, abs=0.06)
    assert torch.equal(learner.exploration, learner.state()["exploration"])
    learner.narrowed, learner.lasting = narrowed, 0.5
    assert learner.correlation == pytest.approx(0.5 * wanted)


def test_noise_stays_wide_while_a_skill_is_looked_for():
    learner = PPO(Target(), CONFIG)
    learner.settling = 0.0
    learner.iterate()
    assert learner.noise == pytest.approx(0.3)
    learner.settling, learner.lasting = 0.25, 0.75
    learner.iterate()
    assert learner.noise == pytest.approx(0.3 - 0.25 * 0.2 * learner.batch / 2e4)
    other = PPO(Target(), CONFIG)
    other.restore(learner.state())
    assert (other.samples, other.narrowed) == (2 * learner.batch, 0.25 * learner.batch)
    assert (other.settling, other.lasting) == (0.25, 0.75)


@pytest.mark.parametrize(
    ("text", "seconds", "samples"),
    [
        ("10min", 600, math.inf),
        ("90s", 90, math.inf),
        ("1.5h", 5400, math.inf),
        ("4M", math.inf, 4e6),
        ("500k", math.inf, 5e5),
        ("1000", math.inf, 1000),
    ],
)
def test_budgets(text, seconds, samples):
    budget = parse_budget(text)
    assert (budget.seconds, budget.samples) == (seconds, samples)


def test_a_budget_nobody_understands():
    with pytest.raises(InputError, match="'soon' is neither"):
        parse_budget("soon")
