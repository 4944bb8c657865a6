"""`sfv run`: the order of its stages, in its folder."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from envs.preview.config import PreviewConfig
from sfv.errors import InputError
from sfv.pipeline.findings import findings
from sfv.pipeline.pages import page_stage, preview_stage
from sfv.pipeline.robustness import robustness_stage
from sfv.pipeline.settings import Run
from sfv.pipeline.stages import evaluation_stage, import_stage, motion_stage, policy_stage, pose_stage
from sfv.work.config import write_config
from sfv.work.folder import alone_in
from sfv.work.mark import origin
from sfv.work.provenance import provenance
from sfv.work.run_folder import POLICY, POSE, RunFolder, stage_minutes
from sfv.work.stage import Outcome, Stage, perform


def perform_run(run: Run, announce: Callable[[Outcome], None]) -> RunFolder:
    """All stages, each unless it is done; `announce` hears how each went when it is over.

    Raises:
        InputError: the clip or the settings cannot be used, or the folder cannot be written.
    """
    folder = RunFolder(run.out)
    with alone_in(folder.root):
        first, *others = run_stages(run)
        announce(perform(first))
        write_config(folder.root / "config.yaml", run.record())  # not before, lest a bad clip leave something
        for stage in others:
            if stage.name == POLICY:
                require_sense(folder, run.settings.anyway)
            announce(perform(stage))
    return folder


def require_sense(folder: RunFolder, anyway: bool) -> None:
    """Stop before training where the check of the reference says that the clip was read wrongly.

    Raises:
        InputError: it says so, and nobody said to go on `anyway`.
    """
    for finding in findings(folder.motion("check.json")) if not anyway else ():
        if finding.misread:
            raise InputError(
                f"this is no motion of a person: {finding.words}; look at {folder.root}, or go on all the same "
                "with --anyway"
            )


def run_stages(run: Run) -> list[Stage]:
    """The stages of a run in their order."""
    folder, settings = RunFolder(run.out), run.settings
    motion, character, tracking = folder.motion("motion.npz"), settings.performer, settings.tracking
    about = partial(provenance, run.record(), settings.train.seed)
    stages = _reference_stages(run, folder)
    overlay = folder.pose("overlay.mp4") if stages[0].name == POSE else None
    if settings.preview:
        planned = PreviewConfig(
            control_hz=tracking.control_hz, decimation=tracking.decimation, threads=tracking.threads
        )
        stages.append(preview_stage(motion, folder.preview, character, planned, about))
    motions = {motion.stem: motion}
    stages.append(
        policy_stage(motions, folder.policy, character, tracking, settings.train, begun_from=settings.begun_from)
    )
    stages.append(
        evaluation_stage(
            folder.policy("policy.safetensors"),
            motions,
            folder.report,
            character,
            tracking,
            settings.rollouts,
            lambda: about() | {"minutes": stage_minutes(folder)},
        )
    )
    robustness: Path | None = folder.robustness("robustness.json")
    if settings.robustness:
        policy, name = folder.policy("policy.safetensors"), folder.root.absolute().name
        stages.append(robustness_stage(policy, motion, name, folder.robustness, character, tracking, True, about))
    elif not folder.robustness("robustness.json").is_file():
        robustness = None
    preview = folder.preview("preview.json") if settings.preview else None
    return [*stages, page_of(folder.root, overlay, preview, None, robustness)]


def _reference_stages(run: Run, folder: RunFolder) -> list[Stage]:
    """What finds the reference: a motion file is one already, a video goes through pose and reconstruction."""
    from sfv.formats.files import holds_motion

    settings, motion = run.settings, folder.motion("motion.npz")
    if holds_motion(run.source):
        return [import_stage(run.source, motion, folder.motion, settings)]
    reading, track = settings.reading, folder.pose("track.npz")
    if others := [name for name in reading.given if name not in ("speed", "fps")]:  # which the pose stage judges
        raise InputError(
            f"--{others[0]} does nothing for {run.source}, which is a video and no motion file; leave it out"
        )
    return [
        pose_stage(run.source, track, folder.pose, settings.pose, settings.excerpt, reading.fps, reading.speed),
        motion_stage(
            track,
            motion,
            folder.motion,
            settings.performer,
            settings.reconstruct,
            settings.mend,
            settings.scene == "auto",
        ),
    ]


def page_again(root: Path, page: Path | None = None) -> Stage:
    """The page of a run with all that it has by now, in its own place or another."""
    folder = RunFolder(root)
    track = origin(folder.motion("motion.npz"), "track")
    overlay = track.with_name("overlay.mp4") if track else None
    preview, robustness = folder.preview("preview.json"), folder.robustness("robustness.json")
    return page_of(
        root, overlay, preview if preview.is_file() else None, page, robustness if robustness.is_file() else None
    )


def page_of(
    root: Path, overlay: Path | None, preview: Path | None, page: Path | None, robustness: Path | None = None
) -> Stage:
    """The page of a run, in its own place or another."""
    folder = RunFolder(root)
    report, rollout = folder.report("report.json"), folder.report("rollout.mp4")
    policy, motion = folder.policy("policy.safetensors"), folder.motion("motion.npz")
    return page_stage(
        report, rollout, policy, motion, overlay, preview, page or folder.report("index.html"), robustness
    )
