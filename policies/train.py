"""Training until the policy is good or the budget is spent, with a log, checkpoints and a bar.

It knows a `VecEnv` and a function that judges a policy; simulator and clip are theirs. Everything it needs to go on
after a kill is in the checkpoint, so the curve after one is the curve without.
"""

import contextlib
import copy
import csv
import logging
import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from policies.begin import take_over
from policies.config import Budget, TrainConfig, parse_budget
from policies.export import DeterministicActor, export_driving, export_onnx, export_zip, sane, save_policy
from policies.group import Group, joined
from policies.networks import TrackingPolicy, make_policy
from policies.ppo import PPO
from policies.stopping import Asked, Stopping
from sfv.errors import InputError, blamed
from sfv.interfaces import Driven, Policy, VecEnv
from sfv.judged import Figures, Judge
from sfv.progress import TRAINING, bar
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
FOUND = (0.25, 0.75)
"""Success between which noise begins to narrow and does so at its full pace where another policy was begun from: that
one stays up from the start, and by survival noise was at its least before the new skill was found. A demo begun from
the tracker had .84 of its starts at 1.0 M samples so, and .90 at 0.45 M with noise that was held (docs/log.md)."""
CAREFUL = 0.2
"""The first step, in units of `learning_rate`, where another policy was begun from: with a whole one the KL divergence
of the first iterations was five times its target, and what the other could was half forgotten (docs/log.md)."""
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
    begun_from: Path | None = None,
) -> Path:
    """Train, or go on from the checkpoint in `folder`; write policy.safetensors, .zip, .onnx and progress.csv.

    The policy written is the best that `judge` saw: by success, then by normalised return. Of a group of learners, by
    default that which torchrun made, the first judges and writes, and the others learn with it. A `teacher` is heard
    less and less over `lessons` samples (`PPO.heard`). A policy that is `begun_from` gives its weights at the start;
    exploration is then as narrow as it is for a skill that has been found, and stays so until this one is.

    Returns:
        Path of policy.safetensors.

    Raises:
        InputError: the budget cannot be read, the folder not written, or the learner went to NaN.
        KeyboardInterrupt: it was asked to stop; the checkpoint is that of this moment.
    """
    budget = parse_budget(config.budget)
    group = group or joined()
    assert group.size == 1 or env.num_envs == group.share(config.num_envs), "each has its part of the environments"
    learner = PPO(env, config, group, teacher, lessons)
    if begun_from and not (folder / CHECKPOINT).exists():
        names = env.describe().get("observation", ())
        take_over(learner.policy, begun_from, names)
        take_over(learner.average, begun_from, names)
        learner.narrowed = config.narrowing
        learner.optimizer.step_size *= CAREFUL
    if group.rank > 0:
        with Stopping():  # the first decides when they stop
            _assist(learner)
        return folder / "policy.safetensors"
    folder.mkdir(parents=True, exist_ok=True)
    with Stopping() as stopping:
        run = _Run(learner, judge, config, folder, stopping, begun_from is not None)
        try:
            _learn(run, budget)
        except Asked:
            if run.rows:  # else nothing was learnt yet
                run.save()
            group.told("done")
            stopping.obey()
    group.told("done")
    best = run.best_policy()
    about = env.describe()
    save_policy(folder, best, about | {"samples": run.best["samples"], "config": asdict(config)})
    export_zip(folder, best, config)
    driving = env.driving() if isinstance(env, Driven) else about
    export_driving(folder, driving)
    export_onnx(folder, best, {name: value for name, value in driving.items() if name != "reference"})
    return folder / "policy.safetensors"


def _learn(run: "_Run", budget: Budget) -> None:
    """Begin or go on, until the budget is spent or nothing more is to be gained."""
    learner = run.learner
    if (run.folder / CHECKPOINT).exists():
        run.restore()
        log.warning("training goes on at %s samples", f"{learner.samples:,}")
    if not run.rows or learner.samples >= run.next_evaluation:  # which a stop may have come before
        run.evaluate()
    with _board(run.folder) as board, _bar(budget.seconds, budget.samples) as show:
        while run.seconds < budget.seconds and learner.samples < budget.samples and not run.settled:
            started = time.perf_counter()
            learner.group.told("learn")
            learner.iterate()
            run.require_finite()
            if learner.samples >= run.next_evaluation:
                run.evaluate()
                board(run.rows[-1], learner.samples)
            run.seconds += time.perf_counter() - started
            if learner.samples >= run.next_checkpoint:
                run.save()
            show(run.seconds, learner, run.rows[-1])
            run.stopping.check()
    if run.rows[-1]["samples"] != learner.samples:
        run.evaluate()
    run.save()


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

    def __init__(
        self,
        learner: PPO,
        judge: Judge,
        config: TrainConfig,
        folder: Path,
        stopping: Stopping | None = None,
        from_another: bool = False,
    ) -> None:
        self.learner, self.judge, self.config, self.folder = learner, judge, config, folder
        self.from_another = from_another  # whether its first weights are those of another policy
        self.stopping = stopping or Stopping()
        self.rows: list[dict[str, float]] = []
        self.best: dict[str, float] = {}
        self.best_weights: dict[str, torch.Tensor] = {}
        self.seconds = 0.0
        self.kept = 0  # samples of the checkpoint
        self.next_evaluation, self.next_checkpoint = config.evaluate_every, config.checkpoint_every

    @property
    def settled(self) -> bool:
        """Nothing more is to be gained: exploration is as it is to stay, and the skill there and not improving."""
        return self.learner.narrow and settled([Figures.of(row) for row in self.rows])

    def evaluate(self) -> None:
        """Judge the averaged policy as it is, on the processor; add a row to the log, keep it if it is the best."""
        average = copy.deepcopy(self.learner.average).cpu()
        found = self.judge(self.stopping.through(DeterministicActor(average)))
        figures, report = found.figures, found.report
        row = {"samples": float(self.learner.samples), "minutes": self.seconds / 60.0}
        row |= {
            number.name: number.value for number in (*figures.numbers(), *report.numbers) if number.better != "none"
        }
        row |= {f"{number.name} {clip}": number.value for clip, of in report.clips.items() for number in of.numbers}
        row |= self.learner.log
        self.rows.append(row)
        if self.learner.noise <= self.config.noise[-1]:
            self.learner.settling = _share(figures.survival, *SHRINKING)
        elif self.from_another:
            self.learner.settling = _share(figures.success, *FOUND)
        else:
            self.learner.settling = _share(figures.survival, *NARROWING)
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
        about = {"rows": self.rows, "best": self.best, "seconds": self.seconds, "due": self.next_evaluation}
        save_tensors(self.folder / CHECKPOINT, tensors, about)
        self.kept = self.learner.samples
        columns = list(dict.fromkeys(name for row in self.rows for name in row))
        with replacing(self.folder / "progress.csv") as temporary, temporary.open("w", newline="") as file:
            writer = csv.DictWriter(file, columns, restval="")
            writer.writeheader()
            writer.writerows(self.rows)
        self.next_checkpoint = _after(self.learner.samples, self.config.checkpoint_every)

    def require_finite(self) -> None:
        """Raise unless what was learnt can be gone on with; the last checkpoint, which can, stays as it is.

        Raises:
            InputError: a weight or the loss is NaN or beyond all bounds.
        """
        learner = self.learner
        if math.isfinite(learner.log["loss"]) and all(sane(weight) for weight in learner.policy.parameters()):
            return
        kept = "there is no checkpoint yet"
        if self.kept:
            kept = f"the checkpoint of {self.kept:,} samples is whole, and the same command goes on from there"
        raise InputError(
            f"the learner went to NaN before {learner.samples:,} samples; {kept}; if it does so again, train anew with "
            "a smaller --learning-rate and another --out"
        )

    def restore(self) -> None:
        """Go on from the checkpoint."""
        tensors, about = load_tensors(self.folder / CHECKPOINT, "delete it and run again")
        wild = [name for name, tensor in tensors.items() if ".env." not in name and not sane(tensor)]
        if wild:
            raise InputError(
                f"{self.folder / CHECKPOINT} holds numbers that no training makes (in {wild[0]}); delete it and run "
                "again, from the start"
            )
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
            self.best_weights, self.kept = split["best"], self.learner.samples
            self.rows, self.best, self.seconds = about["rows"], about["best"], about["seconds"]
        # before 0.2.0 no checkpoint was written before the evaluation of its moment
        self.next_evaluation = about.get("due", _after(self.learner.samples, self.config.evaluate_every))
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
    by_time = seconds != float("inf")
    done = 0.0
    started: tuple[float, int] | None = None
    with bar(TRAINING, seconds if by_time else samples) as advance:

        def show(spent: float, learner: PPO, row: dict[str, Any]) -> None:
            nonlocal done, started
            started = started or (spent, learner.samples)
            rate = (learner.samples - started[1]) / max(spent - started[0], 1e-9)
            now = spent if by_time else float(learner.samples)
            text = f"{TRAINING} {learner.samples / 1e6:.2f}M, {rate:,.0f} samples/s, success {row['success']:.2f}"
            advance(now - done, text)
            done = now

        yield show
