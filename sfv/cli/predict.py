"""`sfv predict`: photograph and policies -> what happens next."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from sfv.limits import SEED, Within


@dataclass(frozen=True)
class Program:
    """Let the person in a photograph go on: of trained policies, the one whose clip passes nearest takes over.

    One picture tells neither speed nor height, so the character begins where that clip is. OUT gets prediction.mp4 and
    prediction.json. Refused with a sentence: nobody, two people, no legs, a pose that is in no clip.
    """

    photo: Annotated[Path, Positional, arg(metavar="PHOTO")]
    """A picture of one person from head to feet, held level."""
    runs: tuple[Path, ...]
    """Finished runs, or folders of policies, whose clips it may be from."""
    out: Path
    """The folder for the result."""
    seconds: Annotated[float, Within(0.1, 20)] = 3.0
    """How long it goes on, at most."""
    tries: Annotated[int, Within(1, 1000)] = 16
    """How often it is tried, all but the first with noise on the velocities at the start."""
    seed: Annotated[int, Within(0, SEED)] = 4000
    """Of that noise."""
    model: Literal["lite", "full", "heavy"] = "full"
    """Pose Landmarker variant."""
    json: bool = False
    """Print the answer as JSON, and nothing else, to standard output."""


def main(program: Program) -> None:
    """Find the person and the moment, go on from there, and write video and report."""
    from sfv.cli.say import answering
    from sfv.pipeline.prediction import STAYS, acts_of, person_at, predicted
    from sfv.view.rollout import rollout_video
    from sfv.work.provenance import provenance

    acts = acts_of(program.runs)
    picture, seen = person_at(program.photo, program.model)
    with answering(program.json) as answer:
        found = predicted(seen, acts, program.seconds, program.tries, program.seed, str(program.photo))
        onward, near = found.onward, found.found[found.act.name]
        report = replace(found.report(), provenance=provenance(program, program.seed))
        report.save(program.out / "prediction.json")
        video = program.out / "prediction.mp4"
        shown = onward.shown
        rollout_video(
            video, shown.reference, shown.simulated, found.act.character, [picture], terrain=shown.terrain,
            pushed=shown.pushed,
        )  # fmt: skip
        print(f"{found.act.name} takes over at {found.time:.2f} s of its clip, {near.degrees:.0f} degrees off")
        for name, other in found.found.items():
            print(f"  {name:<24} {other.degrees:5.1f} degrees off at its nearest")
        print(f"{onward.share(STAYS):.0%} of {len(onward.up)} tries stay up for {min(STAYS, onward.seconds):g} s")
        print(video)
        answer(report.record())
