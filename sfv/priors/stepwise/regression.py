"""The next frame as a function of the one before: a network without chance, the control beside which others are seen.

    x_t = (1 - FADE) x_t-1 + f(x_t-1, x_t-1 - x_t-2, steering, memory)

With `memory` it is a recurrent network (a GRU), without it a plain one. Of what may go on in two ways it takes the
mean, and all of its motions from one pose are the same. It streams; it cannot fill.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from sfv.priors.basis import Basis
from sfv.priors.dataset import MotionDataset
from sfv.priors.fitting import FitConfig
from sfv.priors.stepwise.rollout import FADE, STEERING, Network, fit_stepper
from sfv.priors.stepwise.stepping import Starts, Stepwise
from sfv.progress import Advance

NAME = "regression"


@dataclass(frozen=True)
class NetworkConfig:
    """Sizes.

    Attributes:
        width: of hidden layers; of the steering a quarter.
        memory: numbers of the GRU's state; 0 makes it a plain network.
    """

    width: int = 256
    memory: int = 192


@dataclass(frozen=True)
class RegressionConfig:
    """Sizes, and how it is fitted."""

    network: NetworkConfig = field(default_factory=NetworkConfig)
    taught: FitConfig = field(default_factory=lambda: FitConfig(steps=1500, rate=2e-3))
    mixed: FitConfig = field(default_factory=lambda: FitConfig(steps=1500))
    alone: FitConfig = field(default_factory=lambda: FitConfig(steps=4000))


SIZES = {
    "tiny": RegressionConfig(
        NetworkConfig(width=96, memory=64),
        FitConfig(steps=150, batch=16, rate=3e-3, warm=20),
        FitConfig(steps=150, batch=16, rate=2e-3, warm=20),
        FitConfig(steps=300, batch=16, rate=2e-3, warm=20),
    ),
    "small": RegressionConfig(),
    "paper": RegressionConfig(
        NetworkConfig(width=512, memory=1024),
        FitConfig(steps=20_000, batch=64, rate=1e-4),
        FitConfig(steps=20_000, batch=64, rate=1e-4),
        FitConfig(steps=100_000, batch=64, rate=1e-4),
    ),
}


class Regressor(Network):
    """The function of one step."""

    def __init__(self, config: NetworkConfig, rows: int) -> None:
        super().__init__()
        self.config, width, told = config, config.width, config.width // 4
        known = 2 * rows + told
        self.told = nn.Linear(STEERING, told)
        self.memory = nn.GRUCell(known, config.memory) if config.memory else None
        self.layers = nn.Sequential(
            nn.Linear(known + config.memory, width), nn.ELU(), nn.Linear(width, width), nn.ELU(), nn.Linear(width, rows)
        )

    def step(
        self,
        now: Float[Tensor, "n D"],
        change: Float[Tensor, "n D"],
        steering: Float[Tensor, "n s"],
        memory: Float[Tensor, "n m"] | None,
        truth: Float[Tensor, "n D"] | None = None,
        generator: torch.Generator | None = None,
    ) -> tuple[Float[Tensor, "n D"], Float[Tensor, "n m"] | None, Float[Tensor, ""]]:
        """The one row that comes; neither truth nor chance is looked at."""
        known = torch.cat((now, change, self.told(steering)), 1)
        if self.memory is not None:
            memory = self.memory(known, memory)
            known = torch.cat((known, memory), 1)
        return (1.0 - FADE) * now + self.layers(known), memory, now.new_zeros(())


def load(basis: Basis, tensors: Mapping[str, Tensor], settings: Mapping[str, Any]) -> Stepwise:
    """The prior of a file."""
    return Stepwise.load(NAME, basis, tensors, Regressor(NetworkConfig(**settings), basis.features.size))


def fit_prior(
    dataset: MotionDataset,
    held: MotionDataset | None,
    config: RegressionConfig,
    seed: int = 0,
    advance: Advance = lambda steps, text=None: None,
    kept: Path | None = None,
) -> Stepwise:
    """One network, taught, mixed and alone."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = Regressor(config.network, dataset.features.size)
    parts = (config.taught, config.mixed, config.alone)
    fit_stepper(network, dataset, held, parts, NAME, seed, advance, kept)
    return Stepwise(NAME, Basis.of(dataset), Starts.of(dataset), network)
