"""An environment of a few lines, and trainings that write no more than they must."""

import pytest
import torch

from sfv.interfaces import Info, Step


@pytest.fixture
def no_exports(monkeypatch):
    """They take seconds and have tests of their own."""
    monkeypatch.setattr("policies.train.export_onnx", lambda *given: None)
    monkeypatch.setattr("policies.train.export_zip", lambda *given: None)


class Still:
    """Rewards actions near to what is seen; `at` is told of every step before it is taken."""

    num_envs, obs_size, action_size, device = 16, 3, 2, "cpu"

    def __init__(self, at=lambda steps: 1.0):
        self.generator, self.at, self.steps = torch.Generator().manual_seed(0), at, 0
        self.x = self.reset()

    def reset(self):
        self.x = torch.randn(16, 3, generator=self.generator)
        return self.x

    def step(self, action):
        self.steps += 1
        reward = self.at(self.steps) * torch.exp(-(action - self.x[:, :2]).square().sum(-1))
        never, obs = torch.zeros(16, dtype=torch.bool), self.reset()
        return Step(obs, reward, never, never, obs, Info(torch.ones(16, dtype=torch.long), never))

    def state(self):
        return {"x": self.x.clone(), "generator": self.generator.get_state()}

    def restore(self, state):
        self.x = state["x"].clone()
        self.generator.set_state(state["generator"])

    def describe(self):
        return {}


@pytest.fixture
def still():
    """The class, since each training needs a new one."""
    return Still
