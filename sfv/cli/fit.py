"""`sfv fit`: mocap -> lifter."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from sfv.limits import SEED, Within


@dataclass(frozen=True)
class Program:
    """Fit a lifter to mocap: a network that tells depth from how a person moves in the picture.

    sfv run --lifter FILE and sfv reconstruct --lifter FILE then find limbs nearer to where they were (docs/recon.md).
    Ten minutes of mocap of many kinds are a good beginning. What the clips to come show should be like something in it:
    one that had seen no kicks made a kick worse.
    """

    motions: Annotated[tuple[Path, ...], Positional, arg(metavar="MOTION [MOTION ...]")]
    """Motion files of any format, of people's skeletons; each is mirrored, turned and varied."""
    out: Path
    """The lifter to write, such as lifter.safetensors."""
    steps: Annotated[int, Within(1, 10_000_000)] = 800
    """Batches of 48 windows of 2 s. 800 take about ten minutes of one core; a fit that was stopped goes on."""
    seed: Annotated[int, Within(0, SEED)] = 0
    """Of the windows and of the network's first weights."""


def main(program: Program) -> None:
    """Read, fit, write, and say how well it went."""
    from recon.lifter.lifter_fit import fit_lifter
    from sfv.formats.files import read_motion
    from sfv.pipeline.stages import beside
    from sfv.progress import bar

    motions = {}
    with bar("reading the motions", len(program.motions), "files") as advance:
        for path in program.motions:
            motions[str(path)] = read_motion(path)
            advance(1)
    seconds = sum(motion.duration for motion in motions.values())
    checkpoint = beside(program.out)("checkpoint.safetensors")
    with bar("fitting", program.steps, "steps") as advance:
        network, error = fit_lifter(motions, program.steps, program.seed, advance, checkpoint)
    network.save(program.out, {"motions": len(motions), "seconds": round(seconds), "steps": program.steps,
                               "seed": program.seed, "error": error})  # fmt: skip
    checkpoint.unlink(missing_ok=True)
    print(f"{program.out}: fitted to {len(motions)} motions, {seconds / 60:.1f} minutes")
    print(f"  joints off in simulated views, of a person of 1.7 m   {1000 * 1.7 * error:.0f} mm")
