"""A video, or a part of one, as upright RGB frames with their true presentation times.

Phones record at a variable rate and note in the container how the camera was held; both are resolved here, so that
nobody above asks again. A clip knows nothing about people, and holds no frame: each iteration decodes the file anew.
"""

import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int, UInt8

from sfv.errors import InputError, blamed
from sfv.excerpt import WHOLE, Excerpt
from sfv.progress import bar
from sfv.work.contents import require_file
from sfv.work.decoding import PICTURE_KINDS, decoded, opened, promised_seconds, quarter_turns, upright_size
from sfv.work.repeats import BLOCK, change, repeated

if TYPE_CHECKING:  # av is loaded when a file is opened
    from av import VideoFrame

MIN_SECONDS = 0.5
"""Shorter clips hold no motion worth learning."""
LONGEST = 1_000_000
"""Frames."""
PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff")
SMALL = 320
"""px of the longer side of the pictures that are compared with each other."""
SLACK = 1e-6
"""s by which times are off that are the same."""
LONG_SCAN = 1e9
"""Pixels in a clip above which scanning its times takes over two seconds and shows a bar (two cores, H.264)."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Clip:
    """A video file, or part of one. Iterating decodes it and yields upright (H, W, 3) uint8 RGB, one per time."""

    path: Path
    size: tuple[int, int]
    """Width and height in px of the upright frames."""
    times: Float[np.ndarray, " T"]
    """Presentation time of each frame in seconds after the file's first, strictly increasing, not always evenly.
    Pictures that only show the one before again are none."""
    pictures: tuple[Path, ...] = ()
    """Of a folder of pictures, one for each time; of a video none."""
    turns: int = 0
    """Counterclockwise quarter turns by which frames are turned after what the file itself says of it."""
    repeats: tuple[float, ...] = ()
    """When, s, pictures are shown that only show the one before again: none of the frames."""

    @classmethod
    def open(cls, path: Path | str, excerpt: Excerpt = WHOLE) -> "Clip":
        """Decode the file once for its frame times; a file that breaks off is used as far as it can be read.

        Raises:
            InputError: there is no such file, it is no video, no frame can be decoded, it is under half a second, or
                it has no such part.
        """
        path = Path(path)
        _check_readable(path)
        scan = _scanned(path, excerpt)
        if not len(scan.times):
            raise InputError(f"{path} holds no frame that can be decoded; convert it to H.264 mp4 and try again")
        whole = scan.times - scan.times[0]
        part = excerpt.frames(whole, str(path))
        from_zero, again = whole[part], repeated(scan.changes, whole)[part]
        step = float(np.median(np.diff(from_zero))) if len(from_zero) > 1 else 0.0
        count, seconds = len(from_zero), float(np.ptp(from_zero)) + step if len(from_zero) else 0.0
        if seconds < MIN_SECONDS:
            there = "" if excerpt.whole else " there"
            raise InputError(
                f"{path} has {count} readable frame{'s' * (count != 1)}{there} ({seconds:.2f} s), and a clip must "
                f"last at least {MIN_SECONDS} s; give a longer one"
            )
        if excerpt.end is None and scan.promised - whole[-1] - step > max(2 * step, 0.02 * scan.promised):
            read = whole[-1] + step
            log.warning("%s breaks off: %.2f s of %.2f s can be read and are used", path, read, scan.promised)
        return cls(path, scan.size, from_zero[~again], repeats=tuple(from_zero[again].tolist()))

    @classmethod
    def of_pictures(cls, folder: Path | str, fps: float, excerpt: Excerpt = WHOLE) -> "Clip":
        """A folder of pictures, in the order of the last numbers in their names.

        Raises:
            InputError: there are none, one cannot be read or is of another size, or they last under half a second.
        """
        every = pictures_in(folder)
        times = np.arange(len(every)) / fps
        part = excerpt.frames(times, str(folder))
        kept, times = every[part], times[part]
        if len(kept) < max(2.0, MIN_SECONDS * fps):
            raise InputError(
                f"{folder} has {len(kept)} pictures there, and a clip must last {MIN_SECONDS} s; give more"
            )
        size = upright_size(_picture(kept[0]))
        return cls(Path(folder), size, times, kept)

    def turned(self, turns: int) -> "Clip":
        """The clip with its frames turned by so many counterclockwise quarter turns more."""
        size = self.size[::-1] if turns % 2 else self.size
        return replace(self, size=size, turns=(self.turns + turns) % 4)

    def thinned(self, least: float) -> "Clip":
        """The clip with every n-th frame, still of at least this rate (1/s); with all where it is under twice that."""
        return self.only(np.arange(0, len(self), max(int(self.fps / least + 1e-6), 1)))

    def only(self, indices: Int[np.ndarray, " n"]) -> "Clip":
        """The clip with some of its frames, in their order; the others are decoded, and made into no pictures."""
        pictures = tuple(self.pictures[index] for index in indices) if self.pictures else ()
        return replace(self, times=self.times[indices], pictures=pictures)

    def narrowed(self, widest: int) -> "Clip":
        """The clip in pictures of at most `widest` px across, which the decoder makes cheaper than large ones."""
        width, height = self.size
        return replace(self, size=(widest, round(height * widest / width))) if width > widest else self

    def __len__(self) -> int:
        return len(self.times)

    @property
    def fps(self) -> float:
        """Frames per second, from the median interval between frames."""
        return float(1.0 / np.median(np.diff(self.times)))

    @property
    def duration(self) -> float:
        """Seconds, the last frame's own included."""
        return float(self.times[-1] - self.times[0] + 1.0 / self.fps)

    def __iter__(self) -> Iterator[UInt8[np.ndarray, "H W 3"]]:
        for frame in self._decoded():
            yield self._upright(frame)

    def frames(self, indices: Iterable[int]) -> list[UInt8[np.ndarray, "H W 3"]]:
        """The frames at `indices`, in that order; negative ones count from the end."""
        wanted = [range(len(self))[index] for index in indices]
        kept = {}
        for index, frame in zip(range(max(wanted, default=-1) + 1), self._decoded(), strict=False):
            if index in wanted:
                kept[index] = self._upright(frame)
        return [kept[index] for index in wanted]

    def _upright(self, frame: "VideoFrame") -> UInt8[np.ndarray, "H W 3"]:
        turns = (quarter_turns(frame) + self.turns) % 4
        width, height = self.size[::-1] if turns % 2 else self.size
        image = frame.to_ndarray(format="rgb24", width=width, height=height)
        return np.ascontiguousarray(np.rot90(image, turns)) if turns else image

    def _decoded(self) -> Iterator["VideoFrame"]:
        """One frame per time, also where a damaged file decodes differently than it did in `open`."""
        size = (0, 0)
        for picture in self.pictures:
            frame = _picture(picture)
            size = size if any(size) else upright_size(frame)
            if upright_size(frame) != size:
                width, height = upright_size(frame)
                raise InputError(f"{picture} has {width} x {height} px and the first {size}; make all alike")
            yield frame
        if self.pictures:
            return
        first: float | None = None

        def wanted(time: float) -> bool:
            if first is None:  # times count from the first frame, which is still to come
                return True
            nearest = int(np.searchsorted(self.times, time - first - SLACK))
            return nearest < len(self.times) and float(self.times[nearest]) <= time - first + SLACK

        with opened(self.path) as (container, stream):
            coming = decoded(container, stream, wanted)
            first, latest = next(coming)
            time = first
            for shown in self.times:
                while time < first + shown - SLACK:
                    time, latest = next(coming, (np.inf, latest))
                yield latest


@dataclass(frozen=True)
class _Scan:
    """What decoding a file tells: the upright size, each frame's time, how they change, and the seconds promised."""

    size: tuple[int, int]
    times: Float[np.ndarray, " T"]
    changes: Float[np.ndarray, " S"]
    promised: float


def _scanned(path: Path, excerpt: Excerpt) -> _Scan:
    """The file decoded, up to the excerpt's end."""
    times: list[float] = []
    changes: list[float] = []
    small = np.zeros((BLOCK, BLOCK), np.uint8)
    size = (0, 0)
    with (
        blamed(f"{path} is not a video that can be read", "convert it to H.264 mp4, or copy it again"),
        opened(path) as (container, stream),
    ):
        promised = promised_seconds(container, stream)
        long = stream.frames * stream.width * stream.height > LONG_SCAN
        shown = bar("reading clip", float(stream.frames), "frames") if long else nullcontext(lambda steps: None)
        with shown as advance:
            for time, frame in decoded(container, stream):
                size = size if times else upright_size(frame)
                before, small = small, _small(frame)
                changes += [change(before, small)] if times else []
                times.append(time)
                advance(1.0)
                if excerpt.over(time - times[0]):
                    break
                if len(times) > LONGEST:
                    raise InputError(f"{path} has over {LONGEST} frames; cut a part out of it")
    return _Scan(size, np.array(times), np.array(changes), promised)


def _small(frame: "VideoFrame") -> UInt8[np.ndarray, "h w"]:
    """The frame in grey, of at most SMALL px and in whole blocks."""
    shrunk = min(SMALL / max(frame.width, frame.height), 1.0)
    width, height = (max(round(shrunk * side / BLOCK), 1) * BLOCK for side in (frame.width, frame.height))
    return frame.reformat(width, height, "gray", interpolation="POINT").to_ndarray()


def pictures_in(folder: Path | str) -> tuple[Path, ...]:
    """The pictures in a folder, in the order of the last numbers in their names.

    Raises:
        InputError: there are none.
    """

    def order(path: Path) -> tuple[int, str]:
        numbers = re.findall(r"\d+", path.stem)
        return int(numbers[-1]) if numbers else 0, path.name

    found = [p for p in Path(folder).iterdir() if p.suffix.lower() in PICTURES and p.is_file()]
    if not found:
        raise InputError(
            f"{folder} is a folder without pictures ({', '.join(PICTURES)}) and without *_keypoints.json; name "
            "a video, a folder of pictures with --fps, or one of keypoints with --size"
        )
    return tuple(sorted(found, key=order))


def photograph(path: Path) -> UInt8[np.ndarray, "H W 3"]:
    """The picture in a file, upright; InputError where it is none, or a video."""
    _check_readable(path)
    if path.suffix.lower() not in PICTURES:
        raise InputError(f"{path} is no photograph ({', '.join(PICTURES)}); give one picture, or a video to sfv run")
    return next(iter(Clip(path, upright_size(_picture(path)), np.zeros(1), (path,))))


def _picture(path: Path) -> "VideoFrame":
    with (
        blamed(f"{path} is no picture that can be read", "leave it out, or save it again"),
        opened(path, PICTURE_KINDS) as (container, stream),
    ):
        return next(container.decode(stream))


def _check_readable(path: Path) -> None:
    if path.is_dir():
        raise InputError(f"{path} is a folder; name a video file in it")
    if not path.exists():
        raise InputError(f"{path} does not exist; check its name")
    require_file(path)
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); check its permissions") from error
    if empty:
        raise InputError(f"{path} is empty; copy or record the video again")
