import re
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from recon import scorecard
from recon.camera import focal_of
from recon.config import ReconstructConfig
from recon.reconstruct import lacking, reconstruct
from recon.scorecard import landmark_positions
from sfv import metrics
from sfv.check.check import check
from sfv.errors import InputError
from sfv.kinematics import motion_state
from sfv.pipeline import reference
from sfv.quaternions import heading
from sfv.surface import lowest

HAND = ("elbow", "wrist", "pinky", "index", "thumb")
JOINTS = tuple(f"{side}_{joint}" for side in ("left", "right") for joint in ("wrist", "elbow", "knee", "ankle"))


@pytest.fixture(scope="module")
def result(humanoid, jump, camera, filmed):
    return reconstruct(filmed(jump, camera), humanoid, ReconstructConfig())


def test_recovers_the_motion(humanoid, jump, result):
    own, true = (landmark_positions(humanoid, motion, JOINTS) for motion in (result.motion, jump))
    assert len(own) == len(true)
    assert metrics.pa_mpjpe(own, true) < 40.0


def test_turns_and_jumps_as_far(humanoid, jump, result):
    def faces(motion):
        return np.unwrap(heading(motion.qpos[:, 3:7]))

    turns = [faces(motion)[-1] - faces(motion)[0] for motion in (jump, result.motion)]
    assert abs(turns[0] - turns[1]) < np.radians(12)
    heights = [lowest(humanoid.model, motion_state(m, humanoid.model)).max() for m in (jump, result.motion)]
    assert abs(heights[0] - heights[1]) < 0.05


def test_stands_on_the_floor(humanoid, jump, result):
    card = result.scorecard
    assert card["foot slide"] < 1.0
    assert card["penetration, deepest"] < 1.0
    assert card["floating in stance"] < 1.0
    assert card["joint limit violation"] < 5.0
    assert card["jerk"] * 3 < card["jerk of the estimate"]
    contacts = result.motion.contacts
    assert contacts[:30].all()
    assert not contacts[42:49].any()
    assert contacts[-20:].all()


def test_world_starts_at_the_origin_and_faces_x(result):
    np.testing.assert_allclose(result.motion.qpos[0, :2], 0.0, atol=1e-9)
    assert abs(heading(result.motion.qpos[0, 3:7])) < 1e-6


def test_camera_explains_the_pixels(camera, result):
    assert abs(result.camera.pitch - camera.pitch) < np.radians(5)
    columns = [result.point_names.index(name) for name in JOINTS]
    seen = result.track.points_2d[:, [result.track.index(name) for name in JOINTS]]
    off = np.linalg.norm(result.camera.project(result.points[:, columns]) - seen, axis=-1)
    assert np.median(off) < 6.0


def test_the_lens_is_told_once_or_taken_for_a_usual_one(humanoid, jump, camera, filmed, result):
    assert result.camera.focal == pytest.approx(focal_of(camera.image_size))
    told = reconstruct(filmed(jump, camera), humanoid, ReconstructConfig(iterations=4, fov=90.0))
    assert told.camera.focal == pytest.approx(0.5 * np.hypot(*camera.image_size))  # the tangent of 45 degrees is 1
    assert told.config.focal == told.camera.focal
    with pytest.raises(InputError, match="--fov and --focal both say"):
        ReconstructConfig(fov=60.0, focal=900.0).check()


def test_a_camera_that_is_carried_along_a_known_path(humanoid, jump, camera, filmed, tmp_path):
    """It goes 1.5 m to the side and turns by 20 degrees; without its path that would be the person's."""
    part = np.linspace(-0.5, 0.5, len(jump))
    cameras = [
        replace(
            camera,
            position=camera.position + np.array((0.0, 1.5 * p, 0.0)),
            heading=camera.heading + np.radians(20.0) * p,
        )
        for p in part
    ]
    track = filmed(jump, cameras)
    turns = Rotation.from_matrix(np.stack([c.rotation.T for c in cameras])).as_quat()
    rows = np.concatenate([track.times[:, None], [c.position for c in cameras], turns], 1)
    np.savetxt(tmp_path / "path.txt", rows)

    def way(path):
        found = reconstruct(track, humanoid, ReconstructConfig(iterations=40, focal=1000.0, camera_path=path))
        found.scorecard.save(tmp_path / "scorecard.json")
        return np.ptp(found.motion.qpos[:, :2], axis=0).max(), found.scorecard["reprojection error"]

    true = np.ptp(jump.qpos[:, :2], axis=0).max()
    told, guessed = way(tmp_path / "path.txt"), way(None)
    assert abs(told[0] - true) < 0.15
    assert abs(guessed[0] - true) > 0.2
    assert told[1] < 5.0


def test_another_rate_and_a_gap(humanoid, jump, camera, filmed):
    track = filmed(jump, camera, fps=24.0)
    track.points_2d[20:24], track.points_3d[20:24], track.confidence[20:24] = np.nan, np.nan, 0.0
    found = reconstruct(track, humanoid, ReconstructConfig(iterations=20))
    assert found.motion.fps == 30.0
    assert abs(found.motion.duration - track.times[-1]) < 1 / 30
    assert found.scorecard["frames without the person"] == 4


def test_the_same_twice(humanoid, jump, camera, filmed):
    track = filmed(jump, camera)
    track = replace(track, times=track.times[:20], points_2d=track.points_2d[:20], points_3d=track.points_3d[:20],
                    confidence=track.confidence[:20])  # fmt: skip
    first, second = (reconstruct(track, humanoid, ReconstructConfig(iterations=4)).motion.qpos for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_refuses_a_short_track(humanoid, jump, camera, filmed):
    track = filmed(jump, camera)
    short = replace(track, times=track.times[:12], points_2d=track.points_2d[:12], points_3d=track.points_3d[:12],
                    confidence=track.confidence[:12])  # fmt: skip
    with pytest.raises(InputError, match=r"lasts 0\.37 s"):
        reconstruct(short, humanoid, ReconstructConfig())


def test_refuses_a_person_who_is_hardly_seen(humanoid, jump, camera, filmed):
    track = filmed(jump, camera)
    hidden = replace(track, confidence=np.where(np.arange(len(track))[:, None] < 70, 0.0, track.confidence))
    with pytest.raises(InputError, match="with confidence in 21 of 91 frames"):
        reconstruct(hidden, humanoid, ReconstructConfig())


def test_refuses_a_track_without_legs(humanoid, jump, camera, filmed):
    track = filmed(jump, camera)
    keep = [i for i, name in enumerate(track.names) if "knee" not in name]
    legless = replace(track, names=tuple(track.names[i] for i in keep), points_2d=track.points_2d[:, keep],
                      points_3d=track.points_3d[:, keep], confidence=track.confidence[:, keep])  # fmt: skip
    with pytest.raises(InputError, match="left_knee"):
        reconstruct(legless, humanoid, ReconstructConfig())


def test_a_prior_of_ones_own_decides_what_the_clip_does_not_show(humanoid, jump, camera, filmed):
    track = filmed(jump, camera)
    confidence = track.confidence.copy()
    arm = [i for i, n in enumerate(track.names) if n.startswith("right_") and n.split("_")[1] in HAND]
    confidence[:, arm] = 0.0
    track = replace(track, confidence=confidence)
    elbow = int(humanoid.model.jnt_qposadr[humanoid.model.joint("right_elbow").id])
    bent = float(jump.qpos[0, elbow]) + 1.0 * np.sign(jump.qpos[0, elbow])
    config = ReconstructConfig(iterations=60)

    def prior(x):
        return ((x.qpos[:, elbow] - bent) / 0.1).square().mean()

    without, held = (reconstruct(track, humanoid, config, p).motion.qpos[:, elbow] for p in (None, prior))
    assert np.abs(without - bent).mean() > 0.5
    assert np.abs(held - bent).mean() < 0.1


def test_the_scorecard_is_of_the_motion_that_is_saved(humanoid, result, monkeypatch):
    """A knee is 30 degrees beyond its range before the repair."""
    qpos, knee = result.motion.qpos.copy(), humanoid.model.joint("left_knee")
    qpos[5, knee.qposadr[0]] = knee.range[1] + np.radians(30.0)
    broken = replace(result, motion=replace(result.motion, qpos=qpos))
    assert broken.scorecard["joint limit violation"] == pytest.approx(30.0, abs=0.1)
    found = check(result.motion, humanoid, origin="video")
    monkeypatch.setattr(reference, "reconstruct", lambda *given: broken)
    monkeypatch.setattr(reference, "mended", lambda *given: (result.motion, found))
    prepared = reference.reconstructed(result.track, humanoid, result.config, mend=True)
    assert prepared.motion is result.motion
    assert prepared.scorecard["joint limit violation"] < 5.0


def test_a_body_without_landmarks_gets_what_the_humanoid_did(humanoid, result, monkeypatch):
    """Robots have no sites of heels and elbows; this one has the humanoid's bodies, so all of the motion fits it."""
    robot = replace(humanoid, name="robot", xml=re.sub(r"<site[^>]*/>", "", humanoid.xml))
    assert lacking(robot) == [*scorecard.LIMBS, "left_heel", "left_foot_index", "right_heel", "right_foot_index"]
    with pytest.raises(InputError, match=r"robot has no site called left_shoulder, .*sfv retarget MOTION --to robot"):
        reconstruct(result.track, robot, result.config)
    monkeypatch.setattr(reference, "reconstruct", lambda *given: result)
    prepared = reference.reconstructed(result.track, robot, result.config, mend=False)
    assert prepared.motion.skeleton.body_names == robot.skeleton.body_names
    own, its = (landmark_positions(humanoid, motion, JOINTS) for motion in (result.motion, prepared.motion))
    assert np.linalg.norm(own - its, axis=-1).mean() < 0.04
    # the picture's figures are the humanoid's, those of the motion the robot's
    assert prepared.scorecard["reprojection error"] == result.scorecard["reprojection error"]
    assert prepared.scorecard["jerk"] != result.scorecard["jerk"]
