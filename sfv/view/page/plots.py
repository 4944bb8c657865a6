"""Curves as pictures: one plain style for learning curves, errors over time and comparisons, as SVG.

An SVG that goes into a page takes its ink and grid from the page's CSS, so it fits light and dark. It knows no units
and no files; what the axes say is the caller's.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

COLOURS = ("#2f6fde", "#d9541e", "#1f8f62", "#9a5bd0", "#a67c00", "#d24b7a", "#2b8aad", "#6d7986")
"""Each stands out by 3 : 1 and more on the light page and on the dark one."""
INK, GRID = "#010203", "#040506"
"""Stand-ins that `svg` turns into the page's own colours."""


@dataclass(frozen=True)
class Curve:
    """A named line: x and y of equal length; NaN, or None as JSON has it, leaves a gap."""

    name: str
    x: Sequence[float]
    y: Sequence[float | None]
    colour: str | None = None
    dashed: bool = False


def plot(
    curves: Sequence[Curve],
    x_label: str,
    y_label: str,
    y_range: tuple[float, float] | None = None,
    size: tuple[float, float] = (6.4, 3.0),
) -> Figure:
    """A figure (inches) with the curves, a light grid, and a legend when there are several."""
    figure = Figure(figsize=size, layout="constrained")
    figure.patch.set_alpha(0.0)
    axes = figure.add_subplot()
    axes.patch.set_alpha(0.0)
    for index, curve in enumerate(curves):
        colour = curve.colour or COLOURS[index % len(COLOURS)]
        y = np.asarray(curve.y, float)
        axes.plot(
            curve.x, y, color=colour, linewidth=2.0, linestyle="--" if curve.dashed else "-",
            marker="o" if np.isfinite(y).sum() == 1 else None, label=plain(curve.name), solid_capstyle="round",
        )  # fmt: skip
    axes.set_xlabel(plain(x_label), color=INK)
    axes.set_ylabel(plain(y_label), color=INK)
    axes.tick_params(colors=INK, length=0, labelsize=9)
    axes.grid(color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in axes.spines.values():
        side.set_visible(False)
    if y_range is not None:
        low, high = y_range
        axes.set_ylim(low - 0.03 * (high - low), high + 0.03 * (high - low))
    axes.margins(x=0.01)
    if len(curves) > 1:
        columns = min(len(curves), 3)
        figure.legend(loc="outside upper left", ncols=columns, frameon=False, labelcolor=INK, fontsize=9)
    return figure


def plain(text: str) -> str:
    """A text in which nothing is a formula: names are a user's and may hold a $."""
    return text.replace("$", r"\$")


def svg(figure: Figure, name: str) -> str:
    """The figure as an <svg> element for a page; `name` keeps its ids apart from those of other figures in the page."""
    import matplotlib

    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": name, "font.family": "sans-serif"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    return text.replace(INK, "var(--ink-soft)").replace(GRID, "var(--line)")
