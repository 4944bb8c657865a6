"""What a written check says, for those who have its file and not its motion: a sentence for each row that fails."""

from dataclasses import dataclass
from pathlib import Path

from sfv.check.finding import measured
from sfv.report import Report


@dataclass(frozen=True)
class Failure:
    """A row that fails: the row in words, and whether it says that the clip was read wrongly."""

    words: str
    misread: bool


def findings(check: Path) -> tuple[Failure, ...]:
    """The rows that fail in a check.json, in its order."""
    report = Report.load(check)
    rows = report.provenance.get("check", {}).get("rows", {})
    out = []
    for number in report.numbers:
        row = rows.get(number.name, {})
        if row.get("verdict") == "fail":
            where = f", {row['where']}" if row.get("where") else ""
            words = f"{number.name} is {measured(number.value, number.unit)} ({row['limit']}){where}; {row['repair']}"
            out.append(Failure(words, bool(row.get("misread"))))
    return tuple(out)
