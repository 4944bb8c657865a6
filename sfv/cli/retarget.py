"""`sfv retarget`: motion of one body -> motion of another."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from tyro.conf import OmitArgPrefixes, Positional, arg

from sfv.excerpt import Excerpt
from sfv.limits import Within
from sfv.reading import Reading


@dataclass(frozen=True)
class Program:
    """Give a motion to another body: key bodies where its limbs can put them, standing feet and hands kept in place.

    The character is known by the names of its bodies: the humanoid, SMPL's 22 joints, the Unitree G1. The motion may be
    of any of these, or of bones whose names say what they are, as those of most programs and data sets do.
    """

    motion: Annotated[Path, Positional, arg(metavar="MOTION")]
    """A motion file of any format."""
    to: str
    """Whose motion it is to be: one of sfv's characters (humanoid, heavy-robot, smpl22), a person such as
    person:height=1.2,weight=30, or an MJCF file."""
    out: Path
    """The motion to write, such as motion.npz; the suffix names the format."""
    excerpt: OmitArgPrefixes[Excerpt] = field(default_factory=Excerpt)
    reading: OmitArgPrefixes[Reading] = field(default_factory=Reading)
    map: Path | None = None
    """Which of the motion's bodies are whose hip, knee or hand, where their names do not say: a YAML file with lines
    such as `left_knee: BODY`."""
    iterations: Annotated[int, Within(1, 10_000)] = 150
    """Most steps of the optimiser."""


def main(program: Program) -> None:
    """Retarget, write, and say how near it is."""
    from recon.retarget.retarget import retarget, retarget_steps
    from sfv.character import load_character
    from sfv.formats.files import read_asked, require_writable, write_motion
    from sfv.joints.joint_map import read_map
    from sfv.progress import bar

    require_writable(program.out)
    motion = read_asked(program.motion, program.reading, program.excerpt)
    character = load_character(program.to)
    given = read_map(program.map) if program.map else None
    whole = retarget_steps(motion, program.iterations)
    with bar(f"to {character.name}", whole, "steps") as advance:
        result = retarget(motion, character, program.iterations, advance, given)
        advance(whole)
    write_motion(result.motion, program.out)
    print(f"{program.out}: {len(result.motion)} frames at {motion.fps:g} Hz on {character.name}")
    print(f"  key bodies off their scaled places   {result.key_error:6.2f} cm")
    print(f"  sliding of standing feet             {result.slide:6.2f} cm/s")
    print(f"  deepest point under the floor, mean  {result.penetration:6.2f} cm")
    print(f"  beyond joint limits, largest         {result.violation:6.2f} deg")
    if not motion.ground.flat:
        print(f"  its ground is of the other body's measures, and left out; find it again with sfv scene {program.out}")
