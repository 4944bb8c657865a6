"""The mirror: twice is nothing, and the mirror image of a situation looks like the mirror image of its observation."""

from dataclasses import replace

import mujoco
import numpy as np
import pytest
import torch

from envs.config import TrackingConfig
from envs.mirror import reflections
from envs.tracking import TrackingEnv
from sfv.character import Character, load_character
from sfv.errors import InputError
from sfv.motion import Motion

CHARACTER = load_character("humanoid")
TASK = TrackingConfig(threads=1, start="random")


@pytest.fixture(scope="module")
def lopsided(wave):
    """A motion that turns, leans and bends every joint, left and right differently."""
    model, generator = CHARACTER.model, torch.Generator().manual_seed(0)
    qpos = wave.qpos.copy()
    amount = torch.randn(2, model.nv, generator=generator).double().numpy()
    amount[:, 5] = (0.3, 2.0)  # also a turn about the vertical
    for t, row in enumerate(qpos):
        phase = 2 * np.pi * t / 30
        move = 0.15 * (amount[0] + amount[1] * np.sin(phase))
        mujoco.mj_integratePos(model, row, move, 1.0)
    return Motion(CHARACTER.skeleton, 30.0, qpos, source="lopsided")


def test_twice_is_the_identity(wave):
    env = TrackingEnv([wave], CHARACTER, TASK, 1)
    mirror = env.mirror()
    for reflection, size in (
        (mirror.qpos, env.model.nq),
        (mirror.qvel, env.model.nv),
        (mirror.obs, env.obs_size),
        (mirror.action, env.action_size),
    ):
        x = torch.randn(3, size)
        assert torch.equal(reflection(reflection(x)), x)
        assert not torch.equal(reflection(x), x)


def test_the_image_of_a_situation_is_observed_as_the_image_of_the_observation(lopsided):
    mirror = reflections(CHARACTER, CHARACTER.model, TrackingConfig())
    image = replace(lopsided, qpos=mirror.qpos(torch.as_tensor(lopsided.qpos)).numpy())
    here, there = (TrackingEnv([motion], CHARACTER, TASK, 6, seed=1) for motion in (lopsided, image))
    tick = torch.tensor([0, 40, 80, 120, 160, 200])
    clip = torch.zeros_like(tick)
    here.reset_to(clip, tick)
    there.reset_to(clip, tick)
    generator = torch.Generator().manual_seed(2)
    action = 0.5 * torch.randn(6, here.action_size, generator=generator)
    here.advance(action)  # away from the reference
    there.sim.qpos[:] = mirror.qpos(here.sim.qpos)
    there.sim.qvel[:] = mirror.qvel(here.sim.qvel)
    there.tick[:] = here.tick
    wanted = mirror.obs(here.observe())
    assert wanted.abs().max() < 10  # nothing is cut off
    torch.testing.assert_close(there.observe(), wanted, atol=1e-5, rtol=1e-5)


def test_the_image_of_an_action_does_the_image_of_what_it_does(lopsided):
    mirror = reflections(CHARACTER, CHARACTER.model, TrackingConfig())
    image = replace(lopsided, qpos=mirror.qpos(torch.as_tensor(lopsided.qpos)).numpy())
    here, there = (TrackingEnv([motion], CHARACTER, TASK, 4, seed=1) for motion in (lopsided, image))
    tick = torch.tensor([20, 60, 100, 140])
    for env in (here, there):
        env.reset_to(torch.zeros_like(tick), tick)
    here.sim.qpos[:, 2] += 1.0  # in the air: solving for contacts has no left and right but an order
    there.sim.qpos[:] = mirror.qpos(here.sim.qpos)
    there.sim.qvel[:] = mirror.qvel(here.sim.qvel)
    action = torch.randn(4, here.action_size, generator=torch.Generator().manual_seed(2))
    for _ in range(5):
        here.advance(action)
        there.advance(mirror.action(action))
    torch.testing.assert_close(there.sim.qpos.clone(), mirror.qpos(here.sim.qpos), atol=1e-5, rtol=0)
    torch.testing.assert_close(there.sim.qvel.clone(), mirror.qvel(here.sim.qvel), atol=1e-3, rtol=0)


def test_a_character_whose_sides_differ_has_no_mirror():
    # a longer left shin
    xml = CHARACTER.xml.replace('name="left_ankle" pos="0 0 -0.40987"', 'name="left_ankle" pos="0 0 -0.45"')
    assert xml != CHARACTER.xml
    uneven = Character("uneven", xml)
    with pytest.raises(InputError, match="is not the mirror image"):
        reflections(uneven, uneven.model, TrackingConfig())
