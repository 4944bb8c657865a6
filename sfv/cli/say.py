"""What verbs print: one line for each stage, and the headline of a report."""

from pathlib import Path

from sfv.meaning import meaning, shown
from sfv.report import Report
from sfv.work.stage import Outcome


def say_outcome(outcome: Outcome) -> None:
    """One line: the stage, how long it took, and its files."""
    how = "done before" if outcome.skipped else "done"
    names = ", ".join(path.name for path in outcome.outputs)
    folder = outcome.outputs[0].parent
    print(f"{outcome.name:<9} {how:<12} {minutes(outcome.seconds):>12}  {folder}: {names}", flush=True)


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
    print(f"\n{report.title}")
    for label, value, unit in numbers:
        print(f"  {label:<{width}}  {value:>8} {unit}")


def minutes(seconds: float) -> str:
    """'12.3 s' or '4 min 05 s'."""
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds // 60)} min {int(seconds % 60):02d} s"
