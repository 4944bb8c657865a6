"""The settings of learning. Light: imports no torch."""

import re
from dataclasses import dataclass
from typing import Literal

from sfv.errors import InputError


@dataclass(frozen=True)
class TrainConfig:
    """PPO on the tracking task, and when to stop."""

    budget: str = "15min"
    """At most this much training: minutes ('10min', '600s', '2h') or samples ('4M', '500k'). It ends before, when the
    policy succeeds from everywhere and no longer improves."""
    seed: int = 0
    """Seed of everything random."""
    num_envs: int = 512
    """Characters simulated at once."""
    steps: int = 12
    """Control steps per environment and iteration."""
    epochs: int = 2
    """Passes over the samples of an iteration."""
    minibatch: int = 2048
    """Samples per gradient step."""
    gamma: float = 0.97
    """Discount per control step."""
    lam: float = 0.95
    """Lambda of generalised advantage estimation."""
    clip_range: float = 0.2
    """Clipping of the probability ratio."""
    optimizer: Literal["muon", "adam"] = "muon"
    """What moves the hidden matrices; Adam moves all else. Muon learns a skill from half the samples (docs/log.md)."""
    learning_rate: float = 5e-4
    """Adam's first step size; from then on it follows the KL divergence."""
    muon_step: float = 15.0
    """Muon's step size, in units of Adam's."""
    momentum: float = 0.9
    """How much of Muon's momentum stays from one gradient step to the next."""
    target_kl: tuple[float, float, float, float] = (0.06, 0.06, 0.06, 0.015)
    """The step size grows below half of this KL divergence per iteration and shrinks above twice: at the start, after
    `narrowing`, after as much again and once more. Large steps learn fastest; in the end they keep the policy from
    settling, but a skill that is not there when they shrink comes late."""
    noise: tuple[float, float, float] = (0.2, 0.1, 0.05)
    """Standard deviation of the exploration, in units of action, at the first three of these moments: at the start,
    where wide finds skills soonest; and in the end, where a narrow one lets the policy come nearer to the reference."""
    correlation: tuple[float, float, float, float] = (0.0, 0.0, 0.8, 0.0)
    """Correlation of the exploration at a control step with that at the step before, at the same four moments. Pushes
    that last make a skill firm; it is found sooner without them, and done more exactly. Less, or none, while the policy
    stays up for less than half of the time, or strays in less than a tenth of its tries."""
    narrowing: float = 1.5e6
    """Samples from each of these moments to the next, for a policy that stays up. Fewer count, in proportion, while it
    is up for less than a fifth of the time, and once noise is as it stays, for less than nine tenths of it; then none
    for less than half."""
    average: float = 250_000.0
    """Samples over which the policy's weights are averaged; the average is what is judged, kept and exported."""
    hidden: tuple[int, ...] = (256, 256)
    """Units per layer of actor and critic."""
    evaluate_every: int = 250_000
    """Samples between evaluations."""
    checkpoint_every: int = 250_000
    """Samples between checkpoints: what a killed run loses at most."""
    compile: bool = True
    """Compile the update with torch.compile where a C++ compiler is found."""
    mirror: bool = False
    """Also ask that the mirror image of a situation be answered with the mirror image of the action: for characters
    whose left and right are alike, and clips whose left and right are."""


@dataclass(frozen=True)
class Budget:
    """A limit on training: seconds or samples, the other infinite."""

    seconds: float
    samples: float


def parse_budget(text: str) -> Budget:
    """'10min', '90s', '1.5h' or '4M', '500k', '100000'.

    Raises:
        InputError: none of these.
    """
    match = re.fullmatch(r"\s*([0-9]*\.?[0-9]+)\s*([a-zA-Z]*)\s*", text)
    units = {"s": 1.0, "sec": 1.0, "min": 60.0, "h": 3600.0}
    counts = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6}
    if match and match[2] in units:
        return Budget(float(match[1]) * units[match[2]], float("inf"))
    if match and match[2] in counts:
        return Budget(float("inf"), float(match[1]) * counts[match[2]])
    raise InputError(f"--budget {text!r} is neither a time nor a number of samples; write 10min, 90s, 2h, 500k or 4M")
