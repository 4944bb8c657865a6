"""The pieces that pages are made of: tables of figures, videos, plots, what was run, and the frame around them all.

Each function returns HTML with all foreign text escaped, or "" where there is nothing to show.
"""

import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from sfv.meaning import grade, meaning, shown
from sfv.report import Number, Report
from sfv.view.page import inline
from sfv.view.page.plots import Curve, plot, svg
from sfv.work.files import replacing

Columns = Mapping[str, Sequence[float]]
"""A table by columns, as progress.csv holds."""


def write(path: Path | str, title: str, parts: Sequence[str], kind: str = "") -> None:
    """Write the whole page, atomically; one of a kind has a style and a script of its own.

    Raises:
        InputError: it cannot be written.
    """

    def own(name: str) -> str:
        return Path(__file__).with_name(name).read_text(encoding="utf-8")

    style = own("page.css") + (own(f"{kind}.css") if kind else "")
    script = f"<script>{own('page.js')}{own(f'{kind}.js') if kind else ''}</script>\n"
    body = "\n".join(part for part in parts if part)
    page = Template(own("page.html")).substitute(title=escape(title), style=style, body=body, script=script)
    with replacing(path) as temporary:
        temporary.write_text(page, encoding="utf-8")


def badge(number: Number) -> str:
    """The grade of a number, as a word with a sign, so that colour is not needed to read it."""
    word = grade(number)
    sign = {"good": "✓", "fair": "~", "poor": "✗", "": ""}[word]
    return f"<span class='grade {word}'>{sign} {word}</span>" if word else ""


def numbers_table(report: Report, words: str = "Figures") -> str:
    """All numbers of a report: label, value, grade and meaning; `words` tell the table from others of the page."""
    rows = []
    for number in report.numbers:
        value, unit = shown(number)
        known = meaning(number)
        rows.append(
            f"<tr><th scope='row'>{escape(known.label)}</th><td class='value'>{value} {escape(short_unit(unit))}</td>"
            f"<td>{badge(number)}</td><td class='words soft'>{escape(known.words)}</td></tr>"
        )
    head = "".join(f"<th scope='col'>{word}</th>" for word in ("Figure", "Value", "Grade"))
    head += "<th scope='col' class='words'>Meaning</th>"
    return scrolled(f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>", words)


def scrolled(table: str, words: str) -> str:
    """A card that is scrolled sideways where it is too wide, also by keys."""
    said = escape(words, quote=True)
    return f"<div class='card scroll' tabindex='0' role='region' aria-label='{said}'>{table}</div>"


def short_unit(unit: str) -> str:
    """The unit alone: what explains a number ('share of rollouts from the start') has its own column."""
    unit = unit.partition(" per ")[0]
    return unit.replace("^3", "³").replace("^2", "²") if len(unit) <= 12 else ""


def video(path: Path | None, words: str, kind: str = "", share: int = 1) -> str:
    """A video that plays by itself and in a loop, inside the page; `share` pages' worth of videos fit one budget."""
    if path is None:
        return ""
    source = inline.video(path, inline.BUDGET // share)
    return (
        f"<figure class='{kind}'><video src='{source}' controls loop muted autoplay playsinline "
        f"aria-label='{escape(words, quote=True)}'></video><figcaption>{escape(words)}</figcaption></figure>"
    )


def pair(*parts: str) -> str:
    """Two things side by side where there is room, else one above the other."""
    filled = [part for part in parts if part]
    return f"<section class='two'>{''.join(filled)}</section>" if filled else ""


def drawing(
    name: str,
    title: str,
    curves: Sequence[Curve],
    x: str,
    y: str,
    y_range: tuple[float, float] | None = None,
    kind: str = "",
) -> str:
    """A card with a plot; `kind` is a CSS class."""
    if not curves:
        return ""
    picture = svg(plot(curves, x, y, y_range), name)
    said = escape("; ".join(_said(curve, y) for curve in curves), quote=True)
    image = f"<div role='img' aria-label='{said}'>{picture}</div>"
    return f"<div class='card plot {kind}'><h2 style='margin-top:.2rem'>{escape(title)}</h2>{image}</div>"


def _said(curve: Curve, unit: str) -> str:
    """A curve in words, for who does not see it."""
    values = [value for value in curve.y if value is not None and value == value]
    if not values:
        return f"{curve.name}: nothing"
    first, last, least, most = (f"{value:.3g}" for value in (values[0], values[-1], min(values), max(values)))
    return f"{curve.name}: from {first} to {last} {unit}, between {least} and {most}".replace(" ,", ",")


def series_plot(report: Report, series: str, column: str, title: str, unit: str, kind: str = "") -> str:
    """One column of a report's series over time."""
    table = report.series.get(series)
    if not table or column not in table:
        return ""
    return drawing(column, title, [Curve(title, table["time_s"], table[column])], "time (s)", unit, kind=kind)


def millions(samples: Sequence[float]) -> list[float]:
    """Samples as millions, for an axis."""
    return [value / 1e6 for value in samples]


def provenance(report: Report, heading: bool = True) -> str:
    """What was run: short values as a list, the rest as JSON to unfold."""
    if not report.provenance:
        return ""
    short, long, command = [], [], ""
    for name, value in report.provenance.items():
        label = escape(name.replace("_", " "))
        if name == "command":
            command = f"<pre class='card'><code>{escape(str(value))}</code></pre><br>"
        elif (
            isinstance(value, Mapping) and name != "config" and all(not isinstance(v, Mapping) for v in value.values())
        ):
            short.append((label, ", ".join(f"{k} {_plain(v)}" for k, v in value.items())))
        elif isinstance(value, (Mapping, list)):
            text = escape(json.dumps(value, indent=2, default=str))
            long.append(f"<details><summary>{label}</summary><pre>{text}</pre></details>")
        elif value is not None:
            short.append((label, _plain(value)))
    listed = "".join(f"<dt>{label}</dt><dd>{escape(text)}</dd>" for label, text in short)
    top = "<h2>What was run</h2>" if heading else ""
    return f"<section>{top}{command}<div class='card'><dl>{listed}</dl>{''.join(long)}</div></section>"


def _plain(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
