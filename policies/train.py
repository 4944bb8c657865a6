"""Training until the policy is good or the budget is spent, with a log, checkpoints and a bar.

It knows a `VecEnv` and a function that judges a policy; simulator and clip are theirs. Everything it needs to go on
after a kill is in the checkpoint, so the curve after one is the curve without.
"""

import copy
import csv
import logging
import math
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

import torch

from policies.begin import take_over
from policies.config import Budget, TrainConfig, parse_budget
from policies.display import board, training_bar
from policies.export import DeterministicActor, export_driving, export_onnx, export_zip, sane, save_policy
from policies.finalists import BEST, Finalists
from policies.group import Group, joined
from policies.networks import TrackingPolicy, make_policy
from policies.ppo import PPO
from policies.settling import lasting, pace, settled
from policies.stopping import Asked, Stopping
from sfv.errors import InputError, blamed
from sfv.interfaces import Driven, Policy, VecEnv
from sfv.judged import Figures, Judge
from sfv.work.files import replacing
from sfv.work.tensors import load_tensors, save_tensors

log = logging.getLogger(__name__)

CHECKPOINT = "checkpoint.safetensors"
"""The learner's tensors and its log (`PPO.state`)."""
CAREFUL = 0.2
"""The first step, in units of `learning_rate`, where another policy was begun from: with a whole one the KL divergence
of the first iterations was five times its target, and what the other could was half forgotten (docs/log.md)."""


def train(
    env: VecEnv,
    judge: Judge,
    config: TrainConfig,
    folder: Path,
    group: Group | None = None,
    teacher: Policy | None = None,
    lessons: float = 0.0,
    begun_from: Path | None = None,
    again: Callable[[], Judge] | None = None,
) -> Path:
    """Train, or go on from the checkpoint in `folder`; write policy.safetensors, .zip, .onnx and progress.csv.

    The policy written is the best that `judge` saw: by the share of its tries that succeed, then by normalised return.
    Where some fail, the best few are judged once more in the end, by what `again` makes. Of a group of learners, by
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
    best, row = run.chosen(again)
    about = env.describe()
    save_policy(folder, best, about | {"samples": row["samples"], "config": asdict(config)})
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
    with board(run.folder) as write, training_bar(budget.seconds, budget.samples) as show:
        while run.seconds < budget.seconds and learner.samples < budget.samples and not run.settled:
            started = time.perf_counter()
            learner.group.told("learn")
            learner.iterate()
            run.require_finite()
            if learner.samples >= run.next_evaluation:
                run.evaluate()
                write(run.rows[-1], learner.samples)
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
        self.finalists = Finalists()
        self.seconds = 0.0
        self.kept = 0  # samples of the checkpoint
        self.next_evaluation, self.next_checkpoint = config.evaluate_every, config.checkpoint_every

    @property
    def settled(self) -> bool:
        """Nothing more is to be gained: exploration is as it is to stay, and the skill there and not improving."""
        return self.learner.narrow and settled([Figures.of(row) for row in self.rows])

    def evaluate(self) -> None:
        """Judge the averaged policy as it is, on the processor, log what is found, keep it if it is one of the best."""
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
        self.learner.settling = pace(figures, self.learner.noise <= self.config.noise[-1], self.from_another)
        self.learner.lasting = lasting(figures)
        self.finalists.offer(row, average.state_dict())
        self.next_evaluation = _after(self.learner.samples, self.config.evaluate_every)

    def save(self) -> None:
        """Checkpoint and log."""
        group = self.learner.group
        group.told("save")
        tensors: dict[str, torch.Tensor] = {}
        for rank, state in enumerate(group.gathered(self.learner.state())):
            tensors |= {f"{_part(rank)}.{name}": tensor for name, tensor in state.items()}
        tensors |= self.finalists.state()
        best = self.finalists.rows
        about = {"rows": self.rows, "best": best, "seconds": self.seconds, "due": self.next_evaluation}
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
        best = [split.pop(name) for name in sorted(split) if name.startswith(BEST)]
        if not best:
            raise InputError(f"{self.folder / CHECKPOINT} holds no checkpoint of a training; delete it and run again")
        if (size := len(split)) != group.size:
            raise InputError(
                f"the training in {self.folder} was begun by {size} processes and cannot go on with {group.size}; "
                f"start {size}, or give another --out"
            )
        group.told("restore")
        with blamed(f"{self.folder / CHECKPOINT} does not fit what is trained", "delete it and run again"):
            self.learner.restore(group.handed([split[_part(rank)] for rank in range(size)]))
            self.kept = self.learner.samples
            self.rows, self.seconds = about["rows"], about["seconds"]
            first = about["best"]  # before 0.2.0 there was one
            self.finalists.restore(first if isinstance(first, list) else [first], best)
        # before 0.2.0 no checkpoint was written before the evaluation of its moment
        self.next_evaluation = about.get("due", _after(self.learner.samples, self.config.evaluate_every))
        self.next_checkpoint = _after(self.learner.samples, self.config.checkpoint_every)

    def chosen(self, again: Callable[[], Judge] | None) -> tuple[TrackingPolicy, dict[str, float]]:
        """The policy that is kept, and what the log has of it."""
        finalists = self.finalists
        if again is not None and finalists.doubtful:
            log.warning("some tries fail, so the %d best policies are judged once more", len(finalists.rows))
            finalists.choose(again(), lambda weights: DeterministicActor(self._policy(weights)))
        return self._policy(finalists.weights[0]), finalists.rows[0]

    def _policy(self, weights: Mapping[str, torch.Tensor]) -> TrackingPolicy:
        """One with these weights."""
        policy = make_policy(self.learner.env.obs_size, self.learner.env.action_size, self.config.hidden)
        policy.load_state_dict(weights)
        return policy


def _part(rank: int) -> str:
    """What the tensors of a learner are called in a checkpoint."""
    return f"learner{rank}" if rank else "learner"


def _after(samples: int, every: int) -> int:
    """The next whole multiple."""
    return (samples // every + 1) * every
