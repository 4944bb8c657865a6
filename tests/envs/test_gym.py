"""Gymnasium's and Stable-Baselines3's own checks of `sfv/Tracking-v0`."""

import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from stable_baselines3 import PPO

import sfv  # noqa: F401 (registers)
from sfv.errors import InputError


def test_gymnasium_s_checker_passes(wave):
    env = gymnasium.make("sfv/Tracking-v0", motion=wave)
    check_env(env.unwrapped)


def test_pictures(wave):
    env = gymnasium.make("sfv/Tracking-v0", motion=wave, render_mode="rgb_array")
    env.reset(seed=0)
    frame = env.render()
    assert frame.ndim == 3
    assert frame.std() > 5
    env.close()


def test_make_vec_steps_many_and_restarts_in_the_same_step(wave):
    env = gymnasium.make_vec("sfv/Tracking-v0", num_envs=3, motion=wave)
    obs, _ = env.reset(seed=1)
    again, _ = env.reset(seed=1)
    np.testing.assert_array_equal(obs, again)
    ended = 0
    for _ in range(52):
        obs, reward, terminated, truncated, info = env.step(env.action_space.sample() * 0)
        ended += int((terminated | truncated).sum())
        if (terminated | truncated).any():
            assert all(o is not None for o in info["final_obs"][info["_final_obs"]])
    assert ended >= 3
    assert obs.shape == (3, *env.single_observation_space.shape)
    assert reward.shape == (3,)


def test_a_start_at_a_frame(wave):
    env = gymnasium.make("sfv/Tracking-v0", motion=wave)
    first, _ = env.reset(options={"start": 0})
    np.testing.assert_allclose(env.unwrapped.env.sim.qpos[0], wave.qpos[0], atol=1e-3)
    later, _ = env.reset(options={"start": 12})
    np.testing.assert_allclose(env.unwrapped.env.sim.qpos[0], wave.qpos[12], atol=1e-3)
    assert np.abs(first - later).max() > 0.1
    for start in (31, -1, 0.5):
        with pytest.raises(InputError, match="give 0 to 30"):
            env.reset(options={"start": start})
    with pytest.raises(InputError, match="no option 'begin'"):
        env.reset(options={"begin": 3})


def test_starts_of_many(wave):
    env = gymnasium.make_vec("sfv/Tracking-v0", num_envs=3, motion=wave)
    env.reset(options={"start": [0, 12, 30]})
    np.testing.assert_allclose(env.unwrapped.env.sim.qpos, wave.qpos[[0, 12, 30]], atol=2e-2)


@pytest.mark.slow
def test_an_unchanged_sb3_ppo_learns(wave):
    env = gymnasium.make("sfv/Tracking-v0", motion=wave)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = PPO("MlpPolicy", env, n_steps=256, batch_size=64, learning_rate=1e-4, seed=0, device="cpu")
        model.learn(2048)
    lengths = [episode["l"] for episode in model.ep_info_buffer]
    assert len(lengths) > 10
