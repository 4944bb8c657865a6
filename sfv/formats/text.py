"""Text files of foreign formats, plain or gzipped, in and out.

It knows no format: it turns what can go wrong with a file into one sentence.
"""

import gzip
import warnings
from pathlib import Path

import numpy as np
from jaxtyping import Float

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


def numbers(text: str) -> Float[np.ndarray, " n"]:
    """All numbers of a text, which stand between white space.

    Raises:
        ValueError: something in it is no number.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)  # so NumPy says that it stopped before the end
        try:
            return np.fromstring(text, np.float64, sep=" ") if text.strip() else np.zeros(0)
        except (DeprecationWarning, ValueError) as error:  # a warning in NumPy before 2.3
            # slowly, for the word that it is
            raise ValueError(next((w for w in text.split() if not _is_number(w)), "a number")) from error


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def write_text(path: Path | str, text: str) -> None:
    """Write text, atomically; gzipped when the name ends in .gz."""
    content = text.encode()
    with replacing(path) as temporary:
        temporary.write_bytes(gzip.compress(content, mtime=0) if str(path).endswith(".gz") else content)
