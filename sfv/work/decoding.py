"""A video file opened, and its frames in order of time, by FFmpeg; what is damaged in it is left out.

What a file may be stands here: of which kinds, and how large its pictures are. It knows neither clips nor people.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

from sfv.errors import InputError

if TYPE_CHECKING:  # av is loaded when a file is opened
    from av import VideoFrame
    from av.container import InputContainer
    from av.video.stream import VideoStream

LARGEST = 1 << 26
"""Pixels in a picture: 8192 x 8192."""
KINDS = (
    *("mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "avi", "mpegts", "mpeg", "mpegvideo", "flv", "asf", "ogg", "mxf"),
    *("nut", "ivf", "m4v", "h264", "hevc", "av1", "obu", "vc1", "mjpeg", "yuv4mpegpipe", "gif", "apng", "dv", "rm"),
    *("mpjpeg", "wtv", "swf", "nsv", "h263", "h261", "dirac"),
)
"""FFmpeg's names of the kinds of files that hold a video."""
PICTURE_KINDS = ("png_pipe", "jpeg_pipe", "bmp_pipe", "webp_pipe", "tiff_pipe")


@contextmanager
def opened(path: Path, kinds: tuple[str, ...] = KINDS) -> Iterator[tuple["InputContainer", "VideoStream"]]:
    """The file, and the video in it.

    Raises:
        InputError: it is of none of these `kinds`, holds no video, or one that cannot be decoded or is too large.
    """
    import av

    # a JPEG is to FFmpeg one of a row of pictures with numbered names, unless it is told otherwise
    told = "jpeg_pipe" if kinds == PICTURE_KINDS and _is_jpeg(path) else None
    options = {"format_whitelist": ",".join(kinds), "protocol_whitelist": "file"}
    try:
        # FFmpeg would also open playlists, which name other files, and draw text as a terminal does
        container = av.open(str(path), format=told, options=options)
    except (av.error.FFmpegError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(
            f"{path} is not a video that can be read ({reason}): it is of another kind, or was cut off; "
            "convert it to H.264 mp4, or copy it again"
        ) from error
    with container:
        stream = cast("VideoStream | None", container.streams.best("video"))
        if stream is None:
            held = " and ".join(sorted({other.type for other in container.streams})) or "nothing"
            raise InputError(f"{path} holds no video, only {held}; give a video file")
        if stream.codec_context is None:  # FFmpeg has no decoder for what the file names, and knows no size
            raise InputError(f"{path} is packed in a way that cannot be decoded; convert it to H.264 mp4")
        if not 0 < stream.width * stream.height <= LARGEST:
            raise InputError(
                f"{path} says that its pictures are {stream.width} x {stream.height} px, and {LARGEST >> 20} "
                "megapixels are allowed; it is damaged, or scale it down"
            )
        stream.thread_type = "AUTO"
        yield container, stream


def decoded(
    container: "InputContainer", stream: "VideoStream", wanted: Callable[[float], bool] = lambda time: True
) -> Iterator[tuple[float, "VideoFrame"]]:
    """Yield (time s, frame) in order of time; damaged packets and frames are left out.

    Frames that are not `wanted` may be left out too: those that no other is made from. Others come out as they would.
    """
    import av

    step = float(1 / stream.guessed_rate) if stream.guessed_rate else 1.0 / 30.0
    last: float | None = None
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except av.error.FFmpegError:  # the file breaks off inside a packet
            return
        if packet is None:
            return
        if packet.pts is not None:
            kept = wanted(float(packet.pts * packet.time_base))
            stream.codec_context.skip_frame = "DEFAULT" if kept else "NONREF"
        try:
            frames = packet.decode()
        except av.error.FFmpegError:
            continue
        for frame in frames:
            # raw streams carry no times
            time = (0.0 if last is None else last + step) if frame.time is None else float(frame.time)
            if (last is None or time > last) and not frame.is_corrupt:
                last = time
                yield time, frame


def promised_seconds(container: "InputContainer", stream: "VideoStream") -> float:
    """How long the file says the video lasts, s; 0 where it does not say."""
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    # a container's duration (microseconds) is that of its longest stream
    return container.duration / 1e6 if container.duration and len(container.streams) == 1 else 0.0


def quarter_turns(frame: "VideoFrame") -> int:
    """Counterclockwise quarter turns that bring the stored frame upright, from the container's display matrix."""
    return round(frame.rotation / 90) % 4


def upright_size(frame: "VideoFrame") -> tuple[int, int]:
    """Width and height, px, of the frame once it is turned."""
    return (frame.height, frame.width) if quarter_turns(frame) % 2 else (frame.width, frame.height)


def _is_jpeg(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(3) == b"\xff\xd8\xff"
