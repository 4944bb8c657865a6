"""Rows and back, headings, mirrors."""

from dataclasses import replace

import mujoco
import numpy as np
import pytest
import torch

from sfv.character import Character, load_character
from sfv.errors import InputError
from sfv.kinematics import motion_state
from sfv.motion import Motion
from sfv.priors.features import SOLES, Features, headings, mirrored
from sfv.priors.gaits import STYLES, gait


@pytest.fixture(scope="module")
def character() -> Character:
    return load_character("humanoid")


@pytest.fixture(scope="module")
def features(character: Character) -> Features:
    return Features(character)


@pytest.fixture(scope="module")
def restless(character: Character) -> Motion:
    """Two seconds in which everything moves: each joint, the root all ways, starting somewhere else."""
    generator = np.random.default_rng(3)
    model, count = character.skeleton.model, 61
    qpos = np.repeat(character.skeleton.qpos0[None], count, 0)
    speed = generator.normal(size=model.nv)
    for t in range(1, count):
        speed = 0.9 * speed + generator.normal(size=model.nv) * np.r_[np.full(6, 0.5), np.full(model.nv - 6, 1.0)]
        qpos[t] = qpos[t - 1]
        mujoco.mj_integratePos(model, qpos[t], speed, 1 / 30)
    hinges = [int(model.jnt_qposadr[j]) for j in range(model.njnt) if model.jnt_type[j] == mujoco.mjtJoint.mjJNT_HINGE]
    qpos[:, hinges] = qpos[:, hinges].clip(-3.0, 3.0)  # rows know angles within half a turn
    qpos[:, :2] += (3.0, -2.0)
    return Motion(character.skeleton, 30.0, qpos)


def same_poses(a: Motion, b: Motion) -> float:
    """Largest difference in qpos, of quaternions up to their sign."""
    model, off = a.skeleton.model, np.zeros(a.skeleton.nv)
    worst = 0.0
    for x, y in zip(a.qpos, b.qpos, strict=True):
        mujoco.mj_differentiatePos(model, off, 1.0, x, y)
        worst = max(worst, float(np.abs(off).max()))
    return worst


def test_decoding_is_the_inverse_of_encoding(features: Features, restless: Motion) -> None:
    rows = features.encode(restless)
    assert rows.shape == (61, features.size)
    assert same_poses(restless, features.decode(rows, features.start(restless))) < 1e-5


def test_rows_do_not_tell_where_and_which_way(features: Features, restless: Motion) -> None:
    turned = restless.qpos.copy()
    about_z = np.array((np.cos(0.6), 0.0, 0.0, np.sin(0.6)))  # 1.2 rad
    for row in turned:
        mujoco.mju_mulQuat(row[3:7], about_z, row[3:7].copy())
    cos, sin = np.cos(1.2), np.sin(1.2)
    turned[:, :2] = restless.qpos[:, :2] @ np.array(((cos, sin), (-sin, cos))) + (5.0, 1.0)
    np.testing.assert_allclose(features.encode(replace(restless, qpos=turned)), features.encode(restless), atol=1e-9)


def test_rates_are_per_second(features: Features, character: Character) -> None:
    # forward at 1.5 m/s and left round at 0.5 rad/s, whatever the frame rate
    for fps in (30.0, 60.0):
        count = int(fps) + 1
        angle, qpos = 0.5 * np.arange(count) / fps, np.repeat(character.skeleton.qpos0[None], count, 0)
        qpos[:, 3:7] = np.stack((np.cos(angle / 2), 0 * angle, 0 * angle, np.sin(angle / 2)), 1)
        step = 1.5 / fps * np.stack((np.cos(angle), np.sin(angle)), 1)
        qpos[1:, :2] = np.cumsum(step, 0)[:-1]
        rows = Features(character, fps).encode(Motion(character.skeleton, fps, qpos))
        np.testing.assert_allclose(rows[:, :3], np.tile((0.5, 1.5, 0.0), (count, 1)), atol=1e-9)


@pytest.mark.parametrize("axis", [(0.0, 1.0, 0.0), (1.0, 0.0, 0.0), (0.6, 0.8, 0.0)])
def test_the_heading_survives_a_flip(axis: tuple[float, float, float]) -> None:
    # one whole turn about a level axis, facing 0.7 rad, with a wobble of 0.05 rad about z that is not lost either
    angle = np.linspace(0.0, 2.0 * np.pi, 61)
    facing = 0.7 + 0.05 * np.sin(angle)
    quat, about_z, about_axis = np.zeros((61, 4)), np.zeros(4), np.zeros(4)
    for t in range(61):
        mujoco.mju_axisAngle2Quat(about_z, np.array((0.0, 0.0, 1.0)), facing[t])
        mujoco.mju_axisAngle2Quat(about_axis, np.array(axis), angle[t])
        mujoco.mju_mulQuat(quat[t], about_z, about_axis)
    np.testing.assert_allclose(headings(quat), facing, atol=0.03)


def test_a_flip_comes_back_whole(features: Features, character: Character) -> None:
    qpos = np.repeat(character.skeleton.qpos0[None], 41, 0)
    for t, angle in enumerate(np.linspace(0.0, -2.0 * np.pi, 41)):
        mujoco.mju_axisAngle2Quat(qpos[t, 3:7], np.array((0.02, 1.0, 0.0)) / np.hypot(0.02, 1.0), angle)
    motion = Motion(character.skeleton, 30.0, qpos)
    rows = features.encode(motion)
    assert np.abs(rows[:, 0]).max() < 1.0  # rad/s: it does not spin where it is upside down
    assert same_poses(motion, features.decode(rows, features.start(motion))) < 1e-5


def test_places_and_velocities_are_mujocos(features: Features, restless: Motion, character: Character) -> None:
    rows = torch.tensor(features.encode(restless))
    bodies, _ = features.places(rows)
    state = motion_state(restless)
    heading = headings(restless.qpos[:, 3:7])
    for t in (0, 17, 60):
        cos, sin = np.cos(heading[t]), np.sin(heading[t])
        turn = np.array(((cos, sin, 0.0), (-sin, cos, 0.0), (0.0, 0.0, 1.0)))
        seen = (state.xpos[t, 1:] - (*restless.qpos[t, :2], 0.0)) @ turn.T
        np.testing.assert_allclose(bodies[t], seen, atol=1e-6)
    # velocities of a gait's standing foot are small, though the body goes on at about 1 m/s and turns
    made = gait(character, STYLES[2], 2.0)
    walk = torch.tensor(features.encode(made.motion))
    going = features.velocities(features.places(walk)[1], walk)[..., :2].norm(dim=-1)
    left = torch.tensor(made.stands[:-1, 0] & made.stands[1:, 0])
    assert float(going[left][:, :2].mean()) < 0.15
    assert float(going[~left][:, :2].mean()) > 0.8
    assert len(SOLES) == 4


def test_touching_soles_are_in_the_rows(features: Features, character: Character) -> None:
    made = gait(character, STYLES[-1], 1.0)  # stands still
    contacts = features.encode(made.motion)[:, features.groups["contacts"]]
    assert contacts.min() == 1.0
    lifted = made.motion.qpos + np.r_[0.0, 0.0, 0.2, np.zeros(len(made.motion.qpos[0]) - 3)]
    assert features.encode(replace(made.motion, qpos=lifted))[:, features.groups["contacts"]].max() == 0.0
    shown = features.decode(features.encode(made.motion))
    assert shown.contact_names == ("left_ankle", "right_ankle")
    assert shown.contacts is not None
    assert shown.contacts.min() == 1.0


def test_twice_mirrored_is_the_same(restless: Motion) -> None:
    assert same_poses(restless, mirrored(mirrored(restless))) < 1e-9


def test_a_mirror_shows_left_for_right(character: Character, features: Features) -> None:
    left, right = (gait(character, STYLES[k], 2.0).motion for k in (2, 3))
    turned = features.encode(mirrored(left))[:, 0]
    np.testing.assert_allclose(turned, -features.encode(left)[:, 0], atol=1e-9)
    assert np.sign(turned.mean()) == np.sign(features.encode(right)[:, 0].mean())
    here, there = motion_state(left).xpos, motion_state(mirrored(left)).xpos
    names = left.skeleton.body_names
    foot, other = names.index("left_ankle") + 1, names.index("right_ankle") + 1
    np.testing.assert_allclose(there[:, other], here[:, foot] * (1.0, -1.0, 1.0), atol=1e-6)


def test_a_body_without_soles_is_refused() -> None:
    body = '<body name="root"><freejoint name="root"/><geom size="0.1"/></body>'
    bare = Character("stick", f"<mujoco><worldbody>{body}</worldbody></mujoco>")
    with pytest.raises(InputError, match="left_heel"):
        Features(bare)


def test_rates_are_told_with_the_next_frame(features: Features) -> None:
    numbers = features.told(torch.tensor([[True, True, False, True]]))[0]
    assert numbers[0].all()
    assert not numbers[2].any()
    for name in ("turn", "velocity", "contacts"):
        assert not numbers[1, features.groups[name]].any()
    assert numbers[1].sum() == features.size - 3 - (
        features.groups["contacts"].stop - features.groups["contacts"].start
    )
