"""The tracker's training on a GPU: `sfv train --together` in thousands of worlds, with each motion's mirror image.

    python benchmarks/tracker_gpu.py MOTION.npz ... --out FOLDER [--minutes 8] [--from POLICY] [--tables FILE]

What is not as in `sfv train`: the table of the motions is made by as many processes as there are cores (by one it takes
minutes, in which the GPU would wait), and a policy of narrower layers may be begun from: its units keep their weights,
the new ones are heard by nobody at first. With `--minutes 0` it makes the table and no more. What was stopped goes on.
"""

import argparse
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from envs.config import TrackingConfig
from envs.judge.evaluate import training_judge
from envs.library import MotionLibrary
from envs.sim.simulator import simulator_device
from envs.tracking import TrackingEnv
from policies.config import TrainConfig
from policies.export import load_policy, save_policy
from policies.networks import make_policy
from policies.train import train
from sfv.character import load_character
from sfv.motion import Motion
from sfv.priors.features import mirrored

COLUMNS = ("table", "lift", "ticks", "last", "loop", "shift", "turn")
"""What a library has a row of for each moment or motion."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("motions", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--tables", type=Path, help="a file for the motions' tables: made where it is not, read where it is"
    )
    parser.add_argument("--minutes", type=float, default=8.0)
    parser.add_argument("--from", dest="begun_from", type=Path, help="a policy.safetensors of no wider layers")
    parser.add_argument("--num-envs", type=int, default=32768)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--minibatch", type=int, default=32768)
    parser.add_argument("--hidden", type=int, nargs="+", default=[1024, 512])
    parser.add_argument("--narrowing", type=float, default=80e6)
    parser.add_argument("--simulator", choices=("warp", "mujoco"), default="warp")
    args = parser.parse_args()
    body, tracking = load_character("humanoid"), TrackingConfig(simulator=args.simulator)
    config = TrainConfig(
        budget=f"{args.minutes}min", num_envs=args.num_envs, steps=args.steps, minibatch=args.minibatch,
        hidden=tuple(args.hidden), narrowing=args.narrowing, noise=(0.2, 0.1, 0.1), correlation=(0.0, 0.0, 0.0, 0.0),
        average=5e6, evaluate_every=50_000_000, checkpoint_every=10**9,
    )  # fmt: skip
    motions: dict[str, Motion] = {}
    for path in args.motions:
        motion = Motion.load(path)
        motions |= {path.stem: motion, f"{path.stem}-mirrored": mirrored(motion)}
    parts = parts_of(args.motions, args.tables)
    if args.minutes <= 0:
        return
    # the judge's is on the processor
    both = {where: library_of(list(motions.values()), parts, where) for where in {"cpu", simulator_device(tracking)}}
    with patch("envs.tracking.MotionLibrary", lambda _motions, _body, where="cpu": both[where]):
        env = TrackingEnv(list(motions.values()), body, tracking, args.num_envs, config.seed)
        judge = training_judge(motions, body, tracking)
    start = None
    if args.begun_from:
        start = widened(args.begun_from, config.hidden, env, args.out / "begun-from")
    train(env, judge, config, args.out, begun_from=start)


def parts_of(files: Sequence[Path], kept: Path | None) -> dict[str, Tensor]:
    """The library's columns of all files, each made by a process of its own."""
    if kept and kept.exists():
        return load_file(kept)
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        parts = list(pool.map(tables, files))
    columns = {name: torch.cat([torch.as_tensor(part[name]) for part in parts]) for name in (*COLUMNS, "rows")}
    if kept:
        save_file(columns, kept)
    return columns


def library_of(motions: Sequence[Motion], parts: Mapping[str, Tensor], device: str) -> MotionLibrary:
    """The library of all motions, made of their columns."""
    whole = MotionLibrary(motions[:1], load_character("humanoid"), device)
    for name in COLUMNS:
        setattr(whole, name, parts[name].to(device))
    whole.start = (parts["rows"].cumsum(0) - parts["rows"]).to(device)
    whole.num_clips = len(motions)
    whole.surface = torch.zeros(0)  # for uneven ground alone
    whole._loops, whole._turns = bool(whole.loop.any()), bool(whole.turn.any())
    return whole


def tables(path: Path) -> dict[str, np.ndarray]:
    """The library's columns of a motion and its mirror image."""
    torch.set_num_threads(1)
    motion, body = Motion.load(path), load_character("humanoid")
    library = MotionLibrary([motion, mirrored(motion)], body)
    rows = np.diff([*library.start.tolist(), len(library.table)])
    return {name: getattr(library, name).numpy() for name in COLUMNS} | {"rows": rows}


@torch.no_grad()
def widened(path: Path, hidden: tuple[int, ...], env: TrackingEnv, out: Path) -> Path:
    """The same policy with more units: new ones see what they happen to see, and nobody hears them yet."""
    other = load_policy(path)[0].policy.state_dict()
    policy = make_policy(env.obs_size, env.action_size, hidden)
    mine = policy.state_dict()
    for name, old in other.items():
        wide: Tensor = mine[name]
        if wide.dim() == 2:  # the old units' weights on new units of the layer before are zero
            wide[: old.shape[0], old.shape[1] :] = 0.0
            wide[: old.shape[0], : old.shape[1]] = old
        elif wide.dim() == 1:
            wide[: len(old)] = old
        else:
            wide.copy_(old)
    policy.load_state_dict(mine)
    out.mkdir(parents=True, exist_ok=True)
    save_policy(out, policy, env.describe())
    return out / "policy.safetensors"


if __name__ == "__main__":
    main()
