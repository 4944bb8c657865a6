"""What verbs print: one line for each stage, and the headline of a report."""

import contextlib
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sfv.errors import printable
from sfv.meaning import meaning, shown
from sfv.pipeline.findings import findings, seen
from sfv.report import Report
from sfv.work.files import as_json
from sfv.work.stage import Outcome


@contextmanager
def answering(in_json: bool) -> Iterator[Callable[[Any], None]]:
    """Yield what gives a verb's answer to scripts: with `in_json` that alone goes to standard output, else nothing."""
    out = sys.stdout
    with contextlib.redirect_stdout(sys.stderr) if in_json else contextlib.nullcontext():
        yield lambda content: print(as_json(content), file=out, flush=True) if in_json else None


def say_outcome(outcome: Outcome) -> None:
    """One line: the stage, how long it took, and its files."""
    how = "done before" if outcome.skipped else "done"
    names = ", ".join(path.name for path in outcome.outputs)
    folder = outcome.outputs[0].parent
    head = f"{outcome.name:<9} {how:<12} {minutes(outcome.seconds):>12}  "
    print(textwrap.fill(f"{folder}: {names}", 80, initial_indent=head, subsequent_indent=" " * 4,
                        break_long_words=False, break_on_hyphens=False), flush=True)  # fmt: skip


def say_account(track: Path, people: Path) -> None:
    """Who is in a clip, and what the pose track of one of them is worth, a sentence a line."""
    for sentence in seen(track, people):
        _say(sentence)


def say_left_out(scorecard: Path) -> None:
    """What of the clip a motion does not show, and why."""
    from recon.pose.account import left_out_words
    from sfv.pose import LeftOut

    parts = Report.load(scorecard).provenance.get("left_out", [])
    if parts:
        _say(left_out_words([LeftOut(**part) for part in parts]))


def _say(sentence: str) -> None:
    print(textwrap.fill(printable(sentence), 80, initial_indent="  ", subsequent_indent="    "), flush=True)


def say_failures(check: Path) -> None:
    """What the physics check finds wrong with a motion, a row a line, or that it finds nothing."""
    failures = findings(check)
    print("\nthe physics check " + ("fails in" if failures else "passes"))
    for failure in failures:
        _say(failure.words)


def say_numbers(path: Path, names: tuple[str, ...] = ()) -> None:
    """The numbers of a report, one on a line: all, or those that are named."""
    report = Report.load(path)
    numbers = [
        (meaning(number).label, *shown(number)) for number in report.numbers if number.name in names or not names
    ]
    numbers += [
        (f"{meaning(number).label}, {clip}", *shown(number))
        for clip, own in report.clips.items()
        for number in own.numbers
    ]
    width = max((len(label) for label, *_ in numbers), default=0)
    print(f"\n{printable(report.title)}")
    for label, value, unit in numbers:
        print(f"  {label:<{width}}  {value:>8} {unit}")


def minutes(seconds: float) -> str:
    """'12.3 s' or '4 min 05 s'."""
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds // 60)} min {int(seconds % 60):02d} s"
