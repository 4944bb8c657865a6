"""A report: named numbers with unit and direction, series over time, and what was run.

One record feeds the JSON and the page. It knows no metrics: `sfv.metrics` and the stages fill it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from sfv.errors import InputError
from sfv.work.files import read_json, write_json

VERSION = 1
Better = Literal["higher", "lower", "none"]


@dataclass(frozen=True)
class Number:
    """One measured figure. `better` says which way is good; 'none' for mere facts."""

    name: str
    value: float
    unit: str
    better: Better


@dataclass(frozen=True)
class Report:
    """Numbers, series and provenance of one result.

    Attributes:
        title: what was measured.
        numbers: the figures, in reading order.
        series: name -> columns of equal length, as {'time_s': [...], 'error_mm': [...]}; the first column is the axis.
        provenance: config, seed, git revision, versions, date, machine.
        clips: name -> the figures of each of several clips, of which `numbers` are means.
    """

    title: str
    numbers: tuple[Number, ...]
    series: Mapping[str, Mapping[str, Sequence[float]]] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    clips: Mapping[str, "Report"] = field(default_factory=dict)

    def __getitem__(self, name: str) -> float:
        for number in self.numbers:
            if number.name == name:
                return number.value
        raise KeyError(f"{name!r} is not in this report; there are: {', '.join(n.name for n in self.numbers)}")

    def over(self, other: "Report") -> "Report":
        """This one with the figures and series of another in place of its own of the same names."""
        theirs = {number.name: number for number in other.numbers}
        numbers = tuple(theirs.get(number.name, number) for number in self.numbers)
        return replace(self, numbers=numbers, series=dict(self.series) | dict(other.series))

    def save(self, path: Path | str) -> None:
        """Write JSON, atomically."""
        write_json(path, self.record())

    def record(self) -> dict[str, Any]:
        """What its file holds, in JSON's own types."""
        clips = {name: _plain(report.numbers) for name, report in self.clips.items()}
        series = {name: {key: list(column) for key, column in table.items()} for name, table in self.series.items()}
        content = {"kind": "sfv report", "version": VERSION, "title": self.title, "numbers": _plain(self.numbers)}
        content |= {"clips": clips} if clips else {}
        return content | {"series": series, "provenance": dict(self.provenance)}

    @classmethod
    def load(cls, path: Path | str) -> "Report":
        """Read JSON.

        Raises:
            InputError: not a report of ours.
        """
        content = read_json(path)
        if not isinstance(content, dict) or content.get("kind") != "sfv report":
            raise InputError(f"{path} is not a report of sfv; give a report.json or scorecard.json that sfv wrote")
        if content.get("version", 0) > VERSION:
            raise InputError(f"{path} is of version {content['version']} but this sfv reads {VERSION}; update sfv")
        try:
            clips = {name: cls(name, _numbers(rows)) for name, rows in content.get("clips", {}).items()}
            return cls(content["title"], _numbers(content["numbers"]), content["series"], content["provenance"], clips)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise InputError(f"{path} is damaged ({error!r}); make the report again") from error


def _plain(numbers: Sequence[Number]) -> list[dict[str, Any]]:
    """As they are written."""
    return [{"name": n.name, "value": n.value, "unit": n.unit, "better": n.better} for n in numbers]


def _numbers(rows: Sequence[Mapping[str, Any]]) -> tuple[Number, ...]:
    """As they were written; what has no value is NaN."""
    return tuple(
        Number(n["name"], float("nan") if n["value"] is None else float(n["value"]), n["unit"], n["better"])
        for n in rows
    )
