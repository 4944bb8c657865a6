"""The report as one HTML file that opens anywhere: figures, videos, curves and what was run, with nothing to fetch.

It shows what a Report, a scorecard, a learning curve and video files say, and judges only by `sfv.meaning`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path

from sfv.clip import Clip
from sfv.meaning import meaning, shown
from sfv.report import Report
from sfv.view.page import inline
from sfv.view.page.files import BodyErrors, Download, downloads, error_by_body
from sfv.view.page.fragments import (
    Columns,
    badge,
    drawing,
    millions,
    numbers_table,
    pair,
    provenance,
    scrolled,
    series_plot,
    short_unit,
    video,
    write,
)
from sfv.view.page.plots import Curve

HEADLINE = ("success", "normalised_return", "mpjpe_global", "mpjpe_root_relative")
"""The figures that come first and large."""


@dataclass(frozen=True)
class Compared:
    """One run of a comparison: its name, its report, its videos by what they show, and its learning curve."""

    name: str
    report: Report
    media: Mapping[str, Path]
    curve: Columns | None = None


def write_page(
    path: Path | str,
    report: Report,
    scorecard: Report | None = None,
    media: Mapping[str, Path] | None = None,
    curve: Columns | None = None,
    robustness: tuple[Report, str] | None = None,
    failures: Sequence[str] = (),
    bodies: BodyErrors | None = None,
    files: Sequence[Download] = (),
    clip: Clip | None = None,
    seen: Sequence[str] = (),
) -> None:
    """Write one run's page.

    Args:
        path: the .html file.
        report: of the evaluation.
        scorecard: of the reference motion.
        media: files by what they show: 'rollout', 'worst', 'overlay' and 'preview' (videos). Any may be absent; large
            ones are made smaller for the page.
        curve: columns of progress.csv, of which 'samples', 'success' and 'normalised_return' are drawn.
        robustness: how robust the policy is, and the link to the page of that.
        failures: what the physics check finds wrong with the reference, a sentence each; they head the page.
        bodies: the error of each body in the try that 'rollout' shows.
        files: what can be taken away.
        clip: what the reference was found in, of which a few frames are shown.
        seen: who is in it, and what is said of the one who was followed, a sentence each.

    Raises:
        InputError: the page cannot be written, or a video cannot be read.
    """
    media = media or {}
    parts = [
        f"<header><h1>{escape(report.title)}</h1><p class='lead'>{escape(_sentence(report))}</p></header>",
        _warning(failures),
        video(media.get("rollout"), "Reference and simulated character at the same moments.", "stage"),
        _cards(report),
        pair(_learning(curve), _errors(report)),
        _worst(media.get("worst")),
        error_by_body(bodies),
        _robustness(robustness),
        _evidence(media.get("overlay"), clip, seen),
        _scorecard(scorecard, media.get("preview")),
        _numbers(report),
        downloads(files, bodies),
        provenance(report),
    ]
    write(path, report.title, parts)


def write_comparison(path: Path | str, runs: Sequence[Compared]) -> None:
    """Write a page that sets runs side by side: a table with the best marked, curves in one picture, videos in a row.

    Raises:
        InputError: the page cannot be written, or a video cannot be read.
    """
    title = " / ".join(run.name for run in runs)
    videos = "".join(
        f"<div>{video(run.media.get('rollout'), run.name, 'stage', share=len(runs))}</div>" for run in runs
    )
    learning = [
        Curve(run.name, millions(run.curve["samples"]), run.curve["normalised_return"])
        for run in runs
        if run.curve and {"samples", "normalised_return"} <= run.curve.keys()
    ]
    errors = [
        Curve(run.name, table["time_s"], table["mpjpe_global_mm"])
        for run in runs
        if (table := run.report.series.get("error over time"))
    ]
    parts = [
        f"<header><h1>{escape(title)}</h1>",
        f"<p class='lead'>{len(runs)} runs side by side. The best value of each row is bold.</p></header>",
        f"<div class='two'>{videos}</div>",
        _comparison(runs),
        pair(
            drawing("learning", "Normalised return while learning", learning, "million samples", "", (0.0, 1.0)),
            drawing("errors", "Position error over time", errors, "time (s)", "mm"),
        ),
        *(f"<h2>{escape(run.name)}</h2>{provenance(run.report, heading=False)}" for run in runs),
    ]
    write(path, title, parts)


def _sentence(report: Report) -> str:
    """What came out, in words."""
    values = {number.name: number.value for number in report.numbers}
    if "followed" in values:
        where = (
            "to its end" if values["followed"] else f"for {values['time_followed']:.1f} of {values['duration']:.1f} s"
        )
        return f"By planning ahead, without any training, the simulated character follows the motion {where}."
    if "success" not in values:
        return "What was measured, and how it was made."
    tries = round(values.get("rollouts", 0.0))
    whole = (
        f"{round(values['success'] * tries)} of {tries} tries" if tries else f"{100 * values['success']:.0f} % of tries"
    )
    text = f"The simulated character gets through the whole motion in {whole} from the start."
    if not math.isnan(values.get("mpjpe_global", math.nan)):
        text += f" Its joints are {values['mpjpe_global']:.0f} mm from the reference on average."
    return text


def _warning(failures: Sequence[str]) -> str:
    if not failures:
        return ""
    rows = "".join(f"<li>{escape(words)}</li>" for words in failures)
    return (
        "<section class='warning'><h2>What is wrong with the reference</h2><p>The physics check of the motion that was "
        f"to be followed fails in this. What was trained on it shares it.</p><ul>{rows}</ul></section>"
    )


def _cards(report: Report, words: str = "Main figures") -> str:
    chosen = [number for name in HEADLINE for number in report.numbers if number.name == name]
    cards = []
    for number in chosen or report.numbers[:4]:
        value, unit = shown(number)
        known = meaning(number)
        cards.append(
            f"<div class='card'><div class='name'><span>{escape(known.label)}</span>{badge(number)}</div>"
            f"<div class='value'>{value}<small>{escape(short_unit(unit))}</small></div>"
            f"<div class='words'>{escape(known.words)}</div></div>"
        )
    return f"<section class='cards' aria-label='{words}'>{''.join(cards)}</section>"


def _worst(path: Path | None) -> str:
    """What went least well."""
    words = "The try from the start that failed first or, where none did, followed least well."
    shown = video(path, words, "worst")
    return f"<section><h2>The worst try</h2>{shown}</section>" if shown else ""


def _robustness(found: tuple[Report, str] | None) -> str:
    """Its first figures, and where the rest is."""
    if found is None:
        return ""
    report, link = found
    words = f"<p>On other ground, pushed or weakened: <a href='{escape(link, quote=True)}'>the whole matrix</a>.</p>"
    cards = _cards(replace(report, numbers=report.numbers[:4]), "First figures of robustness")
    return f"<section><h2>How robust it is</h2>{words}{cards}</section>"


def _numbers(report: Report) -> str:
    return f"<section><h2>All figures</h2>{numbers_table(report)}</section>"


def _scorecard(scorecard: Report | None, preview: Path | None) -> str:
    if scorecard is None:
        return ""
    lead = "How clean the motion is that the character was asked to imitate. What is poor here no training can mend."
    curve = series_plot(
        scorecard, "per motion frame", "lowest_cm", "Height of the lowest point of the body", "cm", "alone"
    )
    shown = video(preview, "What physics made of the reference before any training, by planning ahead.", "preview")
    table = numbers_table(scorecard, "Figures of the reference")
    return f"<section><h2>The reference</h2><p>{lead}</p>{table}{curve}{shown}</section>"


def _evidence(overlay: Path | None, clip: Clip | None, seen: Sequence[str]) -> str:
    """The clip and what the estimator saw in it."""
    if overlay is None and clip is None:
        return ""
    strip = ""
    if clip is not None:
        pictures = "".join(
            f"<img src='{source}' alt='The clip at {time:.1f} s' loading='lazy'>"
            for time, source in inline.moments(clip, count=6)
        )
        strip = f"<figure><div class='strip'>{pictures}</div></figure>"
    rows = "".join(f"<li>{escape(words)}</li>" for words in seen)
    shown = video(overlay, "What the pose estimator saw: the chosen person's points.", "overlay")
    return f"<section><h2>The clip</h2>{strip}{f'<ul>{rows}</ul>' if rows else ''}{shown}</section>"


def _learning(curve: Columns | None) -> str:
    if not curve or "samples" not in curve:
        return ""
    names = [name for name in ("success", "normalised_return", "success_random_phase") if name in curve]
    labels = {"success": "success", "normalised_return": "normalised return", "success_random_phase": "from anywhere"}
    lines = [
        Curve(labels[name], millions(curve["samples"]), curve[name], dashed=name == "success_random_phase")
        for name in names
    ]
    return drawing("learning", "Learning", lines, "million samples", "", (0.0, 1.0))


def _errors(report: Report) -> str:
    return series_plot(report, "error over time", "mpjpe_global_mm", "Position error over time", "mm")


def _comparison(runs: Sequence[Compared]) -> str:
    """A row for each figure, a column for each run."""
    names = list(dict.fromkeys(number.name for run in runs for number in run.report.numbers))
    rows = []
    for name in names:
        found = [next((n for n in run.report.numbers if n.name == name), None) for run in runs]
        some = next(n for n in found if n is not None)
        values = [n.value for n in found if n is not None and n.value == n.value]
        best = None
        if some.better != "none" and len(set(values)) > 1:
            best = max(values) if some.better == "higher" else min(values)
        cells = []
        for number in found:
            value, unit = shown(number) if number else ("–", "")
            mark = " best" if number and number.value == best else ""
            cells.append(f"<td class='value{mark}'>{value} {escape(short_unit(unit))}</td>")
        rows.append(f"<tr><th scope='row'>{escape(meaning(some).label)}</th>{''.join(cells)}</tr>")
    head = "".join(f"<th scope='col' class='value'>{escape(run.name)}</th>" for run in runs)
    head = f"<th scope='col'>Figure</th>{head}"
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    return f"<section><h2>Figures</h2>{scrolled(table, 'Figures')}</section>"
