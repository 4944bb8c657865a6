"""How far the physics preview follows clips, and what it costs: one row per clip, on one thread.

    python benchmarks/preview.py FOLDER --out runs/preview [--clips walk backflip] [--horizon 12]

FOLDER holds DeepMimic's humanoid3d_*.txt. A clip that has a report in --out is not done again, so that a stopped
benchmark goes on; --fresh does all of them anew. --table prints the table of what is done and does nothing.
"""

import argparse
from pathlib import Path

from envs.preview.config import PreviewConfig
from envs.preview.preview import preview
from sfv.character import load_character
from sfv.formats.files import read_motion
from sfv.report import Report
from sfv.view.sheet import contact_sheet
from sfv.work.provenance import provenance

PREFIX = "humanoid3d_"
FIRST = ("walk", "backflip", "cartwheel", "run", "jump")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--clips", nargs="*", default=[])
    parser.add_argument("--horizon", type=int, default=PreviewConfig.horizon)
    parser.add_argument("--tries", type=int, default=PreviewConfig.tries)
    parser.add_argument("--assist", choices=["never", "lost", "always"], default="never")
    parser.add_argument("--sheets", action="store_true", help="also draw motion and preview, NAME.png")
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--table", action="store_true")
    args = parser.parse_args()
    config = PreviewConfig(horizon=args.horizon, tries=args.tries, assist=args.assist, threads=1)
    every = sorted(path.stem.removeprefix(PREFIX) for path in args.folder.glob(f"{PREFIX}*.txt"))
    names = args.clips or [n for n in FIRST if n in every] + [n for n in every if n not in FIRST]
    character = load_character("humanoid")
    for name in names:
        path = args.out / f"{name}.json"
        if args.table or (path.is_file() and not args.fresh):
            continue
        motion = read_motion(args.folder / f"{PREFIX}{name}.txt")
        shown = preview(motion, character, config)
        shown.simulated.save(args.out / f"{name}.npz")
        report = shown.report
        Report(report.title, report.numbers, report.series, provenance(config, config.seed)).save(path)
        if args.sheets:
            contact_sheet(args.out / f"{name}.png", {"motion": shown.reference, "preview": shown.simulated}, character)
        print(row(name, report), flush=True)
    print("\n| clip | followed | body error mean / max cm | foot slide cm/s | tries | CPU s per s |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name in names:
        if (args.out / f"{name}.json").is_file():
            print(row(name, Report.load(args.out / f"{name}.json")))


def row(name: str, report: Report) -> str:
    """A line of the table."""
    whole = "all" if report["followed"] else f"lost at {report['time_followed']:.2f} s"
    error = f"{report['body_error_mean']:.1f} / {report['body_error_max']:.1f}"
    return (
        f"| {name} | {whole} of {report['duration']:.2f} s | {error} "
        f"| {report['foot_slide']:.1f} | {report['tries']:.0f} | {report['cpu_seconds_per_second']:.1f} |"
    )


if __name__ == "__main__":
    main()
