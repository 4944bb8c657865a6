"""The page of how robust one policy is, or several side by side: heat maps as tables, curves of pushes, all figures.

Every cell has its number written in it and its interval in its tooltip, so that colour is not needed to read it.
"""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path

from sfv.report import Report
from sfv.view.page.fragments import drawing, numbers_table, provenance, scrolled, video, write
from sfv.view.page.plots import Curve

LOW, MIDDLE, HIGH = (226, 114, 94), (247, 226, 148), (76, 153, 110)
"""Colours of a share of 0, a half and 1."""
PUSHES = {"push": "keeps its place", "push along": "goes along"}
"""The measures of pushes, and what the reference does there."""
WAYS = "forward", "left", "backward", "right"
LONE = ("size", "mass", "balance", "hands", "gains", "delay", "noise")
"""The measures of one setting each."""
UNITS = {
    "size": "of its height, as dense and strong",
    "hands": "kg in each hand",
    "delay": "ms",
    "noise": "m, rad",
    "mass": "of its mass",
    "balance": "m forward, the heaviest body",
    "gains": "of its gains",
}
STYLE = """<style>
.heat td { text-align: center; padding: .3rem .2rem; font-variant-numeric: tabular-nums; color: #1b2027; }
.heat.fine td { padding: 0; height: 1.1rem; font-size: .62rem; border: 0; }
.heat.fine th { padding: 0 .3rem; font-size: .7rem; }
</style>"""


def write_robustness(
    path: Path | str, reports: Mapping[str, Report], worst: Path | None = None, words: str = ""
) -> None:
    """Write the page.

    Args:
        path: the .html file.
        reports: name -> what `sfv robustness` found; of several, those of one kind of figure stand beside each other.
        worst: a video of the worst cases, if there is one, and what it shows.

    Raises:
        InputError: the page cannot be written.
    """
    title = "How robust: " + " / ".join(reports)
    parts = [
        STYLE,
        f"<header><h1>{escape(title)}</h1><p class='lead'>{escape(_sentence(reports))}</p></header>",
        f"<h2>The worst cases</h2>{video(worst, words)}" if worst else "",
        _section("Terrain", reports, _terrain),
        _pushes(reports),
        _knocks(reports),
        _section("Friction and strength of the servos", reports, _grid),
        _section("Other disturbances", reports, _lone),
    ]
    for name, report in reports.items():
        heading = f"<h2>All figures{f' of {escape(name)}' if len(reports) > 1 else ''}</h2>"
        parts += [heading + numbers_table(report, f"Figures of {name}"), provenance(report, heading=len(reports) == 1)]
    write(path, title, parts)


def _sentence(reports: Mapping[str, Report]) -> str:
    words = []
    for name, report in reports.items():
        values = {number.name: number.value for number in report.numbers}
        said = f"{name} succeeds in {100 * values['success undisturbed']:.0f} % of tries undisturbed"
        if (rough := values.get("success on terrain")) is not None:
            said += f" and in {100 * rough:.0f} % over all terrain"
        words.append(f"{said}.")
    return " ".join(words)


def _section(title: str, reports: Mapping[str, Report], part: Callable[[Report], str]) -> str:
    """One card a report, side by side."""
    cards = []
    for name, report in reports.items():
        heading = f"<h3>{escape(name)}</h3>" if len(reports) > 1 else ""
        cards.append(scrolled(heading + part(report), f"{title}: {name}"))
    kind = "two" if len(reports) > 1 else ""
    return f"<h2>{escape(title)}</h2><section class='{kind}'>{''.join(cards)}</section>"


def _terrain(report: Report) -> str:
    rows = []
    named = {name: table for name, table in report.series.items() if name.startswith("terrain ")}
    head = ""
    for name, table in named.items():
        kind = name.removeprefix("terrain ")
        head = head or "".join(f"<th scope='col'>{d:g}</th>" for d in table["difficulty"])
        cells = "".join(_cell(table, i, f"{table['size'][i]:g}") for i in range(len(table["success"])))
        rows.append(f"<tr><th scope='row'>{escape(kind.replace('_', ' '))}</th>{cells}</tr>")
    if not rows:
        return "<p class='soft'>This motion is done on a ground of its own, so no other was tried.</p>"
    words = "<p class='soft'>Share of tries that get through, by difficulty. A cell's tooltip has its size.</p>"
    first = "<th scope='col'>Difficulty</th>"
    return f"{words}<table class='heat'><thead><tr>{first}{head}</tr></thead>{''.join(rows)}</table>"


def _grid(report: Report) -> str:
    table = report.series["friction and strength"]
    frictions, strengths = sorted(set(table["friction"])), sorted(set(table["strength"]))
    at = {(f, s): i for i, (f, s) in enumerate(zip(table["friction"], table["strength"], strict=True))}
    fine = "fine" if len(strengths) > 8 else ""
    rows = []
    for f in reversed(frictions):
        cells = "".join(_cell(table, at[f, s], f"{f:.2f} x {s:.2f}") for s in strengths)
        rows.append(f"<tr><th scope='row'>{f:.2f}</th>{cells}</tr>")
    head = "".join(f"<th scope='col'>{s:.1f}</th>" for s in strengths)
    words = "<p class='soft'>Rows: friction. Columns: largest torques. Both as multiples of the usual.</p>"
    return f"{words}<table class='heat {fine}'><thead><tr><td></td>{head}</tr></thead>{''.join(rows)}</table>"


def _lone(report: Report) -> str:
    rows = []
    for name in LONE:
        if table := report.series.get(name):
            cells = "".join(
                f"<td style='{_colour(share)}' title='{_between(table, i)}'><b>{share:.2f}</b><br>{value:g}</td>"
                for i, (value, share) in enumerate(zip(table[name], table["success"], strict=True))
            )
            rows.append(f"<tr><th scope='row'>{name} <span class='soft'>({UNITS[name]})</span></th>{cells}</tr>")
    words = "<p class='soft'>Bold: share of tries that get through. Below it: the setting.</p>"
    return f"{words}<table class='heat'>{''.join(rows)}</table>"


def _pushes(reports: Mapping[str, Report]) -> str:
    """Survival over force, a curve for each direction and report."""
    cards: list[str] = []
    for name, report in reports.items():
        whose = f": {name}" if len(reports) > 1 else ""
        for measure, what in PUSHES.items():
            curves = [
                Curve(way, table["force"], table["success"])
                for way in WAYS
                if (table := report.series.get(f"{measure} {way}")) is not None
            ]
            title = f"Survival of a push of 0.2 s at the root; the reference {what}{whose}"
            if curves:
                cards.append(drawing(f"push-{len(cards)}", title, curves, "force (N)", "share", (0.0, 1.0)))
        if (table := report.series.get("box")) is not None:
            curve = Curve("stays up", table["speed"], table["success"])
            title = f"Survival of a box of 5 kg, from any side{whose}"
            cards.append(drawing(f"box-{len(cards)}", title, [curve], "speed (m/s)", "share", (0.0, 1.0)))
    return f"<section class='two'>{''.join(cards)}</section>"


def _knocks(reports: Mapping[str, Report]) -> str:
    """Who goes on with the clip after a push, over force; nothing of a report from before that was measured."""
    cards: list[str] = []
    for name, report in reports.items():
        if (table := report.series.get("recovery")) is None:
            continue
        tries = [max(1.0, count) for count in table["rollouts"]]
        upright = [1.0 - down / of for down, of in zip(table["down"], tries, strict=True)]
        curves = [
            Curve("resumes the clip", table["force"], table["success"]),
            Curve("never falls", table["force"], upright),
        ]
        title = f"5 s after a push, with a reference that waits{f': {name}' if len(reports) > 1 else ''}"
        cards.append(drawing(f"recovery-{len(cards)}", title, curves, "force (N)", "share", (0.0, 1.0)))
    return f"<section class='two'>{''.join(cards)}</section>" if cards else ""


def _cell(table: Mapping[str, Sequence[float]], index: int, setting: str) -> str:
    share = table["success"][index]
    return f"<td style='{_colour(share)}' title='{setting}: {_between(table, index)}'>{share:.2f}</td>"


def _between(table: Mapping[str, Sequence[float]], index: int) -> str:
    tries = table["rollouts"][index]
    return f"{table['low'][index]:.2f} to {table['high'][index]:.2f} (95 %, {tries:.0f} tries)"


def _colour(share: float) -> str:
    first, last, way = (LOW, MIDDLE, 2 * share) if share < 0.5 else (MIDDLE, HIGH, 2 * share - 1)
    mixed = (round(a + way * (b - a)) for a, b in zip(first, last, strict=True))
    return f"background:rgb({','.join(map(str, mixed))})"
