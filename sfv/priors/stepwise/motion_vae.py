"""Motion VAE (Ling et al. 2020): the next frame is one of those that may come, and a few numbers say which.

    q(v | x_t-1, x_t) = N(mean, variance),   x_t = (1 - FADE) x_t-1 + decoder(v, x_t-1, steering)

While it goes, v ~ N(0, 1). The decoder is a mixture of experts whose weights a gate blends, by v and the pose. It
streams, and heeds a sentence, a path and what it is to go on from; it cannot fill, since it goes forward only.
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

NAME = "motion-vae"


@dataclass(frozen=True)
class VaeConfig:
    """Sizes.

    Attributes:
        width: of hidden layers; of the steering a quarter.
        latent: numbers that say which frame comes.
        experts: of the decoder.
        beta: weight of KL(q | N(0, 1)), averaged over the numbers.
    """

    width: int = 160
    latent: int = 24
    experts: int = 4
    beta: float = 0.05


@dataclass(frozen=True)
class MotionVaeConfig:
    """Sizes, and how it is fitted."""

    vae: VaeConfig = field(default_factory=VaeConfig)
    taught: FitConfig = field(default_factory=lambda: FitConfig(steps=1500, rate=2e-3))
    mixed: FitConfig = field(default_factory=lambda: FitConfig(steps=1500))
    alone: FitConfig = field(default_factory=lambda: FitConfig(steps=4000))


SIZES = {
    "tiny": MotionVaeConfig(
        VaeConfig(width=64, latent=8, experts=3),
        FitConfig(steps=150, batch=16, rate=3e-3, warm=20),
        FitConfig(steps=150, batch=16, rate=2e-3, warm=20),
        FitConfig(steps=300, batch=16, rate=2e-3, warm=20),
    ),
    "small": MotionVaeConfig(),
    "paper": MotionVaeConfig(
        VaeConfig(width=256, latent=32, experts=6),
        FitConfig(steps=20_000, batch=64, rate=1e-4),
        FitConfig(steps=20_000, batch=64, rate=1e-4),
        FitConfig(steps=100_000, batch=64, rate=1e-4),
    ),
}


class Blended(nn.Module):
    """A layer whose weights are an average of the experts', sum_k g_k (W_k x + b_k)."""

    def __init__(self, experts: int, inputs: int, outputs: int) -> None:
        super().__init__()
        bound = inputs**-0.5
        self.weight = nn.Parameter(torch.empty(experts, outputs, inputs).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.zeros(experts, outputs))

    def forward(self, x: Float[Tensor, "n i"], gate: Float[Tensor, "n k"]) -> Float[Tensor, "n o"]:
        """The layer, for each sample with weights of its own."""
        each = (x @ self.weight.flatten(0, 1).T).unflatten(1, self.bias.shape) + self.bias
        out: Tensor = (gate[..., None] * each).sum(1)
        return out


class MotionVae(Network):
    """Encoder and decoder of one step."""

    def __init__(self, config: VaeConfig, rows: int) -> None:
        super().__init__()
        self.config, width, told = config, config.width, config.width // 4
        known = 2 * rows + told
        self.told = nn.Linear(STEERING, told)
        self.encoder = nn.Sequential(
            nn.Linear(known + rows, width), nn.ELU(), nn.Linear(width, width), nn.ELU(),
            nn.Linear(width, 2 * config.latent),
        )  # fmt: skip
        self.gate = nn.Sequential(nn.Linear(known + config.latent, 64), nn.ELU(), nn.Linear(64, config.experts))
        sizes = ((known, width), (width, width), (width, rows))
        self.decoder = nn.ModuleList(Blended(config.experts, a + config.latent, b) for a, b in sizes)

    def step(
        self,
        now: Float[Tensor, "n D"],
        change: Float[Tensor, "n D"],
        steering: Float[Tensor, "n s"],
        memory: Float[Tensor, "n m"] | None,
        truth: Float[Tensor, "n D"] | None = None,
        generator: torch.Generator | None = None,
    ) -> tuple[Float[Tensor, "n D"], None, Float[Tensor, ""]]:
        """The row that the encoder saw in the truth, or one by chance, and the variational penalty."""
        known = torch.cat((now, change, self.told(steering)), 1)
        penalty = now.new_zeros(())
        if truth is None:
            chosen = torch.randn(len(now), self.config.latent, generator=generator)
        else:
            mean, log_variance = self.encoder(torch.cat((known, truth - now), 1)).chunk(2, -1)
            log_variance = log_variance.clamp(-10.0, 5.0)
            noise = torch.randn_like(mean) if self.training else torch.zeros_like(mean)
            chosen = mean + noise * (0.5 * log_variance).exp()
            kl = 0.5 * (mean.square() + log_variance.exp() - 1.0 - log_variance)
            penalty = self.config.beta * kl.mean()
        gate = self.gate(torch.cat((known, chosen), 1)).softmax(-1)
        x = known
        for layer in self.decoder[:-1]:
            x = nn.functional.elu(layer(torch.cat((x, chosen), 1), gate))
        return (1.0 - FADE) * now + self.decoder[-1](torch.cat((x, chosen), 1), gate), None, penalty


def load(basis: Basis, tensors: Mapping[str, Tensor], settings: Mapping[str, Any]) -> Stepwise:
    """The prior of a file."""
    return Stepwise.load(NAME, basis, tensors, MotionVae(VaeConfig(**settings), basis.features.size))


def fit_prior(
    dataset: MotionDataset,
    held: MotionDataset | None,
    config: MotionVaeConfig,
    seed: int = 0,
    advance: Advance = lambda steps, text=None: None,
    kept: Path | None = None,
) -> Stepwise:
    """One network, taught, mixed and alone."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = MotionVae(config.vae, dataset.features.size)
    parts = (config.taught, config.mixed, config.alone)
    fit_stepper(network, dataset, held, parts, NAME, seed, advance, kept)
    return Stepwise(NAME, Basis.of(dataset), Starts.of(dataset), network)
