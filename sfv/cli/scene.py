"""`sfv scene`: motion -> the same motion on the ground that it must have been performed on."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from tyro.conf import OmitArgPrefixes, Positional, arg

from sfv.errors import InputError
from sfv.excerpt import Excerpt
from sfv.reading import Reading


@dataclass(frozen=True)
class Program:
    """Find the seats and steps that must have been there: who sits on nothing sat on something.

    They are boards of squares of 10 cm, level where they join, and are kept in the motion's file. sfv train and sfv
    check then take them for the ground, and sfv view shows them. sfv run CLIP --scene auto does this on its way.
    """

    motion: Annotated[Path, Positional, arg(metavar="MOTION")]
    """A motion file of any format, of a body that sfv knows."""
    out: Path
    """The motion to write, such as seated.npz."""
    excerpt: OmitArgPrefixes[Excerpt] = field(default_factory=Excerpt)
    reading: OmitArgPrefixes[Reading] = field(default_factory=Reading)


def main(program: Program) -> None:
    """Find, say what was found, write, and show the check before and after."""
    from dataclasses import replace

    from rich.console import Console

    from sfv.check.check import check
    from sfv.check.scene import find_scene
    from sfv.cli.check import body_of, show
    from sfv.formats.files import read_asked
    from sfv.pipeline.sources import origin_of
    from sfv.terrain.terrain import FLAT
    from sfv.work.files import require_place

    if program.out.suffix != ".npz":
        raise InputError(f"{program.out} cannot hold a ground; write an .npz, which is sfv's own format")
    require_place(program.out)
    motion = read_asked(program.motion, program.reading, program.excerpt, body=True)
    character, dynamic = body_of(motion, program.reading.character)
    if not dynamic:
        raise InputError(
            f"{program.motion} moves a skeleton that no character of sfv has, so nothing is known of what it weighs; "
            "retarget it first: sfv retarget FILE --to humanoid --out OUT"
        )
    flat = replace(motion, ground=FLAT)
    if not motion.ground.flat:
        print("its own ground is left out, and what bore the body is found anew")
    found = find_scene(flat, character)
    seated, origin = found.under(flat), origin_of(program.motion)
    seated.save(program.out)
    show({"before": check(flat, character, origin=origin), "after": check(seated, character, origin=origin)}, Console())
    for words in found.words():
        print(f"something bore the body: it {words}")
    if found.ground.flat:
        print("nothing is missing below it: its ground is level")
    print(program.out)
