"""`sfv run`: its settings, its folder, and the order of its stages."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from tyro.conf import OmitArgPrefixes, Positional, arg

from envs.config import TrackingConfig, at_rate
from envs.preview.config import PreviewConfig
from policies.config import TrainConfig
from recon.config import PoseConfig, ReconstructConfig
from sfv.errors import InputError
from sfv.excerpt import Excerpt
from sfv.pipeline.pages import page_stage, preview_stage, read_columns
from sfv.pipeline.stages import evaluation_stage, import_stage, motion_stage, policy_stage, pose_stage, suite_stage
from sfv.work.config import changed, plain, write_config
from sfv.work.folder import alone_in
from sfv.work.provenance import provenance
from sfv.work.stage import Mark, Outcome, Stage, perform


@dataclass(frozen=True)
class RunConfig:
    """From a clip of a person to a trained policy and a report.

    The run folder gets 1-pose, 2-motion, 3-policy and 4-report; open 4-report/index.html first. What is done is not
    done again, and a run that was stopped goes on where it was: type the same command again.
    """

    clip: Annotated[Path, Positional, arg(metavar="CLIP")]
    """A video of a person, or a motion file of any format that sfv convert knows, which is then the reference itself;
    one of another body is retargeted."""
    out: Path
    """The run folder, such as runs/name."""
    excerpt: OmitArgPrefixes[Excerpt] = field(default_factory=Excerpt)
    character: str = "humanoid"
    """Who is to do it: one of sfv's characters, or an MJCF file."""
    performer: str | None = None
    """Whose motion CLIP is, where it holds joint angles and no bones, as a robot's csv does: an MJCF file."""
    pose: OmitArgPrefixes[PoseConfig] = field(default_factory=PoseConfig)
    reconstruct: OmitArgPrefixes[ReconstructConfig] = field(default_factory=ReconstructConfig)
    tracking: OmitArgPrefixes[TrackingConfig] = field(default_factory=TrackingConfig)
    train: OmitArgPrefixes[TrainConfig] = field(default_factory=TrainConfig)
    mend: bool = True
    """Let sfv repair take flaws out of the reference that the physics check finds: a floor that is sunk into, feet that
    slide, a rough seam, force from nowhere. The reference then differs from a motion file by a few centimetres; from
    what is seen in a video only where the check fails."""
    preview: bool = False
    """Before training, let the character perform the reference by planning ahead, as sfv preview does, for a first page
    to look at while training runs. It takes 10 to 40 CPU seconds per second of the clip."""
    rollouts: int = 32
    """Rollouts by which the policy is measured: so many from the clip's start, and as many from random phases."""
    config: Path | None = None
    """Settings to start from: the config.yaml of an earlier run, or a preset's name. Flags override it."""


@dataclass(frozen=True)
class RunFolder:
    """Where the files of one run are."""

    root: Path

    def pose(self, name: str) -> Path:
        """Stage 1: track.npz, overlay.mp4."""
        return self.root / "1-pose" / name

    def motion(self, name: str) -> Path:
        """Stage 2: motion.npz, scorecard.json."""
        return self.root / "2-motion" / name

    def preview(self, name: str) -> Path:
        """Of stage 2, where it was asked for: preview.npz, preview.mp4, index.html."""
        return self.root / "2-motion" / "preview" / name

    def policy(self, name: str) -> Path:
        """Stage 3: policy.safetensors, policy.zip, policy.onnx, config.yaml, progress.csv."""
        return self.root / "3-policy" / name

    def report(self, name: str) -> Path:
        """Stage 4: report.json, index.html, rollout.mp4."""
        return self.root / "4-report" / name


def run(config: RunConfig, announce: Callable[[Outcome], None]) -> RunFolder:
    """All stages, each unless it is done; `announce` hears how each went when it is over.

    Raises:
        InputError: the clip or the settings cannot be used, or the folder cannot be written.
    """
    folder = RunFolder(config.out)
    with alone_in(folder.root):
        first, *others = run_stages(config)
        announce(perform(first))
        write_config(folder.root / "config.yaml", resolved(config))  # not before, lest a bad clip leave something
        for stage in others:
            announce(perform(stage))
    return folder


def holds_motion(clip: Path) -> bool:
    """Whether the name is that of a motion file, plain or gzipped; everything else is a video."""
    from sfv.formats.files import FORMATS

    return clip.name.lower().removesuffix(".gz").endswith(tuple(s for kind in FORMATS.values() for s in kind.suffixes))


def run_stages(config: RunConfig) -> list[Stage]:
    """The stages of a run in their order."""
    folder = RunFolder(config.out)
    track, motion = folder.pose("track.npz"), folder.motion("motion.npz")
    if holds_motion(config.clip):
        performer, rate = config.performer, config.tracking.control_hz
        reference = [
            import_stage(
                config.clip, motion, folder.motion, config.character, rate, config.mend, performer, config.excerpt
            )
        ]
    else:
        reference = [
            pose_stage(config.clip, track, folder.pose, config.pose, config.excerpt),
            motion_stage(track, motion, folder.motion, config.character, config.reconstruct, config.mend),
        ]
    about = partial(provenance, resolved(config), config.train.seed)
    if config.preview:
        planned = PreviewConfig(control_hz=config.tracking.control_hz, decimation=config.tracking.decimation,
                                threads=config.tracking.threads)  # fmt: skip
        reference.append(preview_stage(motion, folder.preview, config.character, planned, about))
    policy = policy_stage({motion.stem: motion}, folder.policy, config.character, config.tracking, config.train)
    evaluation = evaluation_stage(
        folder.policy("policy.safetensors"),
        motion,
        folder.report,
        config.character,
        config.tracking,
        config.rollouts,
        lambda: about() | {"minutes": stage_minutes(folder)},
    )
    overlay = folder.pose("overlay.mp4") if reference[0].name == "1-pose" else None
    preview = folder.preview("preview.json") if config.preview else None
    return [*reference, policy, evaluation, page_of(folder.root, overlay, preview, None)]


def page_of(root: Path, overlay: Path | None, preview: Path | None, page: Path | None) -> Stage:
    """The page of a run, in its own place or another."""
    run = RunFolder(root)
    report, rollout, page = run.report("report.json"), run.report("rollout.mp4"), page or run.report("index.html")
    policy, motion = run.policy("policy.safetensors"), run.motion("motion.npz")
    return page_stage(report, rollout, policy, motion, overlay, preview, page)


def stage_minutes(folder: RunFolder) -> dict[str, float]:
    """Stage name -> how long it took, of the stages of a run that are done; of a training, all its goes together."""
    marks = {place("").name: Mark.read(place("stage.json")) for place in (folder.pose, folder.motion, folder.policy)}
    minutes = {name: mark.seconds / 60.0 for name, mark in marks.items() if mark and mark.state == "done"}
    if "3-policy" in minutes:
        trained = read_columns(folder.policy("progress.csv")).get("minutes", [0.0])
        minutes["3-policy"] = max(minutes["3-policy"], trained[-1])
    return {name: round(spent, 2) for name, spent in minutes.items()}


ACTED = ("control_hz", "decimation", "action_scale")
"""Settings of the task that decide what an action does."""


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
        home = folder / "3-policy" if (folder / "3-policy").is_dir() else folder
        mark = Mark.read(home / "stage.json")
        if mark is None or mark.state != "done":
            raise InputError(f"{folder} holds no finished policy; finish it with sfv run, or make one with sfv train")
        return cls(home, mark)

    @property
    def run(self) -> RunFolder:
        """The run that it is part of, if it is."""
        return RunFolder(self.folder.parent)

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
        said = {name: self.folder / path for name, path in self.mark.inputs.items() if name.startswith("motion")}
        return {name.removeprefix("motion ") if " " in name else path.stem: path for name, path in said.items()}

    def references(self) -> dict[str, Path]:
        """The same, all still there.

        Raises:
            InputError: one is gone.
        """
        for path in self.motions.values():
            if not path.is_file():
                raise InputError(
                    f"{path}, which {self.folder} was trained on, is gone; bring it back, or evaluate with --motion "
                    "and its new place"
                )
        return self.motions

    def called(self, motion: Path) -> str:
        """The name by which it knows a motion file; of another, the file's own."""
        same = (name for name, path in self.motions.items() if path.resolve() == motion.resolve())
        return next(same, motion.stem)


def evaluation_of(
    folder: Path, motion: Path | None, rollouts: int, out: Path | None, physics_hz: float | None = None
) -> Stage:
    """The evaluation of what was trained before, on the motions and the task that it was trained on.

    Args:
        folder: a run, or the folder of a policy.
        motion: the reference, where it is not where it was, or one of several.
        rollouts: how many, of each motion.
        out: where the report goes; None is 4-report of the run, or `evaluation` in the policy's folder.
        physics_hz: the rate of the physics, where it is not to be that of the training; named in the folder then.

    Raises:
        InputError: there is no finished policy.
    """
    trained = Trained.find(folder)
    home, run, mark, tracking = trained.folder, trained.run, trained.mark, trained.tracking
    references = trained.references() if motion is None else {trained.called(motion): motion}
    usual = run.report("") if home.name == "3-policy" else home / "evaluation"
    if motion is not None and "motion" not in mark.inputs:
        usual = usual.with_name(f"{usual.name}-{trained.called(motion)}")
    if physics_hz is not None:
        tracking, usual = at_rate(tracking, physics_hz), usual.with_name(f"{usual.name}-{physics_hz:g}hz")
    place = (out or usual).joinpath

    def about() -> dict[str, Any]:
        settings = mark.config | {"rollouts": rollouts, "physics_hz": physics_hz}
        return provenance(settings, mark.config["train"]["seed"]) | {"minutes": stage_minutes(run)}

    if len(references) > 1:
        return suite_stage(trained.policy, references, place, trained.character, tracking, rollouts, about)
    (reference,) = references.values()
    if not reference.is_file():
        raise InputError(f"there is no file {reference}; check the name")
    return evaluation_stage(trained.policy, reference, place, trained.character, tracking, rollouts, about)


def distillation_of(runs: Sequence[Path], out: Path, config: TrainConfig, lessons: float, threads: int = 0) -> Stage:
    """One policy of what several do, each taught by its own; reward and starts are the first one's.

    Raises:
        InputError: one is not finished, two have one name, or they are of different characters or tasks.
    """
    teachers: dict[str, Trained] = {}
    for folder in runs:
        place = folder.absolute()
        name = place.parent.name if place.name == "3-policy" else place.name
        if name in teachers:
            raise InputError(
                f"{teachers[name].folder} and {folder} have one name; motions are called by it, rename one"
            )
        teachers[name] = Trained.find(folder)
    first = next(iter(teachers.values()))
    for other in teachers.values():
        differ = [key for key in ("body", "character") if first.mark.config.get(key) != other.mark.config.get(key)]
        differ += [key for key in ACTED if getattr(first.tracking, key) != getattr(other.tracking, key)]
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


def resolved(program: Any) -> dict[str, Any]:
    """A program's settings as they are written beside its result; where results go is said anew each time."""
    settings = {name: value for name, value in plain(program).items() if name not in ("out", "config")}
    return settings | ({"clip": str(program.clip.absolute())} if "clip" in settings else {})
