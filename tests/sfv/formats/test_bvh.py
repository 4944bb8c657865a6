import gzip
import re

import mujoco
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from sfv.character import load_character
from sfv.errors import InputError
from sfv.formats.bvh import read_bvh, write_bvh
from sfv.formats.bvh_text import parse_bvh
from sfv.kinematics import motion_state
from sfv.motion import Motion
from sfv.skeleton import Skeleton

# A leg and a spine in metres; the knee has one channel, the hip's are in another order than the root's.
LEG = """HIERARCHY
ROOT Hips
{
  OFFSET 0 0 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  JOINT Left Hip {
    OFFSET 0.1 -0.1 0
    CHANNELS 3 Yrotation Zrotation Xrotation
    JOINT Knee
    {
      OFFSET 0 -0.4 0
      CHANNELS 1 Xrotation
      JOINT Foot
      {
        OFFSET 0 -0.4 0
        CHANNELS 0
        End Site
        {
          OFFSET 0 0 0.2
        }
      }
    }
  }
  JOINT Head
  {
    OFFSET 0 0.6 0
    CHANNELS 3 Zrotation Xrotation Yrotation
    End Site
    {
      OFFSET 0 0.2 0
    }
  }
}
MOTION
Frames: 3
Frame Time: 0.0333333
0 0.9 0   0 0 0   0 0 0   0   0 0 0
0.5 0.9 2 0 0 90  0 0 -90 0   0 0 0
0 1.0 0   0 0 0   0 0 0   90  10 20 30
"""


def put(tmp_path, text, name="m.bvh"):
    (tmp_path / name).write_text(text)
    return tmp_path / name


def places(motion, name):
    return motion_state(motion).xpos[:, 1 + motion.skeleton.body_names.index(name)]


def reread(path):
    """World positions (T, 3) of every joint and end site, straight from the text, with matrices."""
    head, table = path.read_text().split("MOTION")
    values = np.array([line.split() for line in table.strip().splitlines()[2:]], float)
    stack, found, column = [], {}, 0
    for line in head.splitlines():
        words = line.split()
        if words[0] in ("ROOT", "JOINT", "End"):
            stack.append([words[1] if words[0] != "End" else stack[-1][0] + "_end", None, None])
        elif words[0] == "OFFSET":
            offset = np.array(words[1:], float)
            if len(stack) > 1:
                _, parent_place, parent_turn = stack[-2]
                stack[-1][1] = parent_place + parent_turn @ offset
                found[stack[-1][0]] = stack[-1][1]
        elif words[0] == "CHANNELS":
            turn = np.broadcast_to(np.eye(3), (len(values), 3, 3))
            for channel in words[2:]:
                value = values[:, column]
                column += 1
                if channel.endswith("position"):
                    place = np.zeros((len(values), 3)) if stack[-1][1] is None else stack[-1][1]
                    place[:, "XYZ".index(channel[0])] = value
                    stack[-1][1] = place
                else:
                    turn = turn @ Rotation.from_euler(channel[0], value[:, None], degrees=True).as_matrix()
            stack[-1][2] = stack[-2][2] @ turn if len(stack) > 1 else turn
            found[stack[-1][0]] = stack[-1][1]
        elif words[0] == "}":
            stack.pop()
    assert column == values.shape[1]
    return found


def moving(skeleton, frames=12, fps=30.0, seed=0):
    """The skeleton's zero pose, stirred."""
    rng = np.random.default_rng(seed)
    qpos = np.tile(skeleton.qpos0, (frames, 1))
    velocity = np.zeros(skeleton.nv)
    for t in range(1, frames):
        velocity += rng.normal(size=skeleton.nv) * 2
        qpos[t] = qpos[t - 1]
        mujoco.mj_integratePos(skeleton.model, qpos[t], velocity, 1 / fps)
    return Motion(skeleton, fps, qpos)


def test_a_small_file_by_hand(tmp_path):
    motion = read_bvh(put(tmp_path, LEG), unit=1.0)
    assert motion.fps == 30.0
    assert motion.skeleton.body_names == ("Hips", "Left Hip", "Knee", "Foot", "Foot_end", "Head", "Head_end")
    assert motion.skeleton.joint_names == ("Hips", "Left Hip", "Knee", "Head")
    assert motion.skeleton.joint_kinds == ("free", "ball", "hinge", "ball")
    # x, y, z of the file, of somebody who looks along z, are y, z, x of ours
    np.testing.assert_allclose(places(motion, "Foot_end")[0], (0.2, 0.1, 0.0), atol=1e-6)
    # the root turned by 90 degrees about y (x to -z), the hip by -90 about x (-y to z), which the root takes to x
    np.testing.assert_allclose(places(motion, "Hips")[1], (2, 0.5, 0.9), atol=1e-6)
    np.testing.assert_allclose(places(motion, "Left Hip")[1], (1.9, 0.5, 0.8), atol=1e-6)
    # the file's Foot: hip turned about x by -90: (0, -.8, 0) goes to (0, 0, .8), and the root takes it to (.8, 0, 0)
    np.testing.assert_allclose(places(motion, "Foot")[1], (1.9, 1.3, 0.8), atol=1e-6)
    # the knee bent by 90 about x: (0, -.4, 0) goes to (0, 0, -.4)
    np.testing.assert_allclose(places(motion, "Foot")[2], (-0.4, 0.1, 0.5), atol=1e-6)
    x, y, z = Rotation.from_euler("ZXY", [10, 20, 30], degrees=True).apply([0, 0.2, 0])
    np.testing.assert_allclose(places(motion, "Head_end")[2], (z, x, y + 1.6), atol=1e-6)


def test_an_independent_reader_finds_the_same_places(tmp_path):
    text = LEG.replace("Left Hip {", "LeftHip\n{").split("Frames:")[0]
    rng = np.random.default_rng(0)
    table = "\n".join(" ".join(f"{x:.4f}" for x in rng.normal(size=13) * ([1] * 3 + [50] * 10)) for _ in range(5))
    motion = read_bvh(put(tmp_path, f"{text}Frames: 5\nFrame Time: 0.1\n{table}\n"), unit=1.0)
    for name, place in reread(tmp_path / "m.bvh").items():
        np.testing.assert_allclose(places(motion, name), place[:, [2, 0, 1]], atol=1e-5, err_msg=name)


@pytest.mark.parametrize(("unit", "scale"), [("cm", 0.01), ("m", 1.0)])
@pytest.mark.parametrize("order", ["ZXY", "XYZ", "YZX"])
def test_the_humanoid_there_and_back(tmp_path, unit, scale, order):
    motion = moving(load_character("humanoid").skeleton)
    write_bvh(motion, tmp_path / "m.bvh", unit=unit, order=order)
    again = read_bvh(tmp_path / "m.bvh")
    assert f"unit taken for {unit}" in again.source
    assert again.fps == motion.fps
    found = reread(tmp_path / "m.bvh")
    for name in motion.skeleton.body_names:
        place = places(motion, name)
        np.testing.assert_allclose(places(again, name), place, atol=1e-5, err_msg=name)
        np.testing.assert_allclose(found[name][:, [2, 0, 1]] * scale, place, atol=1e-5, err_msg=name)


def test_the_humanoids_bones_end_in_toes_fingers_and_nose(tmp_path):
    motion = moving(load_character("humanoid").skeleton)
    write_bvh(motion, tmp_path / "m.bvh")
    toes = places(read_bvh(tmp_path / "m.bvh"), "left_ankle_end") - places(motion, "left_ankle")
    np.testing.assert_allclose(np.linalg.norm(toes, axis=1), np.hypot(0.13, 0.045), atol=1e-5)


def test_any_tree_can_be_written(tmp_path):
    """Tilted rest frames, a hinge off-centre, two hinges on a body, a weld, a root that starts askew, a zero angle."""
    xml = """<mujoco><compiler angle="radian"/><worldbody>
      <body name="a" pos="0 0 1" quat="0.8 0 0.6 0"><freejoint name="a"/><geom size=".1"/>
        <body name="b" pos=".1 .2 .3" quat=".5 .5 .5 .5"><joint type="ball" name="b"/><geom size=".1"/>
          <body name="c" pos="0 .4 0" quat=".6 0 0 .8"><joint name="c1" axis="1 0 0"/><joint name="c2" axis="0 1 1"/>
            <geom size=".1"/>
            <body name="d" pos=".3 0 0" quat=".6 .8 0 0"><geom size=".1"/>
              <body name="e" pos="0 0 .2"><joint name="e" pos=".01 .02 .03" axis="0 1 0" ref=".5"/><geom size=".1"/>
                <body name="f" pos="0 0 .2"/></body></body></body></body></body></worldbody></mujoco>"""
    motion = moving(Skeleton.of(mujoco.MjModel.from_xml_string(xml)))
    write_bvh(motion, tmp_path / "m.bvh", unit="m")
    found = reread(tmp_path / "m.bvh")
    again = read_bvh(tmp_path / "m.bvh", unit=1.0)
    for name in "abcdf":
        expected = places(motion, name)
        np.testing.assert_allclose(found[name][:, [2, 0, 1]], expected, atol=1e-5, err_msg=name)
        np.testing.assert_allclose(places(again, name), expected, atol=1e-5, err_msg=name)


def test_a_file_read_and_written_is_the_same_skeleton(tmp_path):
    write_bvh(read_bvh(put(tmp_path, LEG), unit=1.0), tmp_path / "m.bvh", unit="m")
    first = read_bvh(tmp_path / "m.bvh", unit=1.0)  # three channels at every joint now
    write_bvh(first, tmp_path / "n.bvh.gz", unit="m", order="YXZ")
    assert (tmp_path / "n.bvh.gz").read_bytes()[:2] == b"\x1f\x8b"
    again = read_bvh(tmp_path / "n.bvh.gz", unit=1.0)
    assert again.skeleton.difference_to(first.skeleton) is None
    np.testing.assert_allclose(again.qpos, first.qpos, atol=1e-6)


@pytest.mark.parametrize(("name", "metres"), [("m", 1.0), ("cm", 0.01), ("mm", 0.001), ("inches", 0.0254)])
def test_units_are_known_by_the_length_of_the_bones(tmp_path, name, metres):
    motion = moving(load_character("humanoid").skeleton)
    write_bvh(motion, tmp_path / "m.bvh", unit="m")
    head, table = (tmp_path / "m.bvh").read_text().split("MOTION")
    longer = re.sub(r"-?\d+\.\d+", lambda number: f"{float(number[0]) / metres:.6f}", head)
    again = read_bvh(put(tmp_path, longer + "MOTION" + table))
    assert f"unit taken for {name}" in again.source
    np.testing.assert_allclose(again.skeleton.model.body("left_knee").pos, (0, 0, -0.421546), atol=1e-5)


def z_up(text):
    """The text with its world turned so that z is up: offsets and channels (x, y, z) become (x, -z, y)."""
    text = re.sub(r"OFFSET (\S+) (\S+) (\S+)", lambda m: f"OFFSET {m[1]} {-float(m[3])} {m[2]}", text)
    swap = {"Y": "Z", "Z": "Y", "X": "X"}
    head, table = text.split("MOTION")
    channels = re.findall(r"[XYZ](?:position|rotation)", head)
    head = re.sub(r"[XYZ](?=position|rotation)", lambda m: swap[m[0]], head)
    lines = table.strip().splitlines()
    rows = [
        " ".join(str(-float(x) if c[0] == "Z" else float(x)) for c, x in zip(channels, line.split(), strict=True))
        for line in lines[2:]
    ]
    return head + "MOTION\n" + "\n".join(lines[:2] + rows) + "\n"


def test_a_world_with_z_up_is_recognised(tmp_path):
    skeleton = load_character("humanoid").skeleton
    qpos = np.tile(skeleton.qpos0, (30, 1))
    qpos[:, 0] = np.linspace(0, 1, 30)
    motion = Motion(skeleton, 30.0, qpos)
    write_bvh(motion, tmp_path / "y.bvh")
    put(tmp_path, z_up((tmp_path / "y.bvh").read_text()), "z.bvh")
    yes, other = read_bvh(tmp_path / "y.bvh"), read_bvh(tmp_path / "z.bvh")
    assert "y up" in yes.source
    assert "z up" in other.source
    for name in ("neck", "left_wrist"):
        # a world with z up is ours as it is: who looks along the y-up file's z looks along its -y, and along our x
        np.testing.assert_allclose(places(yes, name), places(other, name)[:, [1, 0, 2]] * [-1, 1, 1], atol=1e-5)
    assert "y up" in read_bvh(tmp_path / "z.bvh", up="y").source
    np.testing.assert_allclose(places(read_bvh(tmp_path / "z.bvh", up="z"), "neck"), places(other, "neck"), atol=1e-5)


def test_calibration_poses_at_the_start_are_dropped(tmp_path):
    skeleton = load_character("humanoid").skeleton
    rng = np.random.default_rng(0)
    pose = skeleton.qpos0 + 0.0
    mujoco.mj_integratePos(skeleton.model, pose, rng.normal(size=skeleton.nv), 1.0)
    qpos = np.tile(pose, (60, 1))
    for t in range(60):
        mujoco.mj_integratePos(skeleton.model, qpos[t], rng.normal(size=skeleton.nv) * 0.02, 1.0)
    write_bvh(Motion(skeleton, 120.0, qpos), tmp_path / "m.bvh")
    assert len(read_bvh(tmp_path / "m.bvh")) == 60
    for count in (1, 5):
        qpos[:count] = skeleton.qpos0
        write_bvh(Motion(skeleton, 120.0, qpos), tmp_path / "m.bvh")
        motion = read_bvh(tmp_path / "m.bvh")
        assert len(motion) == 60 - count
        assert f"{count} calibration" in motion.source


@pytest.mark.parametrize("value", [0.6, 0.0])
def test_joints_with_positions_of_their_own(tmp_path, value):
    """Some programs write six channels for every joint, holding the offset; a few write what is added to it."""
    head, spine = LEG.split("JOINT Head")
    spine = spine.replace("CHANNELS 3 Z", "CHANNELS 6 Xposition Yposition Zposition Z")
    spine = re.sub(r"(\S+ \S+ \S+)$", rf"0 {value} 0 \1", spine.split("0.0333333\n")[1], flags=re.MULTILINE).join(
        [spine.split("0.0333333\n")[0] + "0.0333333\n", ""]
    )
    motion = read_bvh(put(tmp_path, head + "JOINT Head" + spine), unit=1.0)
    np.testing.assert_allclose(places(motion, "Head")[0], (0, 0, 1.5), atol=1e-6)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("HIERARCHY", "HELLO", "not a BVH file"),
        ("MOTION", "NOTION", "not a BVH file"),
        ("OFFSET 0 0.6 0", "OFFSET 0 0.6", "HIERARCHY is broken"),
        ("OFFSET 0 0.6 0", "OFFSET 0 x 0", "HIERARCHY is broken"),
        ("}\nMOTION", "MOTION", "brace is not closed"),
        ("CHANNELS 1 Xrotation", "CHANNELS 1 Wrotation", "Wrotation"),
        ("CHANNELS 1 Xrotation", "CHANNELS 2 Xrotation Xrotation", "Knee has the channels"),
        ("JOINT Head", "ROOT Head", "out of place"),
        ("JOINT Head", "LIMB Head", "unexpected 'LIMB'"),
        ("Frames: 3", "Frames: 4", "truncated"),
        ("Frame Time: 0.0333333", "", "Frame Time"),
        ("Frame Time: 0.0333333", "Frame Time: 0", "must be above 0"),
        ("0 1.0 0 ", "0 one 0 ", "no number"),
        ("10 20 30", "10 nan 30", "NaN"),
        ("10 20 30", "10 1e300 30", "degrees in frame 2, which nothing turns by"),
    ],
)
def test_broken_files_are_refused(tmp_path, old, new, words):
    assert old in LEG
    with pytest.raises(InputError, match=words):
        read_bvh(put(tmp_path, LEG.replace(old, new, 1)))


def test_a_file_cut_anywhere_is_refused(tmp_path):
    for length in range(0, len(LEG) - 10, 7):
        with pytest.raises(InputError, match=r"m\.bvh"):
            read_bvh(put(tmp_path, LEG[:length]))


def test_skeletons_that_bvh_cannot_hold_are_refused(tmp_path):
    xml = """<mujoco><worldbody><body name="a"><freejoint/><geom size=".1"/><body name="b"><geom size=".1"/>
      <joint pos="0 0 0"/><joint axis="1 0 0" pos="0 0 1"/></body></body></worldbody></mujoco>"""
    motion = moving(Skeleton.of(mujoco.MjModel.from_xml_string(xml)))
    with pytest.raises(InputError, match="'b' turn about different points"):
        write_bvh(motion, tmp_path / "m.bvh")
    with pytest.raises(InputError, match="order 'ZXX'"):
        write_bvh(motion, tmp_path / "m.bvh", order="ZXX")
    assert not (tmp_path / "m.bvh").exists()


@pytest.mark.data
@pytest.mark.parametrize("every", [6, pytest.param(1, marks=pytest.mark.slow)])
def test_the_cmu_clips(data_folder, tmp_path, every):
    """Right scale, upright, calibration dropped, and an independent reader agrees on the shortest."""
    clips = sorted((data_folder / "mocap" / "cmu_bvh").glob("*.bvh.gz"))
    assert len(clips) == 78
    for clip in clips[::every]:
        motion = read_bvh(clip)
        assert motion.fps == 120.0
        assert "y up, unit taken for CMU units" in motion.source, clip.name
        assert "calibration" in motion.source, clip.name
        sample = motion_state(Motion(motion.skeleton, 1.0, motion.qpos[:: len(motion) // 20]))
        names = motion.skeleton.body_names
        head, foot = (sample.xpos[:, 1 + names.index(name), 2] for name in ("Head", "LeftFoot"))
        assert 0.9 < np.median(head - foot) < 1.8, clip.name
    short = min(clips, key=lambda clip: clip.stat().st_size)
    motion = read_bvh(short)
    for name, place in reread(put(tmp_path, gzip.decompress(short.read_bytes()).decode())).items():
        expected = place[-len(motion) :, [2, 0, 1]] * 0.0254 / 0.45
        np.testing.assert_allclose(places(motion, name), expected, atol=1e-4, err_msg=name)


def test_the_head_ends_at_the_crown_and_the_face_is_along_z(tmp_path):
    """The humanoid's head is a ball of 0.1025 m, 0.175 m over the neck; its feet point where it looks."""
    skeleton = load_character("humanoid").skeleton
    write_bvh(Motion(skeleton, 30.0, np.tile(skeleton.qpos0, (2, 1))), tmp_path / "m.bvh", unit="m")
    nodes = {node.name: node.offset for node in parse_bvh((tmp_path / "m.bvh").read_text(), "m").nodes}
    np.testing.assert_allclose(nodes["neck_end"], (0, 0.2775, 0), atol=1e-6)
    assert nodes["left_ankle_end"][2] > 0.1
    assert nodes["left_hip"][0] > 0.05  # left is x, as in other files
