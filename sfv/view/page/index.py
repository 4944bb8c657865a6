"""An index of many runs as one HTML file: a row for each, sorted, filtered and compared in the browser.

It works as a file, without a server: what is compared stands in the page, videos stay beside it. It knows no run
folders; who reads those is `sfv.pipeline.entries`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from sfv.meaning import grade, meaning, shown
from sfv.report import Number
from sfv.view.page.fragments import short_unit, write

VERDICTS = {"good": "✓ succeeds", "fair": "~ sometimes", "poor": "✗ fails", "": "– no report"}
"""By the grade of the success."""
SUMMARY = {"good": "with success", "fair": "with success sometimes", "poor": "without", "": "with no report"}
Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class IndexRow:
    """One run as the index shows it.

    Attributes:
        name: the run's, unique in the page.
        about: what was given.
        page, video: links, relative to the index; "" where there are none.
        sentence: what is wrong with it or still to come, "" for a run that is finished.
        numbers: of its report.
        samples, minutes: that it was trained for; None where that is not known.
        robust: share of tries on all terrain that succeed, where that was measured.
        date: of the report, as ISO 8601 has it.
        settings: by dotted names.
        curves: 'learning' and 'errors' -> column -> points.
    """

    name: str
    about: str = ""
    page: str = ""
    video: str = ""
    sentence: str = ""
    numbers: tuple[Number, ...] = ()
    samples: float | None = None
    minutes: float | None = None
    robust: float | None = None
    date: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    curves: Mapping[str, Mapping[str, Points]] = field(default_factory=dict)

    def number(self, name: str) -> Number | None:
        """Of its report, if it is there and has a value."""
        return next((n for n in self.numbers if n.name == name and n.value == n.value), None)

    @property
    def verdict(self) -> str:
        """A key of VERDICTS."""
        success = self.number("success")
        return grade(success) if success else ""


@dataclass(frozen=True)
class _Column:
    title: str
    first: str
    """The order that a first click asks for."""


COLUMNS = {
    "name": _Column("Run", "ascending"),
    "success": _Column("Success", "descending"),
    "return": _Column("Normalised return", "descending"),
    "samples": _Column("Samples", "ascending"),
    "minutes": _Column("Minutes", "ascending"),
    "robust": _Column("On rough ground", "descending"),
    "date": _Column("Date", "descending"),
}


def write_index(path: Path | str, title: str, entries: Sequence[IndexRow], others: Sequence[str] = ()) -> None:
    """Write the page.

    Args:
        path: the .html file.
        title: of the page.
        entries: the runs, in the order that is shown first.
        others: sentences on what else was found.

    Raises:
        InputError: it cannot be written.
    """
    said = [entry.verdict for entry in entries]
    counts = [f"{said.count(key)} {words}" for key, words in SUMMARY.items() if key in said]
    lead = f"{len(entries)} {'run' if len(entries) == 1 else 'runs'}: {', '.join(counts)}."
    data = json.dumps([_record(entry) for entry in entries], ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    parts = [
        f"<header><h1>{escape(title)}</h1><p class='lead'>{escape(lead)}</p>",
        *(f"<p class='soft'>{escape(other)}</p>" for other in others),
        f"</header>{_tools()}",
        f"<p class='unseen' id='count' role='status'></p>{_table(entries)}",
        "<section id='compare' aria-live='polite' aria-label='Two runs beside each other'></section>",
        f"<script type='application/json' id='data'>{data.replace('<', chr(92) + 'u003c')}</script>",
    ]
    write(path, title, parts, "index")


def _tools() -> str:
    """What sorts and filters; shown only where scripts run."""
    verdicts = "".join(f"<option value='{key or 'none'}'>{words}</option>" for key, words in VERDICTS.items())
    orders = "".join(
        f"<option value='{name} {way}'>{column.title}, {way}</option>"
        for name, column in COLUMNS.items()
        for way in sorted(("ascending", "descending"), key=lambda way: way != column.first)
    )
    return (
        "<form class='tools screen' role='search' onsubmit='return false' hidden>"
        "<label>Search <input id='search' type='search' placeholder='name, clip, character'></label>"
        f"<label>Verdict <select id='verdict'><option value=''>all</option>{verdicts}</select></label>"
        f"<label>Order <select id='order'>{orders}</select></label>"
        "<button id='pause' type='button'>Stop the pictures</button></form>"
    )


def _table(entries: Sequence[IndexRow]) -> str:
    heads = ["<th scope='col' class='choice'>Compare</th>", "<th scope='col'>Picture</th>"]
    for name, column in COLUMNS.items():
        button = f"<button type='button'>{column.title}</button>"
        heads.append(f"<th scope='col' data-sort='{name}' data-first='{column.first}'>{button}</th>")
    heads.insert(3, "<th scope='col'>Verdict</th>")  # after the name
    rows = "".join(_row(index, entry) for index, entry in enumerate(entries))
    words = "<caption class='unseen'>Runs. Two that are marked in the first column are compared below.</caption>"
    head = f"<thead><tr>{''.join(heads)}</tr></thead>"
    return f"<div class='scroll'><table class='runs'>{words}{head}<tbody>{rows}</tbody></table></div>"


def _row(index: int, entry: IndexRow) -> str:
    name, about = escape(entry.name, quote=True), escape(entry.about)
    link = f"<a href='{escape(entry.page, quote=True)}'>{name}</a>" if entry.page else f"<b>{name}</b>"
    words = f"<small class='about' title='{escape(entry.about, quote=True)}'>{about}</small>" if about else ""
    words += f"<small>{escape(entry.sentence)}</small>" if entry.sentence else ""
    film = f" data-film='{escape(entry.video, quote=True)}'" if entry.video else ""
    said, date = entry.verdict, escape(entry.date, quote=True)
    badge = f"<span class='grade {said}'>{VERDICTS[said]}</span>"
    found = entry.settings.get("performer") or entry.settings.get("character") or ""
    text = escape(f"{entry.name} {entry.about} {entry.sentence} {found} {VERDICTS[said]}".lower(), quote=True)
    cells = [
        f"<td class='choice'><input type='checkbox' aria-label='compare {name}'></td>",
        f"<td class='picture'><div{film}></div></td>",
        f"<th scope='row' data-column='name' data-value='{name}'>{link}{words}</th>",
        f"<td class='verdict'>{badge}</td>",
        _cell("success", _figure(entry, "success")),
        _cell("return", _figure(entry, "normalised_return")),
        _cell("samples", (entry.samples, "" if entry.samples is None else _short(entry.samples))),
        _cell("minutes", (entry.minutes, "" if entry.minutes is None else f"{entry.minutes:.0f}")),
        _cell("robust", (entry.robust, "" if entry.robust is None else f"{100 * entry.robust:.0f} %")),
        f"<td class='date' data-label='Date' data-column='date' data-value='{date}'>{date[:10]}</td>",
    ]
    return f"<tr data-run='{index}' data-verdict='{said or 'none'}' data-text='{text}'>{''.join(cells)}</tr>"


def _short(count: float | int) -> str:
    """A count in millions, or in thousands where it is under a tenth of one."""
    return f"{count / 1e6:.1f} M" if count >= 1e5 else f"{count / 1e3:.0f} k"


def _figure(entry: IndexRow, name: str) -> tuple[float | None, str]:
    number = entry.number(name)
    return (number.value, " ".join(filter(None, shown(number)))) if number else (None, "")


def _cell(column: str, found: tuple[float | None, str]) -> str:
    value, text = found
    title = escape(COLUMNS[column].title)
    data = "" if value is None else f"{value:.12g}"
    return f"<td class='value' data-label='{title}' data-column='{column}' data-value='{data}'>{text or '–'}</td>"


def _record(entry: IndexRow) -> dict[str, Any]:
    """What the browser needs to compare it."""
    numbers = [
        {
            "label": meaning(number).label,
            "shown": " ".join((shown(number)[0], short_unit(shown(number)[1]))).strip(),
            "value": number.value if number.value == number.value else None,
            "better": number.better,
        }
        for number in entry.numbers
    ]
    settings = {name: value for name, value in entry.settings.items() if value is not None}
    curves = {
        curve: {column: [[float(f"{x:.4g}"), float(f"{y:.4g}")] for x, y in points if y == y and x == x]
                for column, points in columns.items()}
        for curve, columns in entry.curves.items()
    }  # fmt: skip
    return {"name": entry.name, "video": entry.video, "numbers": numbers, "settings": settings, "curves": curves}
