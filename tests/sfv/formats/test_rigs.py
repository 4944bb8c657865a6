"""Formats that give every joint's place and turn: Kimodo, poselib, FBX; and those of clips by name: PHC, ROMP, AMP."""

import io
import pickle
import subprocess
from collections import OrderedDict

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from sfv.errors import InputError
from sfv.formats import smpl
from sfv.formats.files import read_motion
from sfv.formats.kimodo import SKELETONS
from sfv.formats.rigs import Rig, offsets_of, places_of, rig_motion
from sfv.kinematics import motion_state
from sfv.reading import Reading

# breadth first, as FBX has it: MuJoCo's order goes down each limb
NAMES, PARENTS = ("hips", "left_leg", "right_leg", "left_foot", "right_foot", "neck"), (-1, 0, 0, 1, 2, 0)
REST = np.array([(0, 0.9, 0), (0.1, 0.8, 0), (-0.1, 0.8, 0), (0.1, 0.1, 0.05), (-0.1, 0.1, 0.05), (0, 1.5, 0)])


def poses(frames=20, joints=6, seed=0):
    """Turns in the world, and the root's way: small, so that whoever it is stands."""
    rng = np.random.default_rng(seed)
    turns = Rotation.from_rotvec(0.2 * rng.normal(size=(frames * joints, 3)))
    return turns, np.cumsum(0.01 * rng.normal(size=(frames, 3)), 0) + np.array([0.0, 0.9, 0.0])


def forward(parents, offsets, turns, root):
    """Places in the world by matrices, the slow way."""
    matrices = turns.as_matrix().reshape(len(root), len(parents), 3, 3)
    out = np.zeros((len(root), len(parents), 3))
    for t in range(len(root)):
        for j, parent in enumerate(parents):
            out[t, j] = root[t] if parent < 0 else out[t, parent] + matrices[t, parent] @ offsets[j]
    return out, matrices


def test_a_rig_stands_where_its_matrices_say_in_any_order_of_its_joints():
    turns, root = poses()
    offsets = REST - np.where(np.array(PARENTS)[:, None] < 0, REST, REST[list(PARENTS)])
    places, _ = forward(PARENTS, offsets, turns, root)
    quats = turns.as_quat(scalar_first=True).reshape(20, -1, 4)
    np.testing.assert_allclose(places_of(PARENTS, offsets_of(PARENTS, places, quats)), REST - REST[0], atol=1e-9)
    motion, note = rig_motion(Rig(NAMES, PARENTS, REST, root, quats), 30.0, Reading(), "y")
    found, order = motion_state(motion).xpos[:, 1:], [motion.skeleton.body_names.index(name) for name in NAMES]
    np.testing.assert_allclose(found[:, order], places[..., [2, 0, 1]], atol=1e-5)
    assert note == "y up"


@pytest.mark.parametrize("count", SKELETONS)
def test_kimodo_with_its_contacts(tmp_path, count):
    name, joints = SKELETONS[count]
    assert len(joints) == count
    names = [joint for joint, _ in joints]
    parents = [names.index(parent) if parent else -1 for _, parent in joints]
    offsets = 0.1 * np.random.default_rng(1).normal(size=(count, 3))
    places, matrices = forward(parents, offsets, *poses(joints=count))
    contacts = np.tile([True, False, False, True], (20, 1))
    np.savez(tmp_path / "m.npz", posed_joints=places, global_rot_mats=matrices, foot_contacts=contacts)
    motion = read_motion(tmp_path / "m.npz", reading=Reading(up="y"))
    order = [motion.skeleton.body_names.index(name) for name in names]
    np.testing.assert_allclose(motion_state(motion).xpos[:, 1:][:, order], places[..., [2, 0, 1]], atol=1e-5)
    assert f"Kimodo, {name}, y up, 30 fps taken" in motion.source
    assert set(motion.contact_names) <= set(motion.skeleton.body_names)
    np.testing.assert_array_equal(motion.contacts, contacts)
    np.savez(tmp_path / "m.npz", posed_joints=places[:, 1:], global_rot_mats=matrices[:, 1:])
    with pytest.raises(InputError, match="Kimodo's skeletons have 77"):
        read_motion(tmp_path / "m.npz")


@pytest.mark.parametrize("local", [True, False])
def test_poselib(tmp_path, local):
    """With z up; turns against the parent, or in the world."""
    turns, root = poses()
    offsets = REST - np.where(np.array(PARENTS)[:, None] < 0, REST, REST[list(PARENTS)])
    places, matrices = forward(PARENTS, offsets, turns, root)
    if local:
        for j in reversed(range(1, len(NAMES))):
            matrices[:, j] = np.swapaxes(matrices[:, PARENTS[j]], -1, -2) @ matrices[:, j]
    xyzw = Rotation.from_matrix(matrices.reshape(-1, 3, 3)).as_quat().reshape(20, -1, 4).astype(np.float32)

    def arr(x):
        return {"arr": np.asarray(x), "context": {"dtype": str(np.asarray(x).dtype)}}

    tree = OrderedDict(node_names=list(NAMES), parent_indices=arr(PARENTS), local_translation=arr(offsets))
    content = OrderedDict(rotation=arr(xyzw), root_translation=arr(root), skeleton_tree=tree, is_local=local, fps=60)
    np.save(tmp_path / "m.npy", np.array(content, dtype=object), allow_pickle=True)
    motion = read_motion(tmp_path / "m.npy")
    order = [motion.skeleton.body_names.index(name) for name in NAMES]
    np.testing.assert_allclose(motion_state(motion).xpos[:, 1:][:, order], places, atol=1e-5)
    assert (motion.fps, motion.source) == (60.0, "m.npy (poselib, z up)")


def test_phc_reads_the_longest_clip(tmp_path):
    """Standing SMPL: with axes x left, y up, z ahead, who stands in a world with z up is turned by 90 degrees."""
    upright = Rotation.from_matrix([[0, 0, 1], [1, 0, 0], [0, 1, 0]]).as_rotvec()
    clips = {}
    for name, frames in (("short", 5), ("long", 12)):
        pose = np.zeros((frames, 24, 3))
        pose[:, 0] = upright
        clips[name] = {"pose_aa": pose, "root_trans_offset": np.tile([0.0, 1.0, 0.95], (frames, 1)), "fps": 30,
                       "trans_orig": np.zeros((frames, 3)), "beta": np.zeros(16), "gender": "neutral"}  # fmt: skip
    (tmp_path / "m.pkl").write_bytes(pickle.dumps(clips))
    motion = read_motion(tmp_path / "m.pkl")
    assert len(motion) == 12
    assert "long, the longest of 2 clips" in motion.source
    assert set(motion.skeleton.body_names) == set(smpl.NAMES)
    np.testing.assert_allclose(motion.qpos[:, :7], np.tile([0, 1, 0.95, 1, 0, 0, 0], (12, 1)), atol=1e-6)


ROBOT = """<mujoco><worldbody><body name="pelvis" pos="0 0 1"><freejoint/><geom size=".1"/>
  <body name="leg"><joint name="hip" axis="0 1 0"/><geom size=".1"/>
  <body name="shin"><joint name="knee" axis="0 1 0"/><geom size=".1"/></body></body></body></worldbody></mujoco>"""


def test_robots_by_asap_and_isaac_lab(tmp_path):
    (tmp_path / "robot.xml").write_text(ROBOT)
    root, turn = np.tile([0.0, 1.0, 0.9], (6, 1)), np.tile([0.0, 0.0, np.sin(0.3), np.cos(0.3)], (6, 1))
    angles = np.arange(12.0).reshape(6, 2) / 10
    clip = {"pose_aa": np.zeros((6, 3, 3)), "root_trans_offset": root, "root_rot": turn, "dof": angles, "fps": 50}
    (tmp_path / "m.pkl").write_bytes(pickle.dumps({"clip": clip}))
    with pytest.raises(InputError, match="--character"):
        read_motion(tmp_path / "m.pkl")
    wanted = np.concatenate((root, turn[:, [3, 0, 1, 2]], angles), 1)
    asap = read_motion(tmp_path / "m.pkl", character=tmp_path / "robot.xml")
    np.testing.assert_allclose(asap.qpos, wanted, atol=1e-9)
    assert asap.fps == 50.0
    arrays = {
        "fps": np.array(60),
        "dof_names": np.array(["knee", "hip"]),  # matched by name
        "dof_positions": angles[:, ::-1],
        "body_names": np.array(["shin", "pelvis"]),
        "body_positions": np.stack((root + 5, root), 1),
        "body_rotations": np.stack((turn, turn), 1)[..., [3, 0, 1, 2]],
    }
    np.savez(tmp_path / "m.npz", **arrays)
    lab = read_motion(tmp_path / "m.npz", character=tmp_path / "robot.xml")
    np.testing.assert_allclose(lab.qpos, wanted, atol=1e-9)
    np.savez(tmp_path / "m.npz", **(arrays | {"dof_names": np.array(["knee", "hop"])}))
    with pytest.raises(InputError, match="do not share 'hip'"):
        read_motion(tmp_path / "m.npz", character=tmp_path / "robot.xml")


def test_romp_follows_the_person_seen_longest(tmp_path):
    """In the camera's axes, y down: who stands upright is turned by half a turn about x."""
    thetas = np.zeros((2, 72))
    thetas[:, :3] = [np.pi, 0, 0]
    results = {
        f"0000{t:04d}.jpg": {"smpl_thetas": thetas[: 2 if t < 3 else 1], "smpl_betas": np.zeros((2, 10)),
                             "cam_trans": np.array([[0.1 * t, 0.0, 4.0], [9.0, 0, 4]]), "track_ids": np.array([7, 3])}
        for t in range(10)
    }  # fmt: skip
    np.savez(tmp_path / "m.npz", results=np.array(results, dtype=object))
    motion = read_motion(tmp_path / "m.npz")
    assert len(motion) == 10
    assert "ROMP, the longest of 2 people" in motion.source
    head, foot = (motion.skeleton.body_names.index(name) for name in ("head", "left_foot"))
    places = motion_state(motion).xpos[:, 1:]
    assert (places[:, head, 2] - places[:, foot, 2] > 1.2).all()
    np.testing.assert_allclose(np.linalg.norm(np.diff(motion.qpos[:, :3], axis=0), axis=1), 0.1, atol=1e-6)
    bomb = io.BytesIO()
    np.savez(bomb, results=np.array({"a": subprocess.Popen}, dtype=object))
    (tmp_path / "b.npz").write_bytes(bomb.getvalue())
    with pytest.raises(InputError, match="could run code"):
        read_motion(tmp_path / "b.npz")


@pytest.mark.data
def test_fbx_stands_where_the_same_clip_does_as_bvh(data_folder):
    """CMU 07_01 out of Blender, scaled by 100, against cgspeed's BVH: both without their T-pose, in the same places."""
    pytest.importorskip("ufbx")
    fbx = read_motion(data_folder / "mocap" / "cmu_fbx" / "isaacgym_07_01.fbx")
    bvh = read_motion(data_folder / "mocap" / "cmu_bvh" / "07_01.bvh.gz")
    assert "unit taken for CMU units" in fbx.source
    shared = [name for name in bvh.skeleton.body_names if name in fbx.skeleton.body_names]
    assert len(shared) > 30
    a, b = (motion_state(m).xpos[:, [1 + m.skeleton.body_names.index(name) for name in shared]] for m in (fbx, bvh))
    assert "1 calibration frame dropped" in fbx.source
    assert len(fbx) == len(bvh)
    np.testing.assert_allclose(a[:315], b[:315], atol=5e-3)  # m; the bones were rounded


def test_a_damaged_fbx_is_a_sentence(tmp_path):
    (tmp_path / "m.fbx").write_bytes(b"Kaydara FBX Binary  \x00\x1a\x00\xe8\x1c\x00\x00" + b"\x07" * 400)
    with pytest.raises(InputError, match=r"m\.fbx is no FBX file that ufbx reads|pip install"):
        read_motion(tmp_path / "m.fbx")
