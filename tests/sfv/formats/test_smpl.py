"""AMASS, the estimators' files, and the skeleton that they share. The oracle is SMPL's chain of matrices, by SciPy."""

import pickle

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from sfv.errors import InputError
from sfv.formats import smpl
from sfv.formats.amass import read_amass
from sfv.formats.files import read_motion
from sfv.formats.smpl_estimates import read_gvhmr, read_humans4d, read_tram, read_wham
from sfv.kinematics import motion_state

FRAMES = 30
Y_TO_Z = np.array([[0.0, 0, 1], [1, 0, 0], [0, 1, 0]])  # SMPL's x left, y up, z forward are our y, z, x
# half a turn about x: in a camera (x right, y down, z away) who stands upright faces it
FACING = Rotation.from_rotvec([np.pi, 0, 0])
# in a world with z up, who stands upright is turned by a quarter about x
UPRIGHT = Rotation.from_rotvec([np.pi / 2, 0, 0])


@pytest.fixture(autouse=True)
def no_models(monkeypatch):
    monkeypatch.delenv("SFV_SMPL_MODELS", raising=False)


def poses(root=None, frames=FRAMES, seed=0):
    """Rotation vectors (T, 22, 3) of somebody who stands and moves, and a way (T, 3)."""
    rng = np.random.default_rng(seed)
    body = np.cumsum(rng.normal(size=(frames, 22, 3)) * 0.02, 0)
    turn = Rotation.from_rotvec(body[:, 0]) if root is None else root * Rotation.from_rotvec(body[:, 0])
    body[:, 0] = turn.as_rotvec()
    return body, np.cumsum(rng.normal(size=(frames, 3)) * 0.01, 0)


def chain(rotvecs, trans, joints):
    """Joint places (T, 22, 3) in the file's world, as SMPL's forward kinematics has them."""
    places, turns = [joints[0] + trans], [Rotation.from_rotvec(rotvecs[:, 0])]
    for i in range(1, 22):
        parent = smpl.PARENTS[i]
        places.append(places[parent] + turns[parent].apply(joints[i] - joints[parent]))
        turns.append(turns[parent] * Rotation.from_rotvec(rotvecs[:, i]))
    return np.stack(places, 1)


def check(motion, expected):
    """Bodies by name against (T, 22, 3) in our world."""
    assert sorted(motion.skeleton.body_names) == sorted(smpl.NAMES)
    order = [motion.skeleton.body_names.index(name) for name in smpl.NAMES]
    np.testing.assert_allclose(motion_state(motion).xpos[:, 1:][:, order], expected, atol=1e-5)


def on_the_ground(places):
    places = places.copy()
    places[..., 2] += smpl.SOLE - places[..., 2].min()
    return places


def test_the_mean_body_is_a_persons():
    joints = smpl.mean_joints()
    height = joints[smpl.HEAD, 1] - joints[smpl.FEET[0], 1]
    assert 1.4 < height < 1.6  # to the eyes or so, from the balls of the feet
    mirrored = [smpl.NAMES.index(n.replace("left", "?").replace("right", "left").replace("?", "right"))
                for n in smpl.NAMES]  # fmt: skip
    np.testing.assert_allclose(joints[mirrored], joints * [-1, 1, 1], atol=1e-12)
    state = motion_state(smpl.smpl_motion(joints, np.tile([1.0, 0, 0, 0], (2, 22, 1)), np.zeros((2, 3)), 30.0, "y", ""))
    names = smpl.smpl_skeleton(joints).body_names
    left = state.xpos[0, 1 + names.index("left_wrist")]
    assert left[1] > 0.5  # the left is along y
    assert state.xpos[0, 1 + names.index("left_foot"), 0] > 0.03  # and the toes along x
    np.testing.assert_allclose(state.xquat[0, 1], [1, 0, 0, 0], atol=1e-12)


def amass(path, rotvecs, way, width=156, **more):
    table = np.concatenate((rotvecs.reshape(len(rotvecs), -1), np.zeros((len(rotvecs), width - 66))), 1)
    content = {"poses": table, "trans": way, "mocap_framerate": 120.0, "gender": "male", "betas": np.zeros(16)} | more
    np.savez(path, **{key: value for key, value in content.items() if value is not None})
    return path


@pytest.mark.parametrize(("width", "rate"), [(156, "mocap_framerate"), (165, "mocap_frame_rate"), (72, "fps")])
def test_amass_agrees_with_smpls_chain(tmp_path, width, rate):
    rotvecs, trans = poses(UPRIGHT)
    trans[:, 2] += 1.2
    path = amass(tmp_path / "m.npz", rotvecs, trans, width, **{"mocap_framerate": None, rate: 120.0})
    motion = read_motion(path)
    assert motion.fps == 120
    assert "z up" in motion.source
    assert "mean bones" in motion.source
    check(motion, chain(rotvecs, trans, smpl.mean_joints()))


def test_a_lying_body_stays_as_it_is(tmp_path):
    """Who lies along y on the ground looks like a world with y up, but rests on it."""
    rotvecs, trans = poses()
    trans[:, 2] += 0.15
    assert "z up" in read_amass(amass(tmp_path / "m.npz", rotvecs, trans)).source


def test_a_world_with_y_up_is_recognised(tmp_path):
    rotvecs, trans = poses()
    trans += [0, 1.2, 3.0]
    motion = read_amass(amass(tmp_path / "m.npz", rotvecs, trans))
    assert "taken for y up" in motion.source
    check(motion, chain(rotvecs, trans, smpl.mean_joints()) @ Y_TO_Z.T)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"mocap_framerate": None}, "rate is not known"),
        ({"poses": np.zeros((30, 100))}, "156"),
        ({"trans": np.zeros((29, 3))}, "trans"),
        ({"poses": np.full((30, 156), 40.0)}, "degrees"),
        ({"poses": np.full((30, 156), np.nan)}, "NaN"),
        ({"trans": None}, "poses and trans"),
    ],
)
def test_other_amass_files_are_refused(tmp_path, changes, words):
    path = amass(tmp_path / "m.npz", *poses(UPRIGHT), **changes)
    with pytest.raises(InputError, match=words):
        read_amass(path)


def test_a_model_of_the_users_gives_the_bones(tmp_path, monkeypatch):
    """A body of 22 vertices that are the joints; beta 0 makes it taller by a tenth."""
    joints = smpl.mean_joints() * 0.9
    model = {"v_template": joints, "shapedirs": 0.1 * joints[..., None], "J_regressor": np.eye(22)}
    (tmp_path / "models").mkdir()
    for gender, scale in (("FEMALE", 0.5), ("MALE", 1.0), ("NEUTRAL", 0.8)):
        np.savez(tmp_path / "models" / f"SMPLH_{gender}.npz", **(model | {"v_template": joints * scale}))
    monkeypatch.setenv("SFV_SMPL_MODELS", str(tmp_path / "models"))
    rotvecs, trans = poses(UPRIGHT)
    trans[:, 2] += 1.2
    betas = np.array([2.0, 1.0])
    motion = read_amass(amass(tmp_path / "m.npz", rotvecs, trans, betas=betas))
    assert "SMPLH_MALE.npz" in motion.source
    check(motion, chain(rotvecs, trans, joints * 1.2))
    assert "SMPLH_FEMALE" in read_amass(amass(tmp_path / "f.npz", rotvecs, trans, gender="female")).source
    np.savez(tmp_path / "models" / "SMPLH_MALE.npz", v_template=joints)
    with pytest.raises(InputError, match="lacks J_regressor, shapedirs"):
        read_amass(tmp_path / "m.npz")


def test_gvhmr(tmp_path):
    rotvecs, trans = poses()
    half = {"global_orient": rotvecs[:, 0], "body_pose": rotvecs[:, 1:].reshape(FRAMES, 63), "transl": trans,
            "betas": np.zeros((FRAMES, 10))}  # fmt: skip
    tensors = {key: torch.tensor(value) for key, value in half.items()}
    torch.save({"smpl_params_global": tensors, "smpl_params_incam": tensors, "K_fullimg": torch.eye(3)},
               tmp_path / "hmr4d_results.pt")  # fmt: skip
    motion = read_motion(tmp_path / "hmr4d_results.pt")
    assert motion.fps == 30
    for words in ("GVHMR", "y up", "30 fps taken", "set down on the ground"):
        assert words in motion.source
    check(motion, on_the_ground(chain(rotvecs, trans, smpl.mean_joints()) @ Y_TO_Z.T))
    torch.save({"smpl_params_global": {"transl": torch.zeros(3)}}, tmp_path / "bad.pt")
    with pytest.raises(InputError, match="body_pose"):
        read_gvhmr(tmp_path / "bad.pt")
    # turned so that z is up: told, not changed
    upright, _ = poses(UPRIGHT)
    tensors["global_orient"] = torch.tensor(upright[:, 0])
    torch.save({"smpl_params_global": tensors}, tmp_path / "z.pt")
    assert "along z" in read_gvhmr(tmp_path / "z.pt").source


def test_wham(tmp_path):
    rotvecs, trans = poses()
    table = np.concatenate((rotvecs.reshape(FRAMES, 66), np.zeros((FRAMES, 6))), 1).astype(np.float32)
    long = {"pose_world": table, "trans_world": trans.astype(np.float32), "betas": np.zeros((FRAMES, 10)),
            "frame_ids": np.r_[0:5, 8 : FRAMES + 3], "verts": np.zeros((FRAMES, 2, 3))}  # fmt: skip
    short = {key: value[:3] for key, value in long.items()}
    (tmp_path / "wham_output.pkl").write_bytes(pickle.dumps({0: short, 3: long}))
    motion = read_motion(tmp_path / "wham_output.pkl")
    assert "the longest of 2 people" in motion.source
    assert "5 frames beyond a gap left out" in motion.source
    expected = on_the_ground(chain(rotvecs, trans, smpl.mean_joints())[5:] @ Y_TO_Z.T)
    check(motion, expected)
    (tmp_path / "bad.pkl").write_bytes(pickle.dumps({0: {"pose_world": table[:, :60], "trans_world": trans}}))
    with pytest.raises(InputError, match="60 columns"):
        read_wham(tmp_path / "bad.pkl")
    (tmp_path / "bad.pkl").write_bytes(pickle.dumps({0: {"pose": table}}))
    with pytest.raises(InputError, match="--save_pkl"):
        read_wham(tmp_path / "bad.pkl")


@pytest.mark.parametrize("moving", [True, False])
def test_tram(tmp_path, moving):
    """The camera's rotation and place carry what it sees into the first camera's axes."""
    rotvecs, trans = poses(FACING)
    trans[:, 2] += 4.0
    seen = chain(rotvecs, trans, smpl.mean_joints())
    matrices = Rotation.from_rotvec(rotvecs.reshape(-1, 3)).as_matrix().reshape(FRAMES, 22, 3, 3)
    matrices = np.concatenate((matrices, np.tile(np.eye(3), (FRAMES, 2, 1, 1))), 1)
    (tmp_path / "hps").mkdir()
    track = {"pred_rotmat": torch.tensor(matrices), "pred_trans": torch.tensor(trans[:, None]),
             "pred_shape": torch.zeros(FRAMES, 10), "frame": torch.arange(2, FRAMES + 2)}  # fmt: skip
    np.save(tmp_path / "hps" / "hps_track_0.npy", track, allow_pickle=True)
    if moving:
        turn = Rotation.from_rotvec(np.linspace(0, 0.5, FRAMES + 2)[:, None] * [0, 1, 0])
        place = np.linspace(0, 1, FRAMES + 2)[:, None] * [1.0, 0.1, 0]
        np.save(tmp_path / "camera.npy",
                {"pred_cam_R": turn.as_matrix(), "pred_cam_T": place, "img_focal": np.array(1000.0)})  # fmt: skip
        seen = np.stack([turn[2:].apply(seen[:, i]) + place[2:] for i in range(22)], 1)
    motion = read_motion(tmp_path / "hps" / "hps_track_0.npy")
    assert ("camera taken to stand still" in motion.source) != moving
    # x right, y down, z away: forward is z, left -x, up -y
    check(motion, on_the_ground(np.stack((seen[..., 2], -seen[..., 0], -seen[..., 1]), -1)))
    matrices[0, 0, 0] *= 2
    np.savez(tmp_path / "t.npz", pred_rotmat=matrices, pred_trans=trans)
    with pytest.raises(InputError, match="from being rotations"):
        read_motion(tmp_path / "t.npz")
    np.save(tmp_path / "camera.npy", {"pred_cam_R": np.eye(3)[None], "pred_cam_T": np.zeros((1, 3))})
    with pytest.raises(InputError, match="every frame"):
        read_tram(tmp_path / "hps" / "hps_track_0.npy")


def test_humans4d(tmp_path):
    rotvecs, trans = poses(FACING)
    matrices = Rotation.from_rotvec(rotvecs.reshape(-1, 3)).as_matrix().reshape(FRAMES, 22, 3, 3).astype(np.float32)
    content = {}
    for t in range(FRAMES):
        body = {"global_orient": matrices[t, :1], "betas": np.zeros(10, np.float32),
                "body_pose": np.concatenate((matrices[t, 1:], np.tile(np.eye(3), (2, 1, 1))))}  # fmt: skip
        people = [(4, body, trans[t] + [0, 0, 50 + t])] + ([(9, body, trans[t])] if t < 5 else [])
        content[f"out/{t:06d}.jpg"] = {"tid": [p[0] for p in people], "smpl": [p[1] for p in people],
                                       "camera": [p[2] for p in people], "time": t, "shot": 0}  # fmt: skip
    content["out/000002.jpg"] = {"tid": [], "smpl": [], "camera": []}  # lost for a frame
    (tmp_path / "demo.pkl").write_bytes(pickle.dumps(content))
    motion = read_motion(tmp_path / "demo.pkl")
    for words in ("the longest of 2 tracks", "depth dropped", "2 frames beyond a gap"):
        assert words in motion.source
    flat = trans.copy()
    flat[:, 2] = 0
    seen = chain(rotvecs, flat, smpl.mean_joints())[3:]
    check(motion, on_the_ground(np.stack((seen[..., 2], -seen[..., 0], -seen[..., 1]), -1)))
    (tmp_path / "bad.pkl").write_bytes(pickle.dumps({"a": {"tid": [1]}}))
    with pytest.raises(InputError, match=r"track\.py"):
        read_humans4d(tmp_path / "bad.pkl")


@pytest.mark.parametrize(
    ("gender", "word"),
    [(None, "neutral"), ("female", "female"), (b"male", "male"), (np.array(["male"]), "male"), ("?", "neutral")],
)
@pytest.mark.parametrize("rate", [60, np.array([60.0]), np.array([[60]])])
def test_amass_files_say_gender_and_rate_in_many_ways_or_not_at_all(tmp_path, gender, word, rate):
    body, way = poses(UPRIGHT)
    table = np.zeros((FRAMES, 156))
    table[:, :66] = body.reshape(FRAMES, 66)
    more = {} if gender is None else {"gender": gender}
    np.savez(tmp_path / "m.npz", poses=table, trans=way, betas=np.zeros(16), mocap_framerate=rate, **more)
    motion = read_amass(tmp_path / "m.npz")
    assert motion.fps == 60.0
    assert f"SMPL-H, {word}," in motion.source


def test_what_belongs_together_in_an_estimators_file_is_counted(tmp_path):
    body, way = poses()
    person = {"pose_world": body.reshape(FRAMES, 66), "trans_world": way[:3], "frame_ids": np.arange(FRAMES)}
    (tmp_path / "m.pkl").write_bytes(pickle.dumps({0: person}))
    with pytest.raises(InputError, match="30 frames of pose_world, 3 of trans_world and 30 frame_ids"):
        read_wham(tmp_path / "m.pkl")


def test_without_a_shape_the_mean_body_moves(tmp_path):
    limbs = {"global_orient": FACING.as_matrix()[None], "body_pose": np.tile(np.eye(3), (23, 1, 1))}
    frames = {f"{t:03d}": {"tid": [1], "smpl": [limbs], "camera": [np.array([0.0, 0, 5])]} for t in range(5)}
    (tmp_path / "m.pkl").write_bytes(pickle.dumps(frames))
    assert "mean bones" in read_humans4d(tmp_path / "m.pkl").source


def test_numbers_beyond_all_measure_are_a_sentence(tmp_path):
    """Of which the singular values do not converge, or whose squares overflow."""
    points = np.tile(smpl.mean_joints(), (10, 1, 1))
    for value in (1e300, 1e38, -1e200):
        points[3, 5] = value
        np.save(tmp_path / "m.npy", points)
        with pytest.raises(InputError, match=r"m\.npy"):
            read_motion(tmp_path / "m.npy")
