"""Media as data URIs, so that a page needs no other file: videos within a budget, and still frames of a clip.

A video that is too large is written again, smaller. It knows nothing of the page.
"""

import base64
import io
import tempfile
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

from sfv.clip import Clip
from sfv.errors import InputError
from sfv.view.video import VideoWriter

BUDGET = 4_000_000
"""Most bytes of one video in a page; base64 adds a third."""
_SMALLER = ((720, 28), (560, 32), (400, 36))  # width in px and x264's crf, tried one after the other


def video(path: Path, budget: int = BUDGET) -> str:
    """The video as a data URI, written again in a smaller size when it has more than `budget` bytes.

    Raises:
        InputError: the file is no video.
    """
    content = _read(path)
    for width, crf in _SMALLER:
        if len(content) <= budget:
            break
        content = _smaller(path, width, crf)
    return "data:video/mp4;base64," + base64.b64encode(content).decode()


def moments(clip: Clip, count: int, height: int = 200) -> list[tuple[float, str]]:
    """`count` frames spread over a clip, as (time in s, JPEG data URI); fewer when it has fewer.

    Raises:
        InputError: the file is no video.
    """
    chosen = sorted(set(np.linspace(0, len(clip) - 1, count).round().astype(int).tolist()))
    out = []
    for index, frame in zip(chosen, clip.frames(chosen), strict=True):
        buffer = io.BytesIO()
        size = (max(1, round(height * frame.shape[1] / frame.shape[0])), height)
        Image.fromarray(frame).resize(size, Image.Resampling.LANCZOS).save(buffer, "JPEG", quality=82)
        out.append((float(clip.times[index]), "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()))
    return out


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); make it again, then the report") from error


def _smaller(path: Path, width: int, crf: int) -> bytes:
    try:
        with tempfile.TemporaryDirectory() as folder, av.open(str(path)) as container:
            stream = container.streams.video[0]
            rate = stream.average_rate or Fraction(30)
            skip = max(1, round(rate / 30))  # 30 frames/s are enough to judge a motion
            small = Path(folder) / "small.mp4"
            height = max(2, round(width * stream.height / stream.width / 2) * 2)
            with VideoWriter(small, float(rate / skip), crf) as writer:
                for index, frame in enumerate(container.decode(stream)):
                    if index % skip == 0:
                        writer.add(frame.reformat(width, height).to_ndarray(format="rgb24"))
            return small.read_bytes()
    except (av.FFmpegError, IndexError, ValueError) as error:
        raise InputError(f"{path} is not a video that can be read ({error}); make it again, then the report") from error
