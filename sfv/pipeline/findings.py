"""What written files say in sentences: a check of a motion, and the track and the people of a clip."""

from dataclasses import dataclass
from pathlib import Path

from sfv.check.finding import measured
from sfv.report import Report
from sfv.work.files import read_json


@dataclass(frozen=True)
class Failure:
    """A row that fails: the row in words, and whether it says that the clip was read wrongly."""

    words: str
    misread: bool


def seen(track: Path, people: Path) -> tuple[str, ...]:
    """Who is in a clip, where that is more than one and written down, and what the track of one of them is worth."""
    from recon.pose.account import account
    from recon.pose.cast import CastEntry
    from sfv.pose import PoseTrack

    listed = read_json(people)["people"] if people.is_file() else []
    lines = [CastEntry(**person).words() for person in listed] if len(listed) > 1 else []
    ways = ("another is taken with --person NUMBER or --person-at X,Y,T (px, px, s)",) if lines else ()
    return (*lines, *ways, *account(PoseTrack.load(track)))


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
