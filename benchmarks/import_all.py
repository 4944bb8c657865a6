"""Every motion file in a folder and below: is it read, and does the start of one of each person go onto the humanoid?

    python benchmarks/import_all.py FOLDER [--robot ROBOT.xml] [--no-retarget]

Of each source (the folder of a file) and person (what its name begins with) the first file's first 5 s are retargeted,
and the rows of the check that tell whether it was read rightly are asked. Files that are no motions are left out and
counted. docs/formats.md has the table.
"""

import argparse
import re
import time
import warnings
from collections import defaultdict
from pathlib import Path

from recon.retarget.retarget import retarget
from sfv.character import load_character
from sfv.check.check import check
from sfv.errors import InputError
from sfv.excerpt import Excerpt
from sfv.formats.files import read_motion
from sfv.formats.known import FORMATS
from sfv.motion import Motion

SECONDS, RATE = 5.0, 30.0
READ_ROWS = ("upright", "toes turned out", "toes forward", "ankles apart", "legs in each other", "tempo", "size")
ITERATIONS = 60


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--robot", type=Path, help="whose motions the files of joint angles hold")
    parser.add_argument("--retarget", action=argparse.BooleanOptionalAction, default=True)
    args = parser.parse_args()
    suffixes = tuple({suffix for kind in FORMATS.values() for suffix in kind.suffixes})
    files = sorted(p for p in args.folder.rglob("*") if p.name.removesuffix(".gz").endswith(suffixes))
    read, failed, other = defaultdict[str, list[str]](list), dict[str, str](), list[str]()
    firsts = dict[tuple[str, str], tuple[Path, Motion]]()
    start = time.perf_counter()
    for path in files:
        source = path.parent.relative_to(args.folder).as_posix()
        try:
            motion = read_one(path, args.robot)
        except InputError as error:
            if "is no motion file that sfv knows" in str(error):
                other.append(f"{source}/{path.name}")
                continue
            failed[f"{source}/{path.name}"] = str(error).replace(str(args.folder), "").replace("|", "/")
            continue
        read[source].append(path.name)
        firsts.setdefault((source, person(path.name)), (path, motion))
    for source, names in read.items():
        print(f"{source}: {len(names)} read")
    motions = len(files) - len(other)
    print(f"\n{sum(map(len, read.values()))} of {motions} motion files read in {time.perf_counter() - start:.0f} s")
    for name, why in failed.items():
        print(f"  {name}: {why[:160]}")
    print(f"no motions, by their content: {len(other)} ({', '.join(other)})")
    if args.retarget:
        table(firsts)


def read_one(path: Path, robot: Path | None) -> Motion:
    """The motion in a file; one of joint angles is read as the robot's."""
    try:
        return read_motion(path)
    except InputError as error:
        if robot is None or "--character" not in str(error):
            raise
        return read_motion(path, character=robot)


def person(name: str) -> str:
    """Of CMU's the subject, of G1 Moves' the letter; else the first word, of a source of one person nothing."""
    name = name.removeprefix("isaacgym_").removeprefix("keijiro_")
    return "" if "level" in name else re.split(r"[_\-.]", name)[0]


def table(firsts: dict[tuple[str, str], tuple[Path, Motion]]) -> None:
    """Retarget the first seconds of each and print a row."""
    body = load_character("humanoid")
    print("\n| source | file | fps | key bodies off, cm | rows of reading that fail |\n| --- | --- | --- | --- | --- |")
    for (source, _), (path, motion) in firsts.items():
        part = motion.part(Excerpt(0.0, min(SECONDS, motion.duration)))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = retarget(part.resampled(RATE), body, ITERATIONS)
        except InputError as error:
            print(f"| {source} | {path.name} | {motion.fps:g} | – | {str(error)[:120]} |", flush=True)
            continue
        rows = check(found.motion, body)
        fails = ", ".join(name for name in rows.failed if name in READ_ROWS) or "none"
        print(f"| {source} | {path.name} | {motion.fps:g} | {found.key_error:.1f} | {fails} |", flush=True)


if __name__ == "__main__":
    main()
