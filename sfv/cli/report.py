"""`sfv report`: run, several, or a folder of many -> a page to look at."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from tyro.conf import Positional, arg

from sfv.cli.say import answering, say_outcome
from sfv.errors import InputError
from sfv.pipeline.run import page_again
from sfv.report import Report
from sfv.work.files import require_place
from sfv.work.run_folder import RunFolder, alone_for, is_run, read_columns
from sfv.work.stage import perform

if TYPE_CHECKING:
    from sfv.view.page.page import Compared


@dataclass(frozen=True)
class Program:
    """Put a run on one page that opens anywhere: figures, videos, curves, the reference, and what was run.

    Several runs are set side by side. A folder of runs gets an index of them all, to sort, filter and compare.
    """

    runs: Annotated[tuple[Path, ...], Positional, arg(metavar="RUN [RUN ...]")]
    """Folders of runs, or one folder with runs in it."""
    out: Path | None = None
    """The .html file. Without it: 4-report/index.html of a run, comparison.html here of several, FOLDER/index.html of a
    folder of runs."""
    json: bool = False
    """Print the reports as JSON by the runs' names, and nothing else, to standard output."""

    def check(self) -> None:
        """Raise InputError unless there are runs."""
        if not self.runs:
            raise InputError("there is no run to report on; name one or more folders that sfv run made")


def main(program: Program) -> None:
    """Write the page."""
    first = program.runs[0]
    require_place(program.out, ".html")
    if len(program.runs) == 1 and first.is_dir() and not is_run(first):
        with answering(program.json) as answer:
            answer(index(first, program.out))
        return
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
            names = told_apart(program.runs)
            write_comparison(out, [column(root, name) for root, name in zip(program.runs, names, strict=True)])
            print(out)
        answer({str(root): Report.load(RunFolder(root).report("report.json")).record() for root in program.runs})


def index(folder: Path, out: Path | None = None) -> dict[str, Any]:
    """Write the index of the runs in a folder; what it shows of them, by their names.

    Raises:
        InputError: there is no run in it, or the page cannot be written.
    """
    from sfv.pipeline.entries import entries
    from sfv.view.page.index import write_index

    page = out or folder / "index.html"
    found = entries(folder, page)
    write_index(page, f"Runs in {folder.absolute().name}", found)
    print(f"{page}: {len(found)} {'run' if len(found) == 1 else 'runs'}")
    return {entry.name: {n.name: n.value for n in entry.numbers} for entry in found}


def told_apart(runs: Sequence[Path]) -> list[str]:
    """Names of runs: the ends of their paths, as long as it takes to tell them apart."""
    places = [root.absolute().parts for root in runs]
    length = next((n for n in range(1, max(map(len, places))) if len({p[-n:] for p in places}) == len(set(places))), 1)
    return ["/".join(place[-length:]) for place in places]


def column(root: Path, name: str) -> "Compared":
    """What a comparison shows of a run, which it calls by the name."""
    from sfv.view.page.page import Compared

    run = RunFolder(root)
    curve, rollout = run.policy("progress.csv"), run.report("rollout.mp4")
    media = {"rollout": rollout} if rollout.is_file() else {}
    columns = read_columns(curve) if curve.is_file() else None
    return Compared(name, Report.load(run.report("report.json")), media, columns)
