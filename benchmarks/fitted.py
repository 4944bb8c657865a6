"""A clip as it is, with footholds, and fitted to its ground, as references: the same ground, policy and samples.

    python benchmarks/fitted.py RUN --out runs/fitted [--grounds stairs_up:10cm rough:6cm slope_up:10deg] [--seeds 2]
        [--budget 750000] [--only-show]

RUN is a finished run on level ground, whose motion and policy are begun from. As it is, the root is lifted by the
smooth ground below it, as trainings on terrain lifted it once; with footholds, it is as they do now; fitted, it is what
`sfv terrain` writes. A seed is that of the ground and of the training, which is one `sfv train` on one thread; the same
command goes on where it was stopped. Success is within 0.5 m of each one's own reference for
20 s, by the training's judge.
"""

import argparse
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import torch
from trainings import learnt_after, log_of

from envs.footholds import Footholds
from envs.library import TICKS, MotionLibrary
from sfv.character import Character, load_character
from sfv.motion import Motion
from sfv.pipeline.trained import Trained
from sfv.pipeline.uneven import on_tile
from sfv.terrain.kinds import parse_terrain
from sfv.terrain.terrain import FLAT
from sfv.terrain.world import Tile

SHOWN = ("success", "success_random_phase", "survival", "normalised_return", "mpjpe_global")
REFERENCES = ("as it is", "footholds", "fitted")


def references(run: Path, ground: str, seed: int, out: Path) -> None:
    """Write both motions of a ground, unless they are there."""
    if all((out / f"{name}.npz").exists() for name in REFERENCES):
        return
    trained = Trained.find(run)
    (motion,) = trained.references().values()
    kind, difficulty = parse_terrain(ground)
    body = load_character(trained.character)
    found = on_tile(Motion.load(motion), body, Tile(kind, difficulty or 0.0, seed))
    lifted = found.as_it_is.qpos.copy()
    lifted[:, 2] += found.as_it_is.ground.relief.footing(torch.tensor(lifted[:, :2])).numpy()
    out.mkdir(parents=True, exist_ok=True)
    motions = (replace(found.as_it_is, qpos=lifted), with_footholds(found.as_it_is, body), found.fitted)
    for name, made in zip(REFERENCES, motions, strict=True):
        made.save(out / f"{name}.npz")


def with_footholds(motion: Motion, body: Character) -> Motion:
    """The motion on its ground as the task would raise it there."""
    library, count = MotionLibrary([replace(motion, ground=FLAT)], body), len(motion)
    footholds, clip = Footholds(library, body, motion.ground, 1), torch.zeros(count, dtype=torch.long)
    tick = torch.round(torch.arange(count) * (TICKS / motion.fps)).long()
    ref = library.at(clip, tick)
    moves = footholds.moves(clip, clip, tick, torch.zeros(count, 2), ref.qpos[:, :2])
    beside, rate = moves.limbs.clone(), torch.zeros_like(moves.limbs)
    beside[..., 2] -= moves.root[:, None]
    qpos = footholds.bends.bent(ref, clip, tick, beside, rate).qpos.double().numpy()
    qpos[:, 2] += moves.root.numpy()
    return replace(motion, qpos=qpos)


def train(run: Path, motion: Path, seed: int, budget: int, out: Path) -> None:
    """One training from the level run, or the rest of it."""
    flags = ["--from", str(run), "--budget", str(budget), "--seed", str(seed), "--threads", "1", "--out", str(out)]
    subprocess.run([sys.executable, "-m", "sfv", "train", str(motion), *flags], check=True)


def table(out: Path, grounds: list[str], seeds: int) -> None:
    """A row per ground, reference and seed, after all samples; "from" is where .9 of the starts first succeeded."""
    print("| ground | reference | seed | samples | .9 from | " + " | ".join(SHOWN) + " |")
    print("| --- " * (len(SHOWN) + 5) + "|")
    for ground in grounds:
        for name in REFERENCES:
            for seed in range(seeds):
                file = out / f"{ground}-{seed}" / f"from {name}" / "progress.csv"
                if not file.exists():
                    continue
                log = log_of(file)
                learnt = learnt_after(log)
                soon = "never" if learnt is None else f"{learnt / 1e6:.2f} M"
                cells = (f"{log[-1][key]:.2f}" for key in SHOWN)
                row = (ground, name, seed, f"{log[-1]['samples'] / 1e6:.2f} M", soon, *cells)
                print("| " + " | ".join(map(str, row)) + " |", flush=True)


def main() -> None:
    """Train what is not trained yet, and show the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--grounds", nargs="+", default=["stairs_up:10cm", "rough:6cm", "slope_up:10deg"])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--budget", type=int, default=750_000)
    parser.add_argument("--only-show", action="store_true")
    asked = parser.parse_args()
    for seed in range(0 if asked.only_show else asked.seeds):
        for ground in asked.grounds:
            place = asked.out / f"{ground}-{seed}"
            references(asked.run, ground, seed, place)
            for name in REFERENCES:
                train(asked.run, place / f"{name}.npz", seed, asked.budget, place / f"from {name}")
    table(asked.out, asked.grounds, asked.seeds)


if __name__ == "__main__":
    main()
