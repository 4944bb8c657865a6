import numpy as np
import pytest

from sfv.errors import InputError
from sfv.formats import smpl
from sfv.formats.files import read_motion
from sfv.formats.humanml3d import fit, recover
from sfv.formats.rotations import from_rotvec
from sfv.kinematics import motion_state
from sfv.motion import Motion

Y_TO_Z = np.array([[0.0, 0, 1], [1, 0, 0], [0, 1, 0]])


@pytest.fixture
def walker():
    """(T, 22, 3) of somebody who walks a curve and swings arms and legs, y up; bones keep their lengths."""
    rotvecs = np.cumsum(np.random.default_rng(3).normal(size=(40, 22, 3)) * 0.02, 0)
    time = np.linspace(0, 2, 40)
    rotvecs[:, 0] = time[:, None] * [0, 1.0, 0]
    trans = np.stack((np.sin(time), 0.02 * np.sin(9 * time) + 1.2, 1 - np.cos(time)), 1)
    return smpl.places(smpl.mean_joints() * 1.1, from_rotvec(rotvecs), trans)


def features(points):
    """The 263 numbers for places (T + 1, 22, 3), written down from the documentation with loops: (T, 263)."""
    rows = []

    def heading(t):  # about y, of the line across hips and shoulders, against +z
        across = points[t, 1] - points[t, 2] + points[t, 16] - points[t, 17]
        return np.arctan2(-across[2], across[0])

    def unturned(v, t):
        a = heading(t)
        return np.stack((np.cos(a) * v[..., 0] - np.sin(a) * v[..., 2], v[..., 1],
                         np.sin(a) * v[..., 0] + np.cos(a) * v[..., 2]), -1)  # fmt: skip

    for t in range(len(points) - 1):
        # the stored turn takes +z to the heading's opposite: half of it, by the arcsine of the quaternion's y
        turn = -(heading(t + 1) - heading(t)) / 2
        step = unturned(points[t + 1, 0] - points[t, 0], t + 1)
        local = unturned(points[t, 1:] - points[t, 0] * [1, 0, 1], t)
        rows.append(np.concatenate(([turn, step[0], step[2], points[t, 0, 1]], local.ravel(), np.zeros(196))))
    return np.array(rows)


def test_features_give_the_places_back(walker):
    found = recover(features(walker))
    # the first frame is at the origin and faces +z
    across = walker[0, 1] - walker[0, 2] + walker[0, 16] - walker[0, 17]
    a = np.arctan2(-across[2], across[0])
    moved = walker[:-1] - walker[0, 0] * [1, 0, 1]
    turn = np.array([[np.cos(a), 0, -np.sin(a)], [0, 1, 0], [np.sin(a), 0, np.cos(a)]])
    np.testing.assert_allclose(found, moved @ turn.T, atol=1e-9)


def test_joint_places_are_met_by_the_fitted_skeleton(tmp_path, walker):
    np.save(tmp_path / "m.npy", walker.astype(np.float32))
    motion = read_motion(tmp_path / "m.npy")
    assert motion.fps == 20
    assert "y up" in motion.source
    state = motion_state(motion)
    off = [np.linalg.norm(state.xpos[:, 1 + i] - walker[:, smpl.NAMES.index(name)] @ Y_TO_Z.T, axis=1).max()
           for i, name in enumerate(motion.skeleton.body_names)]  # fmt: skip
    assert max(off) < 0.01  # m; only the pelvis' and chest's own shapes are fitted, the rest is exact


def test_the_fit_is_exact_on_its_own_skeleton(walker):
    joints, rotations = fit(walker)
    again = smpl.places(joints, rotations, walker[:, 0])
    joints2, rotations2 = fit(again)
    np.testing.assert_allclose(smpl.places(joints2, rotations2, walker[:, 0]), again, atol=1e-6)


def test_features_as_a_file(tmp_path, walker):
    np.save(tmp_path / "m.npy", features(walker))
    motion = read_motion(tmp_path / "m.npy")
    assert isinstance(motion, Motion)
    assert motion.skeleton.body_names[0] == "pelvis"
    np.testing.assert_allclose(motion.qpos[:, 2], walker[:-1, 0, 1], atol=1e-9)


def test_a_world_with_z_up_is_recognised(tmp_path, walker):
    np.save(tmp_path / "m.npy", np.stack((walker[..., 2], walker[..., 0] + 5, walker[..., 1]), -1))
    motion = read_motion(tmp_path / "m.npy")
    assert "taken for z up" in motion.source
    np.testing.assert_allclose(motion.qpos[:, 2], walker[:, 0, 1], atol=1e-6)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda p: (features(p) - features(p).mean(0)) / (features(p).std(0) + 0.1), "still normalised"),
        (lambda p: np.where(np.arange(22)[:, None] == 3, np.nan, p), "NaN"),
        (lambda p: p[:, :21], "is .* but HumanML3D"),
        (lambda p: p[:1], "is .* but HumanML3D"),
        (lambda p: p * np.linspace(1, 2, 40)[:, None, None], "change their length"),
    ],
)
def test_other_arrays_are_refused(tmp_path, walker, change, words):
    np.save(tmp_path / "m.npy", change(walker))
    with pytest.raises(InputError, match=words):
        read_motion(tmp_path / "m.npy")
