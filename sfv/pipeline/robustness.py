"""The stage that measures how robust a policy is, and the page of what it found.

Each part of the matrix is kept when it is done, so that one that was stopped goes on with the next part.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from envs.config import TrackingConfig
from sfv.errors import InputError
from sfv.pipeline.stages import Place, body_of
from sfv.pipeline.trained import Trained
from sfv.work.files import read_json, write_json
from sfv.work.provenance import provenance
from sfv.work.run_folder import ROBUSTNESS
from sfv.work.stage import At, Stage

ROBUSTNESS_VERSION = 4
"""To be raised when the code changes what is measured."""
SEED = 3000
"""Of starts, places and noise; other than training's and the report's."""
WORST = "worst.mp4"
"""The video of the ground and the push that fell the policy soonest."""
PARTS = "parts"
"""The folder of the parts that are done."""


def robustness_stage(
    policy: Path,
    motion: Path,
    name: str,
    place: Place,
    character: str,
    tracking: TrackingConfig,
    quick: bool,
    about: Callable[[], Mapping[str, Any]],
    seed: int = SEED,
) -> Stage:
    """Policy and reference motion -> robustness.json, a video of the worst cases, and a page of it all, headed by the
    `name` of the run or policy."""
    said: dict[str, object] = {"character": character, "tracking": tracking, "quick": quick, "seed": seed}

    def work(at: At) -> None:
        import torch

        from envs.judge.robustness import FULL, QUICK, Robustness, matrix
        from envs.judge.worst import worst_cases
        from policies.export import load_policy
        from sfv.character import load_character
        from sfv.motion import Motion
        from sfv.progress import bar
        from sfv.view.page.robustness import write_robustness
        from sfv.view.rollout import cases_video

        if tracking.threads:
            torch.set_num_threads(tracking.threads)
        clip, (actor, _) = Motion.load(motion), load_policy(policy)
        judge = Robustness(actor, clip, load_character(character), tracking, QUICK if quick else FULL, seed)
        parts, found = judge.parts(), {}
        with bar("measuring", sum(part.count for part in parts), "rollouts") as advance:
            for part in parts:
                kept = at(place(PARTS)) / f"{part.name.replace(' ', '-')}.json"
                if not kept.is_file():
                    advance(0, f"measuring {part.name}")
                    kept.parent.mkdir(parents=True, exist_ok=True)
                    write_json(kept, judge.measure(part))
                found[part.name] = read_json(kept)
                advance(part.count)
            cases = worst_cases(judge, {part.name: part for part in parts}, found)
        cases_video(at(place(WORST)), [(case.words, case.shown) for case in cases], judge.character)
        report = replace(matrix(f"robustness of {name}", found), provenance=about())
        report.save(at(place("robustness.json")))
        words = "; ".join(case.words for case in cases)
        write_robustness(at(place("index.html")), {name: report}, at(place(WORST)), words)

    decisive = said | {"tracking": replace(tracking, threads=0)} | body_of(character)
    outputs = (place("robustness.json"), place("index.html"), place(WORST))
    inputs = {"policy": policy, "motion": motion}
    mark, parts = place("stage.json"), (place(PARTS),)
    return Stage(ROBUSTNESS, ROBUSTNESS_VERSION, inputs, decisive, outputs, mark, work, partial=parts)


def robustness_of(folder: Path, quick: bool, out: Path | None, threads: int, seed: int = SEED) -> Stage:
    """The robustness of what was trained before.

    Raises:
        InputError: there is no finished policy, or it is one of several motions.
    """
    trained = Trained.find(folder)
    if len(known := trained.references()) > 1:
        raise InputError(f"{folder} does several motions; measure a policy that does one")
    (motion,) = known.values()
    usual = trained.run.robustness("") if trained.run else trained.folder / "robustness"
    tracking = replace(trained.tracking, threads=threads)

    def about() -> dict[str, Any]:
        return provenance(trained.mark.config | {"quick": quick}, seed)

    place, name = (out or usual).joinpath, (trained.run.root if trained.run else trained.folder).absolute().name
    return robustness_stage(trained.policy, motion, name, place, trained.character, tracking, quick, about, seed)
