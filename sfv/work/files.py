"""Files that are either whole or absent.

Everything sfv writes goes to a temporary name beside its place and is renamed when complete, so a reader never sees
half a file, whenever the writer is killed. This module knows no formats but JSON and NumPy's.
"""

import dataclasses
import gzip
import hashlib
import io
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from sfv.errors import InputError

TEMPORARY = ".partial-"
"""Prefix of names being written, before the writer's process; what a killed one leaves, `sfv.work.folder` removes."""


@contextmanager
def replacing(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path beside `path` that takes its place on success and vanishes on any exception.

    Raises:
        InputError: the folder cannot be written or the disk is full.
    """
    path = _no_folder(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f"{TEMPORARY}{os.getpid()}-", suffix=path.suffix, dir=path.parent)
    except OSError as error:
        raise InputError(
            f"{path} cannot be written ({error.strerror}); choose another place with --out, or free space"
        ) from error
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_umask())  # mkstemp's 0600 is for secrets
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise InputError(
            f"{path} could not be written completely ({error.strerror or error}); free space and run the command again"
        ) from error
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _no_folder(path: Path | str) -> Path:
    """The path, unless a folder is there.

    Raises:
        InputError: one is.
    """
    path = Path(path)
    if path.is_dir():
        raise InputError(f"{path} is a folder; name a file in it")
    return path


def require_place(path: Path | str | None, ending: str = "") -> None:
    """Check that a file could be written here, before what goes into it is worked for; None is no file.

    Raises:
        InputError: it is a folder, below a file, or in a folder that cannot be written; or it has another ending.
    """
    if path is None:
        return
    path = _no_folder(path)
    if not path.name.lower().endswith(ending):
        raise InputError(f"{path} should end in {ending}")
    above = next((folder for folder in path.absolute().parents if folder.exists()), None)
    if above is not None and not above.is_dir():
        raise InputError(f"{path} cannot be written, since {above} is a file; choose another place")
    if above is not None and not os.access(above, os.W_OK | os.X_OK):
        raise InputError(f"{path} cannot be written, since {above} may not be written to; choose another place")


def write_arrays(path: Path | str, arrays: Mapping[str, Any]) -> None:
    """Write arrays as .npz, atomically, whatever the file is called; gzipped when the name ends in .gz."""
    content = io.BytesIO()  # given a name, NumPy would write to another that ends in .npz
    np.savez_compressed(content, **arrays)
    packed = gzip.compress(content.getvalue(), mtime=0) if str(path).endswith(".gz") else content.getvalue()
    with replacing(path) as temporary:
        temporary.write_bytes(packed)


def abandoned(temporary: Path) -> bool:
    """Whether nobody writes a temporary file any more: its writer is no process of this machine."""
    writer = temporary.name.removeprefix(TEMPORARY).partition("-")[0]
    if not writer.isdecimal():
        return True
    try:
        os.kill(int(writer), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return int(writer) == os.getpid()


def write_json(path: Path | str, content: Any) -> None:
    """Write `content` as indented JSON, atomically; NaN and infinity become null."""
    with replacing(path) as temporary:
        temporary.write_text(as_json(content) + "\n", encoding="utf-8")


def as_json(content: Any) -> str:
    """Indented JSON; NaN and infinity become null."""
    return json.dumps(_finite(content), indent=2, allow_nan=False)


def read_json(path: Path | str) -> Any:
    """Read JSON.

    Raises:
        InputError: no such file, or not JSON.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); check the name") from error
    except ValueError as error:
        raise InputError(f"{path} is not valid JSON ({error}); write it again or delete it") from error


def fingerprint(*parts: Any) -> str:
    """SHA-256 (hex) over file contents (`Path`), dataclasses, mappings, sequences, strings, numbers and None."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            with part.open("rb") as file:
                for block in iter(lambda: file.read(1 << 20), b""):
                    digest.update(block)
        else:
            digest.update(json.dumps(_plain(part), sort_keys=True).encode())
        digest.update(b"\0")
    return digest.hexdigest()


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {type(value).__name__: {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
