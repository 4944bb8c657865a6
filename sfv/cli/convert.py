"""`sfv convert`: motion file -> motion file of another format."""

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional


@dataclass(frozen=True)
class Program:
    """Write a motion in another format; what a format cannot hold is said, never dropped in silence."""

    source: Positional[Path]
    """The motion file to read."""
    out: Positional[Path]
    """The motion file to write; its suffix names the format: .npz, .bvh or .txt (DeepMimic)."""
    format: str | None = None
    """The format of SOURCE, where its suffix does not tell."""
    fps: float | None = None
    """Frames per second of SOURCE, where the file does not say."""


def main(program: Program) -> None:
    """Read and write."""
    from sfv.formats.files import read_motion, write_motion

    motion = read_motion(program.source, program.format, program.fps)
    write_motion(motion, program.out)
    print(f"{program.out}: {len(motion)} frames at {motion.fps:g} Hz, {motion.duration:.2f} s")
