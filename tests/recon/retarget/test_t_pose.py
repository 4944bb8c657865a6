"""Bare skeletons: the T-pose that a zero pose is, and the one that a motion tells where the zero pose is none."""

import sys
from dataclasses import replace

import mujoco
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from recon.retarget.keys import keys_of, t_pose_keys
from recon.retarget.parts import parts_of
from recon.retarget.retarget import retarget
from sfv.errors import InputError
from sfv.joints.joint_map import joint_map
from sfv.joints.part_names import SIDES
from sfv.motion import Motion
from sfv.skeleton import Skeleton

FRAMES = 60
BONES = {
    "Hips": ("", (0.0, 0.0, 0.9)), "Spine": ("Hips", (0.0, 0.0, 0.1)), "Spine1": ("Spine", (0.0, 0.0, 0.2)),
    "Neck": ("Spine1", (0.0, 0.0, 0.2)), "Head": ("Neck", (0.0, 0.0, 0.1)),
}  # fmt: skip
for _side, _sign in (("Left", 1.0), ("Right", -1.0)):
    BONES |= {
        f"{_side}UpLeg": ("Hips", (0.0, 0.1 * _sign, -0.05)), f"{_side}Leg": (f"{_side}UpLeg", (0.0, 0.0, -0.4)),
        f"{_side}Foot": (f"{_side}Leg", (0.0, 0.0, -0.4)), f"{_side}ToeBase": (f"{_side}Foot", (0.14, 0.0, -0.04)),
        f"{_side}Arm": ("Spine1", (0.0, 0.18 * _sign, 0.15)),
        f"{_side}ForeArm": (f"{_side}Arm", (0.0, 0.28 * _sign, 0.0)),
        f"{_side}Hand": (f"{_side}ForeArm", (0.0, 0.25 * _sign, 0.0)),
    }  # fmt: skip


def skeleton_of(own: dict[str, Rotation], prefix: str = "") -> Skeleton:
    """BONES with each body's axes turned by `own` from the T-pose's; like BVH's, all are parallel in the zero pose."""
    spec = mujoco.MjSpec()
    bodies = {}
    for name, (parent, offset) in BONES.items():
        above = bodies[parent] if parent else spec.worldbody
        place = own[parent].inv().apply(offset) if parent else np.array(offset)
        bodies[name] = above.add_body(name=prefix + name, pos=place)
        bodies[name].add_geom(type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[0.02, 0, 0], mass=1.0)
        if parent:
            bodies[name].add_joint(name=prefix + name, type=mujoco.mjtJoint.mjJNT_BALL)
        else:
            bodies[name].add_freejoint(name=prefix + name)
    return Skeleton.of(spec.compile())


def plain() -> dict[str, Rotation]:
    return {name: Rotation.identity() for name in BONES}


def scrambled() -> dict[str, Rotation]:
    return dict(zip(BONES, Rotation.random(len(BONES), random_state=0), strict=True))


def about(axis: str, angles: np.ndarray) -> Rotation:
    return Rotation.from_euler(axis, angles[:, None])


def exercise(skeleton: Skeleton, own: dict[str, Rotation], elbows: float = 1.2) -> Motion:
    """Knees and elbows (by `elbows` rad) bend and stretch, the trunk sways, the whole turns; the feet stand level."""
    phase = np.linspace(0.0, 4 * np.pi, FRAMES)
    knee, elbow, sway = 0.4 * (1 - np.cos(phase)), 0.5 * elbows * (1 - np.cos(phase)), 0.2 * np.sin(phase)
    turns = {name: Rotation.identity(FRAMES) for name in BONES}
    turns["Hips"] = about("z", 0.7 + 0.3 * np.sin(phase / 2))
    turns["Spine"] = about("y", sway)
    for side, sign in (("Left", 1.0), ("Right", -1.0)):
        turns[f"{side}UpLeg"] = about("y", -0.5 * knee)
        turns[f"{side}Leg"] = about("y", knee)
        turns[f"{side}Foot"] = about("y", -0.5 * knee)
        last = f"{side}Twist" if f"{side}Twist" in BONES else f"{side}Arm"
        turns[last] = about("x", -1.2 * sign * np.ones(FRAMES))
        turns[f"{side}ForeArm"] = about("z", -sign * elbow)
    world, qpos = {}, np.zeros((FRAMES, skeleton.nq))
    qpos[:, 2] = 0.9 - 0.8 * (1 - np.cos(knee / 2))
    for name, (parent, _) in BONES.items():
        world[name] = world[parent] * turns[name] if parent else turns[name]
        local = (world[parent] * own[parent]).inv() * world[name] * own[name] if parent else world[name] * own[name]
        joint = skeleton.model.body(name).jntadr[0]
        at = int(skeleton.model.jnt_qposadr[joint]) + (0 if parent else 3)
        qpos[:, at : at + 4] = local.as_quat(scalar_first=True)
    return Motion(skeleton, 30.0, qpos, source="exercise")


def angle(a: np.ndarray, b: np.ndarray) -> float:
    """Largest angle between rotation matrices, degrees."""
    return float(np.degrees(Rotation.from_matrix(np.swapaxes(a, -1, -2) @ b).magnitude().max()))


def test_a_zero_pose_with_the_arms_out_is_the_t_pose_whichever_way_it_faces():
    own = plain()
    skeleton = skeleton_of(own)
    rest = t_pose_keys(skeleton, parts_of(skeleton, joint_map(skeleton, "it")))
    np.testing.assert_allclose(rest.points["left_wrist"][0, 1], 0.18 + 0.28 + 0.25, atol=1e-9)
    # the lowest soles are on the floor, heels behind ankles and toes before them
    assert rest.points["left_heel"][0, 2] == pytest.approx(0.0, abs=1e-9)
    assert rest.points["left_heel"][0, 0] < rest.points["left_ankle"][0, 0] < rest.points["left_toe"][0, 0]
    elsewhere = dict.fromkeys(BONES, Rotation.from_euler("z", 2.0))
    other = skeleton_of(elsewhere)
    same = t_pose_keys(other, parts_of(other, joint_map(other, "it")))
    keys = keys_of(skeleton, parts_of(skeleton, joint_map(skeleton, "it")), exercise(skeleton, own).qpos)
    keys_too = keys_of(other, parts_of(other, joint_map(other, "it")), exercise(other, elsewhere).qpos)
    for part, place in rest.points.items():
        np.testing.assert_allclose(same.points[part], place, atol=1e-6, err_msg=part)
        np.testing.assert_allclose(keys.points[part], keys_too.points[part], atol=1e-6, err_msg=part)
    for part, turn in keys.frames.items():
        assert angle(turn, keys_too.frames[part]) < 1e-3


@pytest.mark.parametrize("elbows", [1.2, 0.1])
def test_a_motion_tells_the_t_pose_of_bones_whose_zero_pose_is_none(elbows):
    """Each body's axes are turned by chance, as nobody's are; the parts' turns come out as of the plain skeleton."""
    own = scrambled()
    motion = exercise(skeleton_of(own), own, elbows)
    straight = exercise(skeleton_of(plain()), plain(), elbows)
    with pytest.raises(InputError, match="none that stands"):
        parts_of(motion.skeleton, joint_map(motion.skeleton, "it"))
    parts = parts_of(motion.skeleton, joint_map(motion.skeleton, "it"), motion.qpos)
    found = keys_of(motion.skeleton, parts, motion.qpos)
    true = keys_of(straight.skeleton, parts_of(straight.skeleton, joint_map(straight.skeleton, "it")), straight.qpos)
    for part, place in true.points.items():
        np.testing.assert_allclose(found.points[part], place, atol=0.01, err_msg=part)
    rest = t_pose_keys(motion.skeleton, parts)
    for side in SIDES:
        np.testing.assert_allclose(
            rest.points[f"{side}_knee"][0] - rest.points[f"{side}_hip"][0], (0, 0, -0.4), atol=1e-6
        )
    for part, turn in true.frames.items():
        # arms that never bend do not say how they are rolled
        if elbows > 1.0 or "arm" not in part:
            assert angle(found.frames[part], turn) < 8.0, part


def test_names_may_have_a_prefix():
    skeleton = skeleton_of(plain(), "mixamorig:")
    parts = parts_of(skeleton, joint_map(skeleton, "it"))
    assert parts.points["left_knee"][0] == "mixamorig:LeftLeg"
    assert parts.feet["right"] == ("mixamorig:RightFoot", "mixamorig:RightToeBase")


def test_bare_bones_go_to_the_humanoid_as_the_same_motion_of_whatever_axes(humanoid):
    results = []
    for own in (plain(), scrambled()):
        motion = exercise(skeleton_of(own), own)
        result = retarget(replace(motion, qpos=motion.qpos[:20]), humanoid, iterations=20)
        assert result.key_error < 1.5  # cm
        assert result.violation < 1e-6
        results.append(keys_of(humanoid.skeleton, parts_of(humanoid.skeleton, humanoid.joint_map), result.motion.qpos))
    for part in results[0].points:
        np.testing.assert_allclose(results[0].points[part], results[1].points[part], atol=0.02, err_msg=part)


def test_limbs_of_several_bodies_are_told_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shoulder of two joints 10 cm apart, of which the second turns: in the T-pose the whole arm is straight."""
    bones = {}
    for name, (parent, offset) in BONES.items():
        if name.endswith("ForeArm"):
            side, sign = name.removesuffix("ForeArm"), np.sign(offset[1])
            bones[f"{side}Twist"] = (f"{side}Arm", (0.0, 0.1 * sign, 0.0))
            parent, offset = f"{side}Twist", (0.0, 0.18 * sign, 0.0)
        bones[name] = (parent, offset)
    monkeypatch.setattr(sys.modules[__name__], "BONES", bones)
    own = scrambled()
    own |= {f"{side}Twist": own[f"{side}Arm"] for side in ("Left", "Right")}
    skeleton = skeleton_of(own)
    known = joint_map(skeleton, "it")
    assert known.frames["left_upper_arm"] == "LeftTwist"
    rest = t_pose_keys(skeleton, parts_of(skeleton, known, exercise(skeleton, own).qpos))
    reach = rest.points["left_wrist"][0] - rest.points["left_shoulder"][0]
    np.testing.assert_allclose(reach, (0.0, 0.53, 0.0), atol=0.02)  # 28 and 25 cm, to the left


def robot(hands=True, reach=(-0.3, 3.0)):
    """A robot with legs of a hinge each and arms of four, which hang, their forearms to the front."""
    parts = []
    for side, y in (("left", 1), ("right", -1)):
        low, high = reach if y > 0 else (-reach[1], -reach[0])
        hand = f'<body name="{side}_hand" pos="0.25 0 0"/>' if hands else ""
        parts.append(
            f"""<body name="{side}_hip_link" pos="0 {0.1 * y} -0.1">
            <joint name="{side}_hip" axis="0 1 0"/><geom size=".05"/>
            <body name="{side}_knee_link" pos="0 0 -0.4"><joint name="{side}_knee" axis="0 1 0"/><geom size=".05"/>
            <body name="{side}_ankle_link" pos="0 0 -0.4"><joint name="{side}_ankle" axis="0 1 0"/><geom size=".05"/>
            </body></body></body>
            <body name="{side}_shoulder_pitch_link" pos="0 {0.2 * y} 0.4">
            <joint name="{side}_shoulder_pitch" axis="0 1 0" range="-3 3"/><geom size=".05"/>
            <body name="{side}_shoulder_roll_link">
            <joint name="{side}_shoulder_roll" axis="1 0 0" range="{low} {high}"/><geom size=".05"/>
            <body name="{side}_shoulder_yaw_link">
            <joint name="{side}_shoulder_yaw" axis="0 0 1" range="-2 2"/><geom size=".05"/>
            <body name="{side}_elbow_link" pos="0 0 -0.3"><joint name="{side}_elbow" axis="0 1 0" range="-1.2 2.6"/>
            <geom size=".05"/>{hand}</body></body></body></body>"""
        )
    return f"""<mujoco><compiler angle="radian" autolimits="true"/><worldbody>
    <body name="pelvis" pos="0 0 1"><freejoint/>
    <geom size=".1"/>{"".join(parts)}</body></worldbody></mujoco>"""


def test_arms_on_hinges_are_held_out_and_stretched():
    """The shoulder rolls by a quarter, outwards, and the elbow by another: hinges turn no more than that."""
    skeleton = Skeleton.of(mujoco.MjModel.from_xml_string(robot()))
    parts = parts_of(skeleton, joint_map(skeleton, "robot"))
    angle = {name: float(parts.t_pose[int(skeleton.model.joint(name).qposadr[0])]) for name in skeleton.joint_names[1:]}
    for side, sign in (("left", 1.0), ("right", -1.0)):
        assert angle[f"{side}_shoulder_roll"] == pytest.approx(sign * np.pi / 2, abs=0.02)
        assert angle[f"{side}_elbow"] == pytest.approx(np.pi / 2, abs=0.02)
        assert angle[f"{side}_shoulder_pitch"] == pytest.approx(0.0, abs=0.02)
        assert angle[f"{side}_knee"] == 0.0


def test_arms_that_cannot_be_held_out_are_a_sentence():
    short = Skeleton.of(mujoco.MjModel.from_xml_string(robot(reach=(-0.3, 0.4))))
    with pytest.raises(InputError, match=r"left arm cannot be held out.*left_shoulder_roll.*widen their ranges"):
        parts_of(short, joint_map(short, "robot"))
    handless = Skeleton.of(mujoco.MjModel.from_xml_string(robot(hands=False)))
    with pytest.raises(InputError, match=r"left_elbow_link ends the left arm.*give the model a body at each hand"):
        parts_of(handless, joint_map(handless, "robot"))


def test_a_hand_may_be_a_mark_without_mass(wave):
    """Unitree's H1 ends at the elbow; its hand is a body of nothing in the forearm."""
    from sfv.character import Character

    body = Character("robot", robot())
    short = replace(wave, qpos=wave.qpos[:5])
    assert np.isfinite(retarget(short, body).motion.qpos).all()
