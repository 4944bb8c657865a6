"""Each simulation on the ground of its own tile: that it is the ground it was, and follows the tile."""

from dataclasses import replace

import numpy as np
import torch

from envs.config import TrackingConfig
from envs.tracking import TrackingEnv
from sfv.character import load_character
from sfv.terrain.kinds import KINDS
from sfv.terrain.world import Tile, make_world

CHARACTER = load_character("humanoid")
TILES = [Tile(kind, 0.5) for kind in ("rough", "slope_up", "flat", "stairs_up", "waves", "stairs_down")]


def make(wave, tiles, n, **changes):
    config = replace(TrackingConfig(threads=1), start="fixed", velocity_noise=0.0, **changes)
    return TrackingEnv([wave], CHARACTER, config, n, seed=3, tiles=tiles)


def test_a_tile_alone_is_the_ground_that_it_was() -> None:
    world = make_world([Tile(kind, 0.7) for kind in KINDS], 6.0, 3.0)
    rng = np.random.default_rng(0)
    for tile, start in enumerate(world.starts):
        x, y = (start + rng.uniform([-0.5, -1.4], [5.5, 1.4], (200, 2))).T
        np.testing.assert_allclose(world.alone(tile).height(x, y), world.terrain.height(x, y), atol=1e-9)


def test_bodies_move_as_in_the_scene_of_all_tiles(wave) -> None:
    alone, shared = make(wave, TILES, 6), make(wave, TILES, 6, randomise=("friction:1:1",))
    # what changes models needs one scene for all
    assert alone.sim.model.ngeom < shared.sim.model.ngeom
    for _ in range(15):
        for env in (alone, shared):
            env.advance(torch.zeros(6, env.action_size))
    apart = (alone.sim.qpos - shared.sim.qpos).abs().amax(1)
    # a foot on level ground or on a slope is a box on a plane, and spheres on a height field where others are uneven
    assert apart[[0, 4]].max() < 1e-6
    assert apart.max() < 0.02


def test_a_simulation_follows_its_tile(wave) -> None:
    env = make(wave, [Tile("stones", 0.5), Tile("slope_up", 1.0)], 2)
    root = env.sim.qpos[:, :3].clone()
    env.ground.tile[:] = torch.tensor([1, 0])
    everyone = torch.zeros(2, dtype=torch.long)
    env.reset_to(everyone, everyone)
    assert env.sim.qpos[0, 1] - root[0, 1] > 1.0  # the other tile is beside
    for _ in range(10):
        env.advance(torch.zeros(2, env.action_size))
    # who stands on its own tile stands; in another's scene there is nothing below
    assert (env.sim.qpos[:, 2] > 0.5).all()


def test_it_is_the_same_at_any_number_of_threads(wave) -> None:
    one, more = make(wave, TILES, 12), make(wave, TILES, 12, threads=2)
    for _ in range(5):
        for env in (one, more):
            env.step(torch.full((12, env.action_size), 0.3))
    assert torch.equal(one.sim.state(), more.sim.state())
