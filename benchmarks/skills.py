"""The mocap skills of DeepMimic, one policy each, against the paper's figures.

    python benchmarks/skills.py FOLDER --out runs/skills [--clips walk run] [--seeds 1] [--at-once 2] [--budget 6M]
        [-- FLAGS of sfv run, such as: --simulator warp --num-envs 4096 --minibatch 16384]

FOLDER holds `humanoid3d_*.txt`. Each clip and seed is one `sfv run` in its own folder on one thread, `--at-once` of
them side by side; a clip that is done is not trained again and a killed one goes on, so the same command is typed until
all are there. Then the table is printed, and one contact sheet per clip and the learning curves go to `--sheets`.

Policies learn mended references, by which their reports judge them. The table has the file's own word, too: the same
reward of a first cycle, by the motion as it is in the file.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from trainings import learnt_after, progress, run_all

from envs import rewards, terminations
from envs.config import TrackingConfig
from envs.judge.evaluation import begin, judging_env
from envs.judge.rollouts import FAILURE
from envs.library import MotionLibrary
from policies.export import load_policy
from sfv.character import load_character
from sfv.formats.files import read_motion
from sfv.motion import Motion
from sfv.report import Report
from sfv.view.sheet import contact_sheet
from sfv.work.config import changed, read_yaml
from sfv.work.files import read_json
from sfv.work.run_folder import POLICY, RunFolder


@dataclass(frozen=True)
class Paper:
    """What DeepMimic (Peng et al. 2018, table 2) needed and reached; clips that are not in it have a goal of ours."""

    samples: float
    """Millions."""
    normalised_return: float


PAPER = {
    "walk": Paper(61, 0.985),
    "run": Paper(53, 0.951),
    "jog": Paper(51, 0.951),
    "jump": Paper(86, 0.947),
    "kick": Paper(50, 0.854),
    "punch": Paper(60, 0.812),
    "cartwheel": Paper(51, 0.804),
    "roll": Paper(81, 0.735),
    "backflip": Paper(72, 0.729),
    "spin": Paper(191, 0.664),
    "getup_facedown": Paper(49, 0.885),
    "dance_a": Paper(67, 0.863),
    "dance_b": Paper(79, 0.822),
    "stealthy_walk": Paper(60, 0.95),
    "zombie_walk": Paper(60, 0.95),
}


def jobs(clips: list[str], seeds: int) -> Iterator[tuple[str, int]]:
    """Clips and seeds, first seeds first."""
    for seed in range(seeds):
        for clip in clips:
            yield clip, seed


def train(
    folder: Path, out: Path, wanted: list[tuple[str, int]], at_once: int, budget: str | None, flags: list[str]
) -> None:
    """Bring all runs to their end, `at_once` at a time."""
    commands = {}
    for clip, seed in wanted:
        limit = budget or f"{PAPER[clip].samples / 10:g}M"  # a tenth of the paper's samples
        commands[f"{clip}-{seed}"] = [f"{folder}/humanoid3d_{clip}.txt", "--budget", limit, "--seed", str(seed), *flags]
    run_all(out, commands, at_once)


@torch.no_grad()
def by_file(run: Path, file: Path, starts: int = 32) -> float:
    """DeepMimic's reward by the file's own motion, 0 after a fall: mean over the first cycle of so many starts."""
    character = load_character("humanoid")
    policy, _ = load_policy(RunFolder(run).policy(""))
    settings = run / "config.yaml"
    task = changed(TrackingConfig(), read_yaml(settings)["tracking"], str(settings))
    env = judging_env([Motion.load(RunFolder(run).motion("motion.npz"))], character, task, starts, seed=0)
    own = MotionLibrary([read_motion(file)], character)
    begin(env, torch.zeros(starts, dtype=torch.long), torch.ones(starts, dtype=torch.bool), seed=0)
    alive, total = torch.ones(starts, dtype=torch.bool), torch.zeros(starts)
    steps = int(env.library.ticks[0]) // env.control_ticks
    for _ in range(steps):
        env.advance(policy(env.observe()))
        moment = env.moment()
        alive &= terminations.body_errors(moment).mean(-1) <= FAILURE
        past = own.at(env.clip, env.tick - max(1, int(env.physics_ticks)))
        reward, _ = rewards.total(rewards.DEEPMIMIC, replace(moment, ref=own.at(env.clip, env.tick), past=past))
        total += torch.where(alive, reward, 0.0)
    return float(total.mean()) / steps


def table(folder: Path, out: Path, wanted: list[tuple[str, int]]) -> None:
    """Print a row per finished run."""
    print("| clip | seed | NR | by the file | paper | success of 32 | random phases | strict "
          "| MPJPE global / root-relative mm | samples | samples to .9 of starts | min | paper's |")  # fmt: skip
    print("| --- " * 13 + "|")
    for clip, seed in wanted:
        run = out / f"{clip}-{seed}"
        if not RunFolder(run).report("report.json").exists():
            continue
        report, rows = Report.load(RunFolder(run).report("report.json")), progress(run)
        minutes = read_json(RunFolder(run).report("report.json"))["provenance"]["minutes"][POLICY]
        there = learnt_after(rows)
        print(
            f"| {clip} | {seed} | {report['normalised_return']:.3f} "
            f"| {by_file(run, folder / f'humanoid3d_{clip}.txt'):.3f} | {PAPER[clip].normalised_return:.3f} "
            f"| {report['success']:.2f} | {report['success_random_phase']:.2f} | {report['strict_success']:.2f} "
            f"| {report['mpjpe_global']:.0f} / {report['mpjpe_root_relative']:.0f} | {rows[-1]['samples'] / 1e6:.2f} M "
            f"| {f'{there / 1e6:.2f} M' if there else 'never'} | {minutes:.0f} | {PAPER[clip].samples:g} M |"
        )


def pictures(out: Path, wanted: list[tuple[str, int]], sheets: Path) -> None:
    """A contact sheet per clip (first seed), reference above policy, and all learning curves in one picture."""
    import matplotlib.pyplot as plt

    character = load_character("humanoid")
    finished = [
        (clip, seed) for clip, seed in wanted if RunFolder(out / f"{clip}-{seed}").report("report.json").exists()
    ]
    figure, axes = plt.subplots(figsize=(9, 5))
    for clip, seed in finished:
        run = out / f"{clip}-{seed}"
        rows = progress(run)
        axes.plot([r["samples"] / 1e6 for r in rows], [r["normalised_return"] for r in rows], label=f"{clip} {seed}")
        if seed == 0:
            motions = {name: Motion.load(RunFolder(run).report(f"{name}.npz")) for name in ("reference", "simulated")}
            contact_sheet(sheets / f"{clip}.png", motions, character, columns=10)
    axes.set(xlabel="samples, millions", ylabel="normalised return", ylim=(0, 1))
    axes.legend(fontsize=7, ncols=2)
    figure.savefig(sheets / "curves.png", dpi=110, bbox_inches="tight")


def main() -> None:
    """Train what is missing, then show what is there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--clips", nargs="+", choices=list(PAPER), default=list(PAPER))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--at-once", type=int, default=2)
    parser.add_argument("--budget", help="instead of a tenth of the paper's samples")
    parser.add_argument("--sheets", type=Path, help="folder of the pictures")
    parser.add_argument("--only-show", action="store_true", help="train nothing")
    given = sys.argv[1:]
    split = given.index("--") if "--" in given else len(given)
    args, flags = parser.parse_args(given[:split]), given[split + 1 :]
    wanted = list(jobs(args.clips, args.seeds))
    if not args.only_show:
        train(args.folder, args.out, wanted, args.at_once, args.budget, flags)
    table(args.folder, args.out, wanted)
    if args.sheets:
        args.sheets.mkdir(parents=True, exist_ok=True)
        pictures(args.out, wanted, args.sheets)


if __name__ == "__main__":
    main()
