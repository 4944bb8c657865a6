from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sfv.errors import InputError
from sfv.pose import LeftOut, PoseTrack


def some_track() -> PoseTrack:
    rng = np.random.default_rng(0)
    points_2d, points_3d, confidence = rng.random((5, 3, 2)), rng.random((5, 3, 3)), rng.random((5, 3))
    points_2d[2], points_3d[2], confidence[2] = np.nan, np.nan, 0.0
    names = ("nose", "left_knee", "right_knee")
    return PoseTrack(names, np.arange(5) / 30, points_2d, points_3d, confidence, (640, 480), "test", 1)


def test_saved_and_loaded_is_the_same(tmp_path: Path) -> None:
    track = some_track()
    track.save(tmp_path / "track.npz")
    loaded = PoseTrack.load(tmp_path / "track.npz")
    assert (loaded.names, loaded.image_size, loaded.estimator, loaded.person) == (
        track.names, track.image_size, track.estimator, track.person,
    )  # fmt: skip
    for name in ("times", "points_2d", "points_3d", "confidence"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(track, name))


def test_what_a_track_says_of_its_clip_is_kept(tmp_path: Path) -> None:
    said = replace(some_track(), turns=3, speed=0.25, left_out=(LeftOut(0.0, 1.5, "not seen"), LeftOut(3.0, 4.0, "é")))
    said.save(tmp_path / "track.npz")
    loaded = PoseTrack.load(tmp_path / "track.npz")
    assert (loaded.turns, loaded.speed, loaded.left_out) == (3, 0.25, said.left_out)


def test_slow_motion_took_less_time() -> None:
    """Shown at 30 frames a second, and a quarter as fast as it was: the five frames took 4 / 120 s."""
    track = replace(some_track(), speed=0.25).in_true_time()
    assert track.times[-1] == pytest.approx(4 / 120)
    assert track.in_true_time().times[-1] == track.times[-1]


def test_absent_frames_are_not_found() -> None:
    np.testing.assert_array_equal(some_track().found, [True, True, False, True, True])


def test_points_are_asked_for_by_name() -> None:
    assert some_track().index("right_knee") == 2
    with pytest.raises(KeyError, match="did you mean 'left_knee'"):
        some_track().index("left_kne")


def test_shapes_must_agree() -> None:
    with pytest.raises(Exception, match=r"(?i)shape|type"):
        replace(some_track(), times=np.arange(4) / 30)


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text.npz").write_text("hello")
    np.savez(tmp_path / "other.npz", qpos=np.zeros(3))
    some_track().save(tmp_path / "newer.npz")
    with np.load(tmp_path / "newer.npz") as file:
        np.savez(tmp_path / "newer.npz", **{**file, "version": np.array(99)})
    (tmp_path / "cut.npz").write_bytes((tmp_path / "newer.npz").read_bytes()[:500])
    for name, reason in {
        "missing.npz": "does not exist",
        "text.npz": "broken archive",
        "cut.npz": "broken archive",
        "other.npz": "not a pose track",
        "newer.npz": "version 99",
    }.items():
        with pytest.raises(InputError, match=reason):
            PoseTrack.load(tmp_path / name)


def test_a_damaged_track_is_a_sentence(tmp_path: Path) -> None:
    """A bit of a packed array flipped, or an array shorter than the others, or numbers that no estimator gives."""
    whole = tmp_path / "track.npz"
    some_track().save(whole)
    content, damaged = bytearray(whole.read_bytes()), tmp_path / "damaged.npz"
    refused = 0
    for place in range(100, len(content), 97):
        content[place] ^= 0x10
        damaged.write_bytes(content)
        content[place] ^= 0x10
        try:
            PoseTrack.load(damaged)
        except InputError:
            refused += 1
    assert refused  # checksums find what changes an array
    with np.load(whole) as file:
        arrays = {name: file[name] for name in file.files}
    for name, value in (
        ("points_2d", arrays["points_2d"][:1]),
        ("points_2d", arrays["points_2d"] * 1e30),
        ("times", -arrays["times"]),
        ("image_size", np.array([0, 10])),
        ("image_size", np.array([1])),
        ("confidence", arrays["confidence"] + 5.0),
    ):
        np.savez(damaged, **(arrays | {name: value}))
        with pytest.raises(InputError, match=r"damaged\.npz is not a readable pose track"):
            PoseTrack.load(damaged)
