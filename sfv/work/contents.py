"""What is in a file of somebody else's: its bytes, unpacked, and the arrays of an .npz, within limits.

A damaged or malicious file can promise more than a machine holds, or be no file at all but a pipe that never ends. It
knows no format beyond archives, and nothing that it reads is executed.
"""

import bz2
import io
import lzma
import math
import stat
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from sfv.errors import InputError, blamed

LIMIT = 1 << 28
"""Bytes in a file, packed or not: an hour of a person at 120 fps as text, with all digits."""
ARRAYS = 1000
"""In one archive."""
MEMBERS = 100
"""Pieces of one packed file; gzip's files may be strung together."""
DICTIONARY = 1 << 27
"""Bytes that xz may keep in mind; its strongest preset needs 65 MiB."""

_ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")


class _Unpacker(Protocol):
    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, /, max_length: int) -> bytes: ...


def require_file(path: Path | str) -> None:
    """Raise InputError unless it is an ordinary file: reading from a pipe or a device may never end."""
    try:
        status = Path(path).stat()
    except FileNotFoundError as error:
        raise InputError(f"there is no file {path}; check the name") from error
    except (OSError, ValueError) as error:  # a ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path} cannot be read ({reason}); check the name") from error
    if stat.S_ISDIR(status.st_mode):
        raise InputError(f"{path} is a folder and cannot be read as a file; name a file in it")
    if not stat.S_ISREG(status.st_mode):
        raise InputError(f"{path} is a pipe or a device and no file; save what comes out of it, and give that file")


def content_of(path: Path | str, limit: int = LIMIT) -> bytes:
    """The bytes of a file; what gzip or joblib's compressors packed is unpacked, whatever its name.

    Raises:
        InputError: no such file, none that ends, one beyond `limit`, or a broken archive.
    """
    require_file(path)
    try:
        if Path(path).stat().st_size > limit:
            raise InputError(f"{path} is larger than {limit >> 20} MiB; cut a part out of it")
        content = Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror or error}); check the name") from error
    return unpacked(unpacked(content, str(path)), str(path))


def unpacked(content: bytes, name: str) -> bytes:
    """What gzip, zlib, bz2, xz or lzma packed; anything else as it is. `name` is for errors.

    Raises:
        InputError: a broken archive, or one that unpacks to more than LIMIT.
    """
    make = _unpacker(content)
    if make is None:
        return content
    parts, size = list[bytes](), 0
    with blamed(f"{name} is a broken archive", "copy or make it again"):
        for _ in range(MEMBERS):
            unpacker = make()
            parts.append(unpacker.decompress(content, max_length=LIMIT + 1 - size))
            size += len(parts[-1])
            if size > LIMIT:
                raise InputError(f"{name} unpacks to more than {LIMIT >> 20} MiB; cut a part out of it")
            if not unpacker.eof:
                raise EOFError("it ends early")
            content = unpacker.unused_data.lstrip(b"\0")  # gzip allows padding
            if not content:
                return b"".join(parts)
        raise ValueError(f"it has more than {MEMBERS} parts")


def array_names(content: bytes) -> frozenset[str]:
    """The names of the arrays in an .npz archive; none when it is no archive."""
    if content[:2] != b"PK":
        return frozenset()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return frozenset(entry.removesuffix(".npy") for entry in archive.namelist())
    except Exception:  # zipfile raises many kinds over broken archives; which it is, whoever reads it says
        return frozenset()


def arrays_of(content: bytes, name: str, only: frozenset[str] | None = None) -> dict[str, np.ndarray]:
    """The arrays of an .npz archive; those that are pickled are left out.

    Args:
        content: of the file.
        name: for errors.
        only: names of those that are wanted; None: all.

    Raises:
        InputError: a broken archive, or one beyond the limits.
    """
    return {
        key.removesuffix(".npy"): array
        for key, raw in members_of(content, name, only and frozenset(f"{key}.npy" for key in only)).items()
        if key.endswith(".npy") and (array := array_of(raw, f"{name}: {key}")) is not None
    }


def members_of(content: bytes, name: str, only: frozenset[str] | None = None) -> dict[str, bytes]:
    """The files in a zip archive by their names, or only some of them.

    Raises:
        InputError: a broken archive, or one beyond the limits.
    """
    with (
        blamed(f"{name} is a broken archive", "copy or make it again"),
        zipfile.ZipFile(io.BytesIO(content)) as archive,
    ):
        entries = [entry for entry in archive.infolist() if only is None or entry.filename in only]
        if len(entries) > ARRAYS:
            raise InputError(f"{name} holds {len(entries)} arrays; a motion has a few, check the file")
        if sum(entry.file_size for entry in entries) > LIMIT:
            raise InputError(f"{name} unpacks to more than {LIMIT >> 20} MiB; cut a part out of it")
        if any(entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in entries):
            raise ValueError("it is packed in a way that NumPy does not write")
        return {entry.filename: archive.read(entry) for entry in entries}


def array_of(content: bytes, name: str) -> np.ndarray | None:
    """The array of an .npy file; None where that is pickled.

    Raises:
        InputError: not such a file, or it promises other numbers than it has.
    """
    with blamed(f"{name} is no readable array", "make it again"):
        shape, fortran, dtype, start = npy_header(content)
        if dtype.hasobject:
            return None
        count = math.prod(shape)
        if count * dtype.itemsize > len(content) - start:
            raise ValueError(f"{count} numbers are promised, and {(len(content) - start) // dtype.itemsize} there")
        if count and not dtype.itemsize:
            raise ValueError("its numbers have no size")
        flat = np.frombuffer(content, dtype, count, start) if count else np.zeros(0, dtype)
        return (flat.reshape(shape[::-1]).T if fortran else flat.reshape(shape)).copy()


def npy_header(content: bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any], int]:
    """Of an .npy file: shape, whether columns come first, kind of number, and where the numbers begin.

    Raises:
        ValueError: not such a file.
    """
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    if version not in readers:
        raise ValueError(f"its version is {version[0]}.{version[1]}")
    shape, fortran, dtype = readers[version](stream)
    if any(side < 0 for side in shape):
        raise ValueError(f"its shape is {shape}")
    return shape, fortran, dtype, stream.tell()


def _unpacker(content: bytes) -> Callable[[], _Unpacker] | None:
    if content[:2] == b"\x1f\x8b" or content[:2] in _ZLIB:
        return lambda: zlib.decompressobj(47)  # gzip or zlib, by the head
    if content[:3] == b"BZh":
        return bz2.BZ2Decompressor
    if content[:6] == b"\xfd7zXZ\x00" or content[:3] == b"\x5d\x00\x00":
        return lambda: lzma.LZMADecompressor(memlimit=DICTIONARY)
    return None
