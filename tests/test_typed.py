"""Whoever types what README and the tutorial say, in a fresh clone, gets there: every command of both, in their order.

Trainings are cut to seconds, unless SFV_TYPED=full: then it takes as long as readers are told.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

CUT = "20s"
"""What trainings are cut to."""


def blocks(page: Path) -> Iterator[tuple[str, str]]:
    """Language and text of each block of code that says its language."""
    for match in re.finditer(r"^```(bash|python)\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL):
        yield match[1], match[2]


def shortened(command: str) -> str:
    """The command with a training of seconds."""
    if "sfv run" not in command:
        return command
    command, comment = re.sub(r" --budget \S+", "", command), ""
    if "#" in command:
        command, _, comment = command.partition("#")
    return f"{command.rstrip()} --budget {CUT} #{comment}"


def test_trainings_are_cut() -> None:
    assert shortened("sfv run a.mp4 --budget 6min --out b  # c") == "sfv run a.mp4 --out b --budget 20s # c"
    assert shortened("sfv check a.npz") == "sfv check a.npz"


@pytest.fixture(scope="module")
def clone(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh clone with what the pages name but cannot bring: a clip of the reader's, and a BVH file."""
    place = tmp_path_factory.mktemp("typed") / "sfv"
    subprocess.run(["git", "clone", "--quiet", str(root), str(place)], check=True)
    (place / "path").mkdir()
    with (place / ".git" / "info" / "exclude").open("a") as file:
        file.write("/path/\n/walk.bvh\n")  # the reader's own: no files of the project
    shutil.copy(place / "examples" / "demo.mp4", place / "path" / "to.mp4")
    if os.environ.get("SFV_TYPED") != "full":
        makefile = place / "Makefile"
        makefile.write_text(re.sub(r"--budget \w+", f"--budget {CUT}", makefile.read_text()))
    return place


@pytest.mark.slow
def test_every_command_of_readme_and_tutorial(clone: Path) -> None:
    pages = [clone / "README.md", clone / "docs" / "tutorial.md"]
    found = [block for page in pages for block in blocks(page)]
    assert [language for language, _ in found].count("bash") >= 6
    # those who set up by hand do it in an environment of their own
    own = clone.parent / "own"
    subprocess.run([sys.executable, "-m", "venv", str(own)], check=True)
    with_pip = os.environ | {"PATH": f"{own / 'bin'}:{os.environ['PATH']}"}
    for language, text in found:
        if language == "python":
            continue
        for line in text.splitlines():
            command = line if os.environ.get("SFV_TYPED") == "full" else shortened(line)
            done = subprocess.run(["bash", "-c", command], cwd=clone, env=with_pip, capture_output=True, text=True)
            assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    sfv = str(clone / ".venv/bin/sfv")
    subprocess.run([sfv, "convert", "runs/demo/2-motion/motion.npz", "walk.bvh"], cwd=clone, check=True)
    for language, text in found:
        if language == "python":
            subprocess.run([str(clone / ".venv/bin/python"), "-c", text], cwd=clone, check=True)
