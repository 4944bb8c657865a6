import pickle

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from sfv.character import load_character
from sfv.errors import InputError
from sfv.formats.deepmimic import read_deepmimic
from sfv.formats.files import read_motion
from sfv.formats.mimickit import JOINTS
from sfv.kinematics import motion_state
from sfv.motion import Motion


def frames_of(motion):
    """MimicKit's frames for a motion of the humanoid, from the bodies' orientations in the world.

    Its bodies are aligned in the T-pose, so each is ours without our rest orientation; a joint is what lies between.
    """
    model, state = motion.skeleton.model, motion_state(motion)
    names = motion.skeleton.body_names
    rest = {"world": Rotation.identity()}
    for i, name in enumerate(names):
        parent = model.body(int(model.body_parentid[i + 1])).name
        rest[name] = rest[parent] * Rotation.from_quat(model.body_quat[i + 1], scalar_first=True)
    world = {name: Rotation.from_quat(state.xquat[:, i + 1], scalar_first=True) * rest[name].inv()
             for i, name in enumerate(names)}  # fmt: skip
    columns = [motion.qpos[:, :3], world["root"].as_rotvec()]
    for name, kind in JOINTS.items():
        parent = model.body(int(model.body(name).parentid[0])).name
        turn = (world[parent].inv() * world[name]).as_rotvec()
        columns.append(turn @ np.array(kind)[:, None] if isinstance(kind, tuple) else turn)
    return np.concatenate(columns, 1)


def put(path, frames, **more):
    path.write_bytes(pickle.dumps({"fps": 30, "loop_mode": 0, "frames": frames} | more))
    return path


def check(again, motion):
    np.testing.assert_allclose(motion_state(again).xpos, motion_state(motion).xpos, atol=1e-6)


def stirred():
    import mujoco

    skeleton, rng = load_character("humanoid").skeleton, np.random.default_rng(0)
    qpos = np.tile(skeleton.qpos0, (12, 1))
    for t in range(1, 12):
        qpos[t] = qpos[t - 1]
        mujoco.mj_integratePos(skeleton.model, qpos[t], rng.normal(size=skeleton.nv), 0.1)
    return Motion(skeleton, 30.0, qpos)


@pytest.mark.parametrize("as_list", [True, False])
def test_frames_of_the_humanoid(tmp_path, as_list):
    motion = stirred()
    frames = frames_of(motion)
    assert frames.shape == (12, 34)
    put(tmp_path / "m.pkl", frames.tolist() if as_list else frames.astype(np.float64), loop_mode=1)
    again = read_motion(tmp_path / "m.pkl")
    assert again.loop
    assert again.fps == 30
    check(again, motion)


@pytest.mark.data
@pytest.mark.parametrize("name", ["backflip", "cartwheel", "walk"])
def test_real_clips(tmp_path, data_folder, name):
    motion = read_deepmimic(data_folder / "mocap" / "deepmimic" / f"humanoid3d_{name}.txt")
    again = read_motion(put(tmp_path / "m.pkl", frames_of(motion), fps=motion.fps))
    check(again, motion)


SMALL = """<mujoco><worldbody><body name="a" pos="0 0 1"><freejoint/><geom size=".1"/>
  <body name="b" pos="0 0 .3"><joint name="x" axis="1 0 0"/><joint name="y" axis="0 1 0"/><joint name="z" axis="0 0 1"/>
    <geom size=".1"/><body name="c" pos=".2 0 0"><joint name="e" axis="0 1 0"/><geom size=".1"/>
      <body name="d" pos="0 0 .4"><joint name="q" type="ball"/><geom size=".1"/><body name="f" pos="0 .1 0"/></body>
  </body></body></body></worldbody></mujoco>"""


def test_another_character(tmp_path):
    """Three hinges are one rotation vector, a hinge an angle, a ball a rotation vector."""
    (tmp_path / "c.xml").write_text(SMALL)
    rng = np.random.default_rng(0)
    frames = rng.normal(size=(5, 13)) * 0.5
    motion = read_motion(put(tmp_path / "m.pkl", frames), character=tmp_path / "c.xml")
    root, hip = (Rotation.from_rotvec(frames[:, i : i + 3]) for i in (3, 6))
    elbow, ball = Rotation.from_rotvec(frames[:, 9:10] * [0, 1, 0]), Rotation.from_rotvec(frames[:, 10:13])
    b = frames[:, :3] + root.apply([0, 0, 0.3])
    c = b + (root * hip).apply([0.2, 0, 0])
    d = c + (root * hip * elbow).apply([0, 0, 0.4])
    f = d + (root * hip * elbow * ball).apply([0, 0.1, 0])
    np.testing.assert_allclose(motion_state(motion).xpos[:, 2:], np.stack((b, c, d, f), 1), atol=1e-9)
    with pytest.raises(InputError, match="--character"):
        read_motion(tmp_path / "m.pkl")
    with pytest.raises(InputError, match="28 joint numbers do not fit the character's 7"):
        read_motion(put(tmp_path / "n.pkl", np.zeros((3, 34))), character=tmp_path / "c.xml")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f: np.degrees(f), "degrees"),
        (lambda f: f * np.nan, "NaN"),
        (lambda f: f[:1], "at least|2 frames"),
        (lambda f: [[1.0, 2.0], [1.0]], "equally many"),
    ],
)
def test_other_frames_are_refused(tmp_path, change, words):
    with pytest.raises(InputError, match=words):
        read_motion(put(tmp_path / "m.pkl", change(frames_of(stirred()))))


def test_a_world_with_y_up_is_refused(tmp_path):
    frames = np.zeros((10, 34))
    frames[:, 1] = 0.9
    frames[:, 3:6] = Rotation.from_euler("x", -90, degrees=True).as_rotvec()  # its z is along y
    with pytest.raises(InputError, match="y is up"):
        read_motion(put(tmp_path / "m.pkl", frames))
    (tmp_path / "m.pkl").write_bytes(pickle.dumps({"loop_mode": 0, "frames": 1, "fpss": 2}))
    with pytest.raises(InputError, match="without fps"):
        read_motion(tmp_path / "m.pkl")
