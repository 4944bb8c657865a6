from dataclasses import replace

import numpy as np
import pytest
import torch

from envs.arena import Arena
from envs.config import TrackingConfig
from envs.sim.scene import THROWN
from envs.thrown import AWAY
from envs.tracking import TrackingEnv
from sfv.character import load_character
from sfv.motion import Motion
from sfv.view.live import Conditions, Seen

CHARACTER = load_character("humanoid")
MASS = float(CHARACTER.model.body_mass.sum())
STILL = torch.zeros(1, CHARACTER.model.nu)


@pytest.fixture
def arena(wave: Motion) -> Arena:
    return Arena(wave, CHARACTER, TrackingConfig())


def stepped(arena: Arena, count: int) -> list[Seen]:
    return [arena.step(STILL) for _ in range(count)]


def test_it_is_the_task_that_was_trained_in(arena: Arena, wave: Motion) -> None:
    """With nothing done to it, and a box that nobody throws in its world."""
    config = TrackingConfig(start="fixed", velocity_noise=0.0, threads=1)
    env = TrackingEnv([wave], CHARACTER, config, 1)
    env.reset()
    arena.begin(0.0)
    for _ in range(10):
        torch.testing.assert_close(arena.observe(), env.observe(), atol=1e-5, rtol=0)
        env.advance(STILL)
        arena.step(STILL)


def test_who_stands_is_borne_by_the_ground(arena: Arena) -> None:
    arena.begin(0.0)
    seen = stepped(arena, 20)[10:]
    up = np.mean([now.contacts[:, 1, 2].sum() for now in seen])
    assert up == pytest.approx(9.81 * MASS, rel=0.15)
    assert {"left_ankle", "right_ankle"} <= seen[-1].touch.keys()
    assert np.abs(seen[-1].contacts[:, 0, 2]).max() < 0.02  # the points are on the ground
    assert seen[-1].fell is None
    assert seen[-1].seconds == pytest.approx(20 / 30)


def test_a_push_gives_its_impulse(wave: Motion) -> None:
    """In the air, where nothing else holds it: F t = m v, so 0.2 s of 90 N are 18 N s on 45 kg, and 0.4 m/s."""
    gone = []
    for force in (0.0, 90.0):
        arena = Arena(wave, CHARACTER, TrackingConfig())
        arena.begin(0.0)
        arena.env.sim.qpos[0, 2] += 3.0
        arena.push("chest", force, 90.0)
        seen = stepped(arena, 16)
        gone.append((seen[15].com - seen[10].com) * 30 / 5)  # m/s, long after the push
    np.testing.assert_allclose(gone[1] - gone[0], (0.0, 90.0 * 0.2 / MASS, 0.0), atol=0.01)


def test_a_box_comes_from_where_it_is_thrown_and_hits(arena: Arena) -> None:
    arena.begin(0.0)
    assert stepped(arena, 1)[0].boxes == ()
    arena.throw(6.0, 180.0)  # from behind
    first, *later = stepped(arena, 12)
    (box,) = first.boxes
    # a thirtieth of a second on its way of 1.5 m, 6 m/s: still behind
    assert box[0] - first.qpos[0] == pytest.approx(-AWAY + 6.0 / 30, abs=0.1)
    force = max(np.abs(now.contacts[:, 1, 0]).max(initial=0.0) for now in later)
    assert force > THROWN.mass * 9.81  # more than it weighs: a blow
    assert max(now.away.mean() for now in later) > first.away.mean()
    arena.begin(0.0)
    assert stepped(arena, 1)[0].boxes == ()  # it is taken away


def test_conditions_are_changed_as_it_runs(arena: Arena) -> None:
    arena.begin(0.0)
    assert np.abs(stepped(arena, 3)[-1].torque).max() > 1.0
    arena.arrange(Conditions(strength=0.0))
    assert np.abs(stepped(arena, 1)[-1].torque).max() == 0.0
    assert stepped(arena, 59)[-1].fell is not None  # without torque it falls within two seconds
    arena.arrange(Conditions())
    arena.begin(0.0)
    assert stepped(arena, 20)[-1].fell is None


def test_other_ground_is_under_it(arena: Arena) -> None:
    assert arena.env.terrain.flat
    arena.arrange(Conditions(terrain="rough", difficulty=0.5, seed=3))
    assert not arena.env.terrain.flat
    seen = stepped(arena, 3)[-1]
    assert np.isfinite(seen.qpos).all()
    before = arena.env
    arena.arrange(replace(arena.conditions, friction=0.3))
    assert arena.env is before  # friction needs no new ground


def test_it_begins_anywhere_in_the_clip(arena: Arena, wave: Motion) -> None:
    seen = arena.begin(0.5)
    np.testing.assert_allclose(seen.qpos[7:], wave.at(np.array([0.5]))[0][7:], atol=1e-3)
    assert arena.begin(99.0).phase < wave.duration
    while not arena.over:
        arena.step(STILL)
    assert int(arena.env.age) > 0
