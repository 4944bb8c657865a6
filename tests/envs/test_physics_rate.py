"""The same policy on finer physics."""

import pytest
import torch

from envs.config import TrackingConfig, at_rate
from envs.judge.evaluation import Evaluator
from envs.tracking import TrackingEnv
from sfv.character import load_character
from sfv.errors import InputError

CHARACTER = load_character("humanoid")
TASK = TrackingConfig(threads=1)


@pytest.mark.parametrize("hz", [120.0, 240.0, 480.0])
def test_an_evaluation_names_its_rate(wave, hz):
    evaluator = Evaluator(wave, CHARACTER, at_rate(TASK, hz), rollouts=2)
    assert evaluator.env.model.opt.timestep == pytest.approx(1 / hz)
    found = evaluator(lambda obs: torch.zeros(len(obs), 28))
    assert found.report["physics_rate"] == hz
    # a stand is a stand at any rate; the open loop's return at 120 Hz is .9
    assert found.report["success"] == 1.0
    assert found.report["normalised_return"] > 0.8


@pytest.mark.parametrize("hz", [120.0, 480.0])
def test_the_past_is_one_physics_step_ago(wave, hz):
    env = TrackingEnv([wave], CHARACTER, at_rate(TASK, hz), 2)
    env.reset_to(torch.zeros(2, dtype=torch.long), torch.tensor([44, 100]))
    moment = env.moment()  # at half way between frames of the clip, where it goes straight
    # positions move by velocity times the time between them: central differences over two ticks
    ahead, back = (env.library.at(env.clip, env.tick + k).xpos for k in (1, -1))
    moved = (ahead - back) * 120.0 / hz
    torch.testing.assert_close(moment.ref.xpos - moment.past.xpos, moved, atol=2e-4, rtol=0)


def test_a_rate_that_does_not_fit(wave):
    with pytest.raises(InputError, match="does not fit control at 30 Hz"):
        at_rate(TASK, 100.0)
