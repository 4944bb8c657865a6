"""Rewards against numbers worked out by hand."""

import math
from dataclasses import replace

import pytest
import torch

from envs import rewards, terminations
from envs.config import TrackingConfig
from envs.tracking import TrackingEnv
from sfv.character import load_character


@pytest.fixture(scope="module")
def moment(wave):
    """A character exactly on the reference: state set, derived fields made current, reference at the same moment."""
    env = TrackingEnv([wave], load_character("humanoid"), TrackingConfig(velocity_noise=0.0, threads=1), 2)
    env.reset_to(torch.zeros(2, dtype=torch.long), torch.tensor([0, 120]))
    env.sim.forward()
    now = env.moment()
    return replace(now, past=now.ref)


@pytest.mark.parametrize("table", rewards.TABLES.values(), ids=rewards.TABLES.keys())
def test_being_the_reference_is_worth_one(moment, table):
    total, terms = rewards.total(table, moment)
    assert set(terms) == {row.name for row in table}
    torch.testing.assert_close(total, torch.ones(2), atol=1e-4, rtol=0)


def test_a_bent_knee_costs_its_weighted_square(moment):
    # the knee's weight is 0.3 of a sum of 1 + .5 + .3 + 2 (.5 + .3 + .2) + 2 (.3 + .2) = 4.8; 0.4 rad, scale 2
    qpos = moment.qpos.clone()
    names = load_character("humanoid").skeleton.qpos_columns
    knee = names.index("right_knee")
    qpos[:, knee] += 0.4
    got = rewards.pose(replace(moment, qpos=qpos), 2.0)
    torch.testing.assert_close(got, torch.full((2,), math.exp(-2 * 0.3 / 4.8 * 0.16)), atol=1e-5, rtol=0)


def test_a_centre_of_mass_20_cm_away(moment):
    # exp(-10 * 0.04) = 0.67032
    moved = replace(moment, com=moment.com + torch.tensor([0.0, 0.2, 0.0]))
    torch.testing.assert_close(rewards.centre_of_mass(moved, 10.0), torch.full((2,), 0.67032), atol=1e-4, rtol=0)


def test_end_effectors_are_seen_from_the_root_but_heights_from_the_ground(moment):
    shift = torch.tensor([0.3, -0.2, 0.0])
    moved = replace(moment, xpos=moment.xpos + shift)
    torch.testing.assert_close(rewards.end_effectors(moved, 40.0), torch.ones(2), atol=1e-4, rtol=0)
    # 10 cm up: four effectors each 0.1 m high, mean square 0.01, exp(-0.4)
    higher = replace(moment, xpos=moment.xpos + torch.tensor([0.0, 0.0, 0.1]))
    wanted = torch.full((2,), math.exp(-0.4))
    torch.testing.assert_close(rewards.end_effectors(higher, 40.0), wanted, atol=1e-4, rtol=0)


def test_terminations(moment):
    assert not terminations.any_body_away(moment, 0.5).any()
    far = moment.xpos.clone()
    far[1, 4, 0] += 0.6  # one body of the second environment
    away = replace(moment, xpos=far)
    assert terminations.any_body_away(away, 0.5).tolist() == [False, True]
    assert terminations.body_errors(away).mean(-1).max() < 0.5
    broken = moment.qvel.clone()
    broken[0, 3] = float("nan")
    assert terminations.not_finite(replace(moment, qvel=broken)).tolist() == [True, False]
