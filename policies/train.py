"""Training until the policy is good or the budget is spent, with a log, checkpoints and a bar.

It knows a `VecEnv` and a function that judges a policy; simulator and clip are theirs. Everything it needs to go on
after a kill is in the checkpoint, so the curve after one is the curve without.
"""

import contextlib
import copy
import csv
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from policies.config import TrainConfig, parse_budget
from policies.export import DeterministicActor, export_onnx, export_zip, save_policy
from policies.group import Group, joined
from policies.networks import TrackingPolicy, make_policy
from policies.ppo import PPO
from sfv.errors import InputError, blamed
from sfv.interfaces import Policy, VecEnv
from sfv.judged import Figures, Judge
from sfv.work.files import replacing
from sfv.work.tensors import load_tensors, save_tensors

log = logging.getLogger(__name__)

CHECKPOINT = "checkpoint.safetensors"
"""The learner's tensors and its log (`PPO.state`)."""
PATIENCE = 4
"""Evaluations without improvement after which a successful policy is done."""
SUCCESS = 0.99
"""Success, from the start and from random phases, that counts as having the skill."""
NARROWING, SHRINKING = (0.0, 0.2), (0.5, 0.9)
"""Survival between which noise begins to narrow and does so at its full pace: a skill that is still looked for needs it
wide. And the same for steps, which shrink after that: a skill that wants nothing but exactness gains by it, a dance
that was half learnt slowed down (docs/log.md)."""
THERE, SURE = (0.25, 0.5), 0.9
"""Survival between which a skill begins to be there, and strict success from which it begins to be sure. Exploration
lasts in between: it throws who can hardly stand, makes sure who can, and costs who is sure some exactness."""
GAIN = 0.05
"""Least gain that counts as improvement, as a share of the normalised return that is still missing."""


def train(
    env: VecEnv,
    judge: Judge,
    config: TrainConfig,
    folder: Path,
    group: Group | None = None,
    teacher: Policy | None = None,
    lessons: float = 0.0,
) -> Path:
    """Train, or go on from the checkpoint in `folder`; write policy.safetensors, .zip, .onnx and progress.csv.

    The policy written is the best that `judge` saw: by success, then by normalised return. Of a group of learners, by
    default that which torchrun made, the first judges and writes, and the others learn with it. A `teacher` is heard
    less and less over `lessons` samples (`PPO.heard`).

    Returns:
        Path of policy.safetensors.

    Raises:
        InputError: the budget cannot be read, or the folder not written.
    """
    budget = parse_budget(config.budget)
    group = group or joined()
    assert group.size == 1 or env.num_envs == group.share(config.num_envs), "each has its part of the environments"
    learner = PPO(env, config, group, teacher, lessons)
    if group.rank > 0:
        _assist(learner)
        return folder / "policy.safetensors"
    folder.mkdir(parents=True, exist_ok=True)
    run = _Run(learner, judge, config, folder)
    if (folder / CHECKPOINT).exists():
        run.restore()
        log.warning("training goes on at %s samples", f"{learner.samples:,}")
    else:
        run.evaluate()
    with _board(folder) as board, _bar(budget.seconds, budget.samples) as show:
        while run.seconds < budget.seconds and learner.samples < budget.samples and not run.settled:
            started = time.perf_counter()
            group.told("learn")
            learner.iterate()
            if learner.samples >= run.next_evaluation:
                run.evaluate()
                board(run.rows[-1], learner.samples)
            run.seconds += time.perf_counter() - started
            if learner.samples >= run.next_checkpoint:
                run.save()
            show(run.seconds, learner, run.rows[-1])
    if run.rows[-1]["samples"] != learner.samples:
        run.evaluate()
    run.save()
    group.told("done")
    best = run.best_policy()
    about = env.describe()
    save_policy(folder, best, about | {"samples": run.best["samples"], "config": asdict(config)})
    export_zip(folder, best, config)
    export_onnx(folder, best, about)
    return folder / "policy.safetensors"


def _assist(learner: PPO) -> None:
    """Learn with the first of the group, as it says: all that must be done together is called by all."""
    group = learner.group
    while (word := group.told(None)) != "done":
        if word == "learn":
            learner.iterate()
        elif word == "save":
            group.gathered(learner.state())
        elif word == "restore":
            learner.restore(group.handed([]))


class _Run:
    """One training in progress: its log, its best policy, and where it stands."""

    def __init__(self, learner: PPO, judge: Judge, config: TrainConfig, folder: Path) -> None:
        self.learner, self.judge, self.config, self.folder = learner, judge, config, folder
        self.rows: list[dict[str, float]] = []
        self.best: dict[str, float] = {}
        self.best_weights: dict[str, torch.Tensor] = {}
        self.seconds = 0.0
        self.next_evaluation, self.next_checkpoint = config.evaluate_every, config.checkpoint_every

    @property
    def settled(self) -> bool:
        """Nothing more is to be gained: exploration is as it is to stay, and the skill there and not improving."""
        return self.learner.narrow and settled([Figures.of(row) for row in self.rows])

    def evaluate(self) -> None:
        """Judge the averaged policy as it is, on the processor; add a row to the log, keep it if it is the best."""
        average = copy.deepcopy(self.learner.average).cpu()
        found = self.judge(DeterministicActor(average))
        figures, report = found.figures, found.report
        row = {"samples": float(self.learner.samples), "minutes": self.seconds / 60.0}
        row |= {
            number.name: number.value for number in (*figures.numbers(), *report.numbers) if number.better != "none"
        }
        row |= {f"{number.name} {clip}": number.value for clip, of in report.clips.items() for number in of.numbers}
        row |= self.learner.log
        self.rows.append(row)
        between = NARROWING if self.learner.noise > self.config.noise[-1] else SHRINKING
        self.learner.settling = _share(figures.survival, *between)
        loose = (1.0 - figures.strict_success) / (1.0 - SURE)
        self.learner.lasting = _share(figures.survival, *THERE) * min(1.0, loose)
        if not self.best or _rank(figures) >= _rank(Figures.of(self.best)):
            self.best = row
            self.best_weights = {name: t.detach().clone() for name, t in average.state_dict().items()}
        self.next_evaluation = _after(self.learner.samples, self.config.evaluate_every)

    def save(self) -> None:
        """Checkpoint and log."""
        group = self.learner.group
        group.told("save")
        tensors: dict[str, torch.Tensor] = {}
        for rank, state in enumerate(group.gathered(self.learner.state())):
            tensors |= {f"{_part(rank)}.{name}": tensor for name, tensor in state.items()}
        tensors |= {f"best.{name}": tensor for name, tensor in self.best_weights.items()}
        about = {"rows": self.rows, "best": self.best, "seconds": self.seconds}
        save_tensors(self.folder / CHECKPOINT, tensors, about)
        columns = list(dict.fromkeys(name for row in self.rows for name in row))
        with replacing(self.folder / "progress.csv") as temporary, temporary.open("w", newline="") as file:
            writer = csv.DictWriter(file, columns, restval="")
            writer.writeheader()
            writer.writerows(self.rows)
        self.next_checkpoint = _after(self.learner.samples, self.config.checkpoint_every)

    def restore(self) -> None:
        """Go on from the checkpoint."""
        tensors, about = load_tensors(self.folder / CHECKPOINT, "delete it and run again")
        split: defaultdict[str, dict[str, torch.Tensor]] = defaultdict(dict)
        for name, tensor in tensors.items():
            part, _, rest = name.partition(".")
            split[part][rest] = tensor
        group = self.learner.group
        if "best" not in split:
            raise InputError(f"{self.folder / CHECKPOINT} holds no checkpoint of a training; delete it and run again")
        if (size := len(split) - 1) != group.size:
            raise InputError(
                f"the training in {self.folder} was begun by {size} processes and cannot go on with {group.size}; "
                f"start {size}, or give another --out"
            )
        group.told("restore")
        with blamed(f"{self.folder / CHECKPOINT} does not fit what is trained", "delete it and run again"):
            self.learner.restore(group.handed([split[_part(rank)] for rank in range(size)]))
            self.best_weights = split["best"]
            self.rows, self.best, self.seconds = about["rows"], about["best"], about["seconds"]
        self.next_evaluation = _after(self.learner.samples, self.config.evaluate_every)
        self.next_checkpoint = _after(self.learner.samples, self.config.checkpoint_every)

    def best_policy(self) -> TrackingPolicy:
        """A policy with the best weights."""
        policy = make_policy(self.learner.env.obs_size, self.learner.env.action_size, self.config.hidden)
        policy.load_state_dict(self.best_weights)
        return policy


def _share(value: float, first: float, last: float) -> float:
    """How much of the way from `first` to `last` is done, 0 to 1."""
    return max(0.0, min(1.0, (value - first) / (last - first)))


def settled(log: Sequence[Figures]) -> bool:
    """The skill is there and has not improved for PATIENCE evaluations, of which `log` has the figures."""
    recent = log[-PATIENCE:]
    if len(log) <= PATIENCE or min(min(f.success, f.success_random_phase) for f in recent) < SUCCESS:
        return False
    before = max(f.normalised_return for f in log[:-PATIENCE])
    return max(f.normalised_return for f in recent) < before + GAIN * (1.0 - before)


def _part(rank: int) -> str:
    """What the tensors of a learner are called in a checkpoint."""
    return f"learner{rank}" if rank else "learner"


def _after(samples: int, every: int) -> int:
    """The next whole multiple."""
    return (samples // every + 1) * every


def _rank(figures: Figures) -> tuple[float, float, float]:
    return figures.success, figures.success_random_phase, figures.normalised_return


@contextlib.contextmanager
def _board(folder: Path) -> Iterator[Callable[[dict[str, float], int], None]]:
    """TensorBoard's event file, through Stable-Baselines3's logger."""
    from stable_baselines3.common.logger import configure

    logger = configure(str(folder / "tensorboard"), ["tensorboard"])

    def write(row: dict[str, float], samples: int) -> None:
        for name, value in row.items():
            logger.record(f"sfv/{name}", value)
        logger.dump(samples)

    try:
        yield write
    finally:
        logger.close()


@contextlib.contextmanager
def _bar(seconds: float, samples: float) -> Iterator[Callable[[float, PPO, dict[str, Any]], None]]:
    """A bar over the budget, whichever it is, with the rate and the success of the last evaluation."""
    from sfv.progress import bar

    by_time = seconds != float("inf")
    done = 0.0
    started: tuple[float, int] | None = None
    with bar("training", seconds if by_time else samples) as advance:

        def show(spent: float, learner: PPO, row: dict[str, Any]) -> None:
            nonlocal done, started
            started = started or (spent, learner.samples)
            rate = (learner.samples - started[1]) / max(spent - started[0], 1e-9)
            now = spent if by_time else float(learner.samples)
            log.info("%d samples in %.0f s, success %.2f", learner.samples, spent, row["success"], extra={"done": now})
            text = f"training {learner.samples / 1e6:.2f}M, {rate:,.0f} samples/s, success {row['success']:.2f}"
            advance(now - done, text)
            done = now

        yield show
