"""What policies see of the ground: heights about them, and where it will have their limbs; and both in a mirror."""

import numpy as np
import pytest
import torch

from envs.config import TrackingConfig
from envs.driving import driving
from envs.foresight import AHEAD
from envs.limbs import limbs_of
from envs.tracking import TrackingEnv
from sfv.character import load_character
from sfv.priors.gaits import STYLES, gait
from sfv.terrain.world import Tile

CHARACTER = load_character("humanoid")
ENDS = [limb.end for limb in limbs_of(CHARACTER)]
MOVES = 3 * len(AHEAD) * len(ENDS)


@pytest.fixture(scope="module")
def walk():
    """Three seconds of a walk by formula."""
    return gait(CHARACTER, STYLES[0], 3.0).motion


def make(motion, terrain=(), tiles=(), n=8, **changes):
    config = TrackingConfig(threads=1, terrain=terrain, velocity_noise=0.0, **changes)
    return TrackingEnv([motion], CHARACTER, config, n, seed=3, tiles=tiles)


def test_the_scan_sees_a_stair_ahead_and_turns_with_the_body(stride):
    env = make(stride, ("stairs_up",), [Tile("stairs_up", 1.0)], scan=True, start="fixed")
    ground, middle = env.ground, torch.tensor(env.ground.world.starts[0]).float()
    qpos = env.sim.qpos[:2].float().clone()
    qpos[:, 0], qpos[:, 1] = 1.0, middle[1]  # the first riser is at 1.2 m
    qpos[0, 3:7] = torch.tensor([1.0, 0, 0, 0])
    qpos[1, 3:7] = torch.tensor([np.sqrt(0.5), 0, 0, np.sqrt(0.5)])  # faces left
    scan = env.foresight.seen(qpos, env.everyone[:2], env.clip[:2], env.tick[:2]).reshape(2, 11, 11)
    level = float(ground.relief.footing(qpos[:1, :2]))
    # points 0.3 m ahead and more are on the stair of 0.2 m
    torch.testing.assert_close(scan[0, 8:], torch.full((3, 11), 0.2 - level), atol=1e-4, rtol=0)
    torch.testing.assert_close(scan[0, :7], torch.full((7, 11), -level), atol=1e-4, rtol=0)
    torch.testing.assert_close(scan[1, :, :3], torch.full((11, 3), 0.2 - level), atol=1e-4, rtol=0)  # to its right
    assert env.reset().shape == (8, env.obs_size)


def test_the_ends_of_limbs_will_be_where_it_says(walk):
    """The reference's own ends, then, differ from those on level ground by what was seen."""
    env = make(walk, ("stairs_up",), [Tile("stairs_up", 0.5)], ahead=True)
    env.reset_to(torch.zeros(8).long(), torch.full((8,), 120))
    qpos = env.reference(env.tick, env.everyone).qpos
    qpos[:, 3:7] = torch.tensor([0.0, 0.0, 0.0, 1.0])  # turned about: what is ahead along x is behind
    seen = env.foresight.seen(qpos, env.everyone, env.clip, env.tick).reshape(8, len(AHEAD), len(ENDS), 3)
    level = env.ground.relief.footing(qpos[:, :2])
    legs = [i for i, end in enumerate(ENDS) if end in {limb.end for limb in env.ground.footholds.limbs}]
    assert len(legs) == 2
    for moment, seconds in enumerate(AHEAD):
        tick = env.tick + round(240 * seconds)
        there = env.reference(tick, env.everyone).xpos[:, ENDS]
        flat = env.library.at(env.clip, tick).xpos[:, ENDS]
        flat[..., :2] += env.ground.offset[:, None]
        want = there - flat
        want[..., 2] -= level[:, None]
        want[..., :2] *= -1.0
        # what a leg cannot reach, and what a table leaves between its moments
        assert (seen[:, moment, legs] - want[:, legs]).abs().quantile(0.9) < 0.01
    hands = [i for i in range(len(ENDS)) if i not in legs]
    assert not seen[:, :, hands].any()
    assert seen[:, :, legs, 2].abs().max() > 0.05  # stairs of 12.5 cm


@pytest.mark.parametrize(("changes", "size"), [({"scan": True}, 121), ({"ahead": True}, MOVES)])
def test_level_ground_is_zeros(wave, changes, size):
    plain, env = make(wave), make(wave, **changes)
    assert env.obs_size == plain.obs_size + size
    assert not env.observe()[:, -size:].any()
    assert len(driving(env)["observation"]) == env.obs_size


def test_the_mirror_of_what_is_seen(wave):
    env = make(wave, scan=True, ahead=True)
    mirror, obs = env.mirror(), torch.randn(3, env.obs_size)
    image = mirror.obs(obs)
    torch.testing.assert_close(mirror.obs(image), obs)
    scan = slice(-121 - MOVES, -MOVES)
    torch.testing.assert_close(image[:, scan].reshape(3, 11, 11), obs[:, scan].reshape(3, 11, 11).flip(-1))
    names = driving(env)["observation"]
    left, right = (names.index(f"ahead.0.33.{side}_ankle.y") for side in ("left", "right"))
    torch.testing.assert_close(image[:, left], -obs[:, right])


def test_it_is_the_same_after_going_on(walk, goes_on):
    goes_on(*(make(walk, ("rough", "stairs_up"), scan=True, ahead=True) for _ in range(2)), steps=8)
