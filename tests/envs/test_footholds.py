"""References on uneven ground: where limbs stand, how they pass, how they bend, and what stays as it is."""

import mujoco
import numpy as np
import pytest
import torch

from envs.config import TrackingConfig
from envs.library import TICKS
from envs.limbs import DOWN, LIFTS, LOWEST, UP, bent, limbs_of, stances
from envs.soles import bridged
from envs.tracking import TrackingEnv
from envs.ways import LOOKS, ways_of
from sfv.character import load_character
from sfv.kinematics import motion_state
from sfv.motion import Motion
from sfv.priors.gaits import STYLES, gait
from sfv.surface import surface_points, surface_track
from sfv.terrain.world import Tile, make_world

CHARACTER = load_character("humanoid")
MODEL = CHARACTER.model


@pytest.fixture(scope="module")
def walk() -> Motion:
    """Three seconds of a walk by formula: feet that stand do not slide."""
    return gait(CHARACTER, STYLES[0], 3.0).motion


@pytest.fixture(scope="module")
def march() -> Motion:
    """A second on the spot, a loop: each leg is raised by 10 cm for 0.4 s, the right one first; else feet are still."""
    rest = CHARACTER.skeleton.qpos0.copy()
    for side in ("left", "right"):
        rest[MODEL.joint(f"{side}_knee").qposadr[0]] = 0.4  # the foot stays level
        for joint in ("hip", "ankle"):
            at = int(MODEL.joint(f"{side}_{joint}").qposadr[0])
            rest[at : at + 4] = [np.cos(0.1), 0.0, -np.sin(0.1), 0.0]
    still = Motion(CHARACTER.skeleton, 30.0, np.array([rest, rest]))
    rest[2] -= surface_track(MODEL, motion_state(still, MODEL))[0, :, 2].min()
    qpos = np.repeat(rest[None], 31, 0)
    legs = {
        MODEL.body(limb.end).name: bent(MODEL, limb, rest[None])[0, :, 0, : MODEL.nv] for limb in limbs_of(CHARACTER)
    }
    for t, pose in enumerate(qpos):
        for side, begin in (("right", 0.05), ("left", 0.55)):
            u = np.clip((t / 30 - begin) / 0.4, 0.0, 1.0)
            lift = 0.1 * np.sin(np.pi * u) ** 2
            table = legs[f"{side}_ankle"][DOWN:, : MODEL.nv]
            turns = [np.interp(lift, LIFTS[DOWN:], column) for column in table.T]
            mujoco.mj_integratePos(MODEL, pose, np.array(turns), 1.0)
    return Motion(CHARACTER.skeleton, 30.0, qpos, loop=True, source="march")


def make(motion, kind, difficulty, n=4):
    env = TrackingEnv([motion], CHARACTER, TrackingConfig(threads=1, terrain=(kind,)), n, 3, [Tile(kind, difficulty)])
    env.reset_to(torch.zeros(n).long(), torch.zeros(n).long())
    return env


def soles(env, tick, foot):
    """Corners of a foot's box at a tick, (n, 8, 3), by the pose of the reference."""
    ref = env.reference(torch.full((env.num_envs,), tick), env.everyone)
    motion = Motion(CHARACTER.skeleton, 30.0, ref.qpos.double().numpy())
    points = surface_track(MODEL, motion_state(motion, MODEL))
    return points[:, surface_points(MODEL)[0] == MODEL.body(foot).id]


# ---- limbs


def test_limbs_go_up_to_the_trunk():
    """Hands: shoulder and elbow, 3 + 1 degrees of freedom. Feet: hip, knee and ankle, 3 + 1 + 3."""
    found = {MODEL.body(limb.end).name: len(limb.dofs) for limb in limbs_of(CHARACTER)}
    assert found == {"right_wrist": 4, "left_wrist": 4, "right_ankle": 7, "left_ankle": 7}


def test_only_what_keeps_its_place_stands(walk, stride, wave):
    """The walk's feet in turns; of what slides by at 1 m/s none; of what stands still both, all the time."""
    for motion, often in ((walk, (2, 3, 4)), (stride, (0,)), (wave, (1,))):
        env = TrackingEnv([motion], CHARACTER, TrackingConfig(threads=1), 1)
        surface = env.library.surface.double().numpy()
        for limb in limbs_of(CHARACTER):
            found = stances(surface, limb, motion.loop, 0.0)
            foot = MODEL.body(limb.end).name in CHARACTER.feet
            assert len(found) in (often if foot else (0,)), (motion.source, MODEL.body(limb.end).name)


def test_a_stance_over_the_seam_of_a_loop_is_one():
    """1 s of a point that stands from 0.9 s to 0.3 s of the next cycle; the last row is the first of the next."""
    points = np.zeros((TICKS + 1, 1, 3))
    stands = (np.arange(TICKS + 1) >= 216) | (np.arange(TICKS + 1) < 72)
    points[:, 0, 2] = np.where(stands, 0.0, 0.1)
    (limb,) = (limb for limb in limbs_of(CHARACTER) if MODEL.body(limb.end).name == "left_ankle")
    limb = type(limb)(limb.end, limb.joints, limb.dofs, np.array([0]))
    assert stances(points, limb, True, 0.0) == [(216, 216 + 24 + 72 - 1)]
    (ways,) = ways_of(points, (limb,), True)
    # from the middle of that stance, tick 263.5, to the middle of the next, 240 ticks later; in between it swings
    assert ways.count == 1
    assert ways.looks[0, [0, 2, 3, 5]].tolist() == [216, 311, 456, 551]
    assert ((ways.looks[0, 6:] > 311) & (ways.looks[0, 6:] < 456)).all()
    assert ways.number[0] == -2  # before the middle, at tick 23, of the stance that began in the cycle before
    assert ways.number[30] == -1
    # in the way of the cycle before the swing is over, or has not begun: it stands
    np.testing.assert_array_equal(ways.course[[0, 20], 0], [1.0, 1.0])
    np.testing.assert_array_equal(ways.course[[30, 60], 0], [0.0, 0.0])
    assert not ways.course[[0, 20, 30, 60], 2 : 2 + LOOKS].any()


def test_a_leg_bends_so_that_its_foot_is_raised(walk):
    """By inverse kinematics: 1 mm at the places, the foot's turn kept where the ankle can, nothing else moves."""
    limb = next(limb for limb in limbs_of(CHARACTER) if MODEL.body(limb.end).name == "left_ankle")
    qpos = walk.qpos[[10, 25]]
    found = bent(MODEL, limb, qpos)[:, :, 0]
    assert not found[:, DOWN].any()
    data = mujoco.MjData(MODEL)
    for k, rest in enumerate(qpos):
        data.qpos[:] = rest
        mujoco.mj_kinematics(MODEL, data)
        place, turn = data.xpos[limb.end].copy(), data.xquat[limb.end].copy()
        for number in range(1, UP + 1):
            pose = rest.copy()
            mujoco.mj_integratePos(MODEL, pose, found[k, DOWN + number, : MODEL.nv], 1.0)
            data.qpos[:] = pose
            mujoco.mj_kinematics(MODEL, data)
            np.testing.assert_allclose(data.xpos[limb.end], place + np.array([0, 0, LIFTS[DOWN + number]]), atol=1e-3)
            assert abs(data.xquat[limb.end] @ turn) > np.cos(0.5 * 0.3)  # where the ankle is at its limit
            moved = found[k, DOWN + number, MODEL.nv : MODEL.nv + 3 * MODEL.nbody].reshape(-1, 3)
            np.testing.assert_allclose(moved[limb.end], [0, 0, LIFTS[DOWN + number]], atol=1e-3)
            assert not moved[MODEL.body("right_ankle").id].any()


def test_a_foot_goes_sideways_too(walk):
    """By 5 cm, to a tenth of that: what the straight leg cannot do is left out."""
    limb = next(limb for limb in limbs_of(CHARACTER) if MODEL.body(limb.end).name == "left_ankle")
    found = bent(MODEL, limb, walk.qpos[[10, 25]])
    data = mujoco.MjData(MODEL)
    for k, rest in enumerate(walk.qpos[[10, 25]]):
        for axis in (0, 1):
            way = 0.05 * np.eye(3)[axis]
            pose = rest.copy()
            turns = found[k, DOWN + 2, 0] + 0.05 * found[k, DOWN + 2, 1 + axis]
            mujoco.mj_integratePos(MODEL, pose, turns[: MODEL.nv], 1.0)
            data.qpos[:] = rest
            mujoco.mj_kinematics(MODEL, data)
            place = data.xpos[limb.end] + np.array([0, 0, LIFTS[DOWN + 2]]) + way
            data.qpos[:] = pose
            mujoco.mj_kinematics(MODEL, data)
            np.testing.assert_allclose(data.xpos[limb.end], place, atol=0.005)
            moved = turns[MODEL.nv : MODEL.nv + 3 * MODEL.nbody].reshape(-1, 3)[limb.end]
            np.testing.assert_allclose(moved, way + np.array([0, 0, LIFTS[DOWN + 2]]), atol=0.005)


def test_what_is_out_of_reach_is_approached(walk):
    """A leg that is nearly straight reaches down by a little, and does not thrash about."""
    limb = next(limb for limb in limbs_of(CHARACTER) if MODEL.body(limb.end).name == "left_ankle")
    found = bent(MODEL, limb, walk.qpos[[10]])[0, :, 0]
    down = found[:DOWN, MODEL.nv + 3 * limb.end + 2]
    assert (np.diff(down) > -0.005).all()
    assert (down < 0.002).all()
    assert (down > LOWEST).all()
    assert np.abs(found[:DOWN, : MODEL.nv]).max() < 1.0


# ---- footholds


def test_level_ground_changes_nothing_to_the_bit(walk):
    env = make(walk, "flat", 0.0)
    for tick in (0, 100, 333, 600):
        at = torch.full((4,), tick)
        flat, ref = env.library.at(env.clip, at), env.reference(at, env.everyone)
        move = torch.nn.functional.pad(env.ground.offset, (0, 1))
        assert torch.equal(ref.qvel, flat.qvel)
        assert torch.equal(ref.xpos, flat.xpos + move[:, None])
        assert torch.equal(ref.com, flat.com + move)
        assert torch.equal(ref.qpos[:, 3:], flat.qpos[:, 3:])
        assert torch.equal(env.target(env.everyone), env.library.target(env.clip, env.tick + env.lead_ticks))


@pytest.mark.parametrize(("kind", "difficulty"), [("rough", 1.0), ("stairs_up", 0.5), ("slope_across", 0.5)])
def test_feet_that_stand_are_on_the_ground(march, kind, difficulty):
    """By the poses' own kinematics, in 16 places: of a sole that lies still the lowest corner is within 2 cm of the
    ground (feet count as standing while they begin to rise), and no corner is ever 5 mm in it.
    """
    env = make(march, kind, difficulty, 16)
    if kind == "stairs_up":
        env.ground.offset[:, 0] += torch.linspace(0.0, 3.0, 16)
        env.ground.forget(env.everyone)
    found = {f.end: ways for f, ways in zip(env.ground.footholds.limbs, env.ground.footholds.ways[0], strict=True)}
    assert len(found) == 2
    for foot in CHARACTER.feet:
        ways = found[MODEL.body(foot).id]
        for tick in range(0, 240, 24):
            here = soles(env, tick, foot)
            over = (here[..., 2] - env.terrain.height(here[..., 0], here[..., 1])).min(1)
            assert (over > -0.005).all(), (foot, tick)
            if any(begin + 9 < tick + cycle < end - 9 for begin, end in ways.looks[:, [0, 2]] for cycle in (0, 240)):
                assert (over < 0.02).all(), (foot, tick)


@pytest.mark.parametrize("kind", ["stairs_up", "stairs_down"])
def test_swinging_feet_pass_over_edges(walk, kind):
    """Soles are in stairs of 10 cm by 1 cm at 1 of 20 moments at most, where a foot has to leave right before an edge.

    Raised by the ramp over the stairs, as the footing is, they would be at 1 of 6.
    """
    env, sunk, ramp = make(walk, kind, 1 / 3), [], []
    for foot in CHARACTER.feet:
        for tick in range(0, 700, 16):
            here = soles(env, tick, foot)
            at = torch.full((4,), tick)
            root = env.reference(at, env.everyone).qpos[:, :3].double()
            ground = env.terrain.height(here[..., 0], here[..., 1])
            sunk.append((here[..., 2] - ground).min(1) < -0.015)
            level = env.library.surface[env.library.row(env.clip, at)][
                :, surface_points(MODEL)[0] == MODEL.body(foot).id
            ]
            footing = env.terrain.relief.footing(root[:, :2])
            ramp.append((level[..., 2].numpy() + footing.numpy()[:, None] - ground).min(1) < -0.015)
    assert np.mean(sunk) <= 0.05
    assert np.mean(ramp) >= 0.15


def test_it_does_not_jump_and_its_velocities_are_those_of_its_way(walk):
    """The gait's feet swing by 1.7 cm in a tick of 1/240 s; the root's rates are the differences of its heights."""
    env = make(walk, "stairs_up", 0.3)
    refs = [env.reference(torch.full((4,), tick), env.everyone) for tick in range(700)]
    xpos, root = (torch.stack([getattr(ref, name) for ref in refs]) for name in ("xpos", "qpos"))
    assert float((xpos[1:] - xpos[:-1]).norm(dim=-1).max()) < 0.03
    rate = torch.stack([ref.qvel[:, 2] for ref in refs]) - env.library.table[:700, MODEL.nq + 2][:, None]
    path = root[..., 2] - env.library.table[:700, 2][:, None]
    slope = TICKS * (path[2:] - path[:-2]) / 2
    # where the lower limb changes there is a corner; elsewhere they agree
    assert float(((rate[1:-1] - slope).abs() < 0.02).float().mean()) > 0.9
    assert float(path[-1].min()) > 0.1  # it has climbed


def test_what_is_kept_changes_nothing(walk):
    """Asked once more, in another order, by others beside and anew: the same to the bit."""
    env = make(walk, "stairs_up", 0.5)
    ticks = torch.tensor([600, 10, 320, 610])
    first = env.reference(ticks, env.everyone)
    for tick in (0, 200, 500):
        env.reference(torch.full((4,), tick), env.everyone)
    again = env.reference(ticks, env.everyone)
    env.ground.forget(env.everyone)
    zeros = torch.zeros(40).long()
    many = env.reference(torch.arange(40) * 17, zeros)  # one environment at many moments
    one = torch.cat([env.reference(torch.tensor([17 * i]), zeros[:1]).qpos for i in range(40)])
    assert torch.equal(many.qpos, one)
    for name in ("qpos", "qvel", "xpos", "com"):
        assert torch.equal(getattr(first, name), getattr(again, name))
        assert torch.equal(getattr(first, name), getattr(env.reference(ticks, env.everyone), name))


def test_a_sole_on_an_edge_is_moved_onto_one_tread(march):
    """A foot of 17.7 cm on treads of 40 cm is moved by at most 10 cm, and then lies on one of them."""
    env = make(march, "stairs_up", 0.5, 16)
    env.ground.offset[:, 0] += torch.linspace(1.0, 1.8, 16)
    env.ground.forget(env.everyone)
    flat = env.library.at(env.clip, env.tick)
    ref = env.reference(torch.full((16,), 60), env.everyone)
    moves = ref.xpos - flat.xpos - torch.nn.functional.pad(env.ground.offset, (0, 1))[:, None]
    moves = moves[:, MODEL.body("left_ankle").id]  # the left foot stands at a quarter of the clip
    assert float(moves[:, :2].abs().max()) < 0.101
    assert 4 <= int((moves[:, :2].norm(dim=-1) > 0.02).sum()) <= 12
    here = soles(env, 60, "left_ankle")
    under = env.terrain.height(here[..., 0], here[..., 1])
    assert (np.ptp(under, axis=1) < 1e-6).mean() > 0.8


def test_a_pit_is_bridged_and_a_stair_is_not():
    gaps = make_world([Tile("gaps", 0.5)], 6.0, 3.0).terrain
    x, y = (grid.ravel() for grid in np.meshgrid(np.linspace(-1, 5.5, 60), np.linspace(0.2, 2.8, 9)))
    assert gaps.height(x, y).min() == -1.0
    np.testing.assert_array_equal(bridged(gaps).height(x, y), 0.0)
    for kind in ("stairs_up", "stairs_down", "rough", "hurdles", "slope_up"):
        terrain = make_world([Tile(kind, 1.0)], 6.0, 3.0).terrain
        np.testing.assert_array_equal(bridged(terrain).height(x, y), terrain.height(x, y))


def test_who_stands_on_nothing_goes_with_its_root(stride):
    """A body that slides along has no footholds: all of it is as high over the footing as its root was over z = 0."""
    env = make(stride, "rough", 0.5)
    assert not env.ground.footholds.limbs
    flat, ref = env.library.at(env.clip, env.tick), env.reference(env.tick, env.everyone)
    footing = env.ground.relief.footing(ref.qpos[:, :2])
    torch.testing.assert_close(ref.xpos[..., 2] - flat.xpos[..., 2], footing[:, None].expand(-1, MODEL.nbody))
    torch.testing.assert_close(ref.qpos[:, 3:], flat.qpos[:, 3:])


def test_servos_aim_at_the_bent_leg(walk):
    """Actuators' lengths are the joints' angles: what is added to them is what the knees' angles are changed by."""
    env = make(walk, "stairs_up", 0.5)
    at = torch.full((4,), 500)
    flat, ref = env.library.at(env.clip, at), env.reference(at, env.everyone)
    env.tick[:] = 500 - env.lead_ticks
    target = env.target(env.everyone)
    for side in ("left", "right"):
        joint = MODEL.joint(f"{side}_knee")
        actuator = next(i for i in range(MODEL.nu) if MODEL.actuator_trnid[i, 0] == joint.id)
        column = int(joint.qposadr[0])
        change = ref.qpos[:, column] - flat.qpos[:, column]
        torch.testing.assert_close(target[:, actuator] - flat.target[:, actuator], change, atol=1e-5, rtol=0)
    assert float((target - flat.target).abs().max()) > 0.05
