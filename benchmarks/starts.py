"""Where episodes start: the clip's first frame, uniformly (RSI), in learnt states (SFV's ASI), or where they failed.

    python benchmarks/starts.py FOLDER --out runs/starts [--clips walk] [--starts fixed random asi failures] [--seeds 3]
        [--at-once 2] [--only-show]

FOLDER holds `humanoid3d_*.txt`. Each clip, start and seed is one `sfv run` on one thread with the same budget, a tenth
of the paper's samples for the clip; the same command goes on where it was stopped. The table has a row per clip and
start: medians over the seeds of what trainings logged, at the most samples that all of the clip's have, and each seed's
samples until .9 of the starts succeeded.
"""

import argparse
import statistics
from pathlib import Path
from typing import get_args, get_type_hints

from skills import PAPER
from trainings import learnt_after, progress, run_all

from envs.config import TrackingConfig
from sfv.work.run_folder import RunFolder

STARTS = get_args(get_type_hints(TrackingConfig)["start"])


FIGURES = {
    "normalised_return": "NR",
    "success": "success",
    "normalised_return_random_phase": "NR, random phases",
    "success_random_phase": "success, random phases",
    "survival": "time up",
}
"""Columns of a training's log that are shown."""


def table(out: Path, clips: list[str], starts: list[str], seeds: int) -> None:
    """Print a row per clip and start."""
    print("| clip | samples | start | seeds | " + " | ".join(FIGURES.values()) + " | samples to .9 of starts |")
    print("| --- " * (len(FIGURES) + 5) + "|")
    for clip in clips:
        logs = {
            start: [progress(run) for seed in range(seeds) if logged(run := out / f"{clip}-{start}-{seed}")]
            for start in starts
        }
        if not any(logs.values()):
            continue
        least = min(log[-1]["samples"] for made in logs.values() for log in made)
        for start, made in logs.items():
            if not made:
                continue
            rows = [
                max((row for row in log if row["samples"] <= least), key=lambda row: row["samples"]) for log in made
            ]
            figures = [f"{statistics.median(row[name] for row in rows):.3f}" for name in FIGURES]
            learnt = [learnt_after(log) for log in made]
            samples = ", ".join(f"{samples / 1e6:.2f} M" if samples else "never" for samples in learnt)
            print(f"| {clip} | {least / 1e6:.2f} M | {start} | {len(made)} | {' | '.join(figures)} | {samples} |")


def logged(run: Path) -> bool:
    """A training has begun there and was measured at least once."""
    return any(RunFolder(run).policy(name).exists() for name in ("progress.csv", "making/progress.csv"))


def main() -> None:
    """Train what is missing, then show what is there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--clips", nargs="+", choices=list(PAPER), default=["walk", "cartwheel", "backflip"])
    parser.add_argument("--starts", nargs="+", choices=STARTS, default=["fixed", "random", "asi", "failures"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--at-once", type=int, default=2)
    parser.add_argument("--budget", help="instead of a tenth of the paper's samples")
    parser.add_argument("--only-show", action="store_true", help="train nothing")
    args = parser.parse_args()
    commands = {}
    for seed in range(args.seeds):
        for clip in args.clips:
            for start in args.starts:
                limit = args.budget or f"{PAPER[clip].samples / 10:g}M"
                flags = ["--budget", limit, "--seed", str(seed), "--reward", "tracking", "--start", start]
                commands[f"{clip}-{start}-{seed}"] = [f"{args.folder}/humanoid3d_{clip}.txt", *flags]
    if not args.only_show:
        run_all(args.out, commands, args.at_once)
    table(args.out, args.clips, args.starts, args.seeds)


if __name__ == "__main__":
    main()
