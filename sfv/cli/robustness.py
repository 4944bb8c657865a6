"""`sfv robustness`: policy -> how it does on rough ground, pushed, slippery, weak, heavy and late."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from sfv.cli.say import answering, say_numbers, say_outcome
from sfv.errors import InputError
from sfv.limits import SEED, Within
from sfv.pipeline.robustness import robustness_of
from sfv.pipeline.run import page_again
from sfv.pipeline.trained import Trained
from sfv.report import Report
from sfv.work.files import require_place
from sfv.work.run_folder import alone_for
from sfv.work.stage import perform


@dataclass(frozen=True)
class Program:
    """Measure success on each kind of terrain by difficulty, and survival of pushes and thrown boxes.

    Then success under other friction, strength, mass, balance, size of the body, gains, delay and noise.

    It goes to 5-robustness of the run, and what was measured before a stop is not measured again. Several runs, each
    measured before or now, are set side by side on one page.
    """

    runs: Annotated[tuple[Path, ...], Positional, arg(metavar="RUN [RUN ...]")]
    """Runs, or folders of policies."""
    quick: bool = False
    """A coarser matrix with fewer rollouts, in minutes."""
    threads: Annotated[int, Within(0, 256)] = 0
    """Threads for physics and policy; 0 = all cores."""
    seed: Annotated[int, Within(0, SEED)] = 3000
    """Of starts, places and noise."""
    out: Path | None = None
    """Another folder for the result of one run, or the .html file of several."""
    json: bool = False
    """Print the reports as JSON by the runs' names, and nothing else, to standard output."""

    def check(self) -> None:
        """Raise InputError unless there are runs, each once."""
        if not self.runs:
            raise InputError("there is no policy to measure; name a folder that sfv run or sfv train made")
        whole = [folder.absolute() for folder in self.runs]
        for folder in self.runs:
            if whole.count(folder.absolute()) > 1:
                raise InputError(f"{folder} is given twice; leave one out")


def main(program: Program) -> None:
    """Do the stage of each run, unless it is done, and show the numbers."""
    several, reports = len(program.runs) > 1, {}
    if several:
        require_place(program.out, ".html")
    out = None if several else program.out
    stages = [robustness_of(folder, program.quick, out, program.threads, program.seed) for folder in program.runs]
    with answering(program.json) as answer:
        for folder, stage in zip(program.runs, stages, strict=True):
            with alone_for(stage.mark):
                say_outcome(perform(stage))
                run = Trained.find(folder).run
                if out is None and run and run.report("report.json").is_file():
                    say_outcome(perform(page_again(run.root)))  # which links it from now on
            reports[str(folder)] = Report.load(stage.outputs[0])
            page = stage.outputs[1]
        if several:
            from sfv.view.page.robustness import write_robustness

            page = program.out or Path("robustness.html")
            write_robustness(page, reports)
        else:
            say_numbers(stage.outputs[0])
        print(f"\nopen {page}")
        answer({name: report.record() for name, report in reports.items()})
