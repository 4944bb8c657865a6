"""Start distributions that learn: they go where the return is, their weights average to one, they resume exactly."""

from dataclasses import replace

import mujoco
import numpy as np
import pytest
import torch

from envs.adaptive import COMPONENTS, DISCOUNT, EPISODES, FLOOR, STARTS, displaced
from envs.config import TrackingConfig
from envs.library import MotionLibrary
from envs.tracking import TrackingEnv
from sfv.character import load_character

CHARACTER = load_character("humanoid")
MODEL = CHARACTER.model
N = 500


@pytest.fixture(scope="module")
def library(wave):
    return MotionLibrary([wave, replace(wave, loop=True)], CHARACTER)


def play(starts, value, updates, seed=0):
    """One-step episodes whose reward is `value(clip, tick, offset)`, for some steps of the distribution."""
    generator = torch.Generator().manual_seed(seed)
    everyone, ended = torch.arange(N), torch.ones(N, dtype=torch.bool)
    for _ in range(updates * EPISODES // N):
        clip, tick = starts.sample(N, generator)
        offset = starts.begin(everyone, clip, tick, generator)
        starts.earned(value(clip, tick, offset), ~ended, ended)


def test_states_move_to_where_the_return_is(library):
    # the return grows with one joint's offset near the clip's start and falls with it near the end; nowhere else
    starts = STARTS["asi"](library, N)
    first = starts.held["log_std"].exp()

    def value(clip, tick, offset):
        phase = tick / library.ticks[clip]
        sign = (phase < 0.2).float() - (phase > 0.8).float()
        return 0.5 + sign * offset[:, 20]

    play(starts, value, 25)
    moved = (starts.held["mean"] / first).view(2, COMPONENTS, -1)
    assert (moved[:, :2, 20] > 2).all()
    assert (moved[:, 8:, 20] < -2).all()
    rest = moved[:, 2:8, 20]
    assert rest.abs().max() < 1  # what the return does not depend on only wanders


def test_spread_shrinks_where_deviation_costs(library):
    starts = STARTS["asi"](library, N)
    first = starts.held["log_std"].clone()
    play(starts, lambda clip, tick, offset: -offset[:, 20].square(), 10)
    change = (starts.held["log_std"] - first).exp()
    assert (change[:, 20] < 0.5).all()
    assert (change[:, 40] > 0.7).all()


def test_weighted_starts_move_to_the_second_half(library):
    starts = STARTS["asi-weighted"](library, N)
    play(starts, lambda clip, tick, _: (2 * tick > library.ticks[clip]).float(), 20)
    assert (starts.chances[:, 5:].sum(-1) > 0.8).all()
    torch.testing.assert_close(starts.chances.sum(-1), torch.ones(2))
    assert (starts.chances >= FLOOR / COMPONENTS - 1e-6).all()
    # and what is learnt from them still counts as from uniform starts: E[w] = sum p / (k p) = 1, E[w f] = mean of f
    generator = torch.Generator().manual_seed(1)
    clip, tick = starts.sample(40_000, generator)
    weight = starts.weights(clip, tick)
    phase = tick / library.ticks[clip]
    assert weight.max() <= 1 / FLOOR + 1e-4
    assert float(weight.mean()) == pytest.approx(1.0, abs=0.02)
    assert float(phase.mean()) > 0.6
    assert float((weight * phase).mean()) == pytest.approx(0.5, abs=0.02)


def test_plain_adaptive_starts_stay_uniform(library):
    starts = STARTS["asi"](library, N)
    play(starts, lambda clip, tick, _: (2 * tick > library.ticks[clip]).float(), 5)
    clip, tick = starts.sample(40_000, torch.Generator().manual_seed(1))
    parts = torch.bincount(COMPONENTS * tick // library.ticks[clip], minlength=COMPONENTS)
    assert (parts / 40_000 - 1 / COMPONENTS).abs().max() < 0.01
    assert starts.weight is None


def test_returns_of_a_fall_and_of_a_time_out(library):
    # rewards 1, 1, then the end. Fallen: (1 - g)(1 + g); out of time: that + g^2 = 1
    starts = STARTS["asi"](library, 2)
    zero, both = torch.zeros(2, dtype=torch.long), torch.ones(2, dtype=torch.bool)
    starts.begin(torch.arange(2), zero, zero, torch.Generator().manual_seed(0))
    starts.earned(torch.ones(2), ~both, ~both)
    starts.earned(torch.ones(2), torch.tensor([True, False]), torch.tensor([False, True]))
    assert float(starts.held["count"][0]) == 2
    assert float(starts.held["returns"][0]) == pytest.approx((1 - DISCOUNT) * (1 + DISCOUNT) + 1)


@pytest.mark.parametrize("name", ["asi", "asi-weighted"])
def test_going_on_from_a_state(library, name):
    def value(clip, tick, offset):
        return offset[:, 20] + tick / library.ticks[clip]

    one, other = STARTS[name](library, N), STARTS[name](library, N)
    play(one, value, 2)
    other.restore(one.state())
    play(one, value, 2, seed=1)
    play(other, value, 2, seed=1)
    assert torch.equal(one.state(), other.state())
    assert all(torch.equal(one.held[name], other.held[name]) for name in one.held)


@pytest.mark.parametrize("name", ["asi", "asi-weighted"])
def test_the_task_starts_off_the_reference_and_resumes(wave, name, goes_on):
    config = TrackingConfig(threads=1, start=name, velocity_noise=0.0)
    env, other = (TrackingEnv([wave], CHARACTER, config, 8, seed=3) for _ in range(2))
    gap = env.sim.qpos[:, 7:].float() - env.library.at(env.clip, env.tick).qpos[:, 7:]
    assert (gap.abs().max(-1).values > 0.01).all()
    last = goes_on(env, other)[-1]
    assert torch.equal(env.starts.state(), other.starts.state())
    assert (last.info.weight is not None) == (name == "asi-weighted")
    assert float(env.starts.held["count"].sum()) > 0


def test_displaced_is_mj_integratepos(wave):
    env = TrackingEnv([wave], CHARACTER, TrackingConfig(threads=1), 1)
    move = np.random.default_rng(0).normal(0.0, 0.3, MODEL.nv)
    wanted = wave.qpos[3].copy()
    mujoco.mj_integratePos(MODEL, wanted, move, 1.0)
    got = displaced(env.joints, torch.as_tensor(wave.qpos[3:4]).float(), torch.as_tensor(move[None]).float())
    # MuJoCo turns the root's position in the world and its rotation in the body, as ours
    np.testing.assert_allclose(got[0].numpy(), wanted, atol=1e-5)
