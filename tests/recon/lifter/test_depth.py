"""A track deepened by a lifter: exact depths, gaps, the mirror, and which lifter is taken."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from recon.config import ReconstructConfig
from recon.lifter import depth
from recon.lifter.depth import carried, deepened, lifter_for, told
from recon.lifter.lifter import Lifter
from recon.lifter.points import MIRRORED, POINTS, RATE, STATURE
from recon.lifter.sight import sight_of
from recon.reconstruct import reconstruct
from recon.scorecard import LIMBS
from recon.shipped import AUTO, LIFTER, NONE, weights_file
from sfv.errors import InputError
from sfv.metrics import pa_mpjpe


def limbs(track) -> np.ndarray:
    return track.points_3d[:, [track.index(name) for name in LIMBS]]


def test_depths_that_are_right_put_the_points_where_they_are(jump, camera, seen_whole, monkeypatch):
    """A track whose depths are flattened to a half, and a network that knows them."""
    true = seen_whole(jump, camera, pixels=0.0, metres=0.0, lean=0.0)
    flat = replace(true, points_3d=true.points_3d * [1.0, 1.0, 0.5])
    exact = sight_of(true, camera.focal, 2 * RATE).own
    assert pa_mpjpe(limbs(flat), limbs(true)) > 40.0  # mm
    monkeypatch.setattr(depth, "told", lambda network, given: exact)
    found = deepened(Lifter(16), flat, camera.focal)
    # only axes that look at the hips differ from those that look at the middle
    assert pa_mpjpe(limbs(found), limbs(true)) < 12.0
    # hands move along with their wrists, and faces with the ears
    for part, joint in (("left_index", "left_wrist"), ("nose", "left_ear")):
        moved = (found.points_3d - flat.points_3d)[:, [found.index(part), found.index(joint)]]
        np.testing.assert_allclose(moved[:, 0], moved[:, 1], atol=1e-9)


def test_heels_turn_with_the_feet(jump, camera, seen_whole, monkeypatch):
    """Feet put elsewhere and turned: the corner of ankle, heel and toes stays as it was, and the heel as far off."""
    track = seen_whole(jump, camera, pixels=0.0, metres=0.0, lean=0.0)
    own = sight_of(track, camera.focal, 2 * RATE).own.copy()
    ankle, toes = POINTS.index("left_ankle"), POINTS.index("left_foot_index")
    # an ankle 10 cm nearer, toes that point 40 degrees farther out of the picture, as far off again
    own[:, toes] -= own[:, ankle]
    own[:, toes] = 2.0 * own[:, toes] @ Rotation.from_euler("y", 40, degrees=True).as_matrix().T
    own[:, ankle, 2] -= 0.1 / STATURE
    own[:, toes] += own[:, ankle]
    monkeypatch.setattr(depth, "told", lambda network, given: own)
    found = deepened(Lifter(16), track, camera.focal)

    def corner(points, at: str, one: str, other: str) -> np.ndarray:
        a, b = (points[:, track.index(f"left_{end}")] - points[:, track.index(f"left_{at}")] for end in (one, other))
        return np.degrees(np.arccos((a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)))

    np.testing.assert_allclose(
        corner(found.points_3d, "ankle", "heel", "foot_index"),
        corner(track.points_3d, "ankle", "heel", "foot_index"), atol=0.1,
    )  # fmt: skip
    heels = [points[:, track.index("left_heel")] - points[:, track.index("left_ankle")] for points in
             (track.points_3d, found.points_3d)]  # fmt: skip
    np.testing.assert_allclose(*(np.linalg.norm(heel, axis=1) for heel in heels), atol=1e-9)  # m: as far off as before


def test_what_is_carried_along_turns_by_the_least_turn():
    """A quarter turn about z: what lies along z stays, x goes to y and y to -x."""
    before, after = np.array([[2.0, 0.0, 0.0]] * 3), np.array([[0.0, 0.5, 0.0]] * 3)
    found = carried(before, after, np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 3.0, 0.0]]))
    np.testing.assert_allclose(found, [[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-3.0, 0.0, 0.0]], atol=1e-12)


def test_a_track_of_another_rate_with_a_gap_keeps_its_frames_and_its_gap(jump, camera, seen_whole):
    track = seen_whole(jump, camera, fps=50.0)
    for field in (track.points_3d, track.points_2d):
        field[20:23] = np.nan
    found = deepened(Lifter(16), track, camera.focal)
    assert found.points_3d.shape == track.points_3d.shape
    np.testing.assert_array_equal(np.isnan(found.points_3d), np.isnan(track.points_3d))


def test_the_mirror_image_is_lifted_to_the_mirror_image(jump, camera, seen_whole):
    given = sight_of(seen_whole(jump, camera), camera.focal, 2 * RATE)
    torch.manual_seed(0)
    network = Lifter(16).eval()
    torch.nn.init.normal_(network.last.weight)
    other = replace(
        given, seen=given.seen[:, MIRRORED] * [-1.0, 1.0], own=given.own[:, MIRRORED] * [-1.0, 1.0, 1.0],
        confidence=given.confidence[:, MIRRORED],
    )  # fmt: skip
    found, mirrored = told(network, given), told(network, other)
    np.testing.assert_allclose(mirrored[:, MIRRORED] * [-1.0, 1.0, 1.0], found, atol=1e-5)


def test_sfvs_own_is_for_the_estimator_whose_errors_it_knows(jump, camera, seen_whole, filmed, tmp_path):
    track = seen_whole(jump, camera)
    assert lifter_for(track, AUTO) is None
    assert lifter_for(replace(track, estimator="mediapipe pose landmarker full"), AUTO) is not None
    assert lifter_for(track, NONE) is lifter_for(track, None) is None
    Lifter(16).save(tmp_path / "mine.safetensors", {})
    assert lifter_for(track, tmp_path / "mine.safetensors") is not None
    with pytest.raises(InputError, match="points that this track lacks: left_eye_inner"):
        lifter_for(filmed(jump, camera), tmp_path / "mine.safetensors")
    with pytest.raises(InputError, match=r"there is no file.*say auto or none"):
        weights_file(Path("nowhere.safetensors"), LIFTER)


def test_the_lifter_that_comes_with_sfv_is_small_and_says_where_it_is_from():
    path = weights_file(AUTO, LIFTER)
    assert path.stat().st_size < 4_000_000
    about = json.loads(path.with_suffix(".json").read_text())
    assert {"data", "licences", "command", "commit", "date", "seed", "parameters"} <= about.keys()
    assert about["parameters"] == sum(p.numel() for p in Lifter.load(path).parameters())


def test_what_a_lifter_puts_right_leans_no_more(humanoid, jump, camera, seen_whole, tmp_path, monkeypatch):
    """The first guess takes the estimator's points to lean by 5 degrees; those of a lifter do not."""
    track, leans = seen_whole(jump, camera), []
    Lifter(16).save(tmp_path / "mine.safetensors", {})

    def posed(*arguments):
        leans.append(arguments[-1])
        raise KeyboardInterrupt

    monkeypatch.setattr("recon.reconstruct.pose_problem", posed)
    for lifter in (NONE, tmp_path / "mine.safetensors"):
        with pytest.raises(KeyboardInterrupt):
            reconstruct(track, humanoid, ReconstructConfig(focal=camera.focal, lifter=lifter))
    assert leans == [pytest.approx(-0.08), 0.0]
