"""Text files of foreign formats, plain or gzipped, in and out.

It knows no format: it turns what can go wrong with a file into one sentence.
"""

import gzip
from pathlib import Path

from sfv.errors import InputError
from sfv.work.contents import content_of
from sfv.work.files import replacing


def read_text(path: Path | str) -> str:
    """The text of a file, plain or packed.

    Raises:
        InputError: no such file, a broken archive, or no text.
    """
    try:
        return content_of(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} holds no text in UTF-8; save it as that, or name its --format") from error


def write_text(path: Path | str, text: str) -> None:
    """Write text, atomically; gzipped when the name ends in .gz."""
    content = text.encode()
    with replacing(path) as temporary:
        temporary.write_bytes(gzip.compress(content, mtime=0) if str(path).endswith(".gz") else content)
