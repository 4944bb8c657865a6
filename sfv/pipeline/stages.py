"""The stages, one function each: what goes in, what comes out, and who does it.

`sfv run` does them in a run folder, and the verbs do them one at a time anywhere. What a stage computes is the business
of recon, envs, policies and sfv.view, which are imported when they work.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envs.config import TrackingConfig
from policies.config import TrainConfig, parse_budget
from recon.config import PoseConfig, ReconstructConfig
from recon.shipped import FILLER, LIFTER, weights_file
from sfv.errors import InputError
from sfv.excerpt import Excerpt
from sfv.pipeline.judging import tracker_knows
from sfv.pipeline.named_motions import motion_inputs
from sfv.pipeline.policy_file import AUTO, SCRATCH, policy_file, shipped_tracker, suited
from sfv.pipeline.settings import Settings
from sfv.pipeline.sources import clip_of, source_pictures
from sfv.work.config import write_config
from sfv.work.contents import require_file
from sfv.work.files import write_json
from sfv.work.run_folder import MOTION, POLICY, POSE, REPORT, is_run
from sfv.work.stage import At, Stage

if TYPE_CHECKING:
    from sfv.character import Character
    from sfv.judged import Broken, Judged, Shown
    from sfv.motion import Motion

log = logging.getLogger(__name__)

REPORT_VERSION = 5
POSE_VERSION = 5
MOTION_VERSION, POLICY_VERSION = 10, 5
"""To be raised when the code of a stage changes what it makes."""

ROLLOUT, ROLLED_OUT = "rollout.mp4", ("simulated.npz", "reference.npz")
"""What an evaluation of one motion shows: a video, and the motions in it."""
WORST, WORST_MOTION = "worst.mp4", "worst.npz"
"""The same of its worst try from the start."""
BROKEN = "nan_state.npz"
"""Where a state goes from which the physics went to NaN."""

POLICY_FILES = ("policy.safetensors", "policy.zip", "policy.onnx", "config.yaml", "progress.csv")
"""What a training writes."""

Place = Callable[[str], Path]
"""Where what belongs to a stage goes: 'config.yaml' -> path."""


def beside(result: Path) -> Place:
    """Where a verb puts what belongs to a result outside a run folder: track.npz -> track.overlay.mp4."""
    return lambda name: result.with_name(f"{result.stem}.{name}")


def pose_stage(
    clip: Path,
    track: Path,
    place: Place,
    config: PoseConfig,
    excerpt: Excerpt,
    fps: float | None = None,
    speed: float = 1.0,
) -> Stage:
    """Clip, or a folder of pictures at `fps` -> track, the list of the people seen, and the overlay video.

    Raises:
        InputError: pictures without a rate, or a video with one.
    """
    overlay, settings = place("overlay.mp4"), {"pose": config} | _part(excerpt)

    def work(at: At) -> None:
        from recon.pose.cast import as_content
        from recon.pose.estimate import estimate_pose
        from sfv.clip import Clip
        from sfv.view.overlay import overlay_video

        frames = Clip.of_pictures(clip, fps, excerpt) if fps else Clip.open(clip, excerpt)
        estimate = estimate_pose(frames, config)
        lines = [person.words() for person in estimate.people] if len(estimate.people) > 1 else []
        overlay_video(estimate.clip, estimate.tracks, len(estimate.tracks) - 1, at(overlay), lines)
        replace(estimate.track, speed=speed).save(at(track))
        write_json(at(place("people.json")), as_content(estimate.people))
        write_config(at(place("config.yaml")), settings)

    outputs = (track, overlay, place("people.json"), place("config.yaml"))
    inputs = {"clip": clip}
    if clip.is_dir():
        from sfv.clip import pictures_in

        inputs = {f"picture {picture.name}": picture for picture in pictures_in(clip)}
        if fps is None:
            raise InputError(f"{clip} is a folder of pictures, which do not say how fast they follow; give --fps")
        settings |= {"fps": fps}
    elif fps is not None:
        raise InputError(f"--fps does nothing for {clip}, a video that has its own times; leave it out")
    if speed != 1.0:
        settings |= {"speed": speed}
    return Stage(POSE, POSE_VERSION, inputs, settings, outputs, place("stage.json"), work)


def motion_stage(
    track: Path, motion: Path, place: Place, character: str, config: ReconstructConfig, mend: bool, scene: bool = False
) -> Stage:
    """Track -> reference motion, its scorecard and its physics check; with `mend` repaired where it fails, with `scene`
    on the ground that it must have been performed on.

    Raises:
        InputError: there is no such camera path, lifter or prior.
    """
    said: dict[str, object] = {"character": character, "reconstruct": config, "mend": mend}
    if scene:
        said["scene"] = "auto"

    def work(at: At) -> None:
        from sfv.pipeline.reference import reconstructed
        from sfv.pose import PoseTrack

        reference = reconstructed(PoseTrack.load(track), _character(character), config, mend, scene)
        reference.save(at(motion), lambda name: at(place(name)))
        write_config(at(place("config.yaml")), said)

    outputs = (motion, place("scorecard.json"), place("check.json"), place("config.yaml"))
    weights = {LIFTER: config.lifter, FILLER: config.gaps}
    files = {"camera path": config.camera_path} | {name: weights_file(file, name) for name, file in weights.items()}
    given = {name: path for name, path in files.items() if path}
    for name, path in given.items():  # before a track is made, which takes minutes
        if not path.is_file():
            raise InputError(f"there is no file {path} for the {name}; check the name")
    decisive = said | body_of(character)
    return Stage(MOTION, MOTION_VERSION, {"track": track} | given, decisive, outputs, place("stage.json"), work)


def import_stage(source: Path, motion: Path, place: Place, settings: Settings) -> Stage:
    """Motion file of any known format -> reference motion of the character at the control rate.

    One of another body than the performer's is retargeted; with `mend` it is repaired where the check says so.
    """
    character, fps, reading = settings.performer, settings.tracking.control_hz, settings.reading
    whose = reading.character
    said: dict[str, object] = {"character": character, "fps": fps, "mend": settings.mend} | _part(settings.excerpt)
    if whose is not None:
        said["performer"] = whose  # as marks of before 0.2.0 call it
    if settings.scene != "none":
        said["scene"] = settings.scene
    if others := [name for name in reading.given if name != "character"]:
        said["reading"] = {name: getattr(reading, name) for name in others}

    def work(at: At) -> None:
        from sfv.pipeline.reference import reference_of

        reference = reference_of(source, _character(character), settings)
        reference.save(at(motion), lambda name: at(place(name)))
        write_config(at(place("config.yaml")), said)

    outputs = (motion, place("scorecard.json"), place("check.json"), place("config.yaml"))
    inputs = {"motion": source} | ({"performer": Path(whose)} if whose and Path(whose).is_file() else {})
    if settings.map is not None:
        require_file(settings.map)
        inputs["map"] = settings.map
    return Stage(MOTION, MOTION_VERSION, inputs, said | body_of(character), outputs, place("stage.json"), work)


def _require_no_run(folder: Path) -> None:
    """Raise InputError if a folder that is to be a policy's is that of a whole run."""
    if is_run(folder):
        raise InputError(f"{folder} is a run, whose policy belongs into {POLICY}; give another --out")


def policy_stage(
    motions: Mapping[str, Path],
    place: Place,
    character: str,
    tracking: TrackingConfig,
    config: TrainConfig,
    teachers: Mapping[str, Path] | None = None,
    lessons: float = 0.0,
    begun_from: Path = SCRATCH,
) -> Stage:
    """Reference motions -> one policy. A killed training goes on from its last checkpoint, also towards another budget.

    Args:
        motions: name -> file.
        place: where the policy's files go.
        character: whose policy.
        tracking: the task.
        config: of the learner.
        teachers: name of each motion -> a policy of it that the learner hears at first, less over `lessons` samples.
        begun_from: a policy to begin with; SCRATCH; or AUTO, the tracker where it follows enough of the one motion.

    Raises:
        InputError: the budget cannot be read, or the folder is a run's.
    """
    parse_budget(config.budget)  # a slip in it should not be found out after minutes of work
    tracking.check()
    _require_no_run(place(""))
    inputs, asked, taught, alone = motion_inputs(motions), config, teachers or {}, len(motions) == 1 and not teachers
    if begun_from == AUTO and alone and tracker_knows(config, character, tracking):
        inputs |= {"tracker": shipped_tracker()}
    elif begun_from == AUTO:
        begun_from = SCRATCH
    elif begun_from != SCRATCH:
        begun_from = policy_file(begun_from)
        inputs |= {"begun from": begun_from}
        config = suited(config, begun_from, character, tracking)
    inputs |= {f"teacher {name}": path for name, path in taught.items()}
    said: dict[str, object] = {"character": character, "tracking": tracking, "train": config}
    said |= {"lessons": lessons} if taught else {}

    def work(at: At) -> None:
        from sfv.pipeline.training import train_policy

        body = _character(character)
        broken, begun = train_policy(motions, body, tracking, config, at(place("")), taught, lessons, begun_from)
        keep_broken(broken, place(BROKEN), at)
        write_config(at(place("config.yaml")), said | {"train": asked, "begun_from": begun})

    decisive = _decisive(said, tracking, character)
    return Stage(
        POLICY,
        POLICY_VERSION,
        inputs,
        decisive,
        tuple(place(name) for name in POLICY_FILES),
        place("stage.json"),
        work,
        partial=(place("checkpoint.safetensors"), place("tensorboard"), place(BROKEN)),
        partial_config=decisive | {"train": replace(config, budget="")},
    )


def evaluation_stage(
    policy: Path,
    motions: Mapping[str, Path],
    place: Place,
    character: str,
    tracking: TrackingConfig,
    rollouts: int,
    provenance: Callable[[], Mapping[str, Any]],
) -> Stage:
    """Policy and reference motions, by name -> report; of one motion, also what the character did and a video of both,
    of several, means over them and the figures of each."""
    said: dict[str, object] = {"character": character, "tracking": tracking, "rollouts": rollouts}
    alone = next(iter(motions.values())) if len(motions) == 1 else None

    def work(at: At) -> None:
        from envs.judge.evaluate import evaluate
        from policies.export import load_policy
        from sfv.motion import Motion

        clips, body = {name: Motion.load(path) for name, path in motions.items()}, _character(character)
        actor, _ = load_policy(policy)
        found = evaluate(actor, clips, body, tracking, rollouts)
        keep_broken(found.broken, place(BROKEN), at)
        if alone:
            waits = tracking.wanders != ""
            show(found, next(iter(clips.values())), body, alone, lambda name: at(place(name)), waits)
        clip = clip_of(alone) if alone else None
        title = clip.name if clip else found.report.title
        replace(found.report, title=title, provenance=provenance()).save(at(place("report.json")))
        write_config(at(place("config.yaml")), said)

    names = ("report.json", "config.yaml", *((ROLLOUT, *ROLLED_OUT, WORST, WORST_MOTION) if alone else ()))
    decisive, inputs = _decisive(said, tracking, character), {"policy": policy} | motion_inputs(motions)
    outputs = tuple(place(name) for name in names)
    return Stage(REPORT, REPORT_VERSION, inputs, decisive, outputs, place("stage.json"), work)


def show(found: "Judged", wanted: "Motion", body: "Character", motion: Path, place: Place, waits: bool = False) -> None:
    """Write what the character did first and at worst, what it was to do, and videos beside the clip of `motion`.

    With `waits` the reference may have waited, and been moved, on the way.
    """
    from sfv.view.rollout import rollout_video

    pictures = source_pictures(motion)

    def follows(shown: "Shown") -> "Motion":
        # whole, also where the character fell before its end; on terrain it is where it was lifted to
        return wanted if shown.terrain.flat and not wanted.loop and not waits else shown.reference

    assert found.shown is not None  # a judge of one motion watches
    assert found.worst is not None
    simulated, reference = ROLLED_OUT
    follows(found.shown).save(place(reference))
    for shown, moved, video in ((found.shown, simulated, ROLLOUT), (found.worst, WORST_MOTION, WORST)):
        shown.simulated.save(place(moved))
        rollout_video(
            place(video), follows(shown), shown.simulated, body, pictures, terrain=shown.terrain, pushed=shown.pushed
        )


def keep_broken(broken: "Broken | None", path: Path, at: At) -> None:
    """Keep a state from which the physics went to NaN, if it did, and say where."""
    if broken:
        broken.save(at(path))
        log.warning(
            "the physics went to NaN in %d episodes, which ended there; the state before one is in %s",
            broken.count,
            path,
        )


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
    return {"body": _character(character).fingerprint}
