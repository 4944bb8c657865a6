"""The worst cases: which cell is shown, and that its rollout is one that ends there."""

import pytest
import torch

from envs.config import TrackingConfig
from envs.judge.robustness import Robustness, Scale
from envs.judge.worst import EARLIER, LATER, worst_cases
from sfv.character import load_character

SCALE = Scale(4, 2, (0.0, 1.0), (50.0, 5000.0), (3.0,), (1.0,), {}, (1.0,))


@pytest.fixture(scope="module")
def judge(wave) -> Robustness:
    def still(obs: torch.Tensor) -> torch.Tensor:
        return torch.zeros(len(obs), 28)

    return Robustness(still, wave, load_character("humanoid"), TrackingConfig(threads=1), SCALE, seed=1)


def found(*successes: float) -> dict[str, list[float]]:
    return {"rollouts": [4.0] * len(successes), "successes": list(successes)}


def test_the_easiest_setting_of_the_worst_that_half_fail_at(judge) -> None:
    parts = {part.name: part for part in judge.parts()}
    measured = {
        "terrain rough": found(4.0, 3.0),
        "terrain waves": found(2.0, 0.0),  # fewest successes; half get through at difficulty 0
        "push left": found(4.0, 4.0),
        "push backward": found(3.0, 0.0),
        "undisturbed": found(0.0),  # is neither
    }
    ground, push = worst_cases(judge, parts, measured)
    assert ground.words == "waves, 5 cm: 50 % get through"
    assert push.words == "pushed backward with 5000 N for 0.2 s: 0 % get through"
    assert not ground.shown.terrain.flat
    assert push.shown.terrain.flat
    # 5000 N for 0.2 s on 45 kg are 22 m/s: it leaves the reference behind, and the fall is in what is shown
    away = push.shown.simulated.qpos[:, :2] - push.shown.reference.qpos[:, :2]
    assert (away**2).sum(1).max() > 1.0
    for case in (ground, push):
        assert len(case.shown.simulated) == len(case.shown.reference)
        assert case.shown.simulated.duration <= EARLIER + LATER


def test_without_terrain_there_is_a_push_alone(judge) -> None:
    parts = {part.name: part for part in judge.parts()}
    (push,) = worst_cases(judge, parts, {"push left": found(4.0, 1.0), "undisturbed": found(4.0)})
    assert push.words.startswith("pushed left with 5000 N")
