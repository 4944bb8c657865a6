"""Retargeting: scaling of key places by hand, laws of the inverse kinematics, contacts and loops kept."""

from dataclasses import replace
from pathlib import Path

import mujoco
import numpy as np
import pytest

from recon.retarget.ik import Track, _best_sequence, pose_frames
from recon.retarget.keys import Keys, bearing_weight, keys_of, lifted, on_other_bones, sole_level, t_pose_keys
from recon.retarget.parts import parts_of
from recon.retarget.retarget import finished, goal_for, judged, retarget, solid_of
from sfv.character import Character, load_character
from sfv.check.anatomy import self_penetration
from sfv.check.performance import Performance
from sfv.errors import InputError
from sfv.formats.files import read_motion
from sfv.motion import Motion


@pytest.fixture(scope="module")
def smpl22() -> Character:
    return load_character("smpl22")


@pytest.fixture(scope="module")
def short(jump: Motion) -> Motion:
    """The take-off of the jump at 15 Hz: 0.8 to 1.8 s."""
    return Motion(jump.skeleton, 15.0, jump.at(np.arange(12, 28) / 15.0))


def keys_in(character: Character, qpos: np.ndarray) -> Keys:
    return keys_of(character.skeleton, parts_of(character.skeleton, character.joint_map), qpos)


def test_each_map_names_a_left_and_a_right(humanoid, smpl22):
    for character in (humanoid, smpl22):
        rest = t_pose_keys(character.skeleton, parts_of(character.skeleton, character.joint_map))
        for part, place in rest.points.items():
            if part.startswith("left_"):
                np.testing.assert_allclose(place * [1, -1, 1], rest.points[part.replace("left", "right")], atol=1e-6)
                assert place[0, 1] > 0
        np.testing.assert_allclose(rest.frames["left_thigh"][0], np.eye(3), atol=1e-9)
        # the middle of the hips, whatever the body's own origin
        hips = rest.points["left_hip"] + rest.points["right_hip"]
        np.testing.assert_allclose(rest.points["pelvis"], hips / 2, atol=1e-9)


def test_an_unknown_body_is_refused_with_the_nearest_map_and_what_it_lacks(humanoid):
    strange = Character("strange", humanoid.xml.replace("_knee", "_x").replace("_hip", "_y"))
    with pytest.raises(InputError, match=r"no joint map fits strange.*humanoid's.*left_hip, left_knee.*--map FILE"):
        parts_of(strange.skeleton, strange.joint_map)


def test_a_knee_that_is_called_something_else_is_found_between_hip_and_ankle(humanoid):
    strange = Character("strange", humanoid.xml.replace("_knee", "_patella"))
    assert parts_of(strange.skeleton, strange.joint_map).points["left_knee"][0] == "left_patella"


def test_a_body_twice_the_size_moves_twice_as_far(humanoid, short):
    parts = parts_of(humanoid.skeleton, humanoid.joint_map)
    keys, rest = keys_in(humanoid, short.qpos), t_pose_keys(humanoid.skeleton, parts)
    double = Keys({part: 2.0 * place for part, place in rest.points.items()}, rest.frames)
    scaled = on_other_bones(keys, rest, double)
    for part, place in keys.points.items():
        np.testing.assert_allclose(scaled.points[part], 2.0 * place, atol=1e-6)
    same = on_other_bones(keys, rest, rest)
    for part, turn in keys.frames.items():
        np.testing.assert_allclose(same.frames[part], turn, atol=1e-9)


def test_legs_that_are_spread_in_the_t_pose_are_as_long_as_straight_ones(humanoid, short):
    parts, keys = parts_of(humanoid.skeleton, humanoid.joint_map), keys_in(humanoid, short.qpos)
    spread = parts.t_pose.copy()
    for joint, angle in (("left_hip", 0.35), ("right_hip", -0.35)):
        at = int(humanoid.model.joint(joint).qposadr[0])
        spread[at : at + 4] = np.cos(angle / 2), np.sin(angle / 2), 0.0, 0.0  # 20 degrees about x
    own, rest = (t_pose_keys(humanoid.skeleton, replace(parts, t_pose=pose)) for pose in (spread, parts.t_pose))
    scaled = on_other_bones(keys, own, rest)
    np.testing.assert_allclose(scaled.points["pelvis"][:, :2], keys.points["pelvis"][:, :2], atol=1e-9)


def test_scaled_places_have_the_other_bodys_bones_and_the_sources_directions(humanoid, smpl22, short):
    keys = keys_in(humanoid, short.qpos)
    own, other = (t_pose_keys(c.skeleton, parts_of(c.skeleton, c.joint_map)) for c in (humanoid, smpl22))
    scaled = on_other_bones(keys, own, other)
    for start, end in (("left_hip", "left_knee"), ("right_elbow", "right_wrist"), ("right_ankle", "right_toe")):
        length = np.linalg.norm(scaled.points[end] - scaled.points[start], axis=1)
        np.testing.assert_allclose(length, np.linalg.norm(other.points[end] - other.points[start]), atol=1e-9)
    before = keys.points["left_knee"] - keys.points["left_hip"]
    after = scaled.points["left_knee"] - scaled.points["left_hip"]
    np.testing.assert_allclose(np.cross(before, after), 0.0, atol=1e-9)


def test_standing_is_low_slow_and_in_one_place(humanoid, short):
    parts = parts_of(humanoid.skeleton, humanoid.joint_map)
    still = Motion(humanoid.skeleton, 30.0, np.tile(humanoid.skeleton.qpos0, (30, 1)))
    keys = keys_in(humanoid, still.qpos)
    level = sole_level(keys, 30.0)
    assert level == pytest.approx(0.9 - 0.421546 - 0.40987 - 0.05, abs=1e-6)  # the root less thigh, shin and sole
    keys = lifted(keys, -level)
    assert bearing_weight(still, keys, parts)["left_heel"].all()
    assert not bearing_weight(still, keys, parts)["left_wrist"].any()
    assert not bearing_weight(still, lifted(keys, 0.05), parts)["left_heel"].any()
    # 1 m/s
    slide = Keys({p: x + np.arange(30)[:, None] / 30.0 * [1, 0, 0] for p, x in keys.points.items()}, keys.frames)
    assert not bearing_weight(still, slide, parts)["left_heel"].any()
    # the motion itself knows better than heights
    denied = replace(still, contacts=np.zeros((30, 1)), contact_names=("left_ankle",))
    stands = bearing_weight(denied, keys, parts)
    assert not stands["left_heel"].any()
    assert stands["right_heel"].all()


def test_the_solid_body_weighs_as_much_and_moves_alike(humanoid):
    extra = '<geom name="neck" '
    assert extra in humanoid.xml
    shown = humanoid.xml.replace(extra, '<geom name="hat" type="sphere" size="0.3" conaffinity="0" mass="1"/>' + extra)
    hat = Character("hat", shown)
    solid = solid_of(hat, parts_of(hat.skeleton, hat.joint_map))
    assert solid.model.ngeom == humanoid.model.ngeom
    np.testing.assert_allclose(solid.model.body_mass, hat.model.body_mass)
    np.testing.assert_allclose(solid.model.body_inertia, hat.model.body_inertia, rtol=1e-5)
    assert solid.skeleton.difference_to(humanoid.skeleton) is None
    assert set(solid.keypoints) == set(parts_of(hat.skeleton, hat.joint_map).points)


def test_inverse_kinematics_finds_a_motions_own_poses(humanoid, short):
    goal = goal_for(short, humanoid)
    found = pose_frames(goal.solid, goal.parts, goal.keys)
    assert judged(goal, finished(short, humanoid, goal, found)).key_error < 0.5  # cm


def test_the_best_sequence_changes_tracks_where_they_meet():
    # a hinge in three tracks: bad at first, bad at the end, and always a little bad but far away
    model = mujoco.MjModel.from_xml_string(
        """<mujoco><worldbody><body><freejoint/><geom size="1"/>
        <body><joint type="hinge" range="-3 3" limited="true"/><geom size="1"/></body></body></worldbody></mujoco>"""
    )

    def track(angles: list[float], misfit: list[float]) -> Track:
        return Track(np.array([[0, 0, 0, 1, 0, 0, 0, angle] for angle in angles], np.float64), np.array(misfit))

    early_bad = track([2.0, 1.5, 1.0, 1.0, 1.0], [90.0, 90.0, 1.0, 1.0, 1.0])
    late_bad = track([1.0, 1.0, 1.0, 1.5, 2.0], [1.0, 1.0, 1.0, 90.0, 90.0])
    far = track([-2.0] * 5, [20.0] * 5)
    best = _best_sequence(model, [early_bad, late_bad, far])
    assert best[:, 7].tolist() == [1.0] * 5


def test_onto_smpl22_feet_stay_and_joints_keep_their_ranges(humanoid, smpl22, short):
    goal = goal_for(short, smpl22)
    frames = pose_frames(goal.solid, goal.parts, goal.keys)
    by_frame = judged(goal, finished(short, smpl22, goal, frames))
    steps: list[float] = []
    result = retarget(short, smpl22, 40, steps.append)
    assert result.key_error < 2.0
    assert result.violation == 0.0
    assert result.slide < 0.7 * by_frame.slide
    assert result.penetration < 0.3
    assert sum(steps) > 40 * 0.8
    assert result.motion.contact_names == ("left_ankle", "right_ankle")
    assert result.motion.contacts is not None
    assert result.motion.contacts[0].all()  # it stands before it jumps
    assert result.motion.skeleton.difference_to(smpl22.skeleton) is None


def test_limbs_stay_out_of_each_other(humanoid, smpl22):
    """Somebody stands with the legs pressed together, whose hips are as wide apart and whose thighs are thinner."""
    qpos = np.tile(humanoid.skeleton.qpos0, (8, 1))
    for side, sign in (("left", -1.0), ("right", 1.0)):
        at = int(humanoid.model.joint(f"{side}_hip").qposadr[0])
        qpos[:, at : at + 4] = np.cos(0.03), sign * np.sin(0.03), 0.0, 0.0  # 3.4 degrees inwards, about x
    motion = Motion(humanoid.skeleton, 15.0, qpos)
    goal = goal_for(motion, smpl22)
    by_frame = finished(motion, smpl22, goal, pose_frames(goal.solid, goal.parts, goal.keys))
    deep = [self_penetration(Performance(m, smpl22)).max() for m in (by_frame, retarget(motion, smpl22, 40).motion)]
    assert deep[0] > 2.0
    assert deep[1] < 0.75 * deep[0]


def test_a_loop_stays_one(humanoid, smpl22):
    t = np.linspace(0.0, 2.0 * np.pi, 16)
    qpos = np.tile(humanoid.skeleton.qpos0, (16, 1))
    qpos[:, 0] = 0.5 * t / (2.0 * np.pi)  # half a metre per cycle
    at = int(humanoid.model.joint("left_elbow").qposadr[0])
    qpos[:, at] = 0.5 - 0.5 * np.cos(t)
    result = retarget(Motion(humanoid.skeleton, 15.0, qpos, loop=True), smpl22, 10)
    assert result.motion.loop
    np.testing.assert_allclose(result.motion.seam(), 0.0, atol=1e-6)
    turn, shift = result.motion.cycle()
    assert turn == pytest.approx(0.0, abs=0.02)
    # as much longer as the bones of the legs: sqrt(.005^2 + .035^2 + .38^2) + sqrt(.04^2 + .015^2 + .4^2) = 0.784 m
    # against 0.831416
    assert shift[0] == pytest.approx(0.5 * 0.784 / 0.831416, abs=0.01)


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize("clip", ["kick", "walk", "backflip"])
def test_the_robot_and_back(data_folder: Path, humanoid, clip):
    robot = load_character(data_folder / "robots" / "unitree_g1" / "g1.xml")
    motion = read_motion(data_folder / "mocap" / "deepmimic" / f"humanoid3d_{clip}.txt")
    there = retarget(motion, robot, 60)
    assert there.key_error < 2.0
    assert there.violation == 0.0
    assert there.penetration < 0.5
    knee = int(robot.model.joint("left_knee_joint").qposadr[0])
    assert there.motion.qpos[:, knee].max() > 0.3  # it bends, and the right way
    assert retarget(there.motion, humanoid, 60).key_error < 2.0
