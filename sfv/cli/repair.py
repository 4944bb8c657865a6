"""`sfv repair`: motion -> the nearest motion that keeps to the floor and to gravity."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from tyro.conf import OmitArgPrefixes, Positional, arg

from sfv.errors import InputError
from sfv.excerpt import Excerpt
from sfv.limits import Within
from sfv.reading import Reading


@dataclass(frozen=True)
class Program:
    """Change a motion as little as its failures ask: the floor, sliding, jitter, joint limits, balance and flight.

    It is checked before and after, and both checks are shown. A wrong frame rate or wrong axes are not guessed. Beside
    the motion go the rows of its check: OUT.check.json.
    """

    motion: Annotated[Path, Positional, arg(metavar="MOTION")]
    """A motion file of any format."""
    out: Path
    """The motion to write, such as repaired.npz."""
    loop: bool = False
    """Cut the best cycle out and close its seam."""
    iterations: Annotated[int, Within(1, 10_000)] = 100
    """Most steps of the optimiser."""
    excerpt: OmitArgPrefixes[Excerpt] = field(default_factory=Excerpt)
    reading: OmitArgPrefixes[Reading] = field(default_factory=Reading)


def main(program: Program) -> None:
    """Check, repair, check again, and show both."""
    from rich.console import Console

    from recon.repair import repair
    from sfv.check.check import check
    from sfv.cli.check import body_of, show
    from sfv.formats.files import read_asked, require_writable, write_motion
    from sfv.pipeline.sources import origin_of
    from sfv.progress import bar

    require_writable(program.out)
    motion = read_asked(program.motion, program.reading, program.excerpt, body=True)
    character, dynamic = body_of(motion, program.reading.character)
    if not dynamic:
        raise InputError(
            f"{program.motion} moves a skeleton that no character of sfv has, so there are no soles to stand on; "
            "name its body with --character, or retarget it first"
        )
    if not motion.ground.flat:
        raise InputError(
            f"{program.motion} is on a ground of its own, and repair knows level ground; repair it before sfv scene"
        )
    origin = origin_of(program.motion)
    before = check(motion, character, origin=origin)
    with bar("repair", program.iterations) as advance:
        repaired = repair(motion, character, program.loop, program.iterations, advance)
    write_motion(repaired, program.out)
    after = check(repaired, character, origin=origin, repaired=True)
    rows = program.out.with_name(f"{program.out.stem}.check.json")
    after.report().save(rows)
    show({"before": before, "after": after}, Console())
    print(f"{program.out}, {rows}")
