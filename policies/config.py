"""The settings of learning. Light: imports no torch."""

import re
from dataclasses import dataclass
from typing import Annotated, Literal

from sfv.errors import InputError
from sfv.limits import COMMON, SEED, Within
from sfv.work.config import Before

LARGEST_ITERATION = 8_000_000
"""Samples at once: about 16 GB with this task's observations."""


@dataclass(frozen=True)
class TrainConfig:
    """PPO on the tracking task, and when to stop."""

    budget: Annotated[str, COMMON] = "15min"
    """At most this much training: minutes ('10min', '600s', '2h') or samples ('4M', '500k'). It ends before, when the
    policy succeeds from everywhere and no longer improves."""
    seed: Annotated[int, Within(0, SEED), COMMON] = 0
    """Seed of everything random."""
    num_envs: Annotated[int, Within(1, 65536)] = 512
    """Characters simulated at once."""
    steps: Annotated[int, Within(1, 1024)] = 12
    """Control steps per environment and iteration."""
    epochs: Annotated[int, Within(1, 100)] = 2
    """Passes over the samples of an iteration."""
    minibatch: Annotated[int, Within(1, 10_000_000)] = 2048
    """Samples per gradient step."""
    gamma: Annotated[float, Within(0, 1)] = 0.97
    """Discount per control step."""
    lam: Annotated[float, Within(0, 1)] = 0.95
    """Lambda of generalised advantage estimation."""
    clip_range: Annotated[float, Within(0, 10, above=True)] = 0.2
    """Clipping of the probability ratio."""
    optimizer: Annotated[Literal["muon", "adam"], Before("adam")] = "muon"
    """What moves the hidden matrices; Adam moves all else. Muon learns a skill from half the samples (docs/log.md)."""
    learning_rate: Annotated[float, Within(0, 1, above=True)] = 5e-4
    """Adam's first step size; from then on it follows the KL divergence."""
    muon_step: Annotated[float, Within(0, 1000, above=True)] = 15.0
    """Muon's step size, in units of Adam's."""
    momentum: Annotated[float, Within(0, 0.999)] = 0.9
    """How much of Muon's momentum stays from one gradient step to the next."""
    target_kl: Annotated[tuple[float, float, float, float], Within(0, 100, above=True)] = (0.06, 0.06, 0.06, 0.015)
    """The step size grows below half of this KL divergence per iteration and shrinks above twice: at the start, after
    `narrowing`, after as much again and once more. Large steps learn fastest; in the end they keep the policy from
    settling, but a skill that is not there when they shrink comes late."""
    noise: Annotated[tuple[float, float, float], Within(0, 10, above=True)] = (0.2, 0.1, 0.05)
    """Standard deviation of the exploration, in units of action, at the first three of these moments. Wide at the start
    finds skills soonest; narrow in the end lets the policy come nearer to the reference."""
    correlation: Annotated[tuple[float, float, float, float], Within(0, 0.999)] = (0.0, 0.0, 0.8, 0.0)
    """Correlation of the exploration at a control step with that at the step before, at the same four moments. Pushes
    that last make a skill firm; it is found sooner without them, and done more exactly. Less, or none, while the policy
    stays up for less than half of the time, or strays in less than a tenth of its tries."""
    narrowing: Annotated[float, Within(0, 1e12, above=True)] = 750_000.0
    """Samples from each of these moments to the next, for a policy that stays up. Twice as many make who is hard to
    learn a little firmer, and all others slower and less exact (docs/log.md). Fewer count, in proportion, while the
    policy is up for less than a fifth of the time. Once noise is as it stays, fewer count below nine tenths of the
    time, and none below half."""
    average: Annotated[float, Within(0, 1e12, above=True)] = 250_000.0
    """Samples over which the policy's weights are averaged; the average is what is judged, kept and exported."""
    hidden: Annotated[tuple[int, ...], Within(1, 8192)] = (256, 256)
    """Units per layer of actor and critic."""
    evaluate_every: Annotated[int, Within(1, 10**12)] = 250_000
    """Samples between evaluations."""
    checkpoint_every: Annotated[int, Within(1, 10**12)] = 250_000
    """Samples between checkpoints: what a killed run loses at most."""
    compile: bool = False
    """Compile the update with torch.compile where a C++ compiler is found: a tenth of the update's time less, for 25 s
    at the first start and 5 s at others. It pays from 8 million samples on (docs/log.md)."""
    mirror: bool = False
    """Also ask that the mirror image of a situation be answered with the mirror image of the action. It is for
    characters whose left and right are alike, and clips whose left and right are."""

    def check(self) -> None:
        """Raise InputError unless the budget is one, the network has layers, and an iteration fits into memory."""
        parse_budget(self.budget)
        if not 1 <= len(self.hidden) <= 16:
            raise InputError(
                f"--hidden names {len(self.hidden)} layers; give 1 to 16 numbers of units, such as 256 256"
            )
        if self.num_envs * self.steps > LARGEST_ITERATION:
            raise InputError(
                f"--num-envs {self.num_envs} times --steps {self.steps} is more than {LARGEST_ITERATION} samples per "
                "iteration; lower one of them"
            )


@dataclass(frozen=True)
class Budget:
    """A limit on training: seconds or samples, the other infinite."""

    seconds: float
    samples: float


MOST = 1e15
"""Of whatever a budget is measured in."""


def parse_budget(text: str) -> Budget:
    """'10min', '90s', '1.5h' or '4M', '500k', '100000'.

    Raises:
        InputError: none of these.
    """
    match = re.fullmatch(r"\s*([0-9]*\.?[0-9]+)\s*([a-zA-Z]*)\s*", text)
    units = {"s": 1.0, "sec": 1.0, "min": 60.0, "h": 3600.0}
    counts = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6}
    amount = float(match[1]) if match else 0.0
    if match and not 0.0 < amount < MOST:
        raise InputError(f"--budget {text!r} is out of bounds; give some time or samples, such as 10min or 4M")
    if match and match[2] in units:
        return Budget(amount * units[match[2]], float("inf"))
    if match and match[2] in counts:
        return Budget(float("inf"), amount * counts[match[2]])
    raise InputError(f"--budget {text!r} is neither a time nor a number of samples; write 10min, 90s, 2h, 500k or 4M")
