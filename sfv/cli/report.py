"""`sfv report`: run, or several -> a page to look at."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import Positional, arg

from sfv.cli.say import say_outcome
from sfv.errors import InputError
from sfv.pipeline.run import page_again
from sfv.report import Report
from sfv.work.run_folder import RunFolder, read_columns
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


def main(program: Program) -> None:
    """Write the page."""
    if not program.runs:
        raise InputError("there is no run to report on; name one or more folders that sfv run made")
    for root in program.runs:
        if not RunFolder(root).report("report.json").is_file():
            raise InputError(f"{root} has no report yet; finish the run, or evaluate it with: sfv evaluate {root}")
    if len(program.runs) == 1:
        (root,) = program.runs
        say_outcome(perform(page_again(root, program.out)))
        return
    from sfv.view.page.page import write_comparison

    out = program.out or Path("comparison.html")
    write_comparison(out, [column(root) for root in program.runs])
    print(out)


def column(root: Path) -> "Compared":
    """What a comparison shows of a run."""
    from sfv.view.page.page import Compared

    run = RunFolder(root)
    curve, rollout = run.policy("progress.csv"), run.report("rollout.mp4")
    media = {"rollout": rollout} if rollout.is_file() else {}
    columns = read_columns(curve) if curve.is_file() else None
    return Compared(root.name, Report.load(run.report("report.json")), media, columns)
