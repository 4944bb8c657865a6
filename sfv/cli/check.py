"""`sfv check`: motion -> whether physics allows it, in numbers with limits."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import OmitArgPrefixes, Positional, arg

from sfv.excerpt import Excerpt
from sfv.reading import Reading

if TYPE_CHECKING:
    from rich.console import Console

    from sfv.character import Character
    from sfv.check.check import Check
    from sfv.motion import Motion


@dataclass(frozen=True)
class Program:
    """Measure a motion against what bodies and gravity allow, before anything is trained on it.

    Each row has a limit, a verdict and what to do about it. The exit code is 0 if no row fails, else 1.
    """

    motion: Annotated[Path, Positional, arg(metavar="MOTION")]
    """A motion file of any format."""
    out: Path | None = None
    """The .json to write the rows to."""
    excerpt: OmitArgPrefixes[Excerpt] = field(default_factory=Excerpt)
    reading: OmitArgPrefixes[Reading] = field(default_factory=Reading)
    json: bool = False
    """Print the answer as JSON, and nothing else, to standard output."""


def main(program: Program) -> None:
    """Check, show the rows, write them, and leave with 1 if any fails."""
    from rich.console import Console

    from sfv.check.check import check
    from sfv.cli.say import answering
    from sfv.formats.files import read_asked
    from sfv.pipeline.sources import origin_of
    from sfv.work.files import require_place

    require_place(program.out)
    motion = read_asked(program.motion, program.reading, program.excerpt, body=True)
    character, dynamic = body_of(motion, program.reading.character)
    found = check(motion, character, dynamic, origin_of(program.motion))
    with answering(program.json) as answer:
        show({"value": found}, Console())
        if not dynamic:
            print("no character has this skeleton, so what needs masses and shapes was not asked; for that, put it")
            print("on one that has (sfv retarget FILE --to humanoid --out OUT), or name its own by --character")
        if program.out:
            found.report().save(program.out)
            print(program.out)
        answer(found.report().record())
    if not found.passed:
        raise SystemExit(1)


def body_of(motion: "Motion", name: str | None) -> "tuple[Character, bool]":
    """Who does a motion, and whether its masses and shapes are real: a character, or sticks along the bones."""
    from sfv.character import load_character
    from sfv.view.figure import figure, has_dynamics

    body = load_character(name) if name else figure(motion.skeleton)
    return body, has_dynamics(body)


def show(checks: "dict[str, Check]", console: "Console") -> None:
    """Print one check, or the same motion's before and after side by side; then what fails, where, and what to do."""
    from rich.markup import escape
    from rich.table import Table

    from sfv.check.finding import measured

    colours = {"pass": "green", "note": "yellow", "fail": "bold red"}
    last = list(checks.values())[-1]
    console.print(escape(last.title))
    table = Table(box=None, pad_edge=False)
    table.add_column("row", no_wrap=len(checks) == 1, min_width=18)
    for name in checks:
        table.add_column(name, justify="right", no_wrap=True)
        table.add_column("verdict", no_wrap=True)
    table.add_column("limit")
    rows = {row.name: row for found in checks.values() for row in found.rows}
    for name, row in rows.items():
        cells = []
        for found in checks.values():
            mine = next((r for r in found.rows if r.name == name), None)
            cells += ["–", ""] if mine is None else [f"{mine.value:.3g}", f"[{colours[mine.verdict]}]{mine.verdict}"]
        unit = "" if row.unit == "1" else f" {row.unit}"
        table.add_row(name, *cells, escape(f"{row.limit}{unit}"))
    console.print(table)
    if last.cycle is not None:
        what = "the whole clip is one cycle" if last.cycle.whole else "a cycle"
        console.print(f"{what}: frames {last.cycle.start} to {last.cycle.stop}, gap {100 * last.cycle.gap:.1f} cm")
    else:
        console.print("no cycle found")
    for row in last.rows:
        if row.verdict != "pass":
            where = f" ({row.where})" if row.where else ""
            words = f"{row.verdict}: {row.name} {measured(row.value, row.unit)}{where}; {row.advice}"
            console.print(words, style=colours[row.verdict], markup=False, highlight=False)
    failed = f"fails: {', '.join(last.failed)}"
    console.print("passes" if last.passed else failed, style="bold", markup=False)
