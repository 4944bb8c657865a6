"""People asked for by words: who they are, that they stand, and who there is not."""

import mujoco
import numpy as np
import pytest

from sfv.bodies.person import asked_person
from sfv.bodies.proportions import usual_weight
from sfv.character import Character, load_character
from sfv.errors import InputError


def test_what_is_not_said_is_the_averages() -> None:
    child = asked_person("person:height=1.27")
    assert child.age == 8.0
    assert child.weight == pytest.approx(usual_weight(8.0, 1.27))
    assert asked_person("person").height == 1.7
    assert asked_person("person:height=1.5,weight=60,age=40").age == 40.0


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("person:size=1.2", "did you mean|there are: age, height, weight"),
        ("person:heigth=1.2", "did you mean 'height'"),
        ("person:height=3", "give 0.8 to 2.3"),
        ("person:height=nan", "give 0.8 to 2.3"),
        ("person:height=tall", "'tall' is no height; give m"),
        ("person:weight", "'' is no weight"),
        ("person:height=1.2,weight=120", "nobody of 1.2 m weighs 120 kg; give a weight from 16 to 72"),
        ("person:height=1.7,weight=20", "give a weight from 32 to 144"),
        ("person:height=1.9,age=4", "nobody of 4 years is 1.9 m tall"),
        ("person:height=1.2,height=1.3", "says height twice"),
    ],
)
def test_who_there_is_not(name: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        load_character(name)


PEOPLE = ("person:height=1.2,weight=30", "person:height=1.75,weight=110", "person:height=2.1", "person:height=0.85")


@pytest.fixture(scope="module", params=PEOPLE)
def somebody(request: pytest.FixtureRequest) -> Character:
    return load_character(request.param)


def test_they_weigh_and_measure_what_was_asked(somebody: Character) -> None:
    who, model = asked_person(somebody.name), somebody.model
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    sole = data.geom("left_ankle").xpos[2] - model.geom("left_ankle").size[2]
    crown = data.geom("neck").xpos[2] + model.geom("neck").size[0]
    assert somebody.mass == pytest.approx(who.weight, rel=1e-5)
    assert crown - sole == pytest.approx(who.height, abs=1e-4)
    humanoid = load_character("humanoid").skeleton
    assert somebody.skeleton.joint_names == humanoid.joint_names
    assert somebody.skeleton.body_names == humanoid.body_names


def test_heels_and_toes_of_their_joint_map_are_on_the_sole(somebody: Character) -> None:
    bottom = somebody.model.geom("left_ankle").pos[2] - somebody.model.geom("left_ankle").size[2]
    for part in ("left_heel", "right_toe"):
        _, (_, _, height) = somebody.joint_map.points[part]
        assert height == pytest.approx(bottom, abs=1e-4)


def test_they_stand_by_their_servos(somebody: Character) -> None:
    spec = mujoco.MjSpec.from_string(somebody.xml)
    spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_PLANE, size=[0, 0, 1], contype=1)
    model = spec.compile()
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    before = float(data.body("neck").xpos[2])
    for _ in range(120):  # 1 s; the smallest fall later, who have small feet and nobody who balances
        mujoco.mj_step(model, data)
    assert data.body("neck").xpos[2] > 0.95 * before
    assert np.abs(data.qvel).max() < 0.5


def test_the_same_words_are_the_same_body() -> None:
    assert load_character(PEOPLE[0]).fingerprint == load_character(PEOPLE[0]).fingerprint
    assert load_character(PEOPLE[0]).fingerprint != load_character(PEOPLE[1]).fingerprint


def test_the_heavy_robot_is_as_told_and_stands() -> None:
    robot = load_character("heavy-robot")
    assert robot.mass == pytest.approx(170.0)
    assert robot.skeleton.joint_names == load_character("humanoid").skeleton.joint_names
    robot.check_servos()
    _, (_, _, height) = robot.joint_map.points["left_heel"]
    sole = robot.model.geom("left_ankle")
    assert height == pytest.approx(float(sole.pos[2] - sole.size[2]), abs=1e-4)
