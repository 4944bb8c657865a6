"""`sfv fit`: mocap and people filmed -> lifter, or mocap and captions -> prior."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from tyro.conf import OmitArgPrefixes, Positional, arg

from sfv.errors import InputError
from sfv.excerpt import Excerpt
from sfv.limits import SEED, Within
from sfv.reading import Reading

if TYPE_CHECKING:
    from sfv.character import Character
    from sfv.interfaces import Take


@dataclass(frozen=True)
class Program:
    """Fit a lifter: a network that learns by how much a pose estimator is wrong about depth.

    People of all kinds are filmed doing what the motions show. The estimator looks at the films, and the network learns
    to bring its points to where the joints were. sfv run --lifter FILE and sfv reconstruct --lifter FILE use it in
    place of sfv's own (docs/recon.md). It needs pip install 'sfv[people]'.

    With --prior it is a generative prior instead, for sfv generate --prior FILE (docs/priors.md).
    """

    motions: Annotated[tuple[Path, ...], Positional, arg(metavar="MOTION [MOTION ...]")]
    """Motion files of any format; each is mirrored and varied."""
    out: Path
    """The file to write, such as lifter.safetensors."""
    excerpt: OmitArgPrefixes[Excerpt] = field(default_factory=Excerpt)
    reading: OmitArgPrefixes[Reading] = field(default_factory=Reading)
    captions: Path | None = None
    """A CSV file with the columns file and caption. It may have caption_2, caption_3, category, subject, split (train,
    val, test) and fps (the true rate, where a file names a wrong one). A lifter is judged by what is val."""
    people: Annotated[int, Within(8, 100_000)] = 120
    """Of a lifter: how many are filmed, for 19 s each, which takes ten seconds or so of a core; one in eight is held
    out."""
    acrobats: Annotated[int, Within(0, 100_000)] = 0
    """Of a lifter: how many more people are filmed, who turn over half of the time."""
    figures: Annotated[int, Within(0, 100_000)] = 0
    """Of a lifter: how often sfv's own figure is filmed, too, in clothes and measures drawn by chance."""
    films: Path | None = None
    """Of a lifter: the folder where films are kept for the next time; by default in the user's cache."""
    steps: Annotated[int, Within(1, 10_000_000)] = 2200
    """Of a lifter: most batches of 32 windows of 2.4 s; what was stopped goes on."""
    seed: Annotated[int, Within(0, SEED)] = 0
    """Of people, films and batches, and of the network's first weights."""
    prior: str | None = None
    """Fit a prior of this name: motion-matching, motion-graph, t2m-gpt, momask, mdm, mld, motion-vae or
    regression."""
    size: Literal["tiny", "small", "paper"] = "small"
    """Of a prior: small takes two or three minutes of a core to itself, paper days of a GPU."""
    performer: str = "humanoid"
    """Of a prior: whose motions it is to make; those of others are retargeted once."""
    map: Path | None = None
    """Which bodies of the files are whose hip, knee or hand, where their names do not say: a YAML file with lines such
    as `left_knee: BODY`."""
    corpus: Path | None = None
    """The folder where retargeted motions are kept for the next time; by default the user's cache."""


def main(program: Program) -> None:
    """Read, fit, write, and say how well it went."""
    from sfv.character import load_character
    from sfv.pipeline.corpus import default_folder, takes
    from sfv.priors.captions import read_captions
    from sfv.work.contents import require_file
    from sfv.work.files import require_place

    if program.map is not None:
        require_file(program.map)
    if program.out.suffix != ".safetensors":
        raise InputError(f"{program.out} should end in .safetensors")
    require_place(program.out)
    if others := [given for given in program.reading.given if given != "character"]:
        raise InputError(f"--{others[0]} does nothing here, as captions say how files are read; leave it out")
    if program.prior is None and program.performer != "humanoid":
        raise InputError(f"--performer {program.performer} does nothing for a lifter; leave it out, or give --prior")
    robot = Path(program.reading.character) if program.reading.character else None
    character = load_character(program.performer)
    said = read_captions(program.captions) if program.captions else {}

    def found() -> "list[Take]":
        return takes(program.motions, said, program.corpus or default_folder(), character, robot, program.map)

    if program.prior is None:
        _fit_lifter(program, character, found)
    else:
        _fit_prior(program, program.prior, character, found)


def _fit_prior(program: Program, name: str, character: "Character", takes: "Callable[[], list[Take]]") -> None:
    import shutil

    from sfv.pipeline.stages import beside
    from sfv.priors.rows import fit_to, steps_of
    from sfv.progress import bar

    steps = steps_of(name, program.size)
    found = takes()
    kept = beside(program.out)("kept")
    with bar(name, steps, "steps") as advance:
        prior = fit_to(name, found, character, program.size, program.seed, advance, kept)
        advance(steps)
    prior.save(program.out)
    shutil.rmtree(kept, ignore_errors=True)
    minutes = {split: sum(t.motion.duration for t in found if t.split == split) / 60 for split in ("train", "val")}
    print(f"{program.out}: {name} fitted to {minutes['train']:.1f} minutes, {minutes['val']:.1f} held out")


def _fit_lifter(program: Program, character: "Character", takes: "Callable[[], list[Take]]") -> None:
    import shutil
    from dataclasses import asdict

    from recon.lifter.films import ACROBATS, ESTIMATOR, FIGURES, PEOPLE, filmed
    from recon.lifter.lifter_fit import ACTS, FITTING, fit_lifter
    from sfv.pipeline.stages import beside
    from sfv.progress import bar

    found = takes()
    casts = {PEOPLE: program.people, ACROBATS: program.acrobats, FIGURES: program.figures}
    with bar("filming", sum(casts.values()), "people") as advance:
        shards = filmed(found, program.films, casts, program.seed, character, advance)
    kept = beside(program.out)("kept")
    with bar("fitting", program.steps, "steps") as advance:
        config = replace(FITTING, steps=program.steps, seed=program.seed)
        motions = [take.motion for take in found if take.split == "train"]
        network, judged = fit_lifter(shards, motions, character, ACTS, config, advance, kept)
        advance(program.steps)
    seconds = sum(motion.duration for motion in motions)
    network.save(program.out, {"estimators": [ESTIMATOR], "motions": len(found), "seconds": round(seconds),
                               "seed": program.seed} | casts | asdict(judged))  # fmt: skip
    shutil.rmtree(kept, ignore_errors=True)
    print(f"{program.out}: fitted to {sum(casts.values())} people, who do {seconds / 60:.1f} minutes of motion")
    print(f"  limbs off on people held out, aligned   {judged.lifted:.0f} mm, the estimator's own {judged.own:.0f}")
    print(f"  depth off, as it is                     {judged.lifted_depth:.0f} mm, the estimator's own "
          f"{judged.own_depth:.0f}")  # fmt: skip
