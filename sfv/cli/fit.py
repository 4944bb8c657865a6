"""`sfv fit`: mocap -> lifter, or mocap and captions -> prior."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import OmitArgPrefixes, Positional, arg

from sfv.errors import InputError
from sfv.excerpt import Excerpt
from sfv.limits import SEED, Within
from sfv.reading import Reading


@dataclass(frozen=True)
class Program:
    """Fit a lifter to mocap: a network that tells depth from how a person moves in the picture.

    sfv run --lifter FILE and sfv reconstruct --lifter FILE then find limbs nearer to where they were (docs/recon.md).
    Ten minutes of mocap of many kinds are a good beginning. What the clips to come show should be like something in it:
    one that had seen no kicks made a kick worse.

    With --prior it is a generative prior instead, for sfv generate --prior FILE (docs/priors.md).
    """

    motions: Annotated[tuple[Path, ...], Positional, arg(metavar="MOTION [MOTION ...]")]
    """Motion files of any format, of people's skeletons; each is mirrored, for a lifter turned and varied too."""
    out: Path
    """The file to write, such as lifter.safetensors."""
    excerpt: OmitArgPrefixes[Excerpt] = field(default_factory=Excerpt)
    reading: OmitArgPrefixes[Reading] = field(default_factory=Reading)
    steps: Annotated[int, Within(1, 10_000_000)] = 800
    """Of a lifter: batches of 48 windows of 2 s. 800 take about ten minutes of one core; what was stopped goes on."""
    seed: Annotated[int, Within(0, SEED)] = 0
    """Of the windows and of the network's first weights."""
    prior: str | None = None
    """Fit a prior of this name: motion-matching, motion-graph, t2m-gpt, momask, mdm, mld, motion-vae or
    regression."""
    captions: Path | None = None
    """Of a prior: a CSV file with the columns file and caption. It may have caption_2, caption_3, category, subject,
    split (train, val, test) and fps (the true rate, where a file names a wrong one)."""
    size: Literal["tiny", "small", "paper"] = "small"
    """Of a prior: small takes two or three minutes of a core to itself, paper days of a GPU."""
    performer: str = "humanoid"
    """Of a prior: whose motions it is to make; those of others are retargeted once."""
    map: Path | None = None
    """Of a prior: which bodies of the files are whose hip, knee or hand, where their names do not say: a YAML file with
    lines such as `left_knee: BODY`."""
    corpus: Path | None = None
    """Of a prior: the folder where retargeted motions are kept for the next time; by default the user's cache."""


def main(program: Program) -> None:
    """Read, fit, write, and say how well it went."""
    if program.prior is not None:
        _fit_prior(program, program.prior)
        return
    if program.map is not None:
        raise InputError("--map does nothing for a lifter, which needs no names; leave it out, or give --prior")
    _fit_lifter(program)


def _fit_prior(program: Program, name: str) -> None:
    import shutil

    from sfv.character import load_character
    from sfv.pipeline.corpus import default_folder, takes
    from sfv.pipeline.stages import beside
    from sfv.priors.captions import read_captions
    from sfv.priors.rows import fit_to, steps_of
    from sfv.progress import bar
    from sfv.work.contents import require_file

    if program.map is not None:
        require_file(program.map)
    if program.out.suffix != ".safetensors":
        raise InputError(f"{program.out} should end in .safetensors")
    if others := [given for given in program.reading.given if given != "character"]:
        raise InputError(f"--{others[0]} does nothing for a prior, whose captions say how files are read; leave it out")
    robot = Path(program.reading.character) if program.reading.character else None
    steps = steps_of(name, program.size)
    character = load_character(program.performer)
    said = read_captions(program.captions) if program.captions else {}
    found = takes(program.motions, said, program.corpus or default_folder(), character, robot, program.map)
    kept = beside(program.out)("kept")
    with bar(name, steps, "steps") as advance:
        prior = fit_to(name, found, character, program.size, program.seed, advance, kept)
        advance(steps)
    prior.save(program.out)
    shutil.rmtree(kept, ignore_errors=True)
    minutes = {split: sum(t.motion.duration for t in found if t.split == split) / 60 for split in ("train", "val")}
    print(f"{program.out}: {name} fitted to {minutes['train']:.1f} minutes, {minutes['val']:.1f} held out")


def _fit_lifter(program: Program) -> None:
    from recon.lifter.lifter_fit import fit_lifter
    from sfv.formats.files import read_asked
    from sfv.pipeline.stages import beside
    from sfv.progress import bar

    motions = {}
    with bar("reading the motions", len(program.motions), "files") as advance:
        for path in program.motions:
            motions[str(path)] = read_asked(path, program.reading, program.excerpt)
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
