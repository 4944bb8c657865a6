"""How well the physics check tells what training will make of a motion.

    python benchmarks/trackability.py RUN [RUN ...]

Every RUN is a folder of `sfv run` with a report. Prints what the check says of each run's reference beside what the
policy reached, and the rank correlation of each of the check's rows with it over all runs.
"""

import argparse
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr
from trainings import learnt_after, progress

from sfv.character import load_character
from sfv.check.check import Check, check
from sfv.motion import Motion
from sfv.report import Report
from sfv.work.run_folder import RunFolder

SHOWN = {
    "root force missing, mean": "force BW",
    "frames with over 0.2 BW missing": "over 0.2 BW",
    "root moment missing, mean": "moment BW m",
    "zero-moment point outside": "ZMP out",
    "joint torque, 99th percentile": "torque",
    "jerk": "jerk m/s³",
    "slide of what stands": "slide cm/s",
    "penetration, deepest": "deepest cm",
    "slowest fall in flight": "fall g",
}
"""Rows of the check that are printed for each run."""
LEARNT = "learnt after M samples"
"""When .9 of the starts succeeded, the figure that the ranks are of."""


def reached(run: Path) -> dict[str, float]:
    """Million samples until .9 of the starts succeeded (inf: they never did), success, and normalised return."""
    report = Report.load(RunFolder(run).report("report.json"))
    there = learnt_after(progress(run))
    return {
        LEARNT: np.inf if there is None else there / 1e6,
        "success": report["success"],
        "NR": report["normalised_return"],
    }


def name_of(run: Path) -> str:
    """The run's folder, by which it was called."""
    return run.resolve().name


def table(runs: list[Path], checks: list[Check], made: list[dict[str, float]]) -> None:
    """Print a row per run."""
    print("| run | " + " | ".join(SHOWN.values()) + " | fails in | " + " | ".join(made[0]) + " | samples |")
    print("| --- " * (len(SHOWN) + len(made[0]) + 3) + "|")
    for run, found, got in sorted(zip(runs, checks, made, strict=True), key=lambda x: -x[2]["NR"]):
        values = {n.name: n.value for n in found.report().numbers}
        cells = [f"{values[name]:.3g}" if name in values else "–" for name in SHOWN]
        cells += [", ".join(found.failed) or "nothing", *(f"{value:.2f}" for value in got.values())]
        print(f"| {name_of(run)} | " + " | ".join(cells) + f" | {progress(run)[-1]['samples'] / 1e6:.1f} M |")


def ranks(checks: list[Check], made: list[dict[str, float]]) -> None:
    """Print Spearman's rank correlation of the check's rows with when it was learnt and NR, strongest first."""
    names = {n.name for found in checks for n in found.report().numbers}
    rows = []
    for name in sorted(names):
        values = [next((n.value for n in c.report().numbers if n.name == name), np.nan) for c in checks]
        there = np.isfinite(values)
        if there.sum() < 5 or np.ptp(np.array(values)[there]) == 0:
            continue
        pairs = {k: np.array([m[k] for m in made])[there] for k in (LEARNT, "NR")}
        row = [float(spearmanr(np.array(values)[there], v).statistic) for v in pairs.values()]
        rows.append((name, *row, int(there.sum())))
    print(f"\n| row of the check | with {LEARNT} | with NR | runs |")
    print("| --- " * 4 + "|")
    for name, learnt, nr, count in sorted(rows, key=lambda r: -abs(r[1])):
        print(f"| {name} | {learnt:+.2f} | {nr:+.2f} | {count} |")


def main() -> None:
    """Check all references and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path)
    runs = parser.parse_args().runs
    character = load_character("humanoid")
    checks = [check(Motion.load(RunFolder(run).motion("motion.npz")), character) for run in runs]
    made = [reached(run) for run in runs]
    table(runs, checks, made)
    ranks(checks, made)


if __name__ == "__main__":
    main()
