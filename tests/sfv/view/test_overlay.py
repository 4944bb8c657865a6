from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from sfv.clip import Clip
from sfv.pose import PoseTrack
from sfv.view.overlay import LEFT, draw, overlay_video
from sfv.view.video import write_video

NAMES = ("nose", "left_shoulder", "left_elbow", "right_shoulder", "right_elbow")
POINTS = np.array([[100.0, 40], [120, 60], [120, 100], [80, 60], [80, 100]])


def track_over(times: np.ndarray, person: int = 0) -> PoseTrack:
    points = np.repeat(POINTS[None], len(times), axis=0)
    flat = np.zeros((len(times), 5, 3))
    return PoseTrack(NAMES, times, points, flat, np.full((len(times), 5), 0.9), (200, 160), "test", person)


def test_bones_are_drawn_between_points_in_the_side_s_colour() -> None:
    black = np.zeros((160, 200, 3), np.uint8)
    drawn = draw(black, 0.0, [track_over(np.array([0.0]))], chosen=0)
    assert tuple(drawn[80, 120]) == LEFT  # halfway along the left upper arm
    assert not black.any()


def test_only_who_is_seen_at_the_time_is_drawn() -> None:
    black = np.zeros((160, 200, 3), np.uint8)
    later = track_over(np.array([1.0, 1.1]))
    absent = replace(later, points_2d=np.full((2, 5, 2), np.nan))
    empty = draw(black, 0.5, [], chosen=0)
    np.testing.assert_array_equal(draw(black, 0.5, [later], chosen=0), empty)
    np.testing.assert_array_equal(draw(black, 1.0, [absent], chosen=0)[:120], empty[:120])


def test_the_chosen_one_is_bolder() -> None:
    black = np.zeros((160, 200, 3), np.uint8)
    tracks = [track_over(np.array([0.0]))]
    bold, plain = draw(black, 0.0, tracks, chosen=0), draw(black, 0.0, tracks, chosen=1)
    assert np.count_nonzero(bold[:120]) > 1.3 * np.count_nonzero(plain[:120])


def test_wide_pictures_are_shrunk_with_their_people() -> None:
    wide = np.zeros((1080, 1920, 3), np.uint8)
    track = replace(track_over(np.array([0.0])), points_2d=POINTS[None] * 8, image_size=(1920, 1080))
    drawn = draw(wide, 0.0, [track], chosen=0)
    assert drawn.shape == (540, 960, 3)
    assert tuple(drawn[320, 480]) == LEFT


@pytest.mark.parametrize("fps", [12.0, 30.0, 240.0])
def test_overlay_has_the_clip_s_length(tmp_path: Path, fps: float) -> None:
    write_video(tmp_path / "clip.mp4", (np.zeros((160, 200, 3), np.uint8) for _ in range(round(fps))), fps)
    clip = Clip.open(tmp_path / "clip.mp4")
    overlay_video(clip, [track_over(clip.times)], 0, tmp_path / "overlay.mp4")
    made = Clip.open(tmp_path / "overlay.mp4")
    assert made.duration == pytest.approx(1.0, abs=0.02)
    assert made.fps == pytest.approx(min(fps, 60.0), rel=0.01)


class Frames(Clip):
    """A clip that needs no file."""

    def __iter__(self):  # type: ignore[no-untyped-def]
        return (np.full((160, 200, 3), 8 * k, np.uint8) for k in range(len(self)))


def test_a_part_of_a_clip_is_as_long_in_the_overlay(tmp_path: Path) -> None:
    part = Frames(tmp_path, (200, 160), 20.0 + np.arange(15) / 30)
    overlay_video(part, [], 0, tmp_path / "overlay.mp4")
    assert [round(f[40, 40].mean() / 8) for f in Clip.open(tmp_path / "overlay.mp4")] == list(range(15))


def test_uneven_recording_plays_in_true_time(tmp_path: Path) -> None:
    # 20 frames at 30 fps, then 10 at 10 fps, of which the last is held for the median interval
    uneven = Frames(tmp_path, (200, 160), np.concatenate([np.arange(20) / 30, 20 / 30 + np.arange(10) / 10]))
    overlay_video(uneven, [], 0, tmp_path / "overlay.mp4")
    with av.open(tmp_path / "overlay.mp4") as file:  # a Clip leaves out pictures that are shown again
        pictures = [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]
    shown = [round(picture[40, 40].mean() / 8) for picture in pictures]
    assert shown == [*range(20), *(k for k in range(20, 29) for _ in range(3)), 29]
