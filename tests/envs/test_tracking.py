"""The task: starts, ends, resets, resuming, and bit-identical physics."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from envs.config import TrackingConfig
from envs.judge.evaluation import Evaluator
from envs.judge.suite import Suite
from envs.tracking import TrackingEnv
from sfv.character import load_character
from sfv.errors import InputError
from sfv.meaning import shown

CHARACTER = load_character("humanoid")


def make(wave, n=8, **changes):
    return TrackingEnv([wave], CHARACTER, replace(TrackingConfig(threads=1), **changes), n, seed=3)


def zeros(env):
    return torch.zeros(env.num_envs, env.action_size)


@pytest.mark.parametrize("start", ["fixed", "random", "failures"])
@pytest.mark.parametrize("reward", ["deepmimic", "tracking"])
def test_every_setting_resets_and_steps(wave, start, reward):
    env = make(wave, start=start, reward=reward)
    for _ in range(3):
        step = env.step(zeros(env))
    assert step.obs.shape == (8, env.obs_size)
    assert torch.isfinite(step.obs).all()
    assert ((step.reward > 0.5) & (step.reward <= 1)).all()


def test_a_fixed_start_is_the_first_frame(wave):
    env = make(wave, start="fixed", velocity_noise=0.0)
    assert (env.tick == 0).all()
    torch.testing.assert_close(env.sim.qpos[0].float(), torch.as_tensor(wave.qpos[0]).float(), atol=1e-3, rtol=0)


def test_the_clip_s_end_truncates_and_a_fall_terminates(wave):
    env = make(wave, start="fixed")
    flags = []
    for _ in range(51):
        action = zeros(env)
        action[4:] = 3.0  # half of them throw their joints about and fall
        flags.append(env.step(action))
    first = torch.stack([f.terminated for f in flags]).any(0)
    assert not first[:4].any()
    assert first[4:].all()
    assert flags[50].truncated[:4].all()  # 1 s of clip and 0.7 s to come to a halt are 51 steps
    assert not any(f.truncated[:4].any() for f in flags[:50])


def test_final_obs_is_the_state_before_the_reset(wave):
    env = make(wave, start="fixed")
    for _ in range(50):
        before = env.step(zeros(env))
    last = env.step(zeros(env))
    assert last.truncated.any()
    ended = last.truncated
    assert not torch.equal(last.obs[ended], last.final_obs[ended])
    assert torch.equal(before.obs, before.final_obs) == (not (before.terminated | before.truncated).any())


def test_resuming_is_bit_for_bit(wave, goes_on):
    goes_on(make(wave), make(wave))


def test_one_thread_and_two_give_the_same_bits(wave):
    one, two = make(wave, n=32, threads=1), make(wave, n=32, threads=2)
    for _ in range(10):
        a, b = one.step(zeros(one)), two.step(zeros(two))
    assert torch.equal(a.obs, b.obs)


def test_nan_ends_the_episode_and_is_counted_and_kept(wave):
    env = make(wave)
    env.sim.qvel[2, 7] = 1e20
    step = env.step(zeros(env))
    assert step.terminated.tolist() == [i == 2 for i in range(8)]
    assert env.breakage.count == 1
    assert env.breakage.state is not None
    assert float(env.breakage.state.max()) == 1e20  # the state before the step, not the NaN after it
    assert torch.isfinite(step.obs).all()
    assert torch.isfinite(env.step(zeros(env)).reward).all()
    other = make(wave)
    other.restore(env.state())  # as a training does that was stopped
    assert (found := other.breakage.found(other.whole)) is not None
    assert found.count == 1
    assert torch.equal(found.state, env.breakage.state)


@pytest.mark.parametrize("loop", [False, True])
def test_failures_draw_starts_from_the_time_before_them(wave, loop):
    long = replace(wave, qpos=wave.qpos[np.arange(121) % 30], loop=loop)  # four seconds
    env = make(long, n=512, start="failures")
    env.starts.failed(torch.zeros(400, dtype=torch.long), torch.full((400,), 852 if not loop else 60))
    _, tick = env.starts.sample(4000, env.generator)
    if loop:  # 0.3 s before the failure's end, over the seam; an eighth of all start at the first frame
        before = (tick < 72) & (tick > 0)
        assert before.float().mean() == pytest.approx(0.875 * (0.5 + 0.5 * 72 / 960), abs=0.03)
        assert (tick == 0).float().mean() == pytest.approx(0.125, abs=0.03)
    else:  # a quarter of all start at the first frame
        before, after = (tick > 504) & (tick <= 864), tick > 864
        assert before.float().mean() > 0.48
        assert (tick == 0).float().mean() == pytest.approx(0.25, abs=0.03)
        assert after.float().mean() < 0.06


def test_rates_that_do_not_fit_are_refused(wave):
    with pytest.raises(InputError, match="does not divide 240"):
        make(wave, control_hz=50.0)


def test_an_evaluation_of_the_reference_itself(wave):
    evaluator = Evaluator(wave, CHARACTER, TrackingConfig(threads=1), rollouts=4)
    found = evaluator(lambda obs: torch.zeros(len(obs), 28))  # open loop servos can stand for a second
    assert found.report["success"] == 1.0
    assert found.report["normalised_return"] > 0.8
    assert found.report["time_to_fall"] == pytest.approx(1.0)
    assert found.shown is not None
    assert len(found.shown.simulated) == len(found.shown.reference) == 31
    assert found.report["mpjpe_global"] < 100
    again = evaluator(lambda obs: torch.zeros(len(obs), 28))
    assert again.report.numbers == found.report.numbers


def test_an_evaluation_of_a_policy_that_falls(wave):
    evaluator = Evaluator(wave, CHARACTER, TrackingConfig(threads=1), rollouts=4)
    found = evaluator(lambda obs: torch.full((len(obs), 28), 8.0))
    assert found.report["success"] == 0.0
    assert found.report["time_to_fall"] < 1.0
    assert found.report["normalised_return"] < 0.6


def test_physics_that_breaks_at_once_has_no_error_instead_of_none(wave):
    evaluator = Evaluator(wave, CHARACTER, TrackingConfig(threads=1), rollouts=2)

    def breaking(obs):
        evaluator.env.sim.qvel[:] = 1e20
        return torch.zeros(len(obs), 28)

    found = evaluator(breaking)
    assert found.figures.success == found.figures.survival == 0.0
    assert found.broken is not None
    assert found.broken.count == 4
    for name in ("mpjpe_global", "mpjpe_root_relative", "power", "foot_slide"):
        assert shown(next(n for n in found.report.numbers if n.name == name)) == ("–", "")


def test_an_evaluation_of_two_clips_is_that_of_each(wave):
    task, still = TrackingConfig(threads=1), lambda obs: torch.zeros(len(obs), 28)
    away = wave.qpos.copy()
    away[:, 0] += np.linspace(0.0, 4.0, len(away))  # a standing body that is pulled away at 4 m/s
    clips = {"here": wave, "away": replace(wave, qpos=away)}
    both = Suite(clips, CHARACTER, task, rollouts=8)(still)
    each = [Evaluator(clip, CHARACTER, task, rollouts=8)(still).figures for clip in clips.values()]
    here, away = (both.report.clips[name] for name in clips)
    assert here["success"] == each[0].success == 1.0
    assert away["success"] == each[1].success == 0.0
    for name in ("normalised_return", "mpjpe_global"):
        found = [here[name], away[name]]
        assert found == pytest.approx(
            [getattr(figures, name) for figures in each], rel=0.2
        )  # other noise on the starts
        assert both.report[name] == pytest.approx(np.mean(found))
    # 0.1 s are over before it is 0.5 m behind
    assert Suite(clips, CHARACTER, task, rollouts=8, seconds=0.1)(still).figures.success == 1.0


def test_the_worst_rollout_is_kept(wave):
    """Of eight tries from noisy starts the one that follows least well is shown, beside the first."""
    task = TrackingConfig(threads=1)

    def still(obs):
        return torch.zeros(len(obs), 28)

    evaluator = Evaluator(wave, CHARACTER, task, rollouts=8, watch=True)
    found = evaluator(still)
    assert found.worst is not None
    assert len(found.worst.simulated) == len(found.worst.reference) <= len(found.shown.simulated)
    alone = Evaluator(wave, CHARACTER, task, rollouts=8)(still)
    assert alone.worst is None
    np.testing.assert_array_equal(alone.shown.simulated.qpos, found.shown.simulated.qpos)
    assert found.figures == alone.figures
    # a rollout starts where the reference does, and a worse one than the first is another
    np.testing.assert_allclose(found.worst.simulated.qpos[0, :7], found.worst.reference.qpos[0, :7], atol=1e-5)
