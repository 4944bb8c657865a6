import re
from pathlib import Path

import mujoco
import numpy as np
import pytest

from sfv.character import Character, load_character
from sfv.errors import InputError
from sfv.formats.smpl import mean_joints, smpl_skeleton
from sfv.work.files import fingerprint


def test_the_humanoid_is_the_one_of_the_table():
    humanoid = load_character("humanoid")
    assert humanoid.mass == pytest.approx(45.0)
    assert len(humanoid.skeleton.body_names) == 15
    assert humanoid.skeleton.nv == 34  # 6 + 8 balls of 3 + 4 hinges
    assert humanoid.model.nu == 28
    assert humanoid.skeleton.joint_kinds.count("ball") == 8
    assert len(humanoid.pose_weights) == 13


def test_its_names_are_bodies():
    humanoid = load_character("humanoid")
    assert humanoid.feet == ("right_ankle", "left_ankle")
    assert set(humanoid.key_bodies) <= set(humanoid.skeleton.body_names)
    assert {body for body, _ in humanoid.keypoints.values()} <= set(humanoid.skeleton.body_names)
    assert humanoid.keypoints["left_knee"] == ("left_knee", (0.0, 0.0, 0.0))


def test_its_zero_pose_stands_with_the_arms_out_and_mirrors_itself():
    humanoid = load_character("humanoid")
    data = mujoco.MjData(humanoid.model)
    mujoco.mj_kinematics(humanoid.model, data)
    place = {name: data.body(name).xpos for name in humanoid.skeleton.body_names}
    assert place["left_wrist"][2] == pytest.approx(place["left_shoulder"][2])
    assert place["left_wrist"][1] - place["left_shoulder"][1] == pytest.approx(0.274788 + 0.258947)
    for name in place:
        if name.startswith("left_"):
            np.testing.assert_allclose(place[name] * [1, -1, 1], place[name.replace("left", "right")], atol=1e-6)
    assert place["neck"][2] > place["chest"][2] > place["root"][2] > place["left_knee"][2]


def test_bending_a_knee_moves_the_foot_back_and_bending_an_elbow_the_hand_forward():
    humanoid = load_character("humanoid")
    data = mujoco.MjData(humanoid.model)
    mujoco.mj_kinematics(humanoid.model, data)
    ankle, wrist = data.body("left_ankle").xpos.copy(), data.body("left_wrist").xpos.copy()
    data.joint("left_knee").qpos = 1.0
    data.joint("left_elbow").qpos = 1.0
    mujoco.mj_kinematics(humanoid.model, data)
    assert data.body("left_ankle").xpos[0] < ankle[0] - 0.3
    assert data.body("left_wrist").xpos[0] > wrist[0] + 0.2


def test_a_file_of_ones_own(tmp_path):
    (tmp_path / "mine.xml").write_text(load_character("humanoid").xml)
    mine = load_character(tmp_path / "mine.xml")
    assert mine.name == "mine"
    assert mine.skeleton.difference_to(load_character("humanoid").skeleton) is None


def test_unknown_names_are_refused():
    with pytest.raises(InputError, match="did you mean 'humanoid'"):
        load_character("humanoids")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not xml", "not a model that MuJoCo reads"),
        ("<mujoco><worldbody><body><geom size='1'/></body></worldbody></mujoco>", "free joint"),
    ],
)
def test_files_that_are_no_character_are_refused(tmp_path, text, words):
    (tmp_path / "mine.xml").write_text(text)
    with pytest.raises(InputError, match=words):
        load_character(tmp_path / "mine.xml")


@pytest.mark.parametrize(
    ("old", "new", "attribute", "words"),
    [
        ('data="right_ankle left_ankle"', 'data="right_ankle left_ankel"', "feet", "did you mean 'left_ankle'"),
        ('size="13" data="1 0.5 0.3', 'data="1 0.5', "pose_weights", "12 numbers for 13 joints"),
    ],
)
def test_what_is_wrong_in_the_custom_block_is_named(old, new, attribute, words):
    xml = load_character("humanoid").xml
    assert old in xml
    with pytest.raises(InputError, match=words):
        getattr(Character("mine", xml.replace(old, new)), attribute)


def test_a_file_without_a_custom_block_has_usual_names_and_weights():
    person = load_character("humanoid")
    plain = Character("plain", re.sub(r"<custom>.*</custom>", "", person.xml, flags=re.DOTALL))
    assert set(plain.feet) == {"left_ankle", "right_ankle"}
    assert set(plain.key_bodies) == {*plain.feet, "neck", "left_wrist", "right_wrist"}
    assert plain.pose_weights[0] == 1.0
    # the right leg below the hip: 4.5 + 3 + 1 of 45 kg
    assert plain.pose_weights[plain.model.joint("right_hip").id] == pytest.approx(np.sqrt(8.5 / 45))


@pytest.mark.parametrize(
    ("actuators", "words"), [("", "has no actuators"), ("<motor joint='knee'/>", "of another kind")]
)
def test_only_servos_can_be_driven(actuators, words):
    xml = f"""<mujoco><worldbody><body><freejoint/><geom size="1"/><body name="shin"><joint name="knee"/>
    <geom size="1"/></body></body></worldbody><actuator>{actuators}</actuator></mujoco>"""
    with pytest.raises(InputError, match=words):
        Character("robot", xml).check_servos()


def test_the_person_on_smpl_joints_stands_by_its_servos():
    person = load_character("smpl22")
    assert person.mass == pytest.approx(65.0)
    assert person.model.nu == 3 * 21
    assert len(person.pose_weights) == 22
    assert person.skeleton.difference_to(smpl_skeleton(mean_joints())) is None
    spec = mujoco.MjSpec.from_string(person.xml)
    spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_PLANE, size=[0, 0, 1], contype=1)
    model = spec.compile()
    data = mujoco.MjData(model)
    for _ in range(240):  # 2 s
        mujoco.mj_step(model, data)
    assert data.body("head").xpos[2] > 1.5
    assert np.abs(data.qvel).max() < 0.5


def test_meshes_are_found_beside_the_file(tmp_path):
    (tmp_path / "shapes").mkdir()
    corner = "v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 3 2\nf 1 2 4\nf 1 4 3\nf 2 3 4\n"
    (tmp_path / "shapes" / "wedge.obj").write_text(corner)
    (tmp_path / "mine.xml").write_text(
        '<mujoco><compiler meshdir="shapes"/><asset><mesh name="wedge" file="wedge.obj"/></asset>'
        '<worldbody><body name="root"><freejoint/><geom type="mesh" mesh="wedge"/></body></worldbody></mujoco>'
    )
    mine = load_character(tmp_path / "mine.xml")
    assert mine.mass == pytest.approx(1000.0 / 6.0, rel=1e-6)  # water in a corner of the unit cube
    assert str(tmp_path) not in load_character("humanoid").xml


MESHED = """<mujoco><compiler meshdir="{folder}"/><asset><mesh name="m" file="m.obj"/></asset>
<worldbody><body name="b"><freejoint/><geom type="mesh" mesh="m"/></body></worldbody></mujoco>"""
TETRAHEDRON = "v 0 0 0\nv {size} 0 0\nv 0 {size} 0\nv 0 0 {size}\nf 1 3 2\nf 1 2 4\nf 1 4 3\nf 2 3 4\n"


def test_a_body_is_what_is_in_its_files_and_not_where_they_lie(tmp_path: Path) -> None:
    prints = {}
    for name, folder, size in (("here", "a", 0.1), ("there", "b/c", 0.1), ("larger", "a", 0.2)):
        (tmp_path / name / folder).mkdir(parents=True)
        (tmp_path / name / folder / "m.obj").write_text(TETRAHEDRON.format(size=size))
        (tmp_path / name / "x.xml").write_text(MESHED.format(folder=folder))
        prints[name] = load_character(tmp_path / name / "x.xml").fingerprint
    assert prints["here"] == prints["there"] != prints["larger"]


def test_a_body_without_files_is_its_model() -> None:
    humanoid = load_character("humanoid")
    assert humanoid.fingerprint == fingerprint(humanoid.xml)


def test_feet_are_those_of_the_joint_map_where_the_file_names_none() -> None:
    own = load_character("smpl22")
    bare = Character("bare", own.xml.replace('<text name="feet"', '<text name="toes"'))
    assert bare.named_feet == bare.feet == ("left_ankle", "right_ankle")  # not the lowest ends, which are the toes
    assert bare.joint_map.feet == {"left": ("left_ankle", "left_foot"), "right": ("right_ankle", "right_foot")}
    box = Character("box", '<mujoco><worldbody><body name="b"><freejoint/><geom size="1"/></body></worldbody></mujoco>')
    assert box.named_feet == ()
    assert box.feet == ("b",)
    with pytest.raises(InputError, match="no joint map fits box"):
        _ = box.joint_map
