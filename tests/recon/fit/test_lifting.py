import numpy as np
from scipy.spatial.transform import Rotation

from recon.fit.lifting import bridged, lift
from recon.scorecard import landmark_positions
from sfv.motion import Motion


def seen_from_camera(motion, camera):
    """Root positions of a motion in the world of the fit: camera at the origin of xy, looking along X."""
    c, s = np.cos(-camera.heading), np.sin(-camera.heading)
    moved = motion.qpos[:, :3] - [*camera.position[:2], 0.0]
    return moved @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])


def test_first_guess_is_near_the_truth(humanoid, jump, camera, filmed):
    guess = lift(filmed(jump, camera), humanoid, 1.0, camera.focal, len(jump), 30.0, None)
    off = guess.qpos[:, :3] - seen_from_camera(jump, camera)
    assert np.abs(off).mean() < 0.15
    assert abs(guess.pitch - camera.pitch) < np.radians(6)
    assert abs(guess.roll) < np.radians(2)
    assert abs(guess.height - camera.position[2]) < 0.2

    turn = Rotation.from_euler("z", -camera.heading) * Rotation.from_quat(jump.qpos[:, 3:7], scalar_first=True)
    between = (turn.inv() * Rotation.from_quat(guess.qpos[:, 3:7], scalar_first=True)).magnitude()
    assert np.degrees(between).mean() < 20


def test_limbs_are_posed_by_inverse_kinematics(humanoid, jump, camera, filmed):
    track = filmed(jump, camera, pixels=0.0, metres=0.0, lean=0.08)
    guess = lift(track, humanoid, 1.0, camera.focal, len(jump), 30.0, camera.pitch)
    found = landmark_positions(humanoid, Motion(humanoid.skeleton, 30.0, guess.qpos), ("left_wrist", "right_ankle"))
    true = landmark_positions(humanoid, jump, ("left_wrist", "right_ankle"))
    about_root = np.linalg.norm(found - guess.qpos[:, None, :3], axis=-1)
    np.testing.assert_allclose(about_root, np.linalg.norm(true - jump.qpos[:, None, :3], axis=-1), atol=0.08)


def test_gaps_are_bridged_linearly(jump, camera, filmed):
    track = filmed(jump, camera, metres=0.0)
    truth = track.points_3d.copy()
    track.points_3d[10:12] = np.nan
    filled = bridged(track, 2.0)
    np.testing.assert_allclose(filled[10], 2.0 * (2 * truth[9] + truth[12]) / 3)
