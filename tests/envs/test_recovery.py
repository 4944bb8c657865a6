"""Recovery: the reference waits for who lost it, moved and turned to where the body is, and goes on from there; or it
goes along with who is pushed."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from envs.config import TrackingConfig
from envs.judge.evaluation import Evaluator
from envs.judge.robustness import FULL, Part, Robustness
from envs.recovery import facing
from envs.tracking import TrackingEnv
from sfv import rotation
from sfv.character import load_character
from sfv.errors import InputError

CHARACTER = load_character("humanoid")


def make(motion, recovery=1.0, n=4, **changes):
    config = replace(TrackingConfig(threads=1, start="fixed", velocity_noise=0.0), recovery=recovery, **changes)
    return TrackingEnv([motion], CHARACTER, config, n, seed=3)


def still(obs):
    return torch.zeros(len(obs), 28)


def about_z(angle):
    return torch.tensor([np.cos(angle / 2), 0.0, 0.0, np.sin(angle / 2)], dtype=torch.float32)


def carried(env, who, turn, shift):
    """Take a body, as it is, to x -> R(turn) x + shift."""
    qpos, qvel, (c, s) = env.sim.qpos, env.sim.qvel, (np.cos(turn), np.sin(turn))
    matrix = torch.tensor([[c, -s], [s, c]])
    qpos[who, :2] = matrix @ qpos[who, :2] + torch.tensor(shift)
    qvel[who, :2] = matrix @ qvel[who, :2]
    qpos[who, 3:7] = rotation.quat_mul(about_z(turn).double(), qpos[who, 3:7])


@pytest.mark.parametrize("tilt", [0.0, 1.57, -2.5])
def test_a_turn_is_found_under_any_tilt(tilt):
    reference = rotation.exp(torch.tensor([[0.2, 0.4, 1.0]]))
    for turn in (-2.0, 0.3, 3.0):
        for axis in ([1.0, 0.0, 0.0], [0.6, 0.8, 0.0]):
            lying = rotation.quat_mul(rotation.exp(tilt * torch.tensor([axis])), reference)
            body = rotation.quat_mul(about_z(turn)[None], lying)
            assert torch.cos(facing(body, reference) - turn) == pytest.approx(1.0, abs=1e-5)


def test_who_was_carried_away_sees_what_he_saw(wave):
    """The task has no place and no direction of its own: from the moved reference all is as it was."""
    env, plain = make(wave), make(wave)
    carried(env, 1, 2.0, (3.0, -1.0))
    moment = env.moment()
    away = torch.tensor([False, True, False, False])
    assert not env.failed(away, moment).any()
    assert env.recovery.turn[1].item() == pytest.approx(2.0, abs=1e-5)
    torch.testing.assert_close(env.observe(), plain.observe(), atol=1e-4, rtol=0)
    ref, was = env.reference(env.tick, env.everyone), plain.reference(plain.tick, plain.everyone)
    torch.testing.assert_close(ref.xpos[[0, 2, 3]], was.xpos[[0, 2, 3]])  # who is not away has his where it was
    torch.testing.assert_close(ref.xpos[1, :, 2], was.xpos[1, :, 2])  # never lifted
    between = (torch.cdist(x[1], x[1]) for x in (ref.xpos, was.xpos))
    torch.testing.assert_close(*between, atol=1e-5, rtol=0)
    torch.testing.assert_close(ref.qpos[1, :2], moment.qpos[1, :2], atol=1e-5, rtol=0)


def test_a_moved_reference_goes_where_its_velocity_says(stride):
    # 1 m/s, 30 degrees left of x; turned by a right angle, 120 degrees left
    env = make(stride)
    carried(env, 0, np.pi / 2, (5.0, 0.0))
    env.failed(torch.tensor([True, False, False, False]), env.moment())
    env.recovery.lost[:] = 0
    before, later = (env.reference(env.tick + t, env.everyone) for t in (0, 480))
    way = (later.qpos - before.qpos)[:, :2] / 2.0
    expected = [[np.cos(2 * np.pi / 3), np.sin(2 * np.pi / 3)]] + 3 * [[np.cos(np.pi / 6), np.sin(np.pi / 6)]]
    np.testing.assert_allclose(way, expected, atol=1e-3)
    np.testing.assert_allclose(before.qvel[:, :2], expected, atol=0.02)


def test_a_reference_that_goes_along_is_where_the_body_is(wave):
    """Whether he is away or not; time goes on, nobody waits, and what is observed is what he saw at his place."""
    env, plain = make(wave), make(wave)
    for other in (env, plain):
        other.step(torch.zeros(4, 28))
    carried(env, 1, 2.0, (0.3, 0.0))
    carried(env, 2, -1.0, (30.0, 4.0))
    tick = env.tick.clone()
    everyone = torch.ones(4, dtype=torch.bool)
    for other in (env, plain):
        other.recovery.bring(everyone, other.moment().qpos, other.library.at(other.clip, other.tick).qpos)
    assert env.recovery.lost.tolist() == [0, 0, 0, 0]
    torch.testing.assert_close(env.reference(env.tick, env.everyone).qpos[:, :2], env.sim.qpos[:, :2].float())
    torch.testing.assert_close(env.observe(), plain.observe(), atol=1e-4, rtol=0)
    env.advance(torch.zeros(4, 28))
    assert (env.tick - tick).tolist() == [env.control_ticks] * 4


def test_the_clip_stands_while_they_are_apart_and_goes_on_after(wave):
    env = make(wave)
    carried(env, 2, 0.5, (2.0, 2.0))
    ticks = []
    for _ in range(4):
        step = env.step(torch.zeros(4, 28))
        assert not step.terminated.any()
        ticks.append((env.tick // env.control_ticks).tolist())
    # found to be away at the end of the first step; the reference came to it, and they are together after the second
    assert ticks == [[1, 1, 1, 1], [2, 2, 1, 2], [3, 3, 2, 3], [4, 4, 3, 4]]
    assert step.reward[2] > 0.8
    assert env.recovery.lost.tolist() == [0, 0, 0, 0]


def test_who_lies_there_for_too_long_has_failed(wave):
    env = make(wave, recovery=0.5)  # 15 control steps
    env.sim.qpos[1, 3:7] = torch.tensor([np.sqrt(0.5), 0.0, np.sqrt(0.5), 0.0])  # on its face
    env.sim.qpos[1, 2] = 0.1
    for count in range(1, 17):
        step = env.step(torch.zeros(4, 28))
        assert step.terminated.tolist() == [False, count == 16, False, False]
    assert env.recovery.lost[1] == 0  # it began anew, at the clip's own place
    assert env.recovery.shift[1].tolist() == [0.0, 0.0]


def test_it_goes_along_with_who_is_pushed_and_stays_where_it_came_to(wave):
    """Pushed at the third step, for 6 steps; it goes along until 15 steps after the last of them, in time."""
    env = make(wave, recovery=0.0, along=0.5, randomise=("push:300:300",), max_deviation=10.0)
    env.events.push_at[:] = torch.tensor([3, 1000, 1000, 1000])
    env.events.push_angle[:] = 0.0
    shifts, apart = [], []
    for _ in range(36):
        assert not env.step(torch.zeros(4, 28)).terminated.any()
        shifts.append(env.recovery.shift.clone())
        apart.append((env.reference(env.tick, env.everyone).qpos - env.sim.qpos)[0, :2].norm().item())
    assert (env.tick // env.control_ticks).tolist() == [36] * 4
    assert all(not shift[1:].any() for shift in shifts)
    moved = torch.stack([shift[0] for shift in shifts]).norm(dim=-1)
    # 300 N on 45 kg for 0.2 s are 1.3 m/s; steps are counted from 0, so the fourth is the first that pushes
    assert moved[2] == 0.0 < moved[3]
    assert moved[22] > 0.1
    np.testing.assert_allclose(apart[3:23], 0.0, atol=1e-5)
    assert torch.equal(moved[23:], moved[23].expand(13))
    assert apart[-1] > 0.01


def test_a_box_that_is_thrown_takes_the_reference_along(wave):
    env = make(wave, recovery=0.0, along=1.0, randomise=("box:5:5",), max_deviation=10.0)
    env.events.box_at[:] = torch.tensor([2, 1000, 1000, 1000])
    for _ in range(20):
        env.step(torch.zeros(4, 28))
    assert env.recovery.shift[0].norm() > 0.02
    assert not env.recovery.shift[1:].any()


def test_who_falls_beside_a_reference_that_goes_along_has_failed(wave):
    env = make(wave, recovery=0.0, along=5.0, randomise=("push:2000:2000",))
    env.events.push_at[:], env.events.push_angle[:] = 0, 0.0
    ended = [env.step(torch.zeros(4, 28)).terminated for _ in range(40)]
    assert torch.stack(ended).any(0).all()


@pytest.mark.parametrize("how", [{"recovery": 1.0}, {"recovery": 0.0, "along": 2.0}, {"recovery": 0.5, "along": 1.0}])
def test_resuming_with_recovery_is_bit_for_bit(wave, how, goes_on):
    env, other = (make(wave, start="random", randomise=("push:0:500",), n=8, **how) for _ in range(2))
    env.events.push_at[:] = 6 * torch.arange(8)
    size = 0.2 if "along" in how else 2.0  # who goes along stands; who is waited for has fallen

    def under_way():
        assert (env.recovery.along if "along" in how else env.recovery.lost).any()

    goes_on(env, other, steps=50, size=size, between=under_way)


def test_an_evaluation_waits_and_shows_where_the_reference_was(stride):
    """Nobody moves, and the reference goes away by a metre in a second, or comes back."""
    once = replace(stride, loop=False)
    config = TrackingConfig(threads=1, recovery=60.0)
    found, lost = (Evaluator(once, CHARACTER, replace(config, recovery=s), rollouts=2)(still) for s in (60.0, 0.0))
    assert (found.report["success"], lost.report["success"]) == (1.0, 0.0)
    assert len(found.shown.reference) == len(found.shown.simulated) == 31

    def leaps(judged):
        """How far the shown reference goes in a control step, at most; at 1 m/s it goes 0.033 m."""
        return np.linalg.norm(np.diff(judged.shown.reference.qpos[:, :2], axis=0), axis=1).max()

    assert leaps(found) > 0.05 > leaps(lost)


def test_knocks(wave):
    judge = Robustness(still, wave, CHARACTER, TrackingConfig(threads=1), FULL, seed=1)
    found = judge.measure(Part("recovery", "", {"force": [0.0, 5000.0]}, 4))
    # 5000 N for 0.2 s on 45 kg are 22 m/s; who only stands stands by his servos, but for what the start's noise does
    assert found["successes"][0] >= 2
    assert found["successes"][1] == 0
    assert found["down"][1] == found["rollouts"][1] == 4
    assert all(risen <= down for risen, down in zip(found["risen"], found["down"], strict=True))


def test_where_there_is_no_recovery(wave):
    with pytest.raises(InputError, match="one of --recovery and --terrain"):
        make(wave, terrain=("rough",))
    with pytest.raises(InputError, match="one of --along and --terrain"):
        make(wave, recovery=0.0, along=1.0, randomise=("push",), terrain=("rough",))
    with pytest.raises(InputError, match="add --randomise push"):
        make(wave, recovery=0.0, along=1.0, randomise=("mass",))
