"""`sfv report`: run, or several -> a page to look at."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import Positional, arg

from sfv.cli.say import answering, say_outcome
from sfv.errors import InputError
from sfv.pipeline.run import page_again
from sfv.report import Report
from sfv.work.run_folder import RunFolder, alone_for, read_columns
from sfv.work.stage import perform

if TYPE_CHECKING:
    from sfv.view.page.page import Compared


@dataclass(frozen=True)
class Program:
    """Put a run on one page that opens anywhere: figures, videos, curves, the reference, and what was run.

    Several runs are set side by side.
    """

    runs: Annotated[tuple[Path, ...], Positional, arg(metavar="RUN [RUN ...]")]
    """Folders of runs."""
    out: Path | None = None
    """The .html file; without it, 4-report/index.html of the run, or comparison.html here for several."""
    json: bool = False
    """Print the reports as JSON by the runs' names, and nothing else, to standard output."""

    def check(self) -> None:
        """Raise InputError unless there are runs."""
        if not self.runs:
            raise InputError("there is no run to report on; name one or more folders that sfv run made")


def main(program: Program) -> None:
    """Write the page."""
    for root in program.runs:
        if not RunFolder(root).report("report.json").is_file():
            raise InputError(f"{root} has no report yet; finish the run, or evaluate it with: sfv evaluate {root}")
    with answering(program.json) as answer:
        if len(program.runs) == 1:
            page = page_again(program.runs[0], program.out)
            with alone_for(page.mark):
                say_outcome(perform(page))
        else:
            from sfv.view.page.page import write_comparison

            out = program.out or Path("comparison.html")
            write_comparison(out, [column(root) for root in program.runs])
            print(out)
        answer({str(root): Report.load(RunFolder(root).report("report.json")).record() for root in program.runs})


def column(root: Path) -> "Compared":
    """What a comparison shows of a run."""
    from sfv.view.page.page import Compared

    run = RunFolder(root)
    curve, rollout = run.policy("progress.csv"), run.report("rollout.mp4")
    media = {"rollout": rollout} if rollout.is_file() else {}
    columns = read_columns(curve) if curve.is_file() else None
    return Compared(root.name, Report.load(run.report("report.json")), media, columns)
