"""MJCF files of others: whether MuJoCo can compile one, asked before it is compiled here.

One line of MJCF can ask for a million bodies or a height field of gigabytes, and MuJoCo's compiler cannot be
interrupted, so it is tried in a process of its own, which has an end. It knows no characters.
"""

import json
import math
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from functools import lru_cache
from pathlib import Path

from sfv.errors import InputError, blamed
from sfv.work.contents import require_file

SECONDS = 12
"""CPU time for the compiler; Unitree's G1 with its 40 meshes takes 2."""
LARGEST = 1 << 26
"""Bytes of MJCF."""
COUNTS = ("count", "nrow", "ncol")
"""Attributes that ask for so many of something: of replicate, height fields, flexes."""
WEIGHT, MADE = 200, 4_000_000
"""Points that an element counts for, and how many a model may have: 20,000 elements, or a field of 2000 x 2000."""
MEMORY = 3 << 30
"""Bytes of address space for it."""
MOST = {"nbody": 1000, "ngeom": 20_000, "njnt": 1000, "nu": 1000, "bytes": 1 << 29}
"""Largest model: 0.5 GiB with its arena."""


def require_model(path: Path, bare: bool = False) -> None:
    """Raise InputError unless MuJoCo compiles the file in time; `bare`: unless it can be read, without its meshes."""
    require_file(path)
    with blamed(f"{path} is not a model that MuJoCo reads", "check the MJCF file"):
        if path.stat().st_size > LARGEST:
            raise ValueError(f"it has more than {LARGEST >> 20} MiB")
        if (made := _made(path)) > MADE:
            raise ValueError(
                f"its replicates and height fields make what weighs as {made // WEIGHT:,} geoms, "
                f"and {MADE // WEIGHT:,} are allowed"
            )
    status = path.stat()
    _tried(str(path.resolve()), status.st_mtime_ns, status.st_size, bare, str(path))


def _made(path: Path) -> int:
    """How many points a model has when its replicates are done, each element as WEIGHT and of fields all their own."""

    def points(element: ElementTree.Element) -> int:
        counts = [int(float(word)) for name in COUNTS for word in element.get(name, "").split()]
        own = math.prod(max(count, 1) for count in counts)
        below = sum(map(points, element))
        return WEIGHT + own * below if element.tag == "replicate" else WEIGHT + (own if counts else 0) + below

    try:
        return points(ElementTree.fromstring(path.read_bytes()))
    except ElementTree.ParseError:  # MuJoCo takes some that are not quite XML
        return 0


@lru_cache(maxsize=64)
def _tried(file: str, changed: int, size: int, bare: bool, name: str) -> None:
    command = [sys.executable, "-P", str(Path(__file__).with_name("mjcf_trial.py"))]
    command += [file, str(SECONDS), str(MEMORY), "bare" if bare else "whole"]
    try:
        with tempfile.TemporaryDirectory() as folder:  # where MuJoCo may leave its log
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=4 * SECONDS)
        found = json.loads(done.stdout.splitlines()[-1])
    except (subprocess.TimeoutExpired, ValueError, IndexError) as error:
        raise InputError(
            f"{name} cannot be compiled by MuJoCo in {SECONDS} s and {MEMORY >> 30} GiB; a character has some tens of "
            "bodies: look for replicate, hfield or the like in it"
        ) from error
    if "error" in found:
        raise InputError(f"{name} is not a model that MuJoCo reads ({found['error']}); check the MJCF file")
    for what, count in found["sizes"].items():
        if count > MOST[what]:
            raise InputError(f"{name} has {what} {count}, and {MOST[what]} are allowed; make the model smaller")
