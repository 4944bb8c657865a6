"""The task on uneven ground: where references stand, what is lifted, and that flat ground is as it was."""

from dataclasses import replace

import mujoco
import numpy as np
import pytest
import torch

from envs import rewards
from envs.config import TrackingConfig
from envs.ground import LEVELS
from envs.judge.evaluation import Evaluator
from envs.sim.cpu import CpuSim
from envs.sim.scene import build_scene
from envs.tracking import TrackingEnv
from sfv.character import Character, load_character
from sfv.errors import InputError
from sfv.motion import Motion
from sfv.terrain.kinds import KINDS
from sfv.terrain.terrain import FLAT
from sfv.terrain.world import Tile, make_world

CHARACTER = load_character("humanoid")
# a foot: a box of the humanoid's foot's size and mass that flies freely
FOOT = Character(
    "foot",
    """<mujoco><default><geom friction="1 0.005 0.0001"/></default><worldbody><body name="foot"><freejoint/>
    <geom type="box" size="0.0885 0.045 0.0275" mass="1"/></body></worldbody></mujoco>""",
)
CORNERS = np.array([[x, y, 0.0] for x in (-0.0885, 0.0885) for y in (-0.045, 0.045)])


def make(wave, n=8, terrain=("rough",), tiles=(), **changes):
    return TrackingEnv(
        [wave], CHARACTER, replace(TrackingConfig(threads=1), terrain=terrain, **changes), n, seed=3, tiles=tiles
    )


def zeros(env):
    return torch.zeros(env.num_envs, env.action_size)


# ---- bodies on the ground


def feet_on(kind, difficulty):
    """A world, and up to 20 places on it where a foot can stand."""
    world = make_world([Tile(kind, difficulty)], 8.0, 3.0)
    rng = np.random.default_rng(1)
    places = rng.uniform([0.3, -1.2], [7.5, 1.2], (400, 2)) + world.starts[0]
    if np.isfinite(world.terrain.tops).any():  # in the middle of a block or beside all of them, not over an edge
        cells = np.floor((places - world.terrain.corner) / 0.1) * 0.1 + world.terrain.corner + 0.05
        around = np.stack(np.meshgrid([-0.1, 0.0, 0.1], [-0.1, 0.0, 0.1]), -1).reshape(-1, 2)
        spread = [np.ptp(world.terrain.height(*(cell + around).T)) for cell in cells]
        places = cells[np.array(spread) < 1e-9]
    assert len(places) >= 4
    return world, places[:20]


def fall(sim, world, places, seconds):
    """Let feet fall from just above these places, and give them so long: states, depths (m), loads (N)."""
    load = sim.field("qfrc_constraint")
    sim.qpos[:, :2] = torch.from_numpy(places)
    sim.qpos[:, 2] = torch.from_numpy(world.terrain.height(*places.T) + 0.06)
    for _ in range(12 * seconds):
        sim.step(10)
    state, depth = sim.qpos.double().numpy().copy(), []
    for row in state:
        turn = np.zeros(9)
        mujoco.mju_quat2Mat(turn, row[3:7])
        balls = row[:3] + CORNERS @ turn.reshape(3, 3).T
        normal = world.terrain.normal(balls[:, 0], balls[:, 1])
        over = (balls[:, 2] - world.terrain.height(balls[:, 0], balls[:, 1])) * normal[:, 2]
        depth.append((0.0275 - over).max())
    return state, np.array(depth), load[:, 2].double().numpy()


def check_settled(kind, difficulty, worlds, seconds=5):
    world, places = feet_on(kind, difficulty)
    sim = CpuSim(build_scene(FOOT, 120.0, world.terrain), len(places) * worlds, threads=1)
    state, depth, load = fall(sim, world, np.concatenate([places] * worlds), seconds)
    state = state.reshape(worlds, len(places), -1)
    np.testing.assert_array_equal(state, state[:1].repeat(worlds, 0))  # the same in every world, to the bit
    assert depth.max() < 0.005, (kind, difficulty, depth.max())
    np.testing.assert_allclose(load, 9.81, rtol=0.02)
    assert sim.qvel.abs().max() < 0.1


@pytest.mark.parametrize("kind", ["flat", "rough", "slope_across", "stairs_up"])
def test_a_foot_comes_to_rest(kind):
    check_settled(kind, 0.3, 1)


@pytest.mark.slow
@pytest.mark.parametrize("difficulty", [0.0, 0.5])
@pytest.mark.parametrize("kind", KINDS)
def test_feet_come_to_rest_alike_in_many_worlds(kind, difficulty):
    check_settled(kind, difficulty, 64, seconds=10)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_both_simulators_bring_feet_to_rest_alike(kind):
    """256 worlds of mujoco_warp on its CPU device, of which some 13 have their foot in the same place."""
    from envs.sim.gpu import GpuSim

    world, places = feet_on(kind, 0.3)
    model, here = build_scene(FOOT, 120.0, world.terrain), np.arange(256) % len(places)
    many = fall(GpuSim(model, 256, device="cpu"), world, places[here], 3)
    one = fall(CpuSim(model, len(places), threads=1), world, places, 3)
    np.testing.assert_allclose(many[0][:, 2], one[0][here, 2], atol=1e-3)
    assert many[1].max() < 0.005
    np.testing.assert_allclose(many[2], 9.81, rtol=0.02)


def test_a_foot_lands_on_level_ground_of_either_make_alike():
    """A height field without relief but for a far corner is the plane, also for feet that come down fast."""
    world = make_world([Tile("flat", 0.0)], 4.0, 3.0)
    heights = world.terrain.heights.copy()
    heights[-1, -1] = 0.01
    paths = []
    for terrain in (world.terrain, replace(world.terrain, heights=heights)):
        sim = CpuSim(build_scene(FOOT, 120.0, terrain), 16, threads=1)
        places = 1.5 + 0.5 * torch.rand(16, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        sim.qpos[:, :2], sim.qpos[:, 2] = places, 0.08
        sim.qvel[:, 2], sim.qvel[:, 0] = -torch.linspace(0.1, 1.0, 16), 0.3
        path = []
        for _ in range(40):
            sim.step(1)
            path.append(sim.qpos.clone())
        paths.append(torch.stack(path))
    torch.testing.assert_close(paths[0], paths[1], atol=3e-3, rtol=0)


def test_the_plane_is_what_it_was():
    spec = mujoco.MjSpec.from_string(CHARACTER.xml)
    spec.option.timestep, spec.option.integrator = 1 / 120, mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    for geom in spec.geoms:
        if geom.contype or geom.conaffinity:
            geom.contype, geom.conaffinity = 0, 1
    spec.worldbody.add_geom(
        name="floor", type=mujoco.mjtGeom.mjGEOM_PLANE, size=[0, 0, 1], contype=1, conaffinity=0,
        friction=[1, 0.005, 1e-4],
    )  # fmt: skip
    spec.compile()
    model = build_scene(CHARACTER, 120.0, FLAT)
    assert model.ngeom == len(spec.geoms)
    again = mujoco.MjModel.from_xml_string(spec.to_xml())
    for name in ("geom_type", "geom_pos", "geom_size", "geom_friction", "geom_contype", "geom_conaffinity"):
        np.testing.assert_allclose(getattr(model, name), getattr(again, name), atol=1e-6)


def test_spheres_add_no_mass_and_lie_within_the_boxes():
    world = make_world([Tile("rough", 0.5)], 4.0, 3.0)
    model, plane = build_scene(CHARACTER, 120.0, world.terrain), build_scene(CHARACTER, 120.0)
    np.testing.assert_array_equal(model.body_mass, plane.body_mass)
    np.testing.assert_array_equal(model.body_inertia, plane.body_inertia)
    assert model.ngeom == plane.ngeom + 8  # four corners of two feet


# ---- references


def test_loops_go_on_along_x(stride):
    env = make(stride, start="fixed")
    later = env.reference(env.tick + 10 * 240, env.everyone).qpos - env.reference(env.tick, env.everyone).qpos
    np.testing.assert_allclose(later[:, :2], [[10.0, 0.0]] * 8, atol=1e-3)


@pytest.mark.parametrize("kind", ["rough", "stairs_up", "slope_across", "bumps"])
def test_nobody_starts_in_the_ground_or_far_above_it(wave, kind):
    env = make(wave, 32, terrain=(kind,), tiles=[Tile(kind, 1.0)], velocity_noise=0.0)
    env.sim.forward()
    model, low = env.model, []
    from sfv.kinematics import motion_state
    from sfv.surface import surface_track
    from sfv.terrain.terrain import height_above

    motion = Motion(CHARACTER.skeleton, 30.0, env.sim.qpos.numpy().copy())
    points = surface_track(CHARACTER.model, motion_state(motion, CHARACTER.model))
    low = height_above(points, env.terrain).min(1)
    assert low.min() > -1e-3
    # in the air by no more than the ground varies below a body: 0.2 m and a slope of 20 degrees over a stance of 0.4 m
    assert low.max() < 0.25
    assert model.nhfield == (kind in ("rough", "bumps"))  # one slope is a plane, and stairs are boxes


def test_level_tiles_are_flat_ground(wave):
    """On a tile without relief everything but the place is as on the plane."""
    here, there = make(wave, terrain=(), start="fixed"), make(wave, terrain=("flat",), start="fixed")
    generator = torch.Generator().manual_seed(0)
    for _ in range(5):
        for env in (here, there):
            env.sim.qvel[:] = 0.1
        action = 0.2 * torch.randn(zeros(here).shape, generator=generator)
        a, b = here.step(action), there.step(action)
        torch.testing.assert_close(a.obs, b.obs, atol=2e-3, rtol=0)
        torch.testing.assert_close(a.reward, b.reward, atol=1e-3, rtol=0)


def test_on_its_raised_reference_a_body_has_its_whole_reward(wave):
    """Where the body is where the reference is, all that is measured in places is 1, on any ground."""
    env = make(wave, terrain=("slope_across",), tiles=[Tile("slope_across", 0.5)], start="fixed", velocity_noise=0.0)
    moment = env.moment()
    moment = replace(moment, xpos=moment.past.xpos, com=moment.past.com, qpos=moment.past.qpos)
    for row in rewards.TRACKING:
        if row.name in ("end_effectors", "centre_of_mass", "body_positions"):
            torch.testing.assert_close(row.function(moment, row.scale), torch.ones(8), atol=1e-5, rtol=0)


# ---- the curriculum, and going on


def test_training_begins_anywhere_on_the_way(stride):
    """20 s of a cycle of a second: any of 20 cycles is over; the clip itself begins at the start of the tile."""
    env = make(stride, 256, terrain=("rough",))
    cycles = torch.div(env.tick, 240, rounding_mode="floor")
    assert set(cycles.tolist()) == set(range(20))
    first = env.library.at(env.clip, env.tick % 240).qpos[:, :2] + env.ground.offset
    away = first - env.ground.starts[env.ground.tile]
    assert float(away.abs().max()) <= 0.5 + 1e-4
    torch.testing.assert_close(env.sim.qpos[:, :2].float(), first + 1.0 * cycles[:, None] * torch.tensor([1.0, 0.0]))
    assert (make(stride, 8, terrain=("rough",), start="fixed").tick == 0).all()


def test_who_lasts_climbs_and_who_falls_goes_down(wave):
    env = make(wave, 6, terrain=("rough", "slope_up"))
    climb, ids = env.climb, torch.arange(6)
    steps = int(env.config.episode_seconds * env.config.control_hz)
    assert (env.ground.tile == torch.tensor([0, LEVELS] * 3)).all()
    lasted, age = torch.tensor([1, 1, 0, 0, 1, 1]).bool(), torch.full((6,), steps)
    climb.ended(ids, lasted, age, env.generator)
    assert climb.level.tolist() == [1, 1, 0, 0, 1, 1]
    age = torch.tensor([3, steps, 3, 3, steps, steps])
    climb.ended(ids, torch.zeros(6).bool(), age, env.generator)
    assert climb.level.tolist() == [0, 1, 0, 0, 1, 1]
    assert env.ground.tile.tolist() == [0, LEVELS + 1, 0, LEVELS, 1, LEVELS + 1]
    climb.level[:] = LEVELS - 1
    climb.ended(ids, torch.ones(6).bool(), age, env.generator)
    assert ((climb.level >= 0) & (climb.level < LEVELS)).all()  # past the top: any


def test_resuming_on_terrain_is_bit_for_bit(wave, goes_on):
    goes_on(*(make(wave, terrain=("rough", "stairs_up"), scan=True) for _ in range(2)), size=2.0)


def test_an_evaluation_on_terrain(wave):
    config = TrackingConfig(threads=1, terrain=("rough:0.2",))
    found = Evaluator(wave, CHARACTER, config, rollouts=4)(lambda obs: torch.zeros(len(obs), 28))
    assert 0 <= found.report["success"] <= 1
    # reference and simulation begin at one place of the world
    np.testing.assert_allclose(found.shown.reference.qpos[0, :2], found.shown.simulated.qpos[0, :2], atol=1e-4)


def test_terrain_that_there_is_not(wave):
    with pytest.raises(InputError, match="kind of terrain"):
        make(wave, terrain=("lava",))
