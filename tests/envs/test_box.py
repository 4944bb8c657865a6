"""The box that hands push: its physics, its place, what is seen of it, and what cannot be pushed."""

from dataclasses import replace

import mujoco
import numpy as np
import pytest
import torch

from envs.arena import Arena
from envs.box import FRICTION, GAP, AskedBox, parse_object
from envs.config import TrackingConfig
from envs.judge.evaluation import Evaluator
from envs.judge.robustness import QUICK, Robustness
from envs.sim.scene import THROWN
from envs.tracking import TrackingEnv
from sfv.character import load_character
from sfv.errors import InputError
from sfv.surface import surface_points
from sfv.view.live import Conditions

CHARACTER = load_character("humanoid")
TASK = TrackingConfig(threads=1, object="box:10kg", start="fixed", velocity_noise=0.0)
QUARTER = 0.5 * np.pi


def glide(wave, angle=QUARTER, speed=0.6, turn=0.0, loop=True):
    """Two seconds of standing with the arms turned forward from the T-pose, moved along x (and turned) at a speed."""
    qpos = np.repeat(wave.qpos[:1], 61, 0)
    for t, row in enumerate(qpos):
        for joint in ("right_shoulder", "left_shoulder"):
            first = int(CHARACTER.model.joint(joint).qposadr[0])
            mujoco.mju_axisAngle2Quat(row[first : first + 4], np.array([0.0, 1.0, 0.0]), -angle)
        faces = turn * t / 60
        row[3:7] = [np.cos(faces / 2), 0.0, 0.0, np.sin(faces / 2)]
        if t:
            row[:2] = qpos[t - 1, :2] + speed / 30 * np.array([np.cos(faces), np.sin(faces)])
    return replace(wave, qpos=qpos, loop=loop, source="glide")


def make(motion, n=4, **changes):
    return TrackingEnv([motion], CHARACTER, replace(TASK, **changes), n, seed=3)


def zeros(env):
    return torch.zeros(env.num_envs, env.action_size)


def test_what_is_asked_for():
    assert parse_object("box:10kg") == AskedBox(10.0)
    assert parse_object("box: 2.5kg, 1.2m") == AskedBox(2.5, 1.2)
    for text in ("crate:10kg", "box", "box:10", "box:10kg,1.2", "box:0kg", "box:10kg,9m"):
        with pytest.raises(InputError, match=r"no object; write box:10kg|give it 0.1 to 1000 kg"):
            parse_object(text)


def test_it_stands_still_before_the_hands(wave):
    """The hands are spheres of 4 cm; their middles are as far ahead as the arms are long, x = a. The box's face is GAP
    before their foremost point: its middle at a + 0.04 + GAP + half a side."""
    env = make(glide(wave))
    pose, speed = env.box.state(env.sim)
    hands = [CHARACTER.model.body(name).id for name in ("left_wrist", "right_wrist")]
    bodies, _, radii = surface_points(CHARACTER.model)
    ahead = env.reference(env.tick, env.everyone).xpos[0, hands, 0].mean()
    radius = float(radii[np.isin(bodies, hands)].max())
    half = env.box.parcel.half
    assert pose[0].tolist() == pytest.approx([float(ahead) + radius + GAP + half, 0.0, half, 1, 0, 0, 0], abs=2e-3)
    assert (speed == 0).all()
    assert not env.sim.qpos.isnan().any()


def test_it_slides_as_far_as_friction_lets_it(wave):
    """1 m/s and mu g = 0.4 x 9.81 m/s^2 along the ground: v^2 / (2 mu g) = 12.7 cm in v / (mu g) = 0.25 s."""
    env = make(glide(wave))
    env.sim.whole("qpos")[:, env.model.nq] += 5.0
    env.sim.whole("qvel")[:, env.model.nv] = 1.0
    before = env.box.state(env.sim)[0][0, :3]
    env.sim.step(60)
    after, speed = (part[0] for part in env.box.state(env.sim))
    assert (after[:3] - before).tolist() == pytest.approx([1.0 / (2 * FRICTION * 9.81), 0.0, 0.0], abs=4e-3)
    assert float(speed.abs().max()) < 0.01


def test_who_does_not_touch_it_moves_as_without_it(wave):
    motion = glide(wave)
    env, alone = make(motion), make(motion, object="")
    assert env.obs_size == alone.obs_size + 12
    assert env.sim.qpos.shape == alone.sim.qpos.shape
    env.sim.whole("qpos")[:, env.model.nq] += 5.0
    for _ in range(8):
        env.advance(zeros(env))
        alone.advance(zeros(alone))
    torch.testing.assert_close(env.observe()[:, :-12], alone.observe(), atol=1e-4, rtol=0)
    torch.testing.assert_close(env.sim.xpos, alone.sim.xpos, atol=1e-5, rtol=0)


def test_it_is_seen_from_the_root(wave):
    """The root faces along y here, so what is 0.3 m along x from the box is 0.3 m to its right: y = -0.3."""
    motion = glide(wave, turn=0.0)
    env = make(motion)
    half_turn = torch.tensor([np.cos(np.pi / 4), 0.0, 0.0, np.sin(np.pi / 4)])
    env.sim.qpos[:, 3:7] = half_turn
    goal = env.box.goal(env.reference(env.tick + env.control_ticks, env.everyone), env.tick + env.control_ticks)
    env.sim.whole("qpos")[:, env.model.nq : env.model.nq + 7] = goal.double()
    env.sim.whole("qpos")[:, env.model.nq] -= 0.3
    env.sim.whole("qpos")[:, env.model.nq + 3 : env.model.nq + 7] = half_turn  # a quarter too far to the left
    env.sim.whole("qvel")[:, env.model.nv : env.model.nv + 3] = torch.tensor([0.2, 0.0, 0.0])
    env.sim.whole("qvel")[:, env.model.nv + 3 : env.model.nv + 6] = torch.tensor([0.0, 0.0, 0.5])
    seen = env.observe()[0, -12:].tolist()
    assert seen == pytest.approx([0, -0.3, 0, 0, 0, -QUARTER, 0, -0.2, 0, 0, 0, 0.5], abs=1e-5)


def test_its_place_goes_on_with_the_loop_and_turns_with_it(wave):
    """One cycle later the place is that of before, turned and moved on as the loop is: p -> R(turn) p + shift."""
    env = make(glide(wave, turn=0.2), n=3)
    tick, ticks = torch.tensor([0, 111, 300]), env.library.ticks[0]
    first, later = (env.box.goal(env.reference(at, env.everyone), at) for at in (tick, tick + ticks))
    c, s = np.cos(0.2), np.sin(0.2)
    turned = torch.stack((c * first[:, 0] - s * first[:, 1], s * first[:, 0] + c * first[:, 1]), -1)
    torch.testing.assert_close(later[:, :2], turned + env.library.shift[0], atol=2e-3, rtol=0)
    heading = 2 * torch.atan2(later[:, 6], later[:, 3]) - 2 * torch.atan2(first[:, 6], first[:, 3])
    torch.testing.assert_close(heading, torch.full((3,), 0.2), atol=1e-3, rtol=0)


def test_an_episode_ends_where_the_box_is_lost_and_the_box_is_put_back(wave):
    env = make(glide(wave))
    env.sim.whole("qpos")[1, env.model.nq + 1] += 0.6
    env.sim.whole("qpos")[2, env.model.nq + 1] += 0.3
    step = env.step(zeros(env))
    assert step.terminated.tolist() == [False, True, False, False]
    # at 0.3 m from its place exp(-20 x 0.09) = 0.165 of its reward is left
    assert float(step.info.terms["box"][2]) == pytest.approx(0.165, abs=0.02)
    pose, speed = env.box.state(env.sim)
    assert float(pose[1, 1]) == pytest.approx(0.0, abs=1e-3)
    assert (speed[1] == 0).all()


def test_it_is_pushed(wave):
    """Who leans into it drives it on: the servos of a floating body bear nothing, so the hands do not slip past."""
    env = make(glide(wave))
    before = env.box.state(env.sim)[0][0, 0].clone()
    for _ in range(12):
        env.advance(zeros(env))
    assert 0.05 < float(env.box.state(env.sim)[0][0, 0] - before) < 0.24 + 0.05  # the reference goes 0.24 m


def test_resuming_is_bit_for_bit_at_any_number_of_threads(wave, goes_on):
    motion = glide(wave)
    goes_on(make(motion, n=8, start="random"), make(motion, n=8, start="random", threads=2), steps=8)


def test_in_a_mirror(wave):
    """The image of a box to the left, turned to the left, is one to the right, turned to the right."""
    env = make(glide(wave))
    mirror, pose = env.mirror(), env.box.state(env.sim)[0].clone()
    assert torch.equal(mirror.obs(mirror.obs(env.observe())), env.observe())
    seen = []
    for side in (1.0, -1.0):
        angle = 0.3 * side
        env.sim.whole("qpos")[:, env.model.nq : env.model.nq + 7] = pose.double()
        env.sim.whole("qpos")[:, env.model.nq + 1] += 0.1 * side
        env.sim.whole("qpos")[:, env.model.nq + 3 : env.model.nq + 7] = torch.tensor(
            [np.cos(angle / 2), 0.0, 0.0, np.sin(angle / 2)]
        )
        env.sim.whole("qvel")[:, env.model.nv : env.model.nv + 6] = torch.tensor([0.3, 0.2, 0.0, 0.0, 0.0, 0.7]) * (
            torch.tensor([1.0, side, 1.0, 1.0, 1.0, side])
        )
        seen.append(env.observe())
    torch.testing.assert_close(mirror.obs(seen[0])[:, -12:], seen[1][:, -12:], atol=1e-5, rtol=0)


def test_the_evaluator_says_how_far_it_went(wave):
    """A box that is thrown ahead is lost at once, so nobody moves it; what is shown has it frame by frame."""
    found = Evaluator(glide(wave, loop=False), CHARACTER, TASK, rollouts=2)(lambda obs: torch.zeros(len(obs), 28))
    numbers = {number.name: number.value for number in found.report.numbers}
    assert 0.05 < numbers["box_moved"] < 1.0
    assert numbers["box_moved_1m"] == 0.0
    pushed = found.shown.pushed
    assert len(pushed.simulated) == len(found.shown.simulated)
    assert len(pushed.reference) == len(found.shown.reference)
    went = [rows[-1, 0] - rows[0, 0] for rows in (pushed.reference, found.shown.reference.qpos)]
    assert went[0] == pytest.approx(went[1], abs=1e-4)


def test_who_pushes_is_measured_on_level_ground_alone(wave):
    """One cell of friction: the box is there, as heavy as it was said to be, whatever the body weighs."""
    matrix = Robustness(lambda obs: torch.zeros(len(obs), 28), glide(wave), CHARACTER, TASK, QUICK, 0)
    measures = {part.measure for part in matrix.parts()}
    assert {"undisturbed", "push", "friction and strength"} <= measures
    assert not measures & {"terrain", "recovery"}
    heavy = make(glide(wave), n=1, randomise=("mass:2:2",)).sim.expand("body_mass")[0]
    assert heavy[-1] == 10.0
    assert heavy.sum() == pytest.approx(2 * CHARACTER.mass + 10.0)


def test_who_watches_sees_it_and_may_throw_another(wave):
    arena = Arena(glide(wave), CHARACTER, TASK)
    seen = arena.begin(0.0)
    (box,) = seen.boxes
    pushed, half = arena.env.box, arena.env.box.parcel.half
    assert box.tolist() == pytest.approx([*pushed.state(arena.env.sim)[0][0].tolist(), half])
    touched = set().union(*(arena.step(torch.zeros(1, 28)).touch for _ in range(12)))
    assert touched >= {"left_wrist", "right_wrist"}  # the hands have come to it
    arena.throw(6.0, 180.0)
    assert [float(box[7]) for box in arena.step(torch.zeros(1, 28)).boxes] == [half, THROWN.half]
    with pytest.raises(InputError, match="on level ground alone; choose flat"):
        arena.arrange(Conditions(terrain="rough"))


@pytest.mark.parametrize(
    ("given", "changes", "words"),
    [
        ({"angle": 0.0}, {}, r"nearer to a box than the hands do.*arms out to the front"),
        ({"speed": 0.02}, {}, r"go 0.40 m in this motion"),
        ({"loop": False, "speed": 0.3}, {}, r"go 0.60 m in this motion"),
        ({"loop": False, "turn": 2.0}, {}, r"cannot be led round corners"),
        ({}, {"object": "box:200kg"}, r"slide before a box of 200 kg does; give it at most 112 kg"),
        ({}, {"object": "box:10kg,0.5m"}, r"would pass over a box of 0.5 m; give it at least 1\.\d\d m"),
    ],
)
def test_what_cannot_be_pushed_is_a_sentence(wave, given, changes, words):
    with pytest.raises(InputError, match=words):
        make(glide(wave, **given), n=1, **changes)


def test_nor_by_several_motions_nor_uphill(wave):
    with pytest.raises(InputError, match="by one motion"):
        TrackingEnv([glide(wave)] * 2, CHARACTER, TASK, 1)
    with pytest.raises(InputError, match=r"on level ground; leave out --terrain"):
        replace(TASK, terrain=("rough",)).check()
    with pytest.raises(InputError, match=r"leave out --recovery or --object"):
        replace(TASK, recovery=2.0).check()
    with pytest.raises(InputError, match=r"leave out --along or --object"):
        replace(TASK, along=1.0, randomise=("push",)).check()
    body = replace(CHARACTER, xml=CHARACTER.xml.replace("wrist", "end").replace("elbow", "limb"))
    motion = replace(glide(wave), skeleton=body.skeleton)
    with pytest.raises(InputError, match="no body of humanoid is known for a hand"):
        TrackingEnv([motion], body, TASK, 1)
