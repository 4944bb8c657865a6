"""`sfv run`: all stages, in a run folder."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from tyro.conf import OmitArgPrefixes, Positional, arg

from configs.run import PRESETS as PRESETS
from sfv.cli.say import say_account, say_numbers, say_outcome
from sfv.pipeline.run import perform_run
from sfv.pipeline.settings import Run, Settings
from sfv.pipeline.sources import asked_clip
from sfv.work.run_folder import POSE
from sfv.work.stage import Outcome


@dataclass(frozen=True)
class Program:
    """From a clip of a person to a trained policy and a report.

    The run folder gets 1-pose, 2-motion, 3-policy and 4-report; open 4-report/index.html first. What is done is not
    done again, and a run that was stopped goes on where it was: type the same command again.
    """

    clip: Annotated[Path, Positional, arg(metavar="CLIP")]
    """A video of a person, or a folder of pictures, with --fps. Or a motion file of any format that sfv convert knows,
    which is then the reference itself; one of another body is retargeted. "demo" is a clip that sfv brings."""
    out: Path
    """The run folder, such as runs/name."""
    settings: OmitArgPrefixes[Settings] = field(default_factory=Settings)
    config: Path | None = None
    """Settings to start from: the config.yaml of an earlier run, or a preset's name. Flags override it."""


HEADLINE = ("success", "normalised_return", "mpjpe_global", "mpjpe_root_relative", "time_to_fall", "physics_nan")


def _say(outcome: Outcome) -> None:
    say_outcome(outcome)
    if outcome.name == POSE:
        track, _, people, _ = outcome.outputs
        say_account(track, people)


def main(program: Program) -> None:
    """Do all stages and say how each went."""
    folder = perform_run(Run(asked_clip(program.clip), program.out, program.settings), _say)
    say_numbers(folder.report("report.json"), HEADLINE)
    print(f"\nopen {folder.report('index.html')}")
