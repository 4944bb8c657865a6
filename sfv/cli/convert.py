"""`sfv convert`: motion file -> motion file of another format, or a body that moves, for animators."""

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import OmitArgPrefixes, Positional, arg

from sfv.errors import InputError
from sfv.excerpt import Excerpt
from sfv.reading import Reading

if TYPE_CHECKING:
    from sfv.motion import Motion


@dataclass(frozen=True)
class Program:
    """Write a motion in another format; what a format cannot hold is said, never dropped in silence.

    A .glb is for Blender, three.js and game engines: the body with its skin, and the motion on its bones. Robots have
    their meshes with --character ROBOT.xml.
    """

    source: Annotated[Path, Positional, arg(metavar="SOURCE")]
    """The motion file to read."""
    out: Annotated[Path, Positional, arg(metavar="OUT")]
    """The file to write; its suffix names the format: .npz, .bvh, .csv, .txt (DeepMimic) or .glb (glTF)."""
    excerpt: OmitArgPrefixes[Excerpt] = field(default_factory=Excerpt)
    reading: OmitArgPrefixes[Reading] = field(default_factory=Reading)
    out_format: str | None = None
    """The format of OUT, where its suffix does not tell: unitree or kimodo-csv (.csv), mjlab (.npz)."""


def main(program: Program) -> None:
    """Read and write."""
    from sfv.formats.files import read_asked, require_writable, write_motion
    from sfv.work.files import require_place

    body = program.out.suffix.lower() == ".glb"
    if body and program.out_format is not None:
        raise InputError(f"{program.out} is glTF by its suffix; leave out --out-format, or give OUT another suffix")
    if body:
        require_place(program.out)
    else:
        require_writable(program.out, program.out_format)
    motion = read_asked(program.source, program.reading, program.excerpt, body=body)
    if body:
        animate(motion, program)
    else:
        write_motion(motion, program.out, program.out_format)
    print(f"{program.out}: {len(motion)} frames at {motion.fps:g} Hz, {motion.duration:.2f} s")


def animate(motion: "Motion", program: Program) -> None:
    """Write the motion on its body, and say when that had to be sticks."""
    from sfv.character import load_character
    from sfv.formats.files import say_lost
    from sfv.formats.known import CONTACTS, GROUND
    from sfv.view.animated import write_animated
    from sfv.view.figure import figure

    asked = program.reading.character
    body = figure(motion.skeleton) if asked is None else load_character(asked)
    write_animated(motion, program.out, body, program.source.name.partition(".")[0])
    say_lost(motion, program.out, frozenset({CONTACTS, GROUND}))
    if body.name == "sticks":
        print(
            "drawn as sticks, since sfv has no skin for these bones. "
            "A robot has its meshes with --character ROBOT.xml, a person a skin after sfv retarget --to humanoid.",
            file=sys.stderr,
        )
