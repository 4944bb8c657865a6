"""The two simulators against each other, on warp's CPU device: slow to compile, so marked."""

from dataclasses import replace

import pytest
import torch

from envs.config import TrackingConfig
from envs.tracking import TrackingEnv
from sfv.character import load_character

pytestmark = pytest.mark.slow

TOLERANCE = 1e-3
"""Largest difference in qpos (m, rad) after ten control steps of float64 against float32, contacts included."""


def test_the_same_controls_give_the_same_motion(wave):
    character = load_character("humanoid")
    envs = [
        TrackingEnv([wave], character, TrackingConfig(simulator=name, threads=1, velocity_noise=0.0), 2)
        for name in ("mujoco", "warp-cpu")
    ]
    start = torch.tensor([0, 120])
    for env in envs:
        env.reset_to(torch.zeros(2, dtype=torch.long), start)
    for _ in range(10):
        steps = [env.step(torch.zeros(2, env.action_size)) for env in envs]
    gap = (envs[0].sim.qpos.float() - envs[1].sim.qpos).abs().max()
    assert float(gap) < TOLERANCE
    torch.testing.assert_close(steps[0].reward, steps[1].reward, atol=TOLERANCE, rtol=0)


def test_state_and_restore(wave):
    config = TrackingConfig(simulator="warp-cpu", velocity_noise=0.0)
    env = TrackingEnv([wave], load_character("humanoid"), config, 2)
    kept = env.state()
    first = env.step(torch.zeros(2, env.action_size))
    env.restore(kept)
    again = env.step(torch.zeros(2, env.action_size))
    torch.testing.assert_close(first.obs, again.obs, atol=1e-5, rtol=0)


def test_a_box_is_pushed_alike(wave):
    """Arms to the front and a way ahead, half a second in which the hands come to the box; then both go on from a
    state."""
    character = load_character("humanoid")
    qpos = wave.qpos.copy()
    for joint in ("right_shoulder", "left_shoulder"):
        first = int(character.model.joint(joint).qposadr[0])
        qpos[:, first : first + 4] = [2**-0.5, 0.0, -(2**-0.5), 0.0]
    qpos[:, 0] += torch.linspace(0.0, 0.6, len(qpos)).numpy()
    walk = replace(wave, qpos=qpos, loop=True)
    envs = [
        TrackingEnv(
            [walk], character, TrackingConfig(simulator=name, threads=1, velocity_noise=0.0, object="box:3kg"), 2
        )
        for name in ("mujoco", "warp-cpu")
    ]
    for env in envs:
        env.reset_to(torch.zeros(2, dtype=torch.long), torch.tensor([0, 120]))
    begun = envs[0].box.state(envs[0].sim)[0]
    for _ in range(15):
        steps = [env.step(torch.zeros(2, env.action_size)) for env in envs]
    poses = [env.box.state(env.sim)[0] for env in envs]
    assert float((poses[0] - begun)[:, 0].min()) > 0.05
    torch.testing.assert_close(poses[0], poses[1], atol=3 * TOLERANCE, rtol=0)
    torch.testing.assert_close(steps[0].obs, steps[1].obs, atol=0.05, rtol=0)
    kept = envs[1].state()
    first = envs[1].step(torch.zeros(2, env.action_size))
    envs[1].restore(kept)
    again = envs[1].step(torch.zeros(2, env.action_size))
    torch.testing.assert_close(first.obs, again.obs, atol=1e-5, rtol=0)
