import mujoco
import numpy as np
import pytest

from sfv.character import load_character
from sfv.errors import InputError
from sfv.skeleton import Skeleton

ARM = """<mujoco><compiler angle="radian"/><worldbody>
  <body name="base" pos="0 0 1"><freejoint name="base"/><geom size=".1"/>
    <body name="arm" pos="0.1 0.2 0.3" quat="0.5 0.5 0.5 0.5"><joint name="ball" type="ball"/><geom size=".1"/>
      <body name="hand" pos="0 0 -.4">
        <joint name="hinge" axis="0 1 0" pos="0 0 .05" ref="0.3" range="-1 2" limited="true"/>
        <geom size=".1"/>
        <body name="tip" pos="0 0 -.1"/>
      </body></body></body></worldbody>
  <actuator><motor joint="hinge"/></actuator></mujoco>"""


def skeleton(xml=ARM):
    return Skeleton.of(mujoco.MjModel.from_xml_string(xml))


def test_names_kinds_and_columns():
    arm = skeleton()
    assert arm.body_names == ("base", "arm", "hand", "tip")
    assert arm.parents == (-1, 0, 1, 2)
    assert arm.joint_names == ("base", "ball", "hinge")
    assert arm.joint_kinds == ("free", "ball", "hinge")
    assert (arm.nq, arm.nv) == (12, 10)  # 7 + 4 + 1 and 6 + 3 + 1
    assert arm.qpos_columns[:4] == ("base.x", "base.y", "base.z", "base.qw")
    assert arm.qpos_columns[-1] == "hinge"
    assert arm.model.nu == 0


@pytest.mark.parametrize("source", [ARM, "humanoid"])
def test_it_moves_as_the_model_it_was_taken_from(source):
    full = load_character(source).model if source == "humanoid" else mujoco.MjModel.from_xml_string(source)
    bare = Skeleton.of(full).model
    generator = np.random.default_rng(0)
    for _ in range(5):
        qpos = generator.normal(size=full.nq)
        mujoco.mj_normalizeQuat(full, qpos)
        poses = []
        for model in (full, bare):
            data = mujoco.MjData(model)
            data.qpos[:] = qpos
            mujoco.mj_kinematics(model, data)
            poses.append((data.xpos.copy(), data.xmat.copy()))
        np.testing.assert_allclose(poses[0][0], poses[1][0], atol=1e-5)
        np.testing.assert_allclose(poses[0][1], poses[1][1], atol=1e-5)


def test_the_text_is_all_there_is_to_it():
    arm = skeleton()
    again = Skeleton(arm.xml)
    assert again == arm
    assert again.difference_to(arm) is None
    np.testing.assert_array_equal(again.qpos0, arm.qpos0)
    assert again.qpos0[-1] == 0.3


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"arm"', '"leg"', "bodies are base, arm"),
        ('name="ball" type="ball"', 'name="ball" axis="1 0 0"', "kinds"),
        ("0.1 0.2 0.3", "0.1 0.2 0.4", "offsets differ by 0.1"),
        ("0.5 0.5 0.5 0.5", "1 0 0 0", "orientations"),
        ('axis="0 1 0"', 'axis="0 0 1"', "axes differ by 1"),
        ("0 0 .05", "0 0 .06", "anchors differ by 0.01"),
        ('ref="0.3"', 'ref="0.2"', "zeros differ by 0.1"),
    ],
)
def test_differences_are_named(old, new, words):
    assert words in (skeleton().difference_to(skeleton(ARM.replace(old, new))) or "")


def test_where_the_root_starts_makes_no_difference():
    assert skeleton().difference_to(skeleton(ARM.replace('pos="0 0 1"', 'pos="3 0 2"'))) is None


def test_joints_and_bodies_without_names_get_different_ones():
    nameless = ARM.replace('<motor joint="hinge"/>', "")
    for name in ("ball", "hinge", "tip"):
        nameless = nameless.replace(f'name="{name}"', "")
    nameless = skeleton(nameless)
    assert len(set(nameless.qpos_columns)) == nameless.nq
    assert len(set(nameless.body_names)) == 4


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('<freejoint name="base"/>', "", "free joint"),
        ('name="hinge" axis="0 1 0"', 'name="hinge" type="slide" axis="0 1 0"', "'hinge' slides"),
    ],
)
def test_trees_that_are_no_skeleton_are_refused(old, new, words):
    with pytest.raises(InputError, match=words):
        skeleton(ARM.replace(old, new))


def test_broken_text_is_refused_when_used():
    with pytest.raises(InputError, match="cannot be read"):
        _ = Skeleton("<mujoco><nonsense/></mujoco>").nq
