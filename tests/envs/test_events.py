"""Disturbances: what each does to the physics, when, and that episodes with them go on bit for bit."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from envs.config import TrackingConfig
from envs.events import EVENTS, LEVELS, Events, models, parse_events
from envs.judge.evaluation import judging_env
from envs.sim.cpu import CpuSim
from envs.sim.scene import build_scene
from envs.tracking import TrackingEnv
from sfv.character import Character, load_character
from sfv.errors import InputError

CHARACTER = load_character("humanoid")
# a sledge of 2 kg on level ground with a servo that turns its mast
SLEDGE = Character(
    "sledge",
    """<mujoco><default><geom friction="1 0.005 0.0001"/></default><worldbody>
    <body name="root" pos="0 0 0.05"><freejoint/><geom type="box" size="0.3 0.3 0.05" mass="2"/><body name="mast">
    <joint name="mast" type="hinge" axis="0 0 1" armature="0.1"/>
    <geom type="sphere" size="0.01" mass="0.001" contype="0" conaffinity="0"/></body></body></worldbody>
    <actuator><position joint="mast" kp="1" kv="0.1" forcerange="-1 1"/></actuator></mujoco>""",
)


def sledge(n, **ranges):
    model = build_scene(SLEDGE, 120.0)
    sim = CpuSim(model, n, threads=1)
    sim.qpos  # noqa: B018 (bound before the first step)
    return sim, Events(ranges, sim, SLEDGE, n, TrackingConfig())


def drive(sim, events, steps, command=0.0):
    generator = torch.Generator().manual_seed(0)
    n = sim.num_envs
    events.start(torch.arange(n), torch.zeros(n, 1), generator)
    for age in range(steps):
        events.drive(torch.full((n, 1), command), torch.full((n,), age), generator)


def make(wave, *randomise, n=8, **changes):
    return TrackingEnv([wave], CHARACTER, replace(TrackingConfig(threads=1), randomise=randomise, **changes), n, seed=3)


# ---- what each does


def test_a_push_gives_its_impulse():
    # in free fall, F = 20 N for 0.2 s on 2.001 kg: 4 Ns / 2.001 kg = 1.999 m/s, along the angle, from step 3 on
    sim, events = sledge(3, push=(0.0, 50.0))
    sim.qpos[:, 2] = 10.0
    events.hold("push", torch.tensor([20.0, 20.0, 0.0]))
    events.once, events.push_at[:] = True, 3
    events.push_angle[:] = torch.tensor([0.0, np.pi / 2, 0.0])
    drive(sim, events, 3)
    np.testing.assert_allclose(sim.qvel[:, :2].numpy(), 0.0, atol=1e-4)
    for age in range(3, 20):
        events.drive(torch.zeros(3, 1), torch.full((3,), age), torch.Generator())
    speed = 4.0 / 2.001
    np.testing.assert_allclose(sim.qvel[:, :2].numpy(), [[speed, 0], [0, speed], [0, 0]], atol=1e-3)


def test_friction_holds_what_its_coefficient_holds():
    # 2.001 kg on the ground: mu m g = mu 19.6 N; of a push of 10 N, mu 0.4 (7.9 N) lets it slide, at the end by up to
    # (10 - 7.85) / 2.001 * 0.2 = 0.215 m/s; 0.6 (11.8 N) does not, but for the creep of soft contacts
    sim, events = sledge(2, push=(0.0, 50.0), friction=(0.05, 1.0))
    events.hold("push", torch.full((2,), 10.0))
    events.hold("friction", torch.tensor([0.4, 0.6]))
    events.once, events.push_at[:] = True, 6
    drive(sim, events, 12)
    fast, slow = sim.qvel[:, 0].tolist()
    assert 0.17 < fast < 0.22
    assert abs(slow) < 0.005


def test_mass_divides_acceleration():
    sim, events = sledge(2, push=(0.0, 50.0), mass=(0.5, 2.0))
    sim.qpos[:, 2] = 10.0
    events.hold("push", torch.full((2,), 10.0))
    events.hold("mass", torch.tensor([0.5, 2.0]))
    events.once, events.push_at[:] = True, 0
    drive(sim, events, 6)
    np.testing.assert_allclose(sim.qvel[:, 0].numpy(), [2.0 / 1.0005, 2.0 / 4.002], atol=1e-3)


def test_commands_come_as_late_as_they_are_said_to():
    # 25 ms are 3 of the 120 Hz steps, so of four steps one has the new command; 50 ms are 6: none, and then two of four
    sim, events = sledge(3, delay=(0.0, 50.0))
    events.hold("delay", torch.tensor([0.0, 25.0, 50.0]))
    seen, step = [], sim.step
    sim.step = lambda count: (seen.append(sim.ctrl[:, 0].clone()), step(count))
    drive(sim, events, 2, command=1.0)
    assert torch.stack(seen).T.tolist() == [[1] * 8, [0, 0, 0, 1, 1, 1, 1, 1], [0, 0, 0, 0, 0, 0, 1, 1]]


def test_fields_of_the_model():
    base = build_scene(CHARACTER, 120.0)
    values = {
        name: np.array([1.0, v]) for name, v in (("friction", 0.5), ("mass", 2.0), ("strength", 0.7), ("gains", 1.1))
    }
    hands = [base.body("right_wrist").id, base.body("left_wrist").id]
    out = models(base, values | {"hands": np.array([0.0, 1.0])}, hands)
    for name, rows in out.items():
        np.testing.assert_allclose(rows[0], getattr(base, name), err_msg=name)
    # 45 kg twice, and a kilogram in each hand, whose own are 0.5 kg
    assert out["body_mass"][1].sum() == pytest.approx(92.0)
    assert out["body_mass"][1][hands[0]] == pytest.approx(2.0)
    np.testing.assert_allclose(out["body_inertia"][1][hands[0]], 4.0 * base.body_inertia[hands[0]])
    np.testing.assert_allclose(out["actuator_forcerange"][1], 0.7 * base.actuator_forcerange)
    np.testing.assert_allclose(out["actuator_biasprm"][1][:, 1:3], 1.1 * base.actuator_biasprm[:, 1:3])
    np.testing.assert_allclose(out["geom_friction"][1][:, 0], 0.5 * base.geom_friction[:, 0])


def test_a_held_mass_is_that_of_the_simulation_and_moves_on_with_it(wave):
    env = make(wave, "mass:0.5:2")
    value = torch.linspace(0.5, 2.0, 8)
    env.events.hold("mass", value)
    env.reset()
    np.testing.assert_allclose(env.sim.expand("body_mass").sum(1), 45.0 * value.numpy(), rtol=1e-6)
    derived = env.sim.expand("body_subtreemass")[:, 1]
    np.testing.assert_allclose(derived, 45.0 * value.numpy(), rtol=1e-6)


def test_noise_is_as_large_as_it_says(wave):
    env, plain = make(wave, "noise:0.01", n=64), make(wave, n=64)
    env.restore(plain.state() | {k: v for k, v in env.state().items() if k.startswith("events")})
    difference = env.observe() - plain.observe()
    speeds = env._speeds
    assert difference[:, ~speeds].std() == pytest.approx(0.01, rel=0.05)
    assert difference[:, speeds].std() == pytest.approx(0.1, rel=0.05)


def test_starts_are_off_the_reference_by_as_much_as_it_says(wave):
    env = make(wave, "start:0.2", n=64, start="fixed")
    from envs.moment import joint_difference

    ref = env.reference(env.tick, env.everyone)
    assert joint_difference(env.joints, ref.qpos, env.sim.qpos.float()).std() == pytest.approx(0.2, rel=0.05)
    torch.testing.assert_close(env.sim.qpos[:, :2].float(), ref.qpos[:, :2])


def test_pushes_come_again_in_training(wave):
    env = make(wave, "push:20:20", n=16, episode_seconds=60.0)
    pushed = torch.zeros(16)
    for _ in range(45):
        env.step(torch.zeros(16, env.action_size))
        force = torch.linalg.vector_norm(env.sim.xfrc_applied[:, 1, :3], dim=-1)
        assert ((force == 0) | ((force - 20.0).abs() < 1e-4)).all()
        pushed += (force > 0).float()
    # the first between 1 and 3 s: within 1.5 s about a quarter, each of at most 6 control steps of 1/30 s
    assert 0 < (pushed > 0).sum() < 16
    assert pushed.max() <= 6


def test_a_box_comes_from_its_side_and_hits(wave):
    env, plain = (make(wave, *names, n=2, start="fixed", velocity_noise=0.0) for names in (("box:0:6",), ()))
    env.events.once = True
    env.events.hold("box", torch.tensor([6.0, 0.0]))
    for task in (env, plain):
        task.reset()
    env.events.box_at[:], env.events.box_angle[:] = torch.tensor([3, 99]), np.pi  # from behind, and never
    box = env.sim.whole("qpos")[:, -7:-4]
    far = []
    for _ in range(12):
        for task in (env, plain):
            task.advance(torch.zeros(2, task.action_size))
        far.append(float(box[0, 0] - env.sim.qpos[0, 0]))
    # it sets out 1.5 m behind in the fourth step, of 1/30 s at 6 m/s over the ground
    assert far[2] > 20.0
    assert far[3] == pytest.approx(-1.5 + 0.2, abs=0.05)
    # 5 kg at 6 m/s on 45 kg: 0.6 m/s if it stuck
    assert env.sim.qvel[0, 0] - plain.sim.qvel[0, 0] > 0.3
    torch.testing.assert_close(env.sim.qpos[1], plain.sim.qpos[1], atol=1e-9, rtol=0)  # nothing reaches the other
    assert box[1, 2] > 25.0


def test_boxes_come_again_in_training(wave):
    env = make(wave, "box:1:1", n=16, episode_seconds=60.0)
    flies = []
    for _ in range(45):
        env.step(torch.zeros(16, env.action_size))
        flies.append(env.events.flies.clone())
    # each comes between 1 and 3 s, unless an episode began anew
    assert not flies[28].any()
    assert torch.stack(flies).any(0).sum() > 1


def test_balance_moves_the_heaviest_body(wave):
    env = make(wave, "balance:-0.1:0.1", n=2)
    env.events.hold("balance", torch.tensor([0.0, 0.1]))
    env.reset()
    chest = CHARACTER.model.body("chest").id  # 14 of 45 kg
    moved = env.sim.expand("body_ipos")[1] - env.sim.expand("body_ipos")[0]
    assert moved[chest, 0] == pytest.approx(0.1)
    assert np.abs(moved).sum() == pytest.approx(0.1)


# ---- gradually


def test_pushes_grow_as_episodes_last(wave):
    config = TrackingConfig(threads=1, randomise=("push:0:1000",), gradual=True, episode_seconds=2.0)
    env = TrackingEnv([replace(wave, loop=True)], CHARACTER, config, 64, seed=3)
    events = env.events
    assert (events.level == 1).all()
    assert 50.0 < float(events.value["push"].max()) <= 100.0
    ids = torch.arange(4)
    events.hits[:4] = torch.tensor([3, 0, 1, 3])
    events.level[:4] = 5
    events.ended(ids, torch.tensor([True, True, False, False]))
    assert events.level[:4].tolist() == [6, 5, 4, 5]  # who falls after many hits is where he belongs
    events.level[:4] = torch.tensor([LEVELS, 1, 1, 1])
    events.hits[:4] = 1
    events.ended(ids, torch.tensor([True, False, False, True]))
    assert events.level[:4].tolist() == [LEVELS, 1, 1, 2]
    events.level[:] = LEVELS
    env.reset()
    assert float(events.value["push"].max()) > 800.0


def test_an_episode_that_lasts_raises_them_and_judging_takes_all(wave):
    config = TrackingConfig(threads=1, randomise=("push:0:1",), gradual=True, episode_seconds=2.0)
    loop = replace(wave, loop=True)
    env = TrackingEnv([loop], CHARACTER, config, 4, seed=3)
    for _ in range(59):
        env.step(torch.zeros(4, 28))
    hit = env.events.hits > 0
    assert hit.any()
    step = env.step(torch.zeros(4, 28))
    assert step.truncated.all()
    assert env.events.level.tolist() == (1 + hit.long()).tolist()
    assert env.events.hits.tolist() == [0, 0, 0, 0]
    assert (judging_env([loop], CHARACTER, config, 2, 0).events.level == LEVELS).all()


# ---- bit for bit


def test_without_events_nothing_is_drawn(wave):
    """Turning events on and off again leaves the task as it is to the bit."""
    plain, env = make(wave), make(wave, "friction:1:1", "delay:0:0", "push:0:0")
    action = 0.3 * torch.randn(8, plain.action_size, generator=torch.Generator().manual_seed(0))
    env.restore(plain.state() | {k: v for k, v in env.state().items() if k.startswith("events")})
    a, b = plain.step(action), env.step(action)
    assert torch.equal(a.obs, b.obs)
    assert torch.equal(a.reward, b.reward)


@pytest.mark.parametrize("threads", [1, 2])
def test_resuming_with_all_events_is_bit_for_bit(wave, threads, goes_on):
    env, other = (make(wave, "all", threads=threads if k else 1, gradual=True) for k in range(2))
    steps = goes_on(env, other, steps=20, size=2.0)
    assert sum(int(step.terminated.sum()) for step in steps) > 4  # bodies changed on the way


# ---- what may be asked for


def test_ranges_by_name():
    assert parse_events(["push:0:200", "friction"]) == {"friction": (0.4, 1.2), "push": (0.0, 200.0)}
    assert list(parse_events(["all"])) == list(EVENTS)
    assert parse_events(["mass:1.5"]) == {"mass": (1.5, 1.5)}


@pytest.mark.parametrize("text", ["shove", "push:a", "mass:0", "friction:2:1", "push:1:2:3"])
def test_impossible_events(text):
    with pytest.raises(InputError, match=r"there are|LOW:HIGH"):
        parse_events([text])


def test_an_event_has_one_range():
    assert parse_events(["all", "push:0:9"])["push"] == (0.0, 9.0)
    with pytest.raises(InputError, match="push is named 2 times"):
        parse_events(["push", "mass", "push:0:9"])


def test_who_has_no_hands():
    with pytest.raises(InputError, match="no hands"):
        sledge(1, hands=(0.0, 1.0))
