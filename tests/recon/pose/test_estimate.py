import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recon.config import PoseConfig
from recon.pose.account import account
from recon.pose.cast import Pieces
from recon.pose.estimate import estimate_pose, followed, widened
from recon.pose.people import Sighting, Window
from recon.pose.pose_landmarker import MIRRORED, NAMES, upright_turns
from sfv.clip import Clip
from sfv.errors import InputError
from sfv.pose import PoseTrack


def test_mirror_pairs_left_with_right() -> None:
    assert [MIRRORED[i] for i in MIRRORED] == list(range(33))
    assert NAMES[MIRRORED[NAMES.index("left_foot_index")]] == "right_foot_index"
    assert NAMES[MIRRORED[NAMES.index("mouth_left")]] == "mouth_right"
    assert MIRRORED[0] == 0


def test_whoever_looks_for_people_loads_no_torch() -> None:
    # it takes over a second of the processor, and only the fit needs it; this process has it already
    code = "import sys, recon.pose.estimate; print(*({'torch', 'mujoco'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


class Frames(Clip):
    """A clip that needs no file."""

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(np.zeros((len(self), *self.size[::-1], 3), np.uint8))


def test_a_track_is_widened_within_its_scene(person: Callable[..., PoseTrack]) -> None:
    clip = Frames(Path("clip.mp4"), (640, 480), np.arange(150) / 30)
    scenes = np.repeat([0, 1, 0], [55, 20, 75])  # the first scene is shown again
    wide = widened(Pieces((person(1, 1.6, 200),)), clip, scenes, 1.0)
    np.testing.assert_allclose(wide.times, np.arange(0, 55) / 30)
    assert np.flatnonzero(wide.found).tolist() == list(range(30, 48))
    assert (wide.confidence[~wide.found] == 0).all()


def test_a_turned_clip_is_followed_as_if_it_were_upright(figure: Callable[..., Sighting]) -> None:
    """Pictures turned clockwise by a quarter, in which somebody walks; then with --turn; both as in an upright clip.

    What is seen differs a little with the window, as an estimator's does.
    """
    clip = Frames(Path("clip.mp4"), (640, 480), np.arange(30) / 30)

    def look(image: np.ndarray, window: Window) -> list[Sighting]:
        upright = image.shape[0] == 640
        return [figure(240 + 0.1 * (window.x % 9), 300, angle=0.0 if upright else -np.pi / 2)]

    expected = followed(replace(clip, size=(480, 640)), PoseConfig(), look).pieces[0]
    for asked in ("auto", 90):
        found = followed(clip, PoseConfig(turn=asked), look)  # type: ignore[arg-type]
        assert found.clip.size == (480, 640)
        assert found.clip.turns == 1
        for frame, seen in found.pieces[0].items():
            assert seen.turns == 0
            np.testing.assert_array_equal(seen.points_2d, expected[frame].points_2d)


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
    assert len(estimate.people) == len(estimate.tracks) == 1
    assert estimate.track.found.all()
    assert estimate.track.left_out == ()
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
def test_the_man_on_the_roof_is_followed_beyond_his_somersault(excerpt: Callable[[str, int], Clip]) -> None:
    """From 4.9 to 6.2 s he turns over against the sun: what is seen there are trees. Such frames are gaps, and said."""
    estimate = estimate_pose(excerpt("video/sports2d_kiosk_jump_walk.mp4", 230), PoseConfig())
    track = estimate.track
    assert len(track) >= 220
    stands = (track.times < 4.9) | (track.times > 6.2)
    assert track.found[stands].mean() > 0.97
    assert track.found.mean() < 1.0
    assert any("filled in" in sentence for sentence in account(track))
    shoulder, hip = (track.points_2d[:, track.index(f"left_{joint}"), 1] for joint in ("shoulder", "hip"))
    assert (shoulder[stands & track.found] < hip[stands & track.found]).all()
    assert np.nanmean(track.points_2d[:120, :, 1]) < 400  # on the roof; the woman below him is at 740


@pytest.mark.data
@pytest.mark.slow
def test_accuracy_on_measured_joints(excerpt: Callable[[str, int], Clip], data_folder: Path) -> None:
    """12 joints of 187 frames, each frame aligned by rotation, scale and shift: 60 mm was measured."""
    track = estimate_pose(excerpt("gt/bodypose3d/cam0.mp4", 187), PoseConfig()).track
    limbs = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
    columns = [track.index(f"{side}_{limb}") for limb in limbs for side in ("left", "right")]
    truth = np.loadtxt(data_folder / "gt/bodypose3d/kpts_3d.dat").reshape(-1, 12, 3)
    # 20 frames a second; he walks in and out, and the track begins and ends where all of him is in
    truth = truth[np.round(track.times * 20.0).astype(int)]
    assert len(truth) > 170
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
