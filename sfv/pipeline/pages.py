"""What people look at: the stages that make pages, and the preview that they show while training runs."""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envs.preview.config import PreviewConfig
from sfv.pipeline.findings import findings, seen
from sfv.pipeline.sources import clip_of, opened, source_pictures
from sfv.pipeline.stages import ROLLED_OUT, ROLLOUT, WORST, WORST_MOTION, Place, beside, body_of
from sfv.report import Number, Report
from sfv.work.run_folder import read_columns
from sfv.work.stage import At, Stage

if TYPE_CHECKING:
    from sfv.view.page.files import BodyErrors, Download

PAGE_VERSION, PREVIEW_VERSION = 4, 4
"""To be raised when the code of a stage changes what it makes."""
VERDICT = ("followed", "time_followed", "body_error_max", "assisting_force_of_weight")
"""What of a preview goes to the scorecard of the reference."""


def preview_stage(
    motion: Path, place: Place, character: str, config: PreviewConfig, provenance: Callable[[], Mapping[str, Any]]
) -> Stage:
    """Reference motion -> what physics makes of it without training, and a page of it for the time of training."""
    scorecard = motion.with_name("scorecard.json")

    def work(at: At) -> None:
        from envs.preview.preview import preview, save_targets
        from sfv.character import load_character
        from sfv.motion import Motion
        from sfv.progress import bar
        from sfv.view.page.page import write_page
        from sfv.view.rollout import rollout_video

        wanted, body = Motion.load(motion), load_character(character)
        with bar("following", wanted.duration * config.control_hz, "steps") as advance:
            shown = preview(wanted, body, config, advance)
        shown.simulated.save(at(place("preview.npz")))
        save_targets(at(place("targets.npz")), shown, body, config)
        rollout_video(at(place("preview.mp4")), shown.reference, shown.simulated, body, source_pictures(motion))
        clip = clip_of(motion)
        title = f"{clip.name if clip else wanted.source}, before training"
        report = replace(shown.report, title=title, provenance=provenance())
        report.save(at(place("preview.json")))
        media = {"rollout": at(place("preview.mp4"))}
        write_page(at(place("index.html")), report, judged(Report.load(scorecard), report), media, clip=opened(motion))

    names = ("preview.json", "preview.npz", "targets.npz", "preview.mp4", "index.html")
    inputs = {"motion": motion, "scorecard": scorecard}
    settings = {"character": character, "preview": replace(config, threads=0)} | body_of(character)
    return Stage("preview", PREVIEW_VERSION, inputs, settings, tuple(map(place, names)), place("stage.json"), work)


def judged(scorecard: Report, preview: Report) -> Report:
    """The scorecard of a reference with the verdict of its preview in it."""
    rows = tuple(
        Number(f"preview_{number.name}", number.value, number.unit, number.better)
        for number in preview.numbers
        if number.name in VERDICT
    )
    return replace(scorecard, numbers=(*scorecard.numbers, *rows))


def page_stage(
    report: Path,
    rollout: Path,
    policy: Path,
    motion: Path,
    overlay: Path | None,
    preview: Path | None,
    page: Path,
    robustness: Path | None = None,
) -> Stage:
    """Report, video, learning curve, scorecard, overlay, preview and robustness -> one page."""
    curve, scorecard = policy.with_name("progress.csv"), motion.with_name("scorecard.json")
    check = motion.with_name("check.json")

    def work(at: At) -> None:
        from sfv.view.page.page import write_page

        card = Report.load(scorecard)
        worst = rollout.with_name(WORST)  # which evaluations before 0.2.0 did not keep
        media = {"rollout": rollout, "overlay": overlay}
        media |= {"worst": worst} if worst.is_file() else {}
        if preview:
            card, media["preview"] = judged(card, Report.load(preview)), preview.with_name("preview.mp4")
        shown = {name: path for name, path in media.items() if path}
        firm = None
        if robustness:
            link = Path(os.path.relpath(robustness.with_name("index.html"), page.parent)).as_posix()
            firm = Report.load(robustness), link
        failures = [failure.words for failure in findings(check)]
        bodies, files = _by_body(rollout), _downloads(report, policy, motion, page)
        clip, said = opened(motion), seen(track, track.with_name("people.json")) if track else ()
        learnt = read_columns(curve)
        write_page(at(page), Report.load(report), card, shown, learnt, firm, failures, bodies, files, clip, said)

    inputs = {"report": report, "rollout": rollout, "curve": curve, "scorecard": scorecard, "check": check}
    track = overlay.with_name("track.npz") if overlay else None
    inputs |= {"overlay": overlay, "track": track} if overlay and track else {}
    inputs |= {"preview": preview} if preview else {}
    inputs |= {"robustness": robustness} if robustness else {}
    return Stage("page", PAGE_VERSION, inputs, None, (page,), beside(page)("stage.json"), work)


def _by_body(rollout: Path) -> "BodyErrors | None":
    """How far each body was from the reference in the try that a video shows."""
    from sfv.metrics import body_errors
    from sfv.motion import Motion
    from sfv.view.page.files import BodyErrors

    places = [rollout.with_name(name) for name in ROLLED_OUT]
    if not all(place.is_file() for place in places):
        return None
    simulated, reference = (Motion.load(place) for place in places)
    return BodyErrors(simulated.skeleton.body_names, *body_errors(simulated, reference))


def _downloads(report: Path, policy: Path, motion: Path, page: Path) -> "list[Download]":
    """What there is to take away, of which some runs have not all."""
    from sfv.view.page.files import Download

    simulated, reference = ROLLED_OUT
    wanted = {
        "the reference motion": motion,
        "what the physics check says of it": motion.with_name("check.json"),
        "policy, for sfv": policy,
        "policy, for ONNX Runtime": policy.with_name("policy.onnx"),
        "how to drive that": policy.with_name("policy.json"),
        "policy, for Stable-Baselines3": policy.with_name("policy.zip"),
        "learning curves": policy.with_name("progress.csv"),
        "every figure": report,
        "the first try": report.with_name(simulated),
        "what it was to follow": report.with_name(reference),
        "the worst try": report.with_name(WORST_MOTION),
        "video of the first try": report.with_name(ROLLOUT),
        "video of the worst try": report.with_name(WORST),
        "all settings": policy.parent.with_name("config.yaml"),
    }
    return [
        Download(words, path, Path(os.path.relpath(path, page.parent)).as_posix())
        for words, path in wanted.items()
        if path.is_file()
    ]
