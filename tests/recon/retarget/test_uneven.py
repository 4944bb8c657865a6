"""A walk on stairs, slopes and stones: where it steps, what it passes over, and where there is nothing to step on."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from recon.retarget.uneven import foothold, onto_terrain, swing
from sfv.character import Character, load_character
from sfv.check.check import check
from sfv.errors import InputError
from sfv.kinematics import motion_state
from sfv.motion import Motion
from sfv.pipeline.uneven import at_start, on_tile, unrolled
from sfv.priors.gaits import STYLES, gait
from sfv.surface import surface_track
from sfv.terrain.terrain import FLAT
from sfv.terrain.world import Tile, make_world
from sfv.work.mask import runs


@pytest.fixture(scope="module")
def body() -> Character:
    return load_character("humanoid")


@pytest.fixture(scope="module")
def walk(body: Character) -> Motion:
    """3.4 s, 0.9 cycles a second: it goes a few metres."""
    return gait(body, STYLES[0], 3.4).motion


@pytest.fixture(scope="module")
def climbing(walk: Motion, body: Character) -> Motion:
    return on_tile(walk, body, Tile("stairs_up", 1.0 / 3.0)).fitted  # 10 of 5 to 20 cm


def test_it_climbs_stairs_and_no_foot_is_in_them(climbing: Motion, walk: Motion, body: Character) -> None:
    way = float(np.linalg.norm(walk.qpos[-1, :2] - walk.qpos[0, :2]))
    # flights of four stairs of 40 cm after every 1.2 m: two stairs of 10 cm within the way
    assert way > 1.8
    assert climbing.qpos[-1, 2] - climbing.qpos[0, 2] > 0.15
    points = torch.from_numpy(surface_track(body.model, motion_state(climbing, body.model)))
    assert float(climbing.ground.relief.height_above(points).min()) > -0.03
    assert not check(climbing, body).failed


def test_soles_lie_on_one_stair(climbing: Motion, body: Character) -> None:
    """Below heel and toe of a foot that stands is the same height, 10 cm from the next."""
    assert climbing.contacts is not None
    state, model = motion_state(climbing, body.model), body.model
    for column, name in enumerate(climbing.contact_names):
        ball = model.body(name).id
        for start, stop in runs(climbing.contacts[:, column] > 0.5):
            if stop - start < 6:
                continue
            middle = (start + stop) // 2
            x, y = state.xpos[middle, ball, :2]
            tips = x + np.array([-0.04, 0.12]), np.array([y, y])  # it goes along x
            heights = climbing.ground.height(*tips)
            assert heights[0] == pytest.approx(heights[1], abs=1e-6)


def test_on_level_ground_it_stays_as_it_is(walk: Motion, body: Character) -> None:
    placed = at_start(walk, Tile("flat", 0.0))
    fitted = onto_terrain(placed, body, placed.ground)
    apart = motion_state(fitted, body.model).xpos - motion_state(placed, body.model).xpos
    assert np.linalg.norm(apart, axis=-1).mean() < 0.02


def test_a_foothold_is_on_the_stone_beside_the_pit() -> None:
    """The world is 1 m lower from x = 0.5 on, the footing is not: a sole from 0.3 to 0.5 m has to step back."""
    edge = np.where(np.arange(21)[:, None] * 0.1 >= 0.5, -1.0, 0.0) * np.ones((21, 21))
    ground = replace(FLAT, heights=edge, tops=np.full((20, 20), -np.inf), footing=np.zeros((21, 21)))
    heel, toe = (np.tile([x, 1.0, 0.0], (5, 1)) for x in (0.3, 0.5))
    hold = foothold(heel, toe, 0, 5, ground)
    # heel to toe and a quarter of it on either side: its end is to be at 0.4 m, before the cell that falls away
    assert hold.shift[0] == pytest.approx(-0.16, abs=0.021)
    assert hold.off == pytest.approx(0.0, abs=0.01)


def test_a_foot_swings_over_what_stands_in_its_way() -> None:
    """It goes 1 m along x in a second, 1 cm high, over a block of 12 cm between 0.4 and 0.6 m."""
    tops = np.full((20, 20), -np.inf)
    tops[4:6] = 0.12
    ground = replace(FLAT, heights=np.zeros((21, 21)), tops=tops, footing=np.zeros((21, 21)))
    t = np.linspace(0.0, 1.0, 31)
    heel = np.stack((t, np.ones(31), np.full(31, 0.01)), 1)
    stands = (t < 0.1) | (t > 0.9)
    raised = heel + swing(heel, heel + np.array([0.1, 0.0, 0.0]), stands, ground, 30.0)
    over = (heel[:, 0] > 0.3) & (heel[:, 0] < 0.6)
    assert raised[over, 2].min() > 0.12
    assert np.all(raised[stands] == heel[stands])


def test_where_nothing_bears_a_foot(walk: Motion, body: Character) -> None:
    pit = make_world([Tile("flat", 0.0)], 8.0, 6.0).terrain
    x = pit.corner[0] + pit.cell * np.arange(len(pit.heights))
    pit = replace(pit, heights=np.where(x[:, None] > 1.0, -1.0, 0.0) * np.ones_like(pit.heights))
    placed = replace(at_start(walk, Tile("flat", 0.0)), ground=pit)
    with pytest.raises(InputError, match=r"nothing bears the \w+ foot at .* s: .* 100 cm too deep or too high"):
        onto_terrain(placed, body, pit)


def test_a_loop_is_unrolled(body: Character) -> None:
    cycle = replace(gait(body, STYLES[0], 1.0 / 0.9).motion, loop=True)
    long = unrolled(cycle, 5.0)
    assert not long.loop
    assert long.duration == pytest.approx(5.0)
    assert long.qpos[-1, 0] > 3.0 * cycle.qpos[-1, 0]
