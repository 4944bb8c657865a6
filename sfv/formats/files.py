"""Every motion file that sfv reads or writes, by one name: `read_motion` and `write_motion`.

A file is recognised by its content, whatever it is called; its name decides only what is written. A new format is one
module and one row of FORMATS. Nothing is ever unpickled.
"""

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from sfv.errors import InputError, did_you_mean
from sfv.formats.bvh import read_bvh, write_bvh
from sfv.formats.deepmimic import read_deepmimic, write_deepmimic
from sfv.formats.text import read_bytes
from sfv.motion import Motion


@dataclass(frozen=True)
class Format:
    """How one kind of motion file is told from others, read and written."""

    title: str
    suffixes: tuple[str, ...]
    recognises: Callable[[bytes], bool]
    read: Callable[[Path], Motion]
    write: Callable[[Motion, Path], None]


def _is_npz(content: bytes) -> bool:
    return content[:4] == b"PK\x03\x04" and not _is_pickle(content)


def _is_deepmimic(content: bytes) -> bool:
    return content.lstrip()[:1] == b"{" and b'"Frames"' in content


def _is_bvh(content: bytes) -> bool:
    return content.removeprefix(b"\xef\xbb\xbf").lstrip()[:9].upper() == b"HIERARCHY"


def _is_pickle(content: bytes) -> bool:
    """Pickle's own first bytes, or a zip archive with a pickle inside, as torch writes."""
    if content[:1] == b"\x80" and content[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return True
    if content[:2] != b"PK":
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return any(name.endswith(".pkl") for name in archive.namelist())
    except zipfile.BadZipFile:
        return False


FORMATS = {
    "npz": Format("sfv's own", (".npz",), _is_npz, Motion.load, Motion.save),
    "deepmimic": Format("DeepMimic", (".json", ".txt"), _is_deepmimic, read_deepmimic, write_deepmimic),
    "bvh": Format("BVH", (".bvh",), _is_bvh, read_bvh, write_bvh),
}
"""By the name that `--format` takes."""


def read_motion(path: Path | str, format: str | None = None, fps: float | None = None) -> Motion:
    """Read a motion file, plain or gzipped.

    Args:
        path: the file.
        format: one of FORMATS; None recognises it by the content.
        fps: the rate of the frames, where the file names a wrong one (to change the rate, use `Motion.resampled`).

    Raises:
        InputError: no such file, a format that is not known, a pickle, or a damaged file.
    """
    path = Path(path)
    content = read_bytes(path)
    if not content.strip():
        raise InputError(f"{path} is empty; make it again")
    if _is_pickle(content):
        raise InputError(
            f"{path} is a pickle, which can run any code when it is opened, so sfv never does; "
            f"save the motion as one of: {_known()}"
        )
    if format is None:
        format = next((name for name, kind in FORMATS.items() if kind.recognises(content)), None)
        if format is None:
            raise InputError(f"{path} is no motion file that sfv knows; there are: {_known()}")
    motion = _named(format).read(path)
    return motion if fps is None else replace(motion, fps=fps)


def write_motion(motion: Motion, path: Path | str, format: str | None = None) -> None:
    """Write a motion file, atomically; text formats are gzipped when the name ends in .gz.

    Args:
        motion: what to write.
        path: the file.
        format: one of FORMATS; None takes the one of the file's suffix.

    Raises:
        InputError: an unknown format or suffix, a motion that the format cannot hold, or a place that is not writable.
    """
    path = Path(path)
    if format is None:
        suffix = Path(path.stem).suffix if path.suffix == ".gz" else path.suffix
        format = next((name for name, kind in FORMATS.items() if suffix.lower() in kind.suffixes), None)
        if format is None:
            raise InputError(f"{path} has a suffix that names no motion format; there are: {_known()}")
    _named(format).write(motion, path)


def _named(format: str) -> Format:
    if format not in FORMATS:
        raise InputError(f"{format!r} is not a motion format{did_you_mean(format, FORMATS)}")
    return FORMATS[format]


def _known() -> str:
    return ", ".join(f"{name} ({kind.title}, {' or '.join(kind.suffixes)})" for name, kind in FORMATS.items())
