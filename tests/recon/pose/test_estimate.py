from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recon.config import PoseConfig
from recon.pose.estimate import choose, estimate_pose, trimmed, whole_body_share
from recon.pose.pose_landmarker import MIRRORED, NAMES, upright_turns
from sfv.clip import Clip
from sfv.errors import InputError
from sfv.pose import PoseTrack

LEGS = [i for i, name in enumerate(NAMES) if any(word in name for word in ("knee", "ankle", "heel", "foot"))]


def person(first: float, last: float, height: float, legs: float = 0.9, bottom: float = 400.0) -> PoseTrack:
    """Somebody `height` px tall who stands still from `first` to `last` s; `legs` is the confidence of their legs."""
    times = np.arange(round(first * 30), round(last * 30)) / 30
    frame = np.stack([np.linspace(300, 320, 33), np.linspace(bottom - height, bottom, 33)], axis=1)  # (33, 2)
    confidence = np.full((len(times), 33), 0.9)
    confidence[:, LEGS] = legs
    points_2d = np.repeat(frame[None], len(times), axis=0)
    return PoseTrack(NAMES, times, points_2d, np.zeros((len(times), 33, 3)), confidence, (640, 480), "test", 0)


def test_auto_is_the_largest_who_is_visible_longest() -> None:
    near_briefly, far_all_along, near_all_along = person(0, 1, 300), person(0, 4, 100), person(0, 4, 250)
    estimate = choose([near_briefly, far_all_along, near_all_along], "auto", Path("clip.mp4"))
    assert estimate.chosen == 0
    # 250 px x 4 s, 100 px x 4 s, 300 px x 1 s
    assert [round(float(np.ptp(t.points_2d[0, :, 1]))) for t in estimate.tracks] == [250, 100, 300]
    assert [t.person for t in estimate.tracks] == [0, 1, 2]


def test_auto_passes_over_upper_bodies() -> None:
    estimate = choose([person(0, 4, 300, legs=0.05), person(0, 4, 200)], "auto", Path("clip.mp4"))
    assert estimate.chosen == 1
    assert estimate.track is estimate.tracks[1]


def test_a_number_is_obeyed_and_a_wrong_one_lists_the_right_ones() -> None:
    tracks = [person(0, 4, 300), person(1, 3, 200)]
    assert choose(tracks, 1, Path("clip.mp4")).chosen == 1
    with pytest.raises(InputError, match=r"no person 2 in clip.mp4.*0 \(0.0 to 4.0 s\), 1 \(1.0 to 3.0 s\)"):
        choose(tracks, 2, Path("clip.mp4"))


@pytest.mark.parametrize(
    "track", [person(0, 4, 300, legs=0.05), person(0, 4, 600, bottom=800)], ids=["hidden", "outside the picture"]
)
def test_upper_body_is_refused(track: PoseTrack) -> None:
    with pytest.raises(InputError, match="only the upper body of person 0"):
        choose([track], "auto", Path("clip.mp4"))


def test_absent_frames_show_no_body() -> None:
    track = person(0, 2, 300)
    points = track.points_2d.copy()
    points[:15] = np.nan
    assert whole_body_share(replace(track, points_2d=points)) == 45 / 60


def test_unsteady_ends_are_cut_off() -> None:
    track = person(0, 2, 300)
    confidence = track.confidence.copy()
    confidence[[0, 2]] *= 0.4  # comes into the picture: poor, good, poor, then good throughout
    points = track.points_2d.copy()
    points[-3:-1], confidence[-3:-1] = np.nan, 0.0  # one lone frame after a gap
    whole = trimmed(replace(track, points_2d=points, confidence=confidence))
    np.testing.assert_array_equal(whole.times, track.times[3:-3])
    assert whole.found.all()


def test_mirror_pairs_left_with_right() -> None:
    assert [MIRRORED[i] for i in MIRRORED] == list(range(33))
    assert NAMES[MIRRORED[NAMES.index("left_foot_index")]] == "right_foot_index"
    assert NAMES[MIRRORED[NAMES.index("mouth_left")]] == "mouth_right"
    assert MIRRORED[0] == 0


@pytest.fixture
def excerpt(data_folder: Path) -> Callable[[str, int], Clip]:
    """The first frames of a real clip, so that a test is quick."""

    def opened(name: str, frames: int) -> Clip:
        clip = Clip.open(data_folder / name)
        return replace(clip, times=clip.times[:frames])

    return opened


@pytest.mark.data
def test_a_juggler_is_found_in_every_frame(excerpt: Callable[[str, int], Clip]) -> None:
    estimate = estimate_pose(excerpt("video/sam2_juggle.mp4", 16), PoseConfig())
    assert len(estimate.tracks) == 1
    assert estimate.track.found.all()
    assert estimate.track.confidence.mean() > 0.85
    # his head is above his feet, in pixels and in metres
    nose, ankle = (estimate.track.index(name) for name in ("nose", "left_ankle"))
    assert (estimate.track.points_2d[:, nose, 1] < estimate.track.points_2d[:, ankle, 1] - 200).all()
    assert (estimate.track.points_3d[:, nose, 1] < estimate.track.points_3d[:, ankle, 1] - 1.0).all()


@pytest.mark.data
def test_upper_body_clip_is_refused(excerpt: Callable[[str, int], Clip]) -> None:
    with pytest.raises(InputError, match="only the upper body"):
        estimate_pose(excerpt("video/intel_sign_walk_upperbody.mkv", 20), PoseConfig())


@pytest.mark.data
def test_empty_scene_is_refused(excerpt: Callable[[str, int], Clip]) -> None:
    with pytest.raises(InputError, match="no person was found"):
        estimate_pose(excerpt("video/intel_one_by_one_person.mp4", 20), PoseConfig())


@pytest.mark.data
@pytest.mark.slow
def test_the_man_on_the_roof_is_followed_through_his_somersault(excerpt: Callable[[str, int], Clip]) -> None:
    estimate = estimate_pose(excerpt("video/sports2d_kiosk_jump_walk.mp4", 230), PoseConfig())
    track = estimate.track
    assert len(track) >= 220
    assert track.found.mean() > 0.9
    assert np.nanmean(track.points_2d[:120, :, 1]) < 400  # on the roof; the woman below him is at 740


@pytest.mark.data
@pytest.mark.slow
def test_accuracy_on_measured_joints(excerpt: Callable[[str, int], Clip], data_folder: Path) -> None:
    """12 joints of 187 frames, each frame aligned by rotation, scale and shift: 60 mm was measured."""
    track = estimate_pose(excerpt("gt/bodypose3d/cam0.mp4", 187), PoseConfig()).track
    limbs = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
    columns = [track.index(f"{side}_{limb}") for limb in limbs for side in ("left", "right")]
    truth = np.loadtxt(data_folder / "gt/bodypose3d/kpts_3d.dat").reshape(-1, 12, 3)
    errors = [aligned_error(a, b) for a, b in zip(track.points_3d[:, columns], truth, strict=True)]
    assert np.mean(errors) < 0.065


def aligned_error(estimate: np.ndarray, truth: np.ndarray) -> float:
    """Mean distance after the best similarity (Umeyama), in the estimate's metres."""
    a, b = estimate - estimate.mean(axis=0), truth - truth.mean(axis=0)
    u, s, vt = np.linalg.svd(b.T @ a)
    sign = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    scale = (s * sign).sum() / (b**2).sum()
    return float(np.linalg.norm(scale * b @ (u * sign) @ vt - a, axis=1).mean())


@pytest.mark.parametrize("turns", range(4))
def test_turning_the_picture_by_upright_turns_brings_the_head_up(turns: int) -> None:
    standing = np.zeros((33, 2))
    standing[:, 1] = np.linspace(-100, 100, 33)  # from nose to toes, y down
    lying = standing + np.array([5.0, 0.0])
    for _ in range(turns):
        lying = np.stack([-lying[:, 1], lying[:, 0]], axis=1)  # the picture a quarter turn clockwise
    assert upright_turns(lying) == turns
