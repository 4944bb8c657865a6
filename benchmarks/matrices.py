"""Several policies' matrices of `sfv robustness` as pictures and as tables for docs/robustness.md.

    python benchmarks/matrices.py RUN... --out docs/robustness [--names walk run ...]

RUN has a finished 5-robustness. Writes terrain.png (success by kind and difficulty), grid.png (friction by strength)
and pushes.png (survival over force), and prints the tables. It measures nothing.
"""

import argparse
from pathlib import Path

import matplotlib as mpl

mpl.use("agg")
import matplotlib.pyplot as plt
import numpy as np

from sfv.report import Report
from sfv.terrain.kinds import KINDS

COLOURS = "RdYlGn"
WAYS = "forward", "backward", "left", "right"
LONE = {
    "size": ("x", 1.0), "mass": ("x", 1.0), "balance": ("m", 0.0), "hands": ("kg", 0.0), "gains": ("x", 1.0),
    "delay": ("ms", 0.0), "noise": ("m, rad", 0.0),
}  # fmt: skip
"""The measures of one setting: unit, and what is usual."""
NEARLY_ALL = 0.9
WIDEST = 5
"""Most policies beside each other in a picture."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--names", nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    names = asked.names or [run.name for run in asked.runs]
    reports = {
        name: Report.load(run / "5-robustness" / "robustness.json") for name, run in zip(names, asked.runs, strict=True)
    }
    asked.out.mkdir(parents=True, exist_ok=True)
    terrain_picture(reports, asked.out / "terrain.png")
    grid_picture(reports, asked.out / "grid.png")
    push_picture(reports, asked.out / "pushes.png")
    for table in (terrain_table(reports), push_table(reports), rest_table(reports)):
        print(table, end="\n\n")


def terrain_picture(reports: dict[str, Report], path: Path) -> None:
    """A heat map for each policy, kinds by difficulty; grey is what a clip does not reach."""
    kinds = [kind for kind in KINDS if kind != "flat"]
    known = {
        name: report for name, report in reports.items() if any(f"terrain {kind}" in report.series for kind in kinds)
    }
    if not known:
        return
    rows = -(-len(known) // WIDEST)
    columns = -(-len(known) // rows)
    figure, axes = plt.subplots(
        rows, columns, figsize=(2.6 * columns + 1.2, 3.4 * rows), sharey=True, squeeze=False, layout="constrained"
    )
    for axis in axes.flat[len(known) :]:
        axis.axis("off")
    for axis, (name, report) in zip(axes.flat, known.items(), strict=False):
        some = next(iter(report.series[f"terrain {kind}"] for kind in kinds if f"terrain {kind}" in report.series))
        shares = np.full((len(kinds), len(some["difficulty"])), np.nan)
        for row, kind in enumerate(kinds):
            if table := report.series.get(f"terrain {kind}"):
                shares[row] = table["success"]
        axis.set_facecolor("0.9")
        axis.imshow(shares, cmap=COLOURS, vmin=0, vmax=1, aspect="auto", alpha=0.8)
        for (row, column), share in np.ndenumerate(shares):
            if np.isfinite(share):
                axis.text(column, row, f"{share:.2f}".lstrip("0") or "0", ha="center", va="center", fontsize=7)
        axis.set_title(name, fontsize=10)
        axis.set_xticks(range(len(some["difficulty"])), [f"{d:g}" for d in some["difficulty"]], fontsize=8)
        axis.set_yticks(range(len(kinds)), [kind.replace("_", " ") for kind in kinds], fontsize=8)
    figure.supxlabel("difficulty", fontsize=9)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def grid_picture(reports: dict[str, Report], path: Path) -> None:
    """A heat map for each policy, friction by strength."""
    rows = -(-len(reports) // WIDEST)
    columns = -(-len(reports) // rows)
    figure, axes = plt.subplots(
        rows, columns, figsize=(2.2 * columns + 0.8, 2.3 * rows), sharex=True, sharey=True, squeeze=False,
        layout="constrained",
    )  # fmt: skip
    for axis in axes.flat[len(reports) :]:
        axis.axis("off")
    for axis, (name, report) in zip(axes.flat, reports.items(), strict=False):
        table = report.series["friction and strength"]
        frictions, strengths = (np.unique(table[key]) for key in ("friction", "strength"))
        shares = np.full((len(frictions), len(strengths)), np.nan)
        shares[np.searchsorted(frictions, table["friction"]), np.searchsorted(strengths, table["strength"])] = table[
            "success"
        ]
        axis.pcolormesh(strengths, frictions, shares, cmap=COLOURS, vmin=0, vmax=1, shading="nearest")
        axis.set_title(f"{name}: {np.nanmean(shares):.2f}", fontsize=10)
    figure.supxlabel("largest torques, of the usual", fontsize=9)
    figure.supylabel("friction, of the usual", fontsize=9)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def push_picture(reports: dict[str, Report], path: Path) -> None:
    """Survival over force, a panel for each direction."""
    figure, axes = plt.subplots(1, len(WAYS), figsize=(3.0 * len(WAYS), 2.8), sharey=True, layout="constrained")
    for axis, way in zip(axes, WAYS, strict=True):
        for index, (name, report) in enumerate(reports.items()):
            table = report.series[f"push {way}"]
            axis.semilogx(table["force"], table["success"], "-" if index < 10 else "--", label=name, lw=1.3)
        axis.set_title(way, fontsize=10)
        axis.set_xticks([50, 100, 200, 400, 800], ["50", "100", "200", "400", "800"])
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("share that stays up")
    axes[-1].legend(fontsize=7)
    figure.supxlabel("force, N for 0.2 s at the root", fontsize=9)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def terrain_table(reports: dict[str, Report]) -> str:
    """The mean over the difficulties of each kind."""
    lines = [_row(["ground", *reports]), _row(["---"] * (1 + len(reports)))]
    lines.append(_row(["none: undisturbed", *(f"{r['success undisturbed']:.2f}" for r in reports.values())]))
    for kind in KINDS:
        cells = [
            f"{r[f'success terrain {kind}']:.2f}" if f"terrain {kind}" in r.series else "-" for r in reports.values()
        ]
        if set(cells) != {"-"}:
            lines.append(_row([kind.replace("_", " "), *cells]))
    return "\n".join(lines)


def push_table(reports: dict[str, Report]) -> str:
    """What half survive, with its interval, and what nine tenths survive."""
    lines = [_row(["policy", *WAYS, "box (m/s)", "resume (N)"]), _row(["---"] * 7)]
    for name, report in reports.items():
        cells = [_half(report, f"push {way}") for way in WAYS] + [_half(report, "box"), _half(report, "recovery")]
        lines.append(_row([name, *cells]))
    return "\n".join(lines)


def rest_table(reports: dict[str, Report]) -> str:
    """The measured values about the usual one of each setting under which nine tenths succeed."""
    lines = [_row(["setting", "measured", *reports]), _row(["---"] * (2 + len(reports)))]
    for name, (unit, usual) in LONE.items():
        some = next((r.series[name] for r in reports.values() if name in r.series), None)
        if some is not None:
            cells = [_good(r, name, usual) if name in r.series else "-" for r in reports.values()]
            lines.append(_row([f"{name} ({unit})", ", ".join(f"{value:g}" for value in some[name]), *cells]))
    grid = [f"{report['friction and strength']:.2f}" for report in reports.values()]
    lines.append(_row(["friction x strength", "mean success of 400 cells", *grid]))
    return "\n".join(lines)


def _good(report: Report, name: str, usual: float) -> str:
    """The least and most of a setting's values up to which, from the usual one on, nine tenths succeed."""
    values, shares = (np.array(report.series[name][key]) for key in (name, "success"))
    good, middle = shares >= NEARLY_ALL, int(np.abs(values - usual).argmin())
    if not good[middle]:
        return "none"
    bad = np.flatnonzero(~good)
    first = max([-1, *bad[bad < middle]]) + 1
    last = min([len(values), *bad[bad > middle]]) - 1
    return f"{values[first]:g} to {values[last]:g}" if last > first else f"{values[first]:g}"


def _half(report: Report, name: str) -> str:
    if name not in report.series:
        return "-"
    half, low, high, most = (report[f"{name} {part}"] for part in ("50", "50 low", "50 high", "90"))
    digits, least = 1 if name == "box" else 0, min(report.series[name]["speed" if name == "box" else "force"])
    half, low, high, most = (
        f"under {least:g}" if np.isnan(edge) else f"{edge:.{digits}f}" for edge in (half, low, high, most)
    )
    return f"{half} ({low} to {high}); {most}"


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
