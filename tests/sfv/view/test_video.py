from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from sfv.errors import InputError
from sfv.view.video import write_video


def ramp(count: int, height: int, width: int) -> list[np.ndarray]:
    return [np.full((height, width, 3), 4 * i, np.uint8) for i in range(count)]


def test_what_was_written_plays_everywhere(tmp_path: Path) -> None:
    write_video(tmp_path / "a.mp4", ramp(50, 48, 64), 29.97)
    with av.open(str(tmp_path / "a.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.codec.name, stream.pix_fmt, stream.width, stream.height) == ("h264", "yuv420p", 64, 48)
        assert float(stream.average_rate or 0) == pytest.approx(29.97, abs=1e-3)
        means = [frame.to_ndarray(format="rgb24").mean() for frame in container.decode(stream)]
    assert means == pytest.approx([4 * i for i in range(50)], abs=2.5)


def test_an_odd_last_row_and_column_are_doubled(tmp_path: Path) -> None:
    write_video(tmp_path / "a.mp4", ramp(3, 33, 51), 30.0)
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert (container.streams.video[0].width, container.streams.video[0].height) == (52, 34)


def test_the_same_frames_give_the_same_bytes(tmp_path: Path) -> None:
    """Whatever was in memory before: with x264's macroblock tree one of some hundred files differs."""
    seen, random = set(), np.random.default_rng(0)
    for count in range(600):
        junk = [bytearray(random.bytes(1000 * (count % 50 + 1))) for _ in range(20)]
        write_video(tmp_path / "a.mp4", ramp(20, 48, 64), 30.0)
        seen.add((tmp_path / "a.mp4").read_bytes())
        del junk
    assert len(seen) == 1


@pytest.mark.parametrize("after", [0, 1, 20])
def test_nothing_is_left_when_the_frames_break_off(tmp_path: Path, after: int) -> None:
    (tmp_path / "a.mp4").write_text("what was there before")

    def breaking_off() -> Iterator[np.ndarray]:
        yield from ramp(after, 48, 64)
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        write_video(tmp_path / "a.mp4", breaking_off(), 30.0)
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]
    assert (tmp_path / "a.mp4").read_text() == "what was there before"


def test_a_video_without_frames_is_an_error_and_no_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no frame"):
        write_video(tmp_path / "a.mp4", [], 30.0)
    assert not list(tmp_path.iterdir())


def test_an_unwritable_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be written"):
        write_video(tmp_path / "file" / "a.mp4", ramp(3, 48, 64), 30.0)
