"""The task of a motion that brings a ground of its own: its seat bears, and no other ground is asked for."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from envs.config import TrackingConfig
from envs.judge.evaluation import Evaluator
from envs.tracking import TrackingEnv
from sfv.character import load_character
from sfv.errors import InputError
from sfv.motion import Motion
from sfv.terrain.terrain import NO_BLOCK, Terrain

CHARACTER = load_character("humanoid")


@pytest.fixture(scope="module")
def raised(wave: Motion) -> Motion:
    """The wave, done 0.4 m up on a board of 2 m."""
    qpos = wave.qpos.copy()
    qpos[:, 2] += 0.4
    tops, level = np.full((30, 30), NO_BLOCK), np.zeros((31, 31))
    tops[5:25, 5:25] = 0.4
    return replace(wave, qpos=qpos, ground=Terrain(level, tops, level, 0.1, (-1.5, -1.5), thick=0.2))


def heights(motion: Motion, seconds: float = 0.5) -> list[float]:
    """Height of the root above where the motion begins (m), at the start and after the servos alone have acted."""
    env = TrackingEnv([motion], CHARACTER, TrackingConfig(threads=1, start="fixed", velocity_noise=0.0), 1)
    start = torch.zeros(1, dtype=torch.long)
    env.reset_to(start, start)
    out = [float(env.sim.qpos[0, 2]) - motion.qpos[0, 2]]
    for _ in range(int(seconds * 30)):
        env.advance(torch.zeros(1, env.action_size))
    return [*out, float(env.sim.qpos[0, 2]) - motion.qpos[0, 2]]


def test_a_board_bears_as_the_floor_does(wave: Motion, raised: Motion) -> None:
    # the same to a millimetre as on the floor; without the board it falls 0.5 g t^2 and lands 0.4 m below
    assert heights(raised) == pytest.approx(heights(wave), abs=1e-3)
    assert heights(replace(raised, ground=wave.ground))[1] == pytest.approx(-0.4, abs=0.1)


def test_who_begins_in_the_board_is_lifted_out_of_it(raised: Motion) -> None:
    qpos = raised.qpos.copy()
    qpos[:, 2] -= 0.03
    assert heights(replace(raised, qpos=qpos))[0] == pytest.approx(0.03, abs=1e-6)


def test_a_ground_of_its_own_is_trained_on_alone(wave: Motion, raised: Motion) -> None:
    for motions, terrain in (([raised], ("rough",)), ([raised, wave], ())):
        with pytest.raises(InputError, match="has a ground of its own"):
            TrackingEnv(motions, CHARACTER, TrackingConfig(threads=1, terrain=terrain), 2)


def test_what_is_judged_stands_on_it(raised: Motion) -> None:
    class Still:
        def __call__(self, obs: torch.Tensor) -> torch.Tensor:
            return torch.zeros(len(obs), CHARACTER.model.nu)

    found = Evaluator(raised, CHARACTER, TrackingConfig(threads=1), rollouts=1)(Still())
    assert found.shown is not None
    assert found.shown.terrain is raised.ground
    assert found.shown.simulated.ground is raised.ground
