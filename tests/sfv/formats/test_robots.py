"""Robots' files: csv with and without names, mjlab's and loco-mujoco's npz, on a small robot and on the real G1."""

import csv

import mujoco
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from sfv.errors import InputError
from sfv.formats.files import read_motion, write_motion
from sfv.formats.mjlab import write_mjlab
from sfv.formats.robot_csv import write_robot_csv
from sfv.formats.robots import heights, robot_skeleton
from sfv.kinematics import motion_state
from sfv.motion import Motion

# two legs of two hinges and an arm: branches enough for depth-first and breadth-first to differ
ROBOT = """<mujoco><worldbody><geom type="plane" size="1 1 1"/>
<body name="pelvis" pos="0 0 .8"><freejoint name="root"/><geom size=".1"/>
  <body name="l_thigh" pos="0 .1 0"><joint name="l_hip" axis="0 1 0"/><geom size=".1"/>
    <body name="l_shin" pos="0 0 -.4"><joint name="l_knee" axis="0 1 0"/><geom size=".1"/></body></body>
  <body name="r_thigh" pos="0 -.1 0"><joint name="r_hip" axis="0 1 0"/><geom size=".1"/>
    <body name="r_shin" pos="0 0 -.4"><joint name="r_knee" axis="0 1 0"/><geom type="mesh" mesh="gone"/></body></body>
  <body name="arm" pos="0 .2 .4"><joint name="elbow" axis="1 0 0" ref=".2"/><geom size=".1"/></body>
</body></worldbody>
<asset><mesh name="gone" file="is_not_there.stl"/></asset>
<actuator><motor joint="l_hip"/></actuator><keyframe><key qpos="0 0 0 1 0 0 0 0 0 0 0 0"/></keyframe></mujoco>"""
SLIDING = ROBOT.replace(
    '<freejoint name="root"/>',
    "".join(f'<joint name="pelvis_{n}" type="slide" axis="{a}"/>' for n, a in
            (("tx", "1 0 0"), ("tz", "0 1 0"), ("ty", "0 0 1")))
    + "".join(f'<joint name="pelvis_{n}" axis="{a}"/>' for n, a in
              (("tilt", "0 -1 0"), ("list", "1 0 0"), ("rotation", "0 0 1"))),
).replace('<keyframe><key qpos="0 0 0 1 0 0 0 0 0 0 0 0"/></keyframe>', "")  # fmt: skip


@pytest.fixture
def robot(tmp_path):
    (tmp_path / "robot.xml").write_text(ROBOT)
    return tmp_path / "robot.xml"


@pytest.fixture
def motion(robot):
    """It walks ahead, leaning a little and turning."""
    skeleton, time = robot_skeleton(robot, "x"), np.linspace(0, 2, 41)
    qpos = np.zeros((41, skeleton.nq))
    qpos[:, :3] = np.stack((time, 0.1 * time**2, 0.8 + 0 * time), 1)
    qpos[:, 3:7] = Rotation.from_euler("ZYX", np.stack((0.3 * time, 0.05 + 0 * time, 0 * time), 1)).as_quat(
        scalar_first=True
    )
    qpos[:, 7:] = 0.3 * np.sin(4 * time[:, None] + np.arange(5))
    return Motion(skeleton, 30.0, qpos)


def same(a, b, atol=1e-6):
    assert a.skeleton.difference_to(b.skeleton) is None
    np.testing.assert_allclose(a.qpos, b.qpos, atol=atol)


def test_bones_come_without_meshes_and_roots_become_free(robot, tmp_path):
    skeleton = robot_skeleton(robot, "x")
    assert skeleton.joint_names == ("root", "l_hip", "l_knee", "r_hip", "r_knee", "elbow")
    (tmp_path / "sliding.xml").write_text(SLIDING)
    assert robot_skeleton(tmp_path / "sliding.xml", "x").difference_to(skeleton) is None
    for character, words in ((None, "--character"), ("absent.xml", "no file")):
        with pytest.raises(InputError, match=words):
            robot_skeleton(character, "x")
    (tmp_path / "broken.xml").write_text("<mujoco><nobody/></mujoco>")
    with pytest.raises(InputError, match="not a model"):
        robot_skeleton(tmp_path / "broken.xml", "x")
    (tmp_path / "fixed.xml").write_text(ROBOT.replace('<freejoint name="root"/>', "").replace("key qpos", "key name"))
    with pytest.raises(InputError):
        robot_skeleton(tmp_path / "fixed.xml", "x")


@pytest.mark.parametrize("format", ["unitree", "kimodo-csv"])
def test_robot_csv_there_and_back(tmp_path, robot, motion, format):
    write_motion(motion, tmp_path / "m.csv", format)
    first = (tmp_path / "m.csv").read_text().split("\n")[0].split(",")
    assert len(first) == 12
    assert float(first[6 if format == "unitree" else 3]) == pytest.approx(motion.qpos[0, 3])  # w
    same(read_motion(tmp_path / "m.csv", format, character=robot), motion)
    again = read_motion(tmp_path / "m.csv", character=robot)  # the order is found
    same(again, motion)
    assert ("xyzw" if format == "unitree" else "wxyz") in again.source
    assert "30 fps taken" in again.source


def test_a_quaternion_that_could_be_both_is_asked_for(tmp_path, robot, motion):
    still = np.tile(motion.qpos[:1], (9, 1))
    still[:, 3:7] = Rotation.from_euler("Y", 90, degrees=True).as_quat(scalar_first=True)  # it lies
    write_robot_csv(Motion(motion.skeleton, 30.0, still), tmp_path / "m.csv", "wxyz")
    with pytest.raises(InputError, match="--format kimodo"):
        read_motion(tmp_path / "m.csv", character=robot)
    same(read_motion(tmp_path / "m.csv", "kimodo-csv", character=robot), Motion(motion.skeleton, 30.0, still))


def change(column, factor):
    def changed(table):
        table[:, column] *= factor
        return table

    return changed


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (change(slice(0, 3), 100), "centimetres"),
        (change(slice(7, None), 180 / np.pi), "degrees"),
        (change(slice(3, 7), 2), "quaternion"),
        (lambda t: np.column_stack((np.arange(len(t)), t))[:, :-1], "quaternion"),
        (lambda t: t[:, :-1], "11 columns but needs 12"),
        (lambda t: t[:1], "1 rows"),
        (change(8, np.nan), "NaN"),
    ],
)
def test_other_tables_are_refused(tmp_path, robot, motion, changed, words):
    motion.qpos[:, 7:] += 0.5
    np.savetxt(tmp_path / "m.csv", changed(motion.qpos.copy()), delimiter=",")
    with pytest.raises(InputError, match=words):
        read_motion(tmp_path / "m.csv", character=robot)


def test_centimetres_and_degrees_with_names(tmp_path, robot, motion):
    angles = Rotation.from_quat(motion.qpos[:, 3:7], scalar_first=True).as_euler("xyz", degrees=True)
    names = motion.skeleton.joint_names[1:]
    header = ["Frame", "root_translateX", "root_translateY", "root_translateZ"]
    header += ["root_rotateX", "root_rotateY", "root_rotateZ"] + [f"{name}_dof" for name in names[::-1]]
    table = np.column_stack((np.arange(41), 100 * motion.qpos[:, :3], angles, np.degrees(motion.qpos[:, :6:-1])))
    with (tmp_path / "m.csv").open("w", newline="") as file:
        csv.writer(file).writerows([header, *table.tolist()])
    again = read_motion(tmp_path / "m.csv", character=robot)
    assert "cm and degrees" in again.source
    same(again, motion)
    header[-1] = "tail_dof"
    with (tmp_path / "m.csv").open("w", newline="") as file:
        csv.writer(file).writerows([header, *table.tolist()])
    with pytest.raises(InputError, match=r"tail|l_hip"):
        read_motion(tmp_path / "m.csv", character=robot)


def test_tables_with_names_there_and_back(tmp_path, robot, motion, wave):
    write_motion(wave, tmp_path / "w.csv")
    again = read_motion(tmp_path / "w.csv")
    same(again, wave)
    assert again.fps == wave.fps
    with (tmp_path / "w.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert float(rows[3]["root.z"]) == pytest.approx(wave.qpos[3, 2])
    assert float(rows[3]["time"]) == pytest.approx(0.1)
    # columns in another order, of another body
    write_motion(motion, tmp_path / "m.csv")
    lines = [line.split(",")[::-1] for line in (tmp_path / "m.csv").read_text().splitlines()]
    (tmp_path / "m.csv").write_text("\n".join(",".join(line) for line in lines))
    same(read_motion(tmp_path / "m.csv", "csv", character=robot), motion)
    with pytest.raises(InputError, match="disagree about"):
        read_motion(tmp_path / "m.csv", "csv")
    (tmp_path / "w.csv").write_text((tmp_path / "w.csv").read_text().replace("\n0.1,", "\n0.15,"))
    with pytest.raises(InputError, match="rise evenly"):
        read_motion(tmp_path / "w.csv")
    (tmp_path / "w.csv").write_text((tmp_path / "w.csv").read_text().replace("\n0.15,", "\nx,"))
    with pytest.raises(InputError, match="numbers"):
        read_motion(tmp_path / "w.csv")


def arrays(path):
    with np.load(path) as file:
        return dict(file)


def test_mjlab_there_and_back_and_by_an_independent_reader(tmp_path, robot, motion):
    write_motion(motion, tmp_path / "m.npz", "mjlab")
    data = arrays(tmp_path / "m.npz")
    model = mujoco.MjModel.from_xml_string(ROBOT.replace('<geom type="mesh" mesh="gone"/>', '<geom size=".1"/>')
                                           .replace('<mesh name="gone" file="is_not_there.stl"/>', ""))  # fmt: skip
    state = mujoco.MjData(model)
    for t in (0, 17, 40):
        state.qpos[:] = np.concatenate((data["body_pos_w"][t, 0], data["body_quat_w"][t, 0], data["joint_pos"][t]))
        mujoco.mj_forward(model, state)
        np.testing.assert_allclose(state.xpos[1:], data["body_pos_w"][t], atol=1e-5)
        np.testing.assert_allclose(np.abs((state.xquat[1:] * data["body_quat_w"][t]).sum(-1)), 1, atol=1e-6)
        # velocities of the bodies' origins, by the Jacobian from those of the joints
        spin = data["body_ang_vel_w"][t, 0]
        local = Rotation.from_quat(data["body_quat_w"][t, 0], scalar_first=True).inv().apply(spin)
        qvel = np.concatenate((data["body_lin_vel_w"][t, 0], local, data["joint_vel"][t]))
        jacobian = np.zeros((3, model.nv))
        for body in range(1, model.nbody):
            mujoco.mj_jac(model, state, jacobian, None, state.xpos[body], body)
            np.testing.assert_allclose(jacobian @ qvel, data["body_lin_vel_w"][t, body - 1], atol=0.03)
    assert list(data["joint_names"]) == list(motion.skeleton.joint_names[1:])
    again = read_motion(tmp_path / "m.npz", character=robot)
    assert "depth first, wxyz" in again.source
    same(again, motion, 1e-5)
    two = Motion(motion.skeleton, 30.0, motion.qpos[:2])
    write_mjlab(two, tmp_path / "two.npz")
    same(read_motion(tmp_path / "two.npz", character=robot), two, 1e-5)


def test_isaac_labs_order_is_found_by_the_bodies_places(tmp_path, robot, motion):
    write_motion(motion, tmp_path / "m.npz", "mjlab")
    data = arrays(tmp_path / "m.npz")
    # breadth first: pelvis, l_thigh, r_thigh, arm, l_shin, r_shin
    bodies, joints = [0, 1, 3, 5, 2, 4], [0, 2, 4, 1, 3]
    wide = {name: table[:, bodies] if name.startswith("body_") and table.ndim > 1 else table
            for name, table in data.items()}  # fmt: skip
    wide |= {"joint_pos": data["joint_pos"][:, joints], "fps": np.array(50)}
    np.savez(tmp_path / "wide.npz", **wide)
    again = read_motion(tmp_path / "wide.npz", character=robot)
    assert "breadth first, wxyz" in again.source
    assert again.fps == 50
    np.testing.assert_allclose(again.qpos, motion.qpos, atol=1e-5)
    np.savez(tmp_path / "xyzw.npz", **(wide | {"body_quat_w": wide["body_quat_w"][..., [1, 2, 3, 0]]}))
    again = read_motion(tmp_path / "xyzw.npz", character=robot)
    assert "xyzw" in again.source
    np.testing.assert_allclose(again.qpos, motion.qpos, atol=1e-5)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"joint_pos": np.zeros((41, 5))}, "does not fit the character: bodies are off"),
        ({"joint_pos": np.zeros((41, 4))}, "5 hinges"),
        ({"body_pos_w": np.zeros((41, 7, 3)), "body_quat_w": np.zeros((41, 7, 4))}, "it has 7 bodies"),
        ({"body_pos_w": np.zeros((41, 6, 2))}, "body_pos_w is"),
        ({"body_pos_w": np.full((41, 6, 3), np.nan)}, "NaN"),
        ({"fps": None}, "lacks fps"),
    ],
)
def test_other_mjlab_files_are_refused(tmp_path, robot, motion, changes, words):
    motion.qpos[:, 7:] += 0.5
    write_mjlab(motion, tmp_path / "m.npz")
    changed = {k: v for k, v in (arrays(tmp_path / "m.npz") | changes).items() if v is not None}
    np.savez(tmp_path / "m.npz", **changed)
    with pytest.raises(InputError, match=words):
        read_motion(tmp_path / "m.npz", character=robot)


def test_ball_joints_fit_no_robots_file(tmp_path, wave):
    for format in ("mjlab", "unitree"):
        with pytest.raises(InputError, match="is a ball joint"):
            write_motion(wave, tmp_path / "m", format)


def test_loco_mujocos_older_files_agree_with_its_own_model(tmp_path, robot, motion):
    """qpos of the model with slides and hinges at its root, put through MuJoCo as it is."""
    xml = SLIDING.replace('<geom type="mesh" mesh="gone"/>', '<geom size=".1"/>')
    model = mujoco.MjModel.from_xml_string(xml.replace('<mesh name="gone" file="is_not_there.stl"/>', ""))
    (tmp_path / "sliding.xml").write_text(SLIDING)
    time = np.arange(50)[:, None] / 500.0
    qpos = 0.3 * np.sin(time * np.arange(1, model.nq + 1) * 8 + np.arange(model.nq))
    qvel = 0.3 * np.arange(1, model.nq + 1) * 8 * np.cos(time * np.arange(1, model.nq + 1) * 8 + np.arange(model.nq))
    names = [model.joint(i).name for i in range(model.njnt)]
    content = {f"q_{name}": qpos[:, i] for i, name in enumerate(names)}
    content |= {f"dq_{name}": qvel[:, i] for i, name in enumerate(names)} | {"q_stiff": np.zeros(50)}
    np.savez(tmp_path / "m.npz", **content)
    again = read_motion(tmp_path / "m.npz", character=tmp_path / "sliding.xml")
    assert again.fps == 500
    assert "left out, unmoved: stiff" in again.source
    state, places = mujoco.MjData(model), motion_state(again).xpos
    for t in range(0, 50, 7):
        state.qpos[:] = qpos[t]
        mujoco.mj_kinematics(model, state)
        np.testing.assert_allclose(places[t], state.xpos, atol=1e-6)
    for changes, words in (
        ({"q_tail": np.arange(50.0)}, "no joint 'tail'"),
        ({"q_l_hip": np.full(50, 40.0) + np.arange(50)}, "degrees"),
        ({"q_l_hip": np.full(50, np.nan)}, "NaN"),
    ):
        np.savez(tmp_path / "bad.npz", **(content | changes))
        with pytest.raises(InputError, match=words):
            read_motion(tmp_path / "bad.npz", character=robot)
    np.savez(tmp_path / "bad.npz", **{key: table for key, table in content.items() if key[0] == "q"})
    with pytest.raises(InputError, match="rate is not known"):
        read_motion(tmp_path / "bad.npz", character=robot)


def test_loco_mujocos_newer_files(tmp_path, robot, motion):
    order = [0, 3, 1, 4, 2]  # other joints' order than the model's: matched by name
    names = np.array(["root", *np.array(motion.skeleton.joint_names[1:])[order]])
    qpos = np.concatenate((motion.qpos[:, :7], motion.qpos[:, 7:][:, order]), 1)
    content = {"qpos": np.concatenate((qpos[:9], qpos)), "joint_names": names, "frequency": 100.0,
               "split_points": np.array([0, 9, 50]), "metadata": np.array(None, dtype=object)}  # fmt: skip
    np.savez(tmp_path / "m.npz", **content)
    again = read_motion(tmp_path / "m.npz", character=robot)
    assert again.fps == 100
    assert "trajectory 2 of 2" in again.source
    same(again, motion)
    np.savez(tmp_path / "m.npz", **(content | {"joint_names": names[:-1], "qpos": content["qpos"][:, :-1]}))
    assert f"not in the file: {names[-1]}" in read_motion(tmp_path / "m.npz", character=robot).source
    np.savez(tmp_path / "m.npz", **(content | {"qpos": 2 * content["qpos"]}))
    with pytest.raises(InputError, match="unit quaternion"):
        read_motion(tmp_path / "m.npz", character=robot)


@pytest.fixture
def g1(data_folder):
    return data_folder / "robots" / "unitree_g1" / "g1.xml"


@pytest.mark.data
@pytest.mark.parametrize("name", ["dance", "high5", "jumpjack", "walk", "wave"])
def test_generated_motions_of_the_g1(tmp_path, data_folder, g1, name):
    path = data_folder / "mocap" / "g1_kimodo_generated" / f"output_{name}.csv"
    motion = read_motion(path, character=g1)
    assert "quaternion taken for wxyz" in motion.source
    low = heights(motion.skeleton, motion.qpos[::5])
    assert low.min() > 0.0  # the ankles' origins are over the ground
    assert np.median(low) < 0.06
    np.testing.assert_allclose(np.abs(motion.qpos), np.abs(np.loadtxt(path, delimiter=",")), atol=1e-6)
    write_motion(motion, tmp_path / "m.csv", "unitree")
    again = read_motion(tmp_path / "m.csv", character=g1)
    assert "quaternion taken for xyzw" in again.source
    same(again, motion)
    write_motion(motion, tmp_path / "m.npz", "mjlab")
    same(read_motion(tmp_path / "m.npz", character=g1), motion, 1e-5)


def body_of(names):
    """A robot of loco-mujoco's, in one piece: pelvis, and all joints in a chain; H1's own height."""
    open_bodies = "".join(f'<body name="b_{n}" pos="0 0 -.05"><joint name="{n}"/><geom size=".1"/>' for n in names)
    return f"""<mujoco><worldbody><body name="pelvis" pos="0 0 1.045"><freejoint name="root"/><geom size=".1"/>
    {open_bodies}{"</body>" * len(names)}</body></worldbody></mujoco>"""


@pytest.mark.data
@pytest.mark.parametrize("name", ["02-constspeed_UnitreeH1", "05-run_UnitreeG1", "05-run_ATLAS"])
def test_loco_mujocos_own_samples(tmp_path, data_folder, g1, name):
    path = data_folder / "mocap" / "locomujoco_mini" / f"{name}.npz"
    data = arrays(path)
    names = [key[2:] for key in data if key.startswith("q_") and not key.startswith("q_pelvis_")]
    (tmp_path / "robot.xml").write_text(body_of(names))
    motion = read_motion(path, character=tmp_path / "robot.xml")
    assert motion.fps == 500
    assert len(motion) == 500
    np.testing.assert_allclose(motion.qpos[:, motion.skeleton.qpos_columns.index(names[3])], data[f"q_{names[3]}"])
    up = Rotation.from_quat(motion.qpos[:, 3:7], scalar_first=True).apply([0, 0, 1])[:, 2]
    assert up.min() > 0.9
    # the way that velocities say, along x and along y
    state = motion_state(motion)
    np.testing.assert_allclose(state.qvel[5:-5, 0], data["dq_pelvis_tx"][5:-5], atol=0.1)
    np.testing.assert_allclose(state.qvel[5:-5, 1], data["dq_pelvis_tz"][5:-5], atol=0.1)
    with pytest.raises(InputError, match="the character has no joint"):
        read_motion(path, character=g1)
