"""`sfv convert`: motion file -> motion file of another format."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from tyro.conf import OmitArgPrefixes, Positional, arg

from sfv.excerpt import Excerpt
from sfv.limits import Within
from sfv.reading import FASTEST, SLOWEST


@dataclass(frozen=True)
class Program:
    """Write a motion in another format; what a format cannot hold is said, never dropped in silence."""

    source: Annotated[Path, Positional, arg(metavar="SOURCE")]
    """The motion file to read."""
    out: Annotated[Path, Positional, arg(metavar="OUT")]
    """The motion file to write; its suffix names the format: .npz, .bvh, .csv or .txt (DeepMimic)."""
    excerpt: OmitArgPrefixes[Excerpt] = field(default_factory=Excerpt)
    format: str | None = None
    """The format of SOURCE, where its suffix does not tell."""
    fps: Annotated[float | None, Within(SLOWEST, FASTEST)] = None
    """Frames per second of SOURCE, where the file does not say."""
    character: str | None = None
    """Whose motion SOURCE is, where it holds joint angles and no bones: an MJCF file, or the name of a character."""
    out_format: str | None = None
    """The format of OUT, where its suffix does not tell: unitree or kimodo (.csv), mjlab (.npz)."""


def main(program: Program) -> None:
    """Read and write."""
    from sfv.formats.files import read_motion, write_motion

    motion = read_motion(program.source, program.format, program.fps, program.character).part(program.excerpt)
    write_motion(motion, program.out, program.out_format)
    print(motion.source)
    print(f"{program.out}: {len(motion)} frames at {motion.fps:g} Hz, {motion.duration:.2f} s")
