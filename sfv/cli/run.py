"""`sfv run`: all stages, in a run folder."""

from functools import partial
from pathlib import Path

from configs.run import quick, standard
from sfv.cli.say import say_numbers, say_outcome
from sfv.pipeline.run import RunConfig, run

Program = RunConfig

HEADLINE = ("success", "normalised_return", "mpjpe_global", "mpjpe_root_relative", "time_to_fall", "physics_nan")
# what must be typed is not taken from a preset
PRESETS = {"standard": partial(standard, Path(), Path()), "quick": partial(quick, Path(), Path())}


def main(program: Program) -> None:
    """Do all stages and say how each went."""
    folder = run(program, say_outcome)
    say_numbers(folder.report("report.json"), HEADLINE)
    print(f"\nopen {folder.report('index.html')}")
