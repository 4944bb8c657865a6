"""One sfv at a time writes a folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sfv.errors import InputError
from sfv.work.files import TEMPORARY
from sfv.work.folder import LOCK, alone_in

DEAD = 2**22 + 1
"""A process that cannot be: Linux numbers them up to 2^22."""


def test_alone_in_refuses_company_and_sweeps(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "a"
    with alone_in(folder):
        holder = "import sys; from pathlib import Path; from sfv.work.folder import alone_in\n"
        holder += "with alone_in(Path(sys.argv[1])): pass"
        other = subprocess.run([sys.executable, "-c", holder, str(folder)], capture_output=True, text=True)
        assert other.returncode == 1
        assert f"another sfv (process {os.getpid()}) is writing" in other.stderr
    assert list(tmp_path.iterdir()) == []  # nothing was made in it
    folder.mkdir(parents=True)
    (folder / f"{TEMPORARY}x.npz").write_text("half")
    (folder / f"{TEMPORARY}{DEAD}-x.npz").write_text("half")
    (kept := folder / f"{TEMPORARY}{os.getppid()}-x.npz").write_text("of a verb that is still at work")
    (deep := folder / "2-motion" / "preview" / "making").mkdir(parents=True)
    (deep / f"{TEMPORARY}y.mp4").write_text("half")
    (far := deep / "1" / "2").mkdir(parents=True)
    (far / f"{TEMPORARY}z.mp4").write_text("somebody else's")
    (folder / LOCK).write_text("1")  # of a process that was killed
    with alone_in(folder):
        assert {path.name for path in folder.rglob("*") if path.is_file()} == {LOCK, kept.name, f"{TEMPORARY}z.mp4"}
    assert {path.name for path in folder.iterdir()} == {"2-motion", kept.name}


def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(InputError, match="another place with --out"), alone_in(file / "run"):
        pass
