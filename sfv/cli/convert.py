"""`sfv convert`: motion file -> motion file of another format."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from tyro.conf import OmitArgPrefixes, Positional, arg

from sfv.excerpt import Excerpt
from sfv.reading import Reading


@dataclass(frozen=True)
class Program:
    """Write a motion in another format; what a format cannot hold is said, never dropped in silence."""

    source: Annotated[Path, Positional, arg(metavar="SOURCE")]
    """The motion file to read."""
    out: Annotated[Path, Positional, arg(metavar="OUT")]
    """The motion file to write; its suffix names the format: .npz, .bvh, .csv or .txt (DeepMimic)."""
    excerpt: OmitArgPrefixes[Excerpt] = field(default_factory=Excerpt)
    reading: OmitArgPrefixes[Reading] = field(default_factory=Reading)
    out_format: str | None = None
    """The format of OUT, where its suffix does not tell: unitree or kimodo-csv (.csv), mjlab (.npz)."""


def main(program: Program) -> None:
    """Read and write."""
    from sfv.formats.files import read_asked, write_motion

    motion = read_asked(program.source, program.reading, program.excerpt)
    write_motion(motion, program.out, program.out_format)
    print(f"{program.out}: {len(motion)} frames at {motion.fps:g} Hz, {motion.duration:.2f} s")
