"""Text files of foreign formats, plain or gzipped, in and out.

It knows no format: it turns what can go wrong with a file into one sentence.
"""

import gzip
import zlib
from pathlib import Path

from sfv.errors import InputError
from sfv.work.files import replacing


def read_bytes(path: Path | str) -> bytes:
    """The content of a file, unpacked when it is gzipped (by its first two bytes, whatever its name).

    Raises:
        InputError: no such file, or a broken archive.
    """
    try:
        content = Path(path).read_bytes()
        return gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"{path} is a broken gzip archive ({error}); copy or download it again") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror or error}); check the name") from error


def read_text(path: Path | str) -> str:
    """The text of a file, plain or gzipped.

    Raises:
        InputError: no such file, a broken archive, or no text.
    """
    try:
        return read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} holds no text; give a text file, or name its --format") from error


def write_text(path: Path | str, text: str) -> None:
    """Write text, atomically; gzipped when the name ends in .gz."""
    content = text.encode()
    with replacing(path) as temporary:
        temporary.write_bytes(gzip.compress(content, mtime=0) if str(path).endswith(".gz") else content)
