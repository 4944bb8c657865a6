import numpy as np

from recon.fit.evidence import BY_LENGTH, ERROR, OF_FEET, expected_error, gather


def test_a_steady_bone_of_one_length_is_expected_to_be_right_and_others_are_not():
    """Four bones: steady; longer and shorter every five frames; jittering; steady and doubted."""
    frames = 60
    directions = np.tile([1.0, 0.0, 0.0], (frames, 4, 1))
    sign = (-1.0) ** np.arange(frames)
    directions[:, 2] = np.stack((np.cos(0.3 * sign), np.sin(0.3 * sign), np.zeros(frames)), 1)
    length, confidence = np.full((frames, 4), 0.4), np.ones((frames, 4))
    stretch = 1.3 ** np.sign(np.sin(np.arange(frames) * np.pi / 5 + 0.1))
    length[:, 1] *= stretch
    confidence[:, 3] = 0.5
    error = expected_error(directions, length, confidence, 1 / 30)
    assert np.allclose(error[:, 0], ERROR)
    usual = np.median(0.4 * stretch)
    assert np.allclose(error[:, 1], np.hypot(ERROR, BY_LENGTH * np.log(0.4 * stretch / usual)))
    assert (error[5:-5, 2] > 2 * ERROR).all()
    assert (error[:, 3] > ERROR).all()


def test_feet_are_trusted_least_and_gaps_are_finite(humanoid, jump, camera, filmed):
    track = filmed(jump, camera)
    track.points_3d[10:14] = np.nan
    evidence = gather(track, tuple(humanoid.keypoints), len(jump), 30.0, camera.focal)
    error, trust = evidence.bone_error.numpy(), evidence.bone_trust.numpy()
    feet = np.array(["foot_index" in evidence.names[end] for end in evidence.pairs[:, 1]])
    assert np.isfinite(error).all()
    assert (error[:, feet] >= OF_FEET).all()
    assert np.median(error[:, ~feet]) < OF_FEET / 1.5
    assert not trust[10:14].any()
    assert trust[20:].all()
