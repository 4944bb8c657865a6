"""The table and the contact sheets of finished runs.

    python benchmarks/clips.py --out docs/clips RUN [RUN ...]

Prints one row per run and writes NAME.png: reference above, policy below, from the clip's start without noise.
"""

import argparse
from pathlib import Path

from sfv.character import load_character
from sfv.motion import Motion
from sfv.report import Report
from sfv.view.sheet import contact_sheet
from sfv.work.files import read_json
from sfv.work.run_folder import POLICY, RunFolder


def last_samples(run: Path) -> float:
    """Samples of the training's last row."""
    lines = RunFolder(run).policy("progress.csv").read_text().splitlines()
    return float(lines[-1].split(",")[lines[0].split(",").index("samples")])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    character = load_character("humanoid")
    print("| clip | s | success | random phases | NR | MPJPE global / root-relative mm | slide cm/s | samples | min |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for run in args.runs:
        report = Report.load(RunFolder(run).report("report.json"))
        minutes = read_json(RunFolder(run).report("report.json"))["provenance"]["minutes"][POLICY]
        motions = {name: Motion.load(RunFolder(run).report(f"{name}.npz")) for name in ("reference", "simulated")}
        contact_sheet(args.out / f"{run.name}.png", motions, character, columns=10)
        print(
            f"| {report.title} | {report['horizon']:.1f} "
            f"| {report['success']:.2f} | {report['success_random_phase']:.2f} "
            f"| {report['normalised_return']:.3f} | {report['mpjpe_global']:.0f} / {report['mpjpe_root_relative']:.0f} "
            f"| {report['foot_slide']:.1f} | {last_samples(run) / 1e6:.2f} M | {minutes:.1f} |"
        )


if __name__ == "__main__":
    main()
