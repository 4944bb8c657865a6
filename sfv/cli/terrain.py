"""`sfv terrain`: motion -> the same motion fitted to uneven ground."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from tyro.conf import OmitArgPrefixes, Positional, arg

from sfv.errors import InputError
from sfv.excerpt import Excerpt
from sfv.limits import SEED, Within
from sfv.reading import Reading


@dataclass(frozen=True)
class Program:
    """Let a motion climb stairs, cross stones or walk a slope: it is rewritten for the ground named.

    Its contacts get footholds where the whole sole can rest, feet swing over edges, and the body rides between them.
    The ground is kept in the motion's file: sfv train and sfv check take it from there.
    """

    motion: Annotated[Path, Positional, arg(metavar="MOTION")]
    """A motion file of any format, made for level ground, of a body that sfv knows."""
    ground: str
    """Kind and size, such as stairs_up:10cm, slope_up:10deg or rough:0.5 (docs/robustness.md)."""
    out: Path
    """The motion to write, such as climbing.npz."""
    seconds: Annotated[float, Within(1, 120)] = 20.0
    """How long a loop goes on; other motions are as long as they are."""
    seed: Annotated[int, Within(0, SEED)] = 0
    """Of what is left to chance in the ground."""
    excerpt: OmitArgPrefixes[Excerpt] = field(default_factory=Excerpt)
    reading: OmitArgPrefixes[Reading] = field(default_factory=Reading)


def main(program: Program) -> None:
    """Place, fit, write, and show the check of the motion as it is on that ground, and fitted."""
    from rich.console import Console

    from recon.retarget.retarget import retarget_steps
    from sfv.check.check import check
    from sfv.cli.check import body_of, show
    from sfv.formats.files import read_asked
    from sfv.pipeline.sources import origin_of
    from sfv.pipeline.uneven import on_tile, unrolled
    from sfv.progress import bar
    from sfv.terrain.kinds import parse_terrain
    from sfv.terrain.world import Tile
    from sfv.work.files import require_place

    if program.out.suffix != ".npz":
        raise InputError(f"{program.out} cannot hold a ground; write an .npz, which is sfv's own format")
    require_place(program.out)
    kind, difficulty = parse_terrain(program.ground)
    if difficulty is None and kind != "flat":
        raise InputError(f"--ground {kind} names no size; write {kind}:0.5, or a size such as docs/robustness.md has")
    motion = read_asked(program.motion, program.reading, program.excerpt, body=True)
    character, dynamic = body_of(motion, program.reading.character)
    if not dynamic:
        raise InputError(
            f"{program.motion} moves a skeleton that no character of sfv has, so nothing is known of its feet; "
            "retarget it first: sfv retarget FILE --to humanoid --out OUT"
        )
    if not motion.ground.flat:
        raise InputError(f"{program.motion} has a ground already; take the motion that it was made of")
    tile = Tile(kind, difficulty or 0.0, program.seed)
    with bar("fitting", retarget_steps(unrolled(motion, program.seconds))) as advance:
        found = on_tile(motion, character, tile, program.seconds, advance)
    found.fitted.save(program.out)
    origin = origin_of(program.motion)
    both = {"as it is": found.as_it_is, "fitted": found.fitted}
    show({name: check(one, character, origin=origin) for name, one in both.items()}, Console())
    print(program.out)
