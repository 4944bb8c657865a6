"""The report as one HTML file that opens anywhere: figures, videos, curves and what was run, with nothing to fetch.

It shows what a Report, a scorecard, a learning curve and video files say, and judges only by `sfv.view.meaning`.
"""

import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from sfv.files import replacing
from sfv.report import Number, Report
from sfv.view import inline
from sfv.view.meaning import meaning, shown, verdict
from sfv.view.plots import Curve, plot, svg

HEADLINE = ("success", "normalised_return", "mpjpe_global", "mpjpe_root_relative")
"""The figures that come first and large."""

Columns = Mapping[str, Sequence[float]]
Run = tuple[str, Report, Mapping[str, Path], Columns | None]
"""Of a comparison: name, report, media and learning curve of one run."""


def write_page(
    path: Path | str,
    report: Report,
    scorecard: Report | None = None,
    media: Mapping[str, Path] | None = None,
    curve: Columns | None = None,
) -> None:
    """Write one run's page.

    Args:
        path: the .html file.
        report: of the evaluation.
        scorecard: of the reference motion.
        media: files by what they show: 'rollout' and 'overlay' (videos), 'source' (the clip, of which only a few
            frames are shown). Any may be absent; large ones are made smaller for the page.
        curve: columns of progress.csv, of which 'samples', 'success' and 'normalised_return' are drawn.

    Raises:
        InputError: the page cannot be written, or a video cannot be read.
    """
    media = media or {}
    parts = [
        f"<header><h1>{escape(report.title)}</h1><p class='lead'>{escape(_sentence(report))}</p></header>",
        _video(media.get("rollout"), "Reference and simulated character at the same moments.", "stage"),
        _cards(report),
        _pair(_learning(curve), _errors(report)),
        _evidence(media),
        _scorecard(scorecard),
        _numbers(report),
        _provenance(report),
    ]
    _write(path, report.title, parts)


def write_comparison(path: Path | str, runs: Sequence[Run]) -> None:
    """Write a page that sets runs side by side: a table with the best marked, curves in one picture, videos in a row.

    Raises:
        InputError: the page cannot be written, or a video cannot be read.
    """
    title = " / ".join(name for name, *_ in runs)
    videos = "".join(
        f"<div>{_video(media.get('rollout'), name, 'stage', share=len(runs))}</div>" for name, _, media, _ in runs
    )
    learning = [
        Curve(name, _millions(curve["samples"]), curve["normalised_return"])
        for name, _, _, curve in runs
        if curve and {"samples", "normalised_return"} <= curve.keys()
    ]
    errors = [
        Curve(name, table["time_s"], table["mpjpe_global_mm"])
        for name, report, _, _ in runs
        if (table := report.series.get("error over time"))
    ]
    parts = [
        f"<header><h1>{escape(title)}</h1>",
        f"<p class='lead'>{len(runs)} runs side by side. The best value of each row is bold.</p></header>",
        f"<div class='two'>{videos}</div>",
        _comparison(runs),
        _pair(
            _plot("learning", "Normalised return while learning", learning, "million samples", "", (0.0, 1.0)),
            _plot("errors", "Position error over time", errors, "time (s)", "mm"),
        ),
        *(f"<h2>{escape(name)}</h2>{_provenance(report, heading=False)}" for name, report, _, _ in runs),
    ]
    _write(path, title, parts)


def _write(path: Path | str, title: str, parts: Sequence[str]) -> None:
    template = Template(Path(__file__).with_name("page.html").read_text(encoding="utf-8"))
    with replacing(path) as temporary:
        body = "\n".join(part for part in parts if part)
        temporary.write_text(template.substitute(title=escape(title), body=body), encoding="utf-8")


def _sentence(report: Report) -> str:
    """What came out, in words."""
    values = {number.name: number.value for number in report.numbers}
    if "success" not in values:
        return "What was measured, and how it was made."
    tries = round(values.get("rollouts", 0.0))
    whole = (
        f"{round(values['success'] * tries)} of {tries} tries" if tries else f"{100 * values['success']:.0f} % of tries"
    )
    text = f"The simulated character gets through the whole motion in {whole} from the start."
    if "mpjpe_global" in values:
        text += f" Its joints are {values['mpjpe_global']:.0f} mm from the reference on average."
    return text


def _badge(number: Number) -> str:
    word = verdict(number)
    sign = {"good": "✓", "fair": "~", "poor": "✗", "": ""}[word]
    return f"<span class='verdict {word}'>{sign} {word}</span>" if word else ""


def _cards(report: Report) -> str:
    chosen = [number for name in HEADLINE for number in report.numbers if number.name == name]
    cards = []
    for number in chosen or report.numbers[:4]:
        value, unit = shown(number)
        known = meaning(number)
        cards.append(
            f"<div class='card'><div class='name'><span>{escape(known.label)}</span>{_badge(number)}</div>"
            f"<div class='value'>{value}<small>{escape(_short(unit))}</small></div>"
            f"<div class='words'>{escape(known.words)}</div></div>"
        )
    return f"<section class='cards' aria-label='Main figures'>{''.join(cards)}</section>"


def _numbers(report: Report) -> str:
    return f"<section><h2>All figures</h2>{_table(report)}</section>"


def _scorecard(scorecard: Report | None) -> str:
    if scorecard is None:
        return ""
    lead = "How clean the motion is that the character was asked to imitate. What is poor here no training can mend."
    curve = _plot_series(
        scorecard, "per motion frame", "lowest_cm", "Height of the lowest point of the body", "cm", "alone"
    )
    return f"<section><h2>The reference</h2><p>{lead}</p>{_table(scorecard)}{curve}</section>"


def _table(report: Report) -> str:
    rows = []
    for number in report.numbers:
        value, unit = shown(number)
        known = meaning(number)
        rows.append(
            f"<tr><th scope='row'>{escape(known.label)}</th><td class='value'>{value} {escape(_short(unit))}</td>"
            f"<td>{_badge(number)}</td><td class='words soft'>{escape(known.words)}</td></tr>"
        )
    head = "<th>Figure</th><th>Value</th><th>Verdict</th><th class='words'>Meaning</th>"
    return f"<div class='card scroll'><table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"


def _comparison(runs: Sequence[Run]) -> str:
    names = list(dict.fromkeys(number.name for _, report, _, _ in runs for number in report.numbers))
    rows = []
    for name in names:
        found = [next((n for n in report.numbers if n.name == name), None) for _, report, _, _ in runs]
        some = next(n for n in found if n is not None)
        values = [n.value for n in found if n is not None and n.value == n.value]
        best = None
        if some.better != "none" and len(set(values)) > 1:
            best = max(values) if some.better == "higher" else min(values)
        cells = []
        for number in found:
            value, unit = shown(number) if number else ("–", "")
            mark = " best" if number and number.value == best else ""
            cells.append(f"<td class='value{mark}'>{value} {escape(_short(unit))}</td>")
        rows.append(f"<tr><th scope='row'>{escape(meaning(some).label)}</th>{''.join(cells)}</tr>")
    head = "<th>Figure</th>" + "".join(f"<th style='text-align:right'>{escape(name)}</th>" for name, *_ in runs)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    return f"<section><h2>Figures</h2><div class='card scroll'>{table}</div></section>"


def _short(unit: str) -> str:
    """The unit alone: what explains a number ('share of rollouts from the start') has its own column."""
    unit = unit.partition(" per ")[0]
    return unit.replace("^3", "³").replace("^2", "²") if len(unit) <= 12 else ""


def _video(path: Path | None, words: str, kind: str = "", share: int = 1) -> str:
    if path is None:
        return ""
    source = inline.video(path, inline.BUDGET // share)
    return (
        f"<figure class='{kind}'><video src='{source}' controls loop muted autoplay playsinline "
        f"aria-label='{escape(words, quote=True)}'></video><figcaption>{escape(words)}</figcaption></figure>"
    )


def _evidence(media: Mapping[str, Path]) -> str:
    """The clip and what the estimator saw in it."""
    if not {"source", "overlay"} & media.keys():
        return ""
    strip = ""
    if "source" in media:
        pictures = "".join(
            f"<img src='{source}' alt='The clip at {time:.1f} s' loading='lazy'>"
            for time, source in inline.moments(media["source"], count=6)
        )
        strip = f"<figure><div class='strip'>{pictures}</div></figure>"
    overlay = _video(media.get("overlay"), "What the pose estimator saw: the chosen person's points.", "overlay")
    return f"<section><h2>The clip</h2>{strip}{overlay}</section>"


def _pair(*parts: str) -> str:
    filled = [part for part in parts if part]
    return f"<section class='two'>{''.join(filled)}</section>" if filled else ""


def _plot(
    name: str,
    title: str,
    curves: Sequence[Curve],
    x: str,
    y: str,
    y_range: tuple[float, float] | None = None,
    kind: str = "",
) -> str:
    if not curves:
        return ""
    drawing = svg(plot(curves, x, y, y_range), name)
    heading = f"<h2 style='margin-top:.2rem'>{escape(title)}</h2>"
    return f"<div class='card plot {kind}' role='img' aria-label='{escape(title, quote=True)}'>{heading}{drawing}</div>"


def _learning(curve: Columns | None) -> str:
    if not curve or "samples" not in curve:
        return ""
    names = [name for name in ("success", "normalised_return", "success_random_phase") if name in curve]
    labels = {"success": "success", "normalised_return": "normalised return", "success_random_phase": "from anywhere"}
    lines = [
        Curve(labels[name], _millions(curve["samples"]), curve[name], dashed=name == "success_random_phase")
        for name in names
    ]
    return _plot("learning", "Learning", lines, "million samples", "", (0.0, 1.0))


def _errors(report: Report) -> str:
    return _plot_series(report, "error over time", "mpjpe_global_mm", "Position error over time", "mm")


def _plot_series(report: Report, series: str, column: str, title: str, unit: str, kind: str = "") -> str:
    table = report.series.get(series)
    if not table or column not in table:
        return ""
    values = [float("nan") if value is None else value for value in table[column]]
    return _plot(column, title, [Curve(title, table["time_s"], values)], "time (s)", unit, kind=kind)


def _millions(samples: Sequence[float]) -> list[float]:
    return [value / 1e6 for value in samples]


def _provenance(report: Report, heading: bool = True) -> str:
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
    return f"{value:.6g}" if isinstance(value, float) else str(value)
