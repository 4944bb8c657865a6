"""What teachers answer, and what a learner makes of it."""

from dataclasses import replace

import pytest
import torch

from policies.config import TrainConfig
from policies.export import DeterministicActor
from policies.networks import make_policy
from policies.ppo import PPO
from policies.teachers import Teachers
from sfv.interfaces import Info, Step

CONFIG = TrainConfig(
    num_envs=64, steps=8, minibatch=128, hidden=(32,), noise=(0.1, 0.1, 0.1), learning_rate=1e-2, compile=False
)


class Two:
    """Two clips: in each an environment sees a number in -1..1, and every action is worth the same."""

    num_envs, obs_size, action_size, device = 64, 1, 1, "cpu"

    def __init__(self) -> None:
        self.generator = torch.Generator().manual_seed(0)
        self.clip = torch.arange(64) % 2

    def reset(self):
        # the clip shows in what is seen, as the reference does in the task
        return (0.25 + 0.5 * torch.rand(64, 1, generator=self.generator)) * torch.where(self.clip == 0, -1.0, 1.0)[
            :, None
        ]

    def step(self, action):
        never = torch.zeros(64, dtype=torch.bool)
        obs = self.reset()
        return Step(obs, torch.full((64,), 0.5), never, never, obs, Info(torch.ones(64, dtype=torch.long), never))

    def state(self):
        return {"generator": self.generator.get_state()}

    def restore(self, state):
        self.generator.set_state(state["generator"])

    def describe(self):
        return {"task": "toy"}


def actor(value: float) -> DeterministicActor:
    """One that always does the same."""
    policy = make_policy(1, 1, (4,))
    with torch.no_grad():
        policy.action_net.bias.fill_(value)
        policy.action_net.weight.zero_()
    return DeterministicActor(policy)


def test_each_environment_is_answered_by_its_clip_s_own():
    env = Two()
    teachers = Teachers([actor(-0.3), actor(0.6)], env.clip)
    answer = teachers(env.reset())
    assert torch.equal(answer[:, 0], torch.where(env.clip == 0, -0.3, 0.6))
    env.clip[:] = 1  # the environment's own tensor is looked at anew
    assert torch.equal(teachers(env.reset()), torch.full((64, 1), 0.6))


def test_a_learner_does_what_it_is_taught_where_no_reward_says_so():
    env = Two()
    learner = PPO(env, CONFIG, teacher=Teachers([actor(-0.3), actor(0.6)], env.clip), lessons=1e9)
    for _ in range(30):
        learner.iterate()
    done = learner.policy.actor(learner.policy.normaliser(learner.obs))[:, 0].detach()
    wanted = torch.where(env.clip == 0, -0.3, 0.6)
    assert (done - wanted).abs().mean() < 0.1
    alone = PPO(Two(), CONFIG)
    for _ in range(30):
        alone.iterate()
    done = alone.policy.actor(alone.policy.normaliser(alone.obs))[:, 0].detach()
    assert (done - wanted).abs().mean() > 0.3


def test_lessons_end():
    env = Two()
    teachers = Teachers([actor(-0.3), actor(0.6)], env.clip)
    learner = PPO(env, CONFIG, teacher=teachers, lessons=4.0 * CONFIG.num_envs * CONFIG.steps)
    heard = []
    for _ in range(6):
        heard.append(learner.heard)
        rollout = learner._collect()
        assert (rollout.taught is not None) == (heard[-1] > 0)
        learner._update(rollout)
    assert heard == pytest.approx([1.0, 0.75, 0.5, 0.25, 0.0, 0.0])


def test_steps_are_free_while_a_teacher_is_heard():
    env = Two()
    strict = replace(CONFIG, target_kl=(1e-9,) * 4)  # which would shrink every step
    learner = PPO(env, strict, teacher=Teachers([actor(-0.3), actor(0.6)], env.clip), lessons=6.0 * 64 * 8)
    rates = []
    for _ in range(5):
        learner.iterate()
        rates.append(learner.log["learning_rate"])
    assert rates == pytest.approx([1e-2, 1e-2, 1e-2 / 1.3, 1e-2 / 1.3**2, 1e-2 / 1.3**3])
    alone = PPO(Two(), strict)
    alone.iterate()
    assert alone.log["learning_rate"] == pytest.approx(1e-2 / 1.3)


def test_a_learner_without_a_teacher_hears_none():
    env = Two()
    assert PPO(env, CONFIG).heard == 0.0


def test_going_on_in_the_middle_of_lessons_is_bit_for_bit():
    def fresh() -> PPO:
        env = Two()
        return PPO(env, replace(CONFIG), teacher=Teachers([actor(-0.3), actor(0.6)], env.clip), lessons=4e3)

    learner, other = fresh(), fresh()
    for _ in range(3):
        learner.iterate()
    other.restore(learner.state())
    for one in (learner, other):
        for _ in range(3):
            one.iterate()
    for name, wanted in learner.state().items():
        assert torch.equal(other.state()[name], wanted), name
