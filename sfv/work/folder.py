"""Folders for results: made when needed, gone again when nothing came of them, and written by one sfv at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sfv.errors import InputError
from sfv.work.files import TEMPORARY, abandoned

LOCK = ".lock"
DEPTH = 4
"""Levels at which a run writes: RUN/2-motion/preview/making."""


@contextmanager
def made(folder: Path) -> Iterator[None]:
    """Make `folder`, with its parents; of these, those that are still empty afterwards are removed again.

    Raises:
        InputError: it cannot be made.
    """
    new = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unwritable(folder, error) from error
        yield
    finally:
        for path in new:
            if path.is_dir() and not any(path.iterdir()):
                path.rmdir()


@contextmanager
def alone_in(folder: Path, lock: str = LOCK) -> Iterator[None]:
    """Be the only sfv that writes into `folder`, which is made if need be and cleaned of what killed writers left.

    It is cleaned as deep as a run is, and no deeper: what a user names may be a large folder of other things. With a
    `lock` of another name only what goes by that is one's own, and nothing is cleaned. The lock is the kernel's, so it
    goes with its process however that ends.

    Raises:
        InputError: another sfv is at work there, or the folder cannot be written.
    """
    with made(folder):
        path = folder / lock
        handle = _locked(path)
        try:
            try:
                os.ftruncate(handle, 0)
                os.write(handle, str(os.getpid()).encode())
            except OSError as error:
                raise unwritable(folder, error) from error
            if lock == LOCK:
                for depth in range(DEPTH):
                    for left in folder.glob(f"{'*/' * depth}{TEMPORARY}*"):
                        if abandoned(left):
                            left.unlink(missing_ok=True)
            yield
        finally:
            path.unlink(missing_ok=True)
            os.close(handle)


def unwritable(path: Path, error: OSError) -> InputError:
    """What to say when a place for results cannot be used."""
    return InputError(f"{path} cannot be written ({error.strerror}); choose another place with --out, or free space")


def _locked(path: Path) -> int:
    """A file descriptor that holds the lock on the file `path`."""
    while True:
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise unwritable(path.parent, error) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            owner = os.read(handle, 20).decode()
            os.close(handle)
            raise InputError(
                f"another sfv (process {owner}) is writing {path.parent}; wait for it, or give another --out"
            ) from error
        if path.exists() and os.path.samestat(os.fstat(handle), path.stat()):
            return handle
        os.close(handle)  # its owner removed it between our opening and locking
