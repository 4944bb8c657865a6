"""H.264 video files: frames in, an mp4 out that every browser and phone plays.

Written with PyAV under a temporary name, so that a killed writer leaves no half video. It knows nothing of what the
frames show; reading video is `sfv.clip`'s.
"""

from collections.abc import Iterable
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import UInt8

from sfv.work.files import replacing

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.video.stream import VideoStream


class VideoWriter:
    """Write frames one by one: `with VideoWriter(path, fps) as video: video.add(frame)`.

    The size is the first frame's; yuv420p wants even sides, so an odd last row or column is doubled. The encoder runs
    on one thread: the same frames give the same bytes. `crf` is x264's quality: 18 is nearly lossless, 28 is coarse;
    `preset` how much time it takes to make the file small.

    Raises:
        InputError: the file cannot be written.
        ValueError: no frame was added; nothing is left behind, as after any exception.
    """

    def __init__(self, path: Path | str, fps: float, crf: int = 23, preset: str = "medium") -> None:
        self._path, self._fps, self._count = path, fps, 0
        # by x264's macroblock tree the bytes also depend on what was in memory, one time in some hundred
        self._options: dict[str, object] = {"crf": str(crf), "preset": preset, "threads": "1", "mbtree": "0"}
        self._stack = ExitStack()
        self._container: OutputContainer
        self._stream: VideoStream

    def __enter__(self) -> "VideoWriter":
        self._temporary = self._stack.enter_context(replacing(self._path))
        self._stack.push(self._finish)
        return self

    def add(self, frame: UInt8[np.ndarray, "H W 3"]) -> None:
        """Append one RGB frame, of the same size as the others."""
        import av

        height, width = frame.shape[:2]
        frame = np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        if self._count == 0:
            self._container = av.open(str(self._temporary), "w", format="mp4", options={"movflags": "+faststart"})
            self._stream = self._container.add_stream("libx264", Fraction(self._fps).limit_denominator(1001))
            self._stream.height, self._stream.width = frame.shape[:2]
            self._stream.pix_fmt = "yuv420p"
            self._stream.options = self._options
        assert frame.shape[:2] == (self._stream.height, self._stream.width), "frames of one video are of one size"
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
        picture.pts = self._count
        self._count += 1
        self._container.mux(self._stream.encode(picture))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def _finish(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._count == 0:
            if kind is None:
                raise ValueError(f"no frame was given for {self._path}")
            return
        try:
            if kind is None:
                self._container.mux(self._stream.encode())
        finally:
            self._container.close()


def write_video(
    path: Path | str, frames: Iterable[UInt8[np.ndarray, "H W 3"]], fps: float, crf: int = 23, preset: str = "medium"
) -> None:
    """Write all `frames` (RGB) as an mp4 at `fps`; `crf` and `preset` are those of a VideoWriter.

    Raises:
        InputError: the file cannot be written.
        ValueError: there are no frames.
    """
    with VideoWriter(path, fps, crf, preset) as video:
        for frame in frames:
            video.add(frame)
