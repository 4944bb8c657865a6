import logging
import os
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from sfv.clip import Clip, photograph
from sfv.errors import InputError
from sfv.excerpt import Excerpt
from sfv.work.decoding import decoded, opened


def encode(path: Path, ticks: list[int], rate: int = 1000, size: tuple[int, int] = (64, 48), turned: int = 0) -> Path:
    """A video whose frame k is shown at ticks[k] / rate s, its brightness 10 k, its upper left corner red."""
    with av.open(str(path), "w", options={"video_track_timescale": str(rate)} if path.suffix == ".mp4" else {}) as out:
        stream = out.add_stream("libx264", rate)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv444p"
        stream.options = {"crf": "5", "threads": "1"}
        stream.codec_context.time_base = Fraction(1, rate)
        if turned:
            stream.set_display_rotation(turned)
        for k, tick in enumerate(ticks):
            image = np.full((size[1], size[0], 3), (10 * k) % 250, np.uint8)
            image[:16, :16] = (255, 0, 0)
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = tick, Fraction(1, rate)
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return path


@pytest.mark.parametrize("fps", [10, 24, 30, 60, 240])
def test_times_at_every_rate(tmp_path: Path, fps: int) -> None:
    ticks = [round(k * 12000 / fps) for k in range(fps)]
    clip = Clip.open(encode(tmp_path / "clip.mp4", ticks, 12000))
    assert len(clip) == fps
    assert clip.fps == pytest.approx(fps, rel=1e-3)
    assert clip.duration == pytest.approx(1.0, rel=1e-3)
    assert clip.size == (64, 48)


@pytest.mark.parametrize(("fps", "left"), [(30, 30), (60, 60), (79, 79), (80, 40), (100, 50), (240, 40)])
def test_thinned_clips_keep_a_rate_and_their_times(fps: int, left: int) -> None:
    clip = Clip(Path("clip.mp4"), (64, 48), np.arange(2 * fps) / fps)
    thin = clip.thinned(40.0)
    assert thin.fps == pytest.approx(left)
    assert set(thin.times) <= set(clip.times)
    assert len(thin) == 2 * left


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".avi", ".webm"])
def test_a_part_of_the_frames_is_what_it_is_among_all_and_costs_less(tmp_path: Path, suffix: str) -> None:
    """Of 96 frames every sixth, and six in the middle; frames between them are decoded only where others need them."""
    path, rng = tmp_path / f"clip{suffix}", np.random.default_rng(0)
    noise = rng.integers(0, 255, (48, 256, 3), dtype=np.uint8)
    with av.open(str(path), "w") as out:
        stream = out.add_stream({".webm": "libvpx-vp9", ".avi": "mpeg4"}.get(suffix, "libx264"), 120)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.options = {"bf": "3"}
        for k in range(96):
            image = np.ascontiguousarray(noise[:, 2 * k : 2 * k + 64])
            out.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        out.mux(stream.encode())
    clip = Clip.open(path)
    every = list(clip)
    assert len(every) == 96
    for indices in (np.arange(0, 96, 6), np.arange(40, 46), np.array([95])):
        some = list(clip.only(indices))
        assert len(some) == len(indices)
        for index, picture in zip(indices.tolist(), some, strict=True):
            np.testing.assert_array_equal(picture, every[index])
    if suffix in (".mp4", ".mkv"):  # by x264, no frame is made from every second one
        with opened(path) as (container, stream):
            came = [time for time, _ in decoded(container, stream, lambda time: round(120 * time) % 6 == 0)]
        assert 16 <= len(came) <= 72


def test_variable_rate_keeps_the_true_times(tmp_path: Path) -> None:
    ticks = [0, 33, 66, 133, 166, 300, 333, 366, 400, 700]
    clip = Clip.open(encode(tmp_path / "phone.mp4", ticks))
    np.testing.assert_allclose(clip.times, np.array(ticks) / 1000)


def test_pictures_shown_again_are_no_frames(tmp_path: Path) -> None:
    """A bar that moves on at every time but the second and the seventh: the first picture waits for the video."""
    path = tmp_path / "clip.mkv"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("ffv1", 10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv444p"
        for column in (0, 0, 6, 12, 18, 24, 24, 30, 36, 42):
            image = np.zeros((48, 64, 3), np.uint8)
            image[:, column : column + 8] = 255
            out.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        out.mux(stream.encode())
    clip = Clip.open(path)
    np.testing.assert_allclose(clip.times, np.array([1, 2, 3, 4, 5, 7, 8, 9]) / 10)
    np.testing.assert_allclose(clip.repeats, [0.0, 0.6])
    # what is given at each time is that time's picture
    assert [int(image[0].any(axis=1).argmax()) for image in clip] == [0, 6, 12, 18, 24, 30, 36, 42]


def test_times_start_at_zero(tmp_path: Path) -> None:
    clip = Clip.open(encode(tmp_path / "late.mkv", [500 + 100 * k for k in range(10)]))
    np.testing.assert_allclose(clip.times, np.arange(10) / 10)


def test_a_part_keeps_the_times_of_the_file(tmp_path: Path) -> None:
    path = encode(tmp_path / "clip.mp4", [100 * k for k in range(20)])
    clip = Clip.open(path, Excerpt(0.5, 1.2))
    np.testing.assert_allclose(clip.times, np.arange(5, 13) / 10)
    assert clip.duration == pytest.approx(0.8)
    np.testing.assert_allclose([frame[40, 40].mean() for frame in clip], 10 * np.arange(5, 13), atol=3)
    np.testing.assert_allclose([frame[40, 40].mean() for frame in clip.frames([-1, 0])], [120, 50], atol=3)


def test_a_part_is_refused_where_it_is_too_short_or_not_there(tmp_path: Path) -> None:
    path = encode(tmp_path / "clip.mp4", [100 * k for k in range(20)])
    with pytest.raises(InputError, match=r"has 3 readable frames there \(0.30 s\)"):
        Clip.open(path, Excerpt(0.5, 0.7))
    with pytest.raises(InputError, match=r"lasts 1.9 s, and --begin is 5"):
        Clip.open(path, Excerpt(5.0))


def test_a_part_of_a_file_that_breaks_off_later_says_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    whole = encode(tmp_path / "whole.mkv", [40 * k for k in range(200)], size=(320, 240))
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    assert len(Clip.open(cut, Excerpt(0.0, 0.48))) == 13
    assert not caplog.records


def test_frames_are_yielded_in_order_and_picked_by_index(tmp_path: Path) -> None:
    clip = Clip.open(encode(tmp_path / "clip.mp4", [100 * k for k in range(12)]))
    brightness = [frame[40, 40].mean() for frame in clip]
    np.testing.assert_allclose(brightness, 10 * np.arange(12), atol=3)
    picked = [frame[40, 40].mean() for frame in clip.frames([7, -1, 0, 7])]
    np.testing.assert_allclose(picked, [70, 110, 0, 70], atol=3)
    with pytest.raises(IndexError):
        clip.frames([12])


def test_some_frames_of_a_clip_are_a_clip_with_their_times(tmp_path: Path) -> None:
    part = Clip.open(encode(tmp_path / "clip.mp4", [100 * k for k in range(12)])).only(np.array([2, 3, 7]))
    np.testing.assert_allclose(part.times, [0.2, 0.3, 0.7])
    np.testing.assert_allclose([frame[40, 40].mean() for frame in part], [20, 30, 70], atol=3)


@pytest.mark.parametrize("turns", [0, 1])
def test_narrowed_clips_show_the_same_in_fewer_px(tmp_path: Path, turns: int) -> None:
    """Of 320 x 240 px, upright or turned; in small the mean of each block of four px each way, as far as codecs go."""
    clip = Clip.open(encode(tmp_path / "clip.mp4", [100 * k for k in range(10)], size=(320, 240))).turned(turns)
    width, height = clip.size
    small = clip.narrowed(width // 4)
    assert small.size == (width // 4, height // 4)
    assert clip.narrowed(width) is clip
    for whole, narrow in zip(clip, small, strict=True):
        assert narrow.shape == (height // 4, width // 4, 3)
        blocks = whole.reshape(height // 4, 4, width // 4, 4, 3).mean((1, 3))
        assert np.abs(narrow - blocks).mean() < 3


# the stored picture has its red corner upper left; turning it counterclockwise by 90 brings it lower left, and so on
@pytest.mark.parametrize(("turned", "corner"), [(90, (-8, 8)), (180, (-8, -8)), (-90, (8, -8))])
def test_rotation_flag_is_applied(tmp_path: Path, turned: int, corner: tuple[int, int]) -> None:
    clip = Clip.open(encode(tmp_path / "phone.mp4", [100 * k for k in range(8)], turned=turned))
    assert clip.size == ((64, 48) if turned == 180 else (48, 64))
    for frame in clip:
        assert frame.shape == (clip.size[1], clip.size[0], 3)
        assert frame[corner][0] > 200
        assert frame[corner][1] < 60


def test_truncated_file_is_used_as_far_as_it_goes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    whole = encode(tmp_path / "whole.mkv", [40 * k for k in range(200)], size=(320, 240))
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with caplog.at_level(logging.WARNING):
        clip = Clip.open(cut)
    assert 13 <= len(clip) < 200
    assert len(list(clip)) == len(clip)
    assert "breaks off" in caplog.text


def test_truncated_before_the_index_is_refused(tmp_path: Path) -> None:
    whole = encode(tmp_path / "whole.mp4", [40 * k for k in range(50)])
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(InputError, match="cut off"):
        Clip.open(cut)


def test_damaged_packets_are_left_out(tmp_path: Path) -> None:
    content = bytearray(encode(tmp_path / "whole.mkv", [40 * k for k in range(100)], size=(320, 240)).read_bytes())
    for place in np.random.default_rng(0).integers(2000, len(content) - 2000, 20):
        content[place] ^= 0xFF
    damaged = tmp_path / "damaged.mkv"
    damaged.write_bytes(content)
    clip = Clip.open(damaged)
    assert len(list(clip)) == len(clip)
    assert (np.diff(clip.times) > 0).all()


def test_bad_files_are_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("not a video\n" * 100)
    encode(tmp_path / "short.mp4", [100 * k for k in range(4)])
    for name, reason in {
        "missing.mp4": "does not exist",
        "empty.mp4": "is empty",
        "text.mp4": "not a video",
        "short.mp4": r"4 readable frames \(0.40 s\)",
        ".": "is a folder",
    }.items():
        with pytest.raises(InputError, match=reason):
            Clip.open(tmp_path / name)


def test_sound_without_pictures_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sound.mkv"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("pcm_s16le", 8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.int16), format="s16", layout="mono")
        frame.sample_rate = 8000
        out.mux(stream.encode(frame))
        out.mux(stream.encode())
    with pytest.raises(InputError, match="only audio"):
        Clip.open(path)


def test_undecodable_frames_are_refused(tmp_path: Path) -> None:
    content = bytearray(encode(tmp_path / "whole.mkv", [40 * k for k in range(50)]).read_bytes())
    start = content.index(b"\x1f\x43\xb6\x75")  # the first cluster: everything from here on is pictures
    content[start + 32 :] = bytes(len(content) - start - 32)
    broken = tmp_path / "broken.mkv"
    broken.write_bytes(content)
    with pytest.raises(InputError, match="no frame that can be decoded"):
        Clip.open(broken)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_unreadable_file_is_refused(tmp_path: Path) -> None:
    path = encode(tmp_path / "clip.mp4", [100 * k for k in range(8)])
    path.chmod(0)
    with pytest.raises(InputError, match="permissions"):
        Clip.open(path)


def test_files_that_make_ffmpeg_open_others_are_refused(tmp_path: Path) -> None:
    film = encode(tmp_path / "film.mp4", list(range(0, 1000, 40)))
    others = {
        "list.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{film}\n#EXT-X-ENDLIST\n",
        "list.ffconcat": f"ffconcat version 1.0\nfile {film.name}\n",
        "text.txt": "drawn as a terminal would\n" * 200,
    }
    for name, text in others.items():
        (tmp_path / name).write_text(text)
        with pytest.raises(InputError, match="is not a video that can be read"):
            Clip.open(tmp_path / name)
    assert len(Clip.open(film)) == 25


def test_a_video_of_an_unknown_codec_or_of_giant_pictures_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = encode(tmp_path / "film.mp4", list(range(0, 1000, 40)))
    content = film.read_bytes()
    assert content.count(b"avc1") >= 1
    film.write_bytes(content.replace(b"avc1", b"qqqq").replace(b"avcC", b"qqqC"))
    with pytest.raises(InputError, match=r"cannot be decoded|is not a video"):
        Clip.open(film)
    film.write_bytes(content)
    monkeypatch.setattr("sfv.work.decoding.LARGEST", 64 * 48 - 1)
    with pytest.raises(InputError, match="64 x 48 px"):
        Clip.open(film)


def test_a_folder_of_pictures_is_a_clip_of_the_rate_given(tmp_path: Path) -> None:
    """Twelve pictures, numbered so that names alone would sort 10 before 9; each is as bright as its number says."""
    import cv2

    for number in range(12):
        cv2.imwrite(str(tmp_path / f"shot{number}.png"), np.full((48, 64, 3), 20 * number, np.uint8))
    (tmp_path / "notes.txt").write_text("no picture")
    clip = Clip.of_pictures(tmp_path, 20.0, Excerpt(0.1))
    assert (clip.size, len(clip), clip.fps) == ((64, 48), 10, pytest.approx(20.0))
    np.testing.assert_allclose([frame.mean() for frame in clip], [20 * n for n in range(2, 12)], atol=2)
    assert clip.frames([-1])[0].mean() == pytest.approx(220, abs=2)
    assert [frame.mean() for frame in Clip.of_pictures(tmp_path, 20.0).thinned(5.0)] == [0, 80, 160]
    assert next(iter(clip.narrowed(32))).shape == (24, 32, 3)
    (tmp_path / "shot5.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
    with pytest.raises(InputError, match=r"shot5\.png"):
        list(clip)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="folder without pictures"):
        Clip.of_pictures(tmp_path / "empty", 20.0)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_a_photograph_is_one_picture(tmp_path: Path, suffix: str) -> None:
    from PIL import Image

    colours = np.full((48, 64, 3), (200, 100, 50), np.uint8)
    Image.fromarray(colours).save(tmp_path / f"me{suffix}", quality=95)
    seen = photograph(tmp_path / f"me{suffix}")
    assert seen.shape == (48, 64, 3)
    np.testing.assert_allclose(seen.mean((0, 1)), (200, 100, 50), atol=4)
    (tmp_path / "clip").mkdir()
    for number in range(12):  # a folder of such pictures is a clip
        Image.fromarray(colours).save(tmp_path / "clip" / f"{number}{suffix}")
    assert len(list(Clip.of_pictures(tmp_path / "clip", 20.0))) == 12


def test_what_is_no_photograph_is_refused(tmp_path: Path) -> None:
    (tmp_path / "me.txt").write_text("I")
    with pytest.raises(InputError, match="no photograph"):
        photograph(tmp_path / "me.txt")
    (tmp_path / "me.jpg").write_bytes(b"\xff\xd8\xff and no more")
    with pytest.raises(InputError, match=r"me\.jpg"):
        photograph(tmp_path / "me.jpg")
    with pytest.raises(InputError, match="does not exist"):
        photograph(tmp_path / "you.jpg")


@pytest.mark.parametrize("turns", range(4))
def test_frames_are_turned_as_asked(tmp_path: Path, turns: int) -> None:
    clip = Clip.open(encode(tmp_path / "clip.mp4", [100 * k for k in range(10)])).turned(turns)
    image = clip.frames([0])[0]
    assert clip.size == (image.shape[1], image.shape[0]) == ((64, 48) if turns % 2 == 0 else (48, 64))
    # the red corner is the upper left one; counterclockwise it goes to the lower left, lower right, upper right
    corners = {0: image[8, 8], 1: image[-8, 8], 2: image[-8, -8], 3: image[8, -8]}
    assert [k for k, pixel in corners.items() if pixel[0] > 200] == [turns]
    assert clip.turned(4 - turns).size == (64, 48)
