"""The runs in a folder as rows of an index: what each came to, or why it has come to nothing yet.

It reads what finished stages left and starts nothing; one run that cannot be read takes no other with it.
"""

import fcntl
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from sfv.errors import InputError
from sfv.report import Report
from sfv.view.page.index import IndexRow, Points
from sfv.work.folder import LOCK
from sfv.work.mark import flat
from sfv.work.run_folder import RunFolder, read_columns, runs_in, stage_minutes

POINTS = 80
"""Most points of a curve in an index: enough for its width."""


def entries(folder: Path, page: Path) -> list[IndexRow]:
    """A row for each run in a folder.

    Args:
        folder: where the runs are.
        page: the index, from which links go out.

    Raises:
        InputError: there is no such folder, or no run in it.
    """
    if not folder.is_dir():
        raise InputError(f"there is no folder {folder}; check the name")
    found = [_entry(root, folder, page) for root in runs_in(folder)]
    if not found:
        raise InputError(f"{folder} holds no run; make one with: sfv run CLIP --out {folder / 'NAME'}")
    return found


def _entry(root: Path, folder: Path, page: Path) -> IndexRow:
    run, name = RunFolder(root), root.relative_to(folder).as_posix()
    name = root.absolute().name if name == "." else name

    def link(path: Path) -> str:
        return quote(Path(os.path.relpath(path, page.parent)).as_posix()) if path.is_file() else ""

    try:
        report = Report.load(run.report("report.json")) if run.report("report.json").is_file() else None
        columns = read_columns(run.policy("progress.csv")) if run.policy("progress.csv").is_file() else {}
        firm = run.robustness("robustness.json")
        robust = _number(Report.load(firm), "success on terrain") if firm.is_file() else None
    except InputError as error:
        return IndexRow(name, sentence=str(error), page=link(run.report("index.html")))
    samples, minutes = (columns[key][-1] if columns.get(key) else None for key in ("samples", "minutes"))
    if report is None:
        return IndexRow(name, sentence=_unfinished(root, columns), samples=samples, minutes=minutes)
    return IndexRow(
        name,
        about=report.title.removeprefix("evaluation of "),
        page=link(run.report("index.html")),
        video=link(run.report("rollout.mp4")),
        sentence="" if link(run.report("index.html")) else f"It has no page; make it with: sfv report {root}",
        numbers=report.numbers,
        samples=samples,
        minutes=_minutes(report.provenance) or sum(stage_minutes(run).values()) or minutes,
        robust=robust,
        date=str(report.provenance.get("date", "")),
        settings=_settings(report.provenance),
        curves={
            "learning": {key: _points(columns, "samples", key, 1e-6) for key in ("normalised_return", "success")},
            "errors": {"mm": _points(report.series.get("error over time", {}), "time_s", "mpjpe_global_mm")},
        },
    )


def _unfinished(root: Path, columns: Mapping[str, Sequence[float]]) -> str:
    """Where a run without a report stands."""
    trained = f", trained for {columns['samples'][-1] / 1e6:.1f} M samples" if columns.get("samples") else ""
    if _being_written(root):
        return f"It is being worked on{trained}."
    return f"It stopped before its report{trained}; the same sfv run goes on with it."


def _being_written(root: Path) -> bool:
    """Whether another sfv holds the folder's lock."""
    try:
        with (root / LOCK).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _number(report: Report, name: str) -> float | None:
    value = next((number.value for number in report.numbers if number.name == name), math.nan)
    return None if math.isnan(value) else value


def _minutes(provenance: Mapping[str, Any]) -> float | None:
    spent = provenance.get("minutes")
    return float(sum(spent.values())) if isinstance(spent, Mapping) and spent else None


def _settings(provenance: Mapping[str, Any]) -> dict[str, Any]:
    """What was set, by dotted names, and with what it was made."""
    made = {name: provenance.get(name) for name in ("seed", "git_revision", "versions", "machine")}
    return flat({**provenance.get("config", {}), **{name: value for name, value in made.items() if value is not None}})


def _points(table: Mapping[str, Sequence[float]], x: str, y: str, scale: float = 1.0) -> Points:
    """At most POINTS of a curve, evenly chosen; values that are missing are left out."""
    if not {x, y} <= table.keys():
        return []
    chosen = np.unique(np.linspace(0, len(table[x]) - 1, min(POINTS, len(table[x]))).round().astype(int))
    pairs = [(table[x][i], table[y][i]) for i in chosen.tolist()]
    return [(scale * a, float(b)) for a, b in pairs if a is not None and b is not None and not math.isnan(b)]
