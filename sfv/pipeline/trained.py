"""What was trained before: a finished policy with its task and its motions, and the stages that begin from it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from envs.config import TrackingConfig, at_rate
from policies.config import TrainConfig
from sfv.errors import InputError
from sfv.pipeline.named_motions import motions_among
from sfv.pipeline.stages import POLICY_FILES, evaluation_stage, policy_stage
from sfv.work.config import changed
from sfv.work.mark import Mark
from sfv.work.provenance import provenance
from sfv.work.run_folder import POLICY, RunFolder, stage_minutes
from sfv.work.stage import Stage

ALIKE = ("control_hz", "decimation", "action_scale", "scan", "ahead", "object")
"""Settings of the task that decide what an action does, and what is observed."""


@dataclass(frozen=True)
class Trained:
    """A finished policy and what it was trained on.

    Attributes:
        folder: of the policy.
        mark: what its stage left.
    """

    folder: Path
    mark: Mark

    @classmethod
    def find(cls, folder: Path) -> "Trained":
        """That of a run, or in the folder of a policy.

        Raises:
            InputError: there is none.
        """
        home = folder / POLICY if (folder / POLICY).is_dir() else folder
        mark = Mark.read(home / "stage.json")
        if mark is None or mark.state != "done" or POLICY_FILES[0] not in mark.outputs:  # other stages leave marks too
            raise InputError(f"{folder} holds no finished policy; finish it with sfv run, or make one with sfv train")
        return cls(home, mark)

    @property
    def run(self) -> RunFolder | None:
        """The run that it is part of, if it is."""
        return RunFolder.around(self.folder)

    @property
    def character(self) -> str:
        """Whose policy it is."""
        return str(self.mark.config["character"])

    @property
    def tracking(self) -> TrackingConfig:
        """The task that it was trained in."""
        return changed(TrackingConfig(), self.mark.config["tracking"], str(self.folder / "stage.json"))

    @property
    def policy(self) -> Path:
        """Its file."""
        return self.folder / "policy.safetensors"

    @property
    def motions(self) -> dict[str, Path]:
        """Name -> where each motion that it follows was."""
        return {name: self.folder / path for name, path in motions_among(self.mark.inputs).items()}

    def references(self) -> dict[str, Path]:
        """The same, all still there.

        Raises:
            InputError: one is gone.
        """
        for path in self.motions.values():
            if not path.is_file():
                raise InputError(
                    f"{path}, which {self.folder} was trained on, is gone; bring it back (sfv evaluate "
                    "takes its new place by --motion)"
                )
        return self.motions

    def called(self, motion: Path) -> str:
        """The name by which it knows a motion file; of another, the file's own."""
        same = (name for name, path in self.motions.items() if path.resolve() == motion.resolve())
        return next(same, motion.stem)


def evaluation_of(
    folder: Path,
    motion: Path | None,
    rollouts: int,
    out: Path | None,
    physics_hz: float | None = None,
    terrain: tuple[str, ...] = (),
) -> Stage:
    """The evaluation of what was trained before, on the motions and the task that it was trained on.

    Args:
        folder: a run, or the folder of a policy.
        motion: the reference, where it is not where it was, or one of several.
        rollouts: how many, of each motion.
        out: where the report goes; None is 4-report of the run, or `evaluation` in the policy's folder.
        physics_hz: the rate of the physics, where it is not to be that of the training; named in the folder then.
        terrain: kinds of ground, where they are not to be those of the training; named in the folder then.

    Raises:
        InputError: there is no finished policy.
    """
    trained = Trained.find(folder)
    run, mark, tracking = trained.run, trained.mark, trained.tracking
    references = trained.references() if motion is None else {trained.called(motion): motion}
    usual = run.report("") if run else trained.folder / "evaluation"
    if motion is not None and len(trained.motions) > 1:
        usual = usual.with_name(f"{usual.name}-{trained.called(motion)}")
    if physics_hz is not None:
        tracking, usual = at_rate(tracking, physics_hz), usual.with_name(f"{usual.name}-{physics_hz:g}hz")
    if terrain:
        tracking = replace(tracking.in_place(), terrain=terrain)  # which is for level ground
        tracking.check()
        said = "-".join(terrain).replace(":", "-")
        usual = usual.with_name(f"{usual.name}-{said}")

    def about() -> dict[str, Any]:
        settings = mark.config | {"rollouts": rollouts, "physics_hz": physics_hz, "terrain": terrain}
        minutes = {"minutes": stage_minutes(run)} if run else {}
        return provenance(settings, mark.config["train"]["seed"]) | minutes

    for reference in references.values():
        if not reference.is_file():
            raise InputError(f"there is no file {reference}; check the name")
    place = (out or usual).joinpath
    return evaluation_stage(trained.policy, references, place, trained.character, tracking, rollouts, about)


def distillation_of(runs: Sequence[Path], out: Path, config: TrainConfig, lessons: float, threads: int = 0) -> Stage:
    """One policy of what several do, each taught by its own; reward and starts are the first one's.

    Raises:
        InputError: one is not finished, two have one name, or they are of different characters or tasks.
    """
    teachers = _named(runs)
    first = next(iter(teachers.values()))
    for other in teachers.values():
        differ = [key for key in ("body", "character") if first.mark.config.get(key) != other.mark.config.get(key)]
        differ += [key for key in ALIKE if getattr(first.tracking, key) != getattr(other.tracking, key)]
        if differ:
            raise InputError(
                f"{first.folder} and {other.folder} differ in {', '.join(differ)}, so one policy cannot do what both "
                "do; train them alike"
            )
    motions = {}
    for name, trained in teachers.items():
        if len(known := trained.references()) > 1:
            raise InputError(f"{trained.folder} does several motions; distil from policies that do one each")
        (motions[name],) = known.values()
    policies = {name: trained.policy for name, trained in teachers.items()}
    tracking = replace(first.tracking, threads=threads)
    return policy_stage(motions, out.joinpath, first.character, tracking, config, policies, lessons)


def _named(runs: Sequence[Path]) -> dict[str, Trained]:
    """The policies by the names of their runs."""
    named: dict[str, Trained] = {}
    for folder in runs:
        run = RunFolder.around(folder)
        name = (run.root if run else folder).absolute().name
        if name in named:
            raise InputError(f"{named[name].folder} and {folder} have one name; motions are called by it, rename one")
        named[name] = Trained.find(folder)
    return named
