"""`sfv evaluate`: policy -> how well it does."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from sfv.cli.say import answering, say_numbers, say_outcome
from sfv.limits import Within
from sfv.pipeline.trained import evaluation_of
from sfv.report import Report
from sfv.work.run_folder import alone_for
from sfv.work.stage import perform


@dataclass(frozen=True)
class Program:
    """Roll a policy out from the clip's start and from random phases, and measure what the character does.

    The report of a run goes to its 4-report, that of a policy alone to the folder evaluation in it. Of a policy of
    several motions it gives the means and the figures of each; one of them by --motion gets a video, too.
    """

    folder: Annotated[Path, Positional, arg(metavar="FOLDER")]
    """A run, or the folder of a policy: 3-policy of a run, or what sfv train made."""
    motion: Path | None = None
    """The reference motion, where it is no longer in the place that the policy was trained from; or one of several."""
    rollouts: Annotated[int, Within(1, 10_000)] = 32
    """How many from each clip's start, and as many from random phases."""
    physics_hz: Annotated[float | None, Within(0, 100_000, above=True)] = None
    """Physics steps per second, where it is not to be that of the training: 240 and 480 judge the same policy on finer
    physics. The report then goes to a folder that names the rate."""
    terrain: tuple[str, ...] = ()
    """Kinds of ground to judge on, such as 'rough:6cm' or 'flat', where it is not to be the training's. The report then
    goes to a folder that names them."""
    out: Path | None = None
    """Another folder for the report."""
    json: bool = False
    """Print the answer as JSON, and nothing else, to standard output."""


def main(program: Program) -> None:
    """Do the stage, unless it is done, and show the numbers."""
    stage = evaluation_of(
        program.folder, program.motion, program.rollouts, program.out, program.physics_hz, program.terrain
    )
    with answering(program.json) as answer:
        with alone_for(stage.mark):
            say_outcome(perform(stage))
        say_numbers(stage.outputs[0])
        answer(Report.load(stage.outputs[0]).record())
