"""The stages, one function each: what goes in, what comes out, and who does it.

`sfv run` does them in a run folder, and the verbs do them one at a time anywhere. What a stage computes is the business
of recon, envs, policies and sfv.view, which are imported when they work.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envs.config import TrackingConfig
from policies.config import TrainConfig, parse_budget
from recon.config import PoseConfig, ReconstructConfig
from sfv.errors import InputError
from sfv.excerpt import WHOLE, Excerpt
from sfv.pipeline.sources import clip_of, source_pictures
from sfv.work.config import write_config
from sfv.work.files import fingerprint, replacing
from sfv.work.stage import Stage

if TYPE_CHECKING:
    import mujoco
    from torch import Tensor

    from sfv.character import Character

log = logging.getLogger(__name__)

REPORT_VERSION = 3
POSE_VERSION = 3
MOTION_VERSION, POLICY_VERSION = 7, 5
"""To be raised when the code of a stage changes what it makes."""

REPORT_SEED = 2000
"""Other starts than those by which training chose its best policy, which would flatter it."""
JUDGED_LOOP, JUDGED = 32, 128
"""Rollouts from the start by which training chooses its best policy, of a loop and of a clip that ends: the latter take
a few seconds instead of 20, and so many tell a policy that fails once in a hundred from one that does not."""
BROKEN = "nan_state.npz"
"""Where a state goes from which the physics went to NaN."""

Place = Callable[[str], Path]
"""Where what belongs to a stage goes: 'config.yaml' -> path."""


def beside(result: Path) -> Place:
    """Where a verb puts what belongs to a result outside a run folder: track.npz -> track.overlay.mp4."""
    return lambda name: result.with_name(f"{result.stem}.{name}")


def pose_stage(clip: Path, track: Path, place: Place, config: PoseConfig, excerpt: Excerpt) -> Stage:
    """Clip -> track, and the overlay video."""
    overlay, settings = place("overlay.mp4"), {"pose": config} | _part(excerpt)

    def work() -> None:
        from recon.pose.estimate import estimate_pose
        from sfv.clip import Clip
        from sfv.view.overlay import overlay_video

        frames = Clip.open(clip, excerpt)
        estimate = estimate_pose(frames, config)
        overlay_video(frames, estimate.tracks, estimate.chosen, overlay)
        estimate.track.save(track)
        write_config(place("config.yaml"), settings)

    outputs = (track, overlay, place("config.yaml"))
    return Stage("1-pose", POSE_VERSION, {"clip": clip}, settings, outputs, place("stage.json"), work)


def motion_stage(
    track: Path, motion: Path, place: Place, character: str, config: ReconstructConfig, mend: bool
) -> Stage:
    """Track -> reference motion, its scorecard and its physics check; with `mend` repaired where it fails.

    Raises:
        InputError: there is no such camera path or lifter.
    """
    scorecard = place("scorecard.json")
    settings: dict[str, object] = {"character": character, "reconstruct": config, "mend": mend}

    def work() -> None:
        from recon.reconstruct import reconstruct
        from sfv.pipeline.reference import checked, mended
        from sfv.pose import PoseTrack

        body = _character(character)
        result = reconstruct(PoseTrack.load(track), body, config)
        if mend:
            reference, found = mended(result.motion, body, failures_only=True)
            result = replace(result, motion=reference)
        else:
            found = checked(result.motion, body)
        result.motion.save(motion)
        result.scorecard.save(scorecard)
        found.report().save(place("check.json"))
        write_config(place("config.yaml"), settings)

    outputs = (motion, scorecard, place("check.json"), place("config.yaml"))
    decisive = settings | body_of(character)
    files = {"camera path": config.camera_path, "lifter": config.lifter}
    given = {name: path for name, path in files.items() if path}
    for name, path in given.items():  # before a track is made, which takes minutes
        if not path.is_file():
            raise InputError(f"there is no file {path} for the {name}; check the name")
    return Stage("2-motion", MOTION_VERSION, {"track": track} | given, decisive, outputs, place("stage.json"), work)


def import_stage(
    source: Path,
    motion: Path,
    place: Place,
    character: str,
    fps: float,
    mend: bool,
    performer: str | None = None,
    excerpt: Excerpt = WHOLE,
) -> Stage:
    """Motion file of any known format -> reference motion of the character at `fps`.

    One of another body (`performer`, where the file does not say) is retargeted; with `mend` it is repaired where the
    check says so.
    """
    scorecard = place("scorecard.json")
    settings: dict[str, object] = {"character": character, "fps": fps, "mend": mend} | _part(excerpt)
    if performer is not None:
        settings["performer"] = performer

    def work() -> None:
        from sfv.check.scorecard import motion_scorecard
        from sfv.formats.files import read_motion
        from sfv.pipeline.reference import checked, mended, retargeted

        reference, body = read_motion(source, character=performer).part(excerpt), _character(character)
        if abs(reference.fps - fps) > 1e-6:
            reference = reference.resampled(fps)
        if reference.skeleton.difference_to(body.skeleton):
            reference = retargeted(reference, body)
        reference, found = mended(reference, body) if mend else (reference, checked(reference, body))
        reference.save(motion)
        motion_scorecard(reference, body).save(scorecard)
        found.report().save(place("check.json"))
        write_config(place("config.yaml"), settings)

    outputs = (motion, scorecard, place("check.json"), place("config.yaml"))
    decisive = settings | body_of(character)
    inputs = {"motion": source} | ({"performer": Path(performer)} if performer and Path(performer).is_file() else {})
    return Stage("2-motion", MOTION_VERSION, inputs, decisive, outputs, place("stage.json"), work)


def policy_stage(
    motions: Mapping[str, Path],
    place: Place,
    character: str,
    tracking: TrackingConfig,
    config: TrainConfig,
    teachers: Mapping[str, Path] | None = None,
    lessons: float = 0.0,
) -> Stage:
    """Reference motions -> one policy. A killed training goes on from its last checkpoint, also towards another budget.

    Args:
        motions: name -> file.
        place: where the policy's files go.
        character: whose policy.
        tracking: the task.
        config: of the learner.
        teachers: name of each motion -> a policy of it that the learner hears at first (policies/teachers.py).
        lessons: samples over which it hears them less and less.

    Raises:
        InputError: the budget cannot be read.
    """
    parse_budget(config.budget)  # a slip in it should not be found out after minutes of work
    one = len(motions) == 1
    inputs = {"motion" if one else f"motion {name}": path for name, path in motions.items()}
    settings: dict[str, object] = {"character": character, "tracking": tracking, "train": config}
    if teachers:
        inputs |= {f"teacher {name}": path for name, path in teachers.items()}
        settings["lessons"] = lessons

    def work() -> None:
        import torch

        from envs.judge.evaluation import Evaluator
        from envs.judge.suite import Suite
        from envs.tracking import TrackingEnv
        from policies.export import load_policy
        from policies.group import joined
        from policies.teachers import Teachers
        from policies.train import train
        from sfv.motion import Motion

        clips = {name: Motion.load(path) for name, path in motions.items()}
        body, group = _character(character), joined()
        if tracking.threads:  # two learners side by side would wait for each other's threads
            torch.set_num_threads(tracking.threads)
        env = TrackingEnv(list(clips.values()), body, tracking, group.share(config.num_envs), config.seed + group.rank)
        teacher = Teachers([load_policy(teachers[name])[0] for name in clips], env.clip) if teachers else None
        if not one:
            suite = Suite(clips, body, tracking)
            train(env, suite, config, place(""), None, teacher, lessons)
        else:
            (clip,) = clips.values()
            evaluator = Evaluator(clip, body, tracking, JUDGED_LOOP if clip.loop else JUDGED)
            train(env, lambda policy: evaluator(policy).report, config, place(""), None, teacher, lessons)
        save_broken(env.broken_state, env.broken, env.model, place(BROKEN))
        write_config(place("config.yaml"), settings)

    names = ("policy.safetensors", "policy.zip", "policy.onnx", "config.yaml", "progress.csv")
    decisive = _decisive(settings, tracking, character)
    return Stage(
        "3-policy",
        POLICY_VERSION,
        inputs,
        decisive,
        tuple(place(name) for name in names),
        place("stage.json"),
        work,
        partial=(place("checkpoint.safetensors"), place("tensorboard"), place(BROKEN)),
        partial_config=decisive | {"train": replace(config, budget="")},
    )


def by_name(motions: Sequence[Path]) -> dict[str, Path]:
    """Motion files by their names without folder and suffix.

    Raises:
        InputError: two are alike.
    """
    out = {path.stem: path for path in motions}
    if len(out) < len(motions):
        raise InputError("motions that one policy learns are told apart by their names, and two are alike; rename one")
    return out


def evaluation_stage(
    policy: Path,
    motion: Path,
    place: Place,
    character: str,
    tracking: TrackingConfig,
    rollouts: int,
    provenance: Callable[[], Mapping[str, Any]],
) -> Stage:
    """Policy and reference motion -> report, what the character did as a motion, and a video of both."""
    settings: dict[str, object] = {"character": character, "tracking": tracking, "rollouts": rollouts}

    def work() -> None:
        from envs.judge.evaluation import Evaluator
        from policies.export import load_policy
        from sfv.motion import Motion
        from sfv.view.rollout import rollout_video

        wanted, body = Motion.load(motion), _character(character)
        actor, _ = load_policy(policy)
        evaluator = Evaluator(wanted, body, tracking, rollouts, seed=REPORT_SEED)
        found = evaluator(actor)
        reference = found.reference if wanted.loop else wanted  # whole, also where the character fell before its end
        found.simulated.save(place("simulated.npz"))
        reference.save(place("reference.npz"))
        rollout_video(place("rollout.mp4"), reference, found.simulated, body, source_pictures(motion))
        save_broken(found.broken_state, evaluator.env.broken, evaluator.env.model, place(BROKEN))
        clip = clip_of(motion)
        title = clip.name if clip else found.report.title
        replace(found.report, title=title, provenance=provenance()).save(place("report.json"))
        write_config(place("config.yaml"), settings)

    names = ("report.json", "rollout.mp4", "simulated.npz", "reference.npz", "config.yaml")
    outputs = tuple(place(name) for name in names)
    decisive = _decisive(settings, tracking, character)
    inputs = {"policy": policy, "motion": motion}
    return Stage("4-report", REPORT_VERSION, inputs, decisive, outputs, place("stage.json"), work)


def suite_stage(
    policy: Path,
    motions: Mapping[str, Path],
    place: Place,
    character: str,
    tracking: TrackingConfig,
    rollouts: int,
    provenance: Callable[[], Mapping[str, Any]],
) -> Stage:
    """Policy and its reference motions, by name -> report: means over the motions, and the figures of each."""
    settings: dict[str, object] = {"character": character, "tracking": tracking, "rollouts": rollouts}

    def work() -> None:
        from envs.judge.suite import Suite
        from policies.export import load_policy
        from sfv.motion import Motion

        clips = {name: Motion.load(path) for name, path in motions.items()}
        actor, _ = load_policy(policy)
        report = Suite(clips, _character(character), tracking, rollouts, seed=REPORT_SEED)(actor)
        replace(report, provenance=provenance()).save(place("report.json"))
        write_config(place("config.yaml"), settings)

    outputs = place("report.json"), place("config.yaml")
    decisive = _decisive(settings, tracking, character)
    inputs = {"policy": policy} | {f"motion {name}": path for name, path in motions.items()}
    return Stage("4-report", REPORT_VERSION, inputs, decisive, outputs, place("stage.json"), work)


def save_broken(state: "Tensor | None", count: int, model: "mujoco.MjModel", path: Path) -> None:
    """Keep a state from which the physics went to NaN, with its model and how often that happened; None: nothing."""
    if state is None:
        return
    import mujoco
    import numpy as np

    compiled = np.empty(mujoco.mj_sizeModel(model), np.uint8)
    mujoco.mj_saveModel(model, None, compiled)
    with replacing(path) as temporary:
        np.savez_compressed(temporary, state=state.numpy(), kind="mjSTATE_INTEGRATION", model_mjb=compiled, count=count)
    log.warning("the physics went to NaN in %d episodes, which ended there; the state before one is in %s", count, path)


def _part(excerpt: Excerpt) -> dict[str, object]:
    """What of an excerpt decides a result: nothing, if it is the whole clip."""
    return {} if excerpt.whole else {"excerpt": excerpt}


def _character(name: str) -> "Character":
    from sfv.character import load_character

    return load_character(name)


def _decisive(settings: dict[str, object], tracking: TrackingConfig, character: str) -> dict[str, object]:
    """What decides the result of a task: its settings but for the number of threads, and what the character is."""
    return settings | {"tracking": replace(tracking, threads=0)} | body_of(character)


def body_of(character: str) -> dict[str, object]:
    """What of the character decides a result: not its file's name but what is in it."""
    return {"body": fingerprint(_character(character).xml)}
