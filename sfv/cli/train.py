"""`sfv train`: motion -> policy; several motions or seeds side by side."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from tyro.conf import OmitArgPrefixes, Positional, arg

from envs.config import TrackingConfig
from policies.config import TrainConfig, parse_budget
from sfv.cli.say import say_outcome
from sfv.errors import InputError
from sfv.excerpt import Excerpt
from sfv.limits import Within
from sfv.pipeline.named_motions import by_name
from sfv.pipeline.policy_file import SCRATCH, in_words_of_today
from sfv.pipeline.settings import Settings
from sfv.pipeline.stages import beside, import_stage, policy_stage
from sfv.reading import Reading
from sfv.work.run_folder import alone_at
from sfv.work.stage import At, Outcome, Stage, perform


@dataclass(frozen=True)
class Program:
    """Train a policy that makes the simulated character follow a motion.

    A training that was stopped goes on from its last checkpoint: type the same command again, or with more --budget.
    Several motions or seeds are trained side by side, one core each, into OUT/NAME or OUT/NAME-seedN; with --together,
    one policy learns all the motions. Several GPUs train one policy: torchrun --nproc-per-node N -m sfv.cli.main train
    MOTION --out OUT.
    """

    motions: Annotated[tuple[Path, ...], Positional, arg(metavar="MOTION [MOTION ...]")]
    """The references: motion files of any format, each for a policy of its own unless --together. One that is not yet a
    motion of the character is retargeted and mended as sfv run does, into OUT/references."""
    out: Path
    """The folder of the policy, or of the policies' folders."""
    excerpt: OmitArgPrefixes[Excerpt] = field(default_factory=Excerpt)
    reading: OmitArgPrefixes[Reading] = field(default_factory=Reading)
    """How the files are read. --character is also who is to do it; else the humanoid does."""
    tracking: OmitArgPrefixes[TrackingConfig] = field(default_factory=TrackingConfig)
    train: OmitArgPrefixes[TrainConfig] = field(default_factory=TrainConfig)
    begun_from: Annotated[Path, arg(name="from")] = SCRATCH
    """A run or policy whose skill training begins with, such as one of level ground for --terrain, or "scratch".
    "tracker" comes with sfv and has seen many clips; "auto" is the tracker if it follows half of the motion."""
    map: Path | None = None
    """Which bodies of a motion file are whose hip, knee or hand, where their names do not say: a YAML file with lines
    such as `left_knee: BODY`."""
    together: bool = False
    """Train one policy that does all the motions, instead of one for each."""
    seeds: Annotated[int, Within(1, 1000)] = 1
    """Train each motion so many times, with --seed and the seeds after it."""
    config: Path | None = None
    """Settings to start from: the config.yaml beside an earlier policy. Flags override it."""

    @property
    def character(self) -> str:
        """Who is to do it."""
        return self.reading.character or "humanoid"

    @classmethod
    def of_today(cls, content: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the config.yaml beside a policy says, which names who does it, in the words of this verb."""
        content = in_words_of_today(content)
        if "character" not in content:
            return content
        rest = {name: value for name, value in content.items() if name != "character"}
        return rest | {"reading": dict(rest.get("reading", {})) | {"character": content["character"]}}

    def check(self) -> None:
        """Raise InputError unless there is something to learn, by one policy or by several."""
        if not self.motions:
            raise InputError("there is no motion to learn; name one or more motion files")
        if self.together and self.seeds > 1:
            raise InputError("--together trains one policy; leave out --seeds, and run again with another --seed")


def main(program: Program) -> None:
    """Do the stage, unless it is done; or all of them, side by side."""
    for motion in program.motions:
        if not motion.is_file():
            raise InputError(f"there is no file {motion}; check the name")
    one = len(program.motions) == 1 or program.together
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:  # as torchrun says
        if not one or program.seeds > 1:
            raise InputError("processes of torchrun train one policy; give one motion or --together, and no --seeds")
        train_as_one(program)
        return
    if one and program.seeds == 1:
        say_outcome(train_one(program.motions, program.out, program))
        return
    from sfv.cli.abreast import Job, abreast

    limit = parse_budget(program.train.budget)
    size = limit.seconds if limit.seconds < float("inf") else limit.samples
    abreast([Job(folder.name, train_one, ((motion,), folder, own), size) for motion, folder, own in trainings(program)])


def trainings(program: Program) -> list[tuple[Path, Path, Program]]:
    """Motion, folder and settings of each training.

    Raises:
        InputError: a motion is given twice.
    """
    tracking = replace(program.tracking, threads=1)
    out: dict[Path, tuple[Path, Path, Program]] = {}
    for name, motion in by_name(program.motions).items():
        for seed in range(program.train.seed, program.train.seed + program.seeds):
            folder = program.out / (name + (f"-seed{seed}" if program.seeds > 1 else ""))
            own = replace(program, tracking=tracking, train=replace(program.train, seed=seed))
            out[folder] = motion, folder, own
    return list(out.values())


def stages_of(motions: Sequence[Path], out: Path, program: Program) -> tuple[list[Stage], Stage]:
    """What makes references of motions that are none yet, and the training of one policy."""
    from sfv.character import load_character
    from sfv.pipeline.reference import as_it_is

    body = load_character(program.character)
    settings = Settings(
        excerpt=program.excerpt,
        reading=program.reading,
        performer=program.character,
        map=program.map,
        tracking=program.tracking,
    )
    asked = not program.excerpt.whole or bool(set(program.reading.given) - {"character"})
    before, references = [], by_name(motions)
    for name, path in references.items():
        if asked or as_it_is(path, body) is None:
            references[name] = out / "references" / f"{name}.npz"
            before.append(import_stage(path, references[name], beside(references[name]), settings))
    if program.map and not before:
        raise InputError(f"--map does nothing for motions that are of {program.character} already; leave it out")
    return before, policy_stage(
        references, out.joinpath, program.character, program.tracking, program.train, begun_from=program.begun_from
    )


def train_one(motions: Sequence[Path], out: Path, program: Program) -> Outcome:
    """Train one policy, unless that is done."""
    before, stage = stages_of(motions, out, program)
    with alone_at(out):
        for reference in before:
            perform(reference)
        return perform(stage)


def train_as_one(program: Program) -> None:
    """Train one policy in all processes of a group; the first looks after the files."""
    from policies.group import joined

    group, out = joined(), program.out
    before, stage = stages_of(program.motions, out, program)
    if group.rank > 0:
        if group.told(None) == "work":
            stage.work(stage.bench.at)
        return

    def work(at: At) -> None:
        group.told("work")
        stage.work(at)

    with alone_at(out):
        for reference in before:
            perform(reference)
        outcome = perform(replace(stage, work=work))
    if outcome.skipped:
        group.told("nothing to do")
    say_outcome(outcome)
