"""How what goes frame by frame is fitted: over windows in which it goes on from true frames, then from its own.

Scheduled sampling (Bengio et al. 2015) in the three parts of the Motion VAE (Ling et al. 2020): taught, mixed, alone.
Without the last, errors that were never seen grow from frame to frame. It knows no network, only what a step is.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from sfv.priors.dataset import Described, MotionDataset
from sfv.priors.fitting import FitConfig, Objective, fit
from sfv.priors.likeness import CHANGES, likeness
from sfv.priors.text import SIZE
from sfv.progress import Advance

FRAMES, AHEAD = 32, 16
"""Frames of a window, the first FRAMES - AHEAD of which are gone through; and those whose mean rates steer."""
STEERING = SIZE + 4
"""Numbers that steer: a sentence, three rates, and whether there are rates."""
UNTOLD = 0.3
"""Share of windows without a sentence, and of windows without rates, so that it goes with either, both or neither."""
OFF = 0.1
"""Most deviations by which the first pose of a window is off while it is fitted: from there, too, it goes to the second
true one, so that what is off comes back."""
FADE = 0.2
"""Share of a row that fades from frame to frame, so that what a network does not ask for goes: without it, gaits of ten
seconds went to infinity."""
HELD = 96
"""Windows by which held-out motions are judged."""


class Network(nn.Module, ABC):
    """Makes a row from the one before. `config` is a record of plain values that says its sizes."""

    config: Any

    @abstractmethod
    def step(
        self,
        now: Float[Tensor, "n D"],
        change: Float[Tensor, "n D"],
        steering: Float[Tensor, "n s"],
        memory: Float[Tensor, "n m"] | None,
        truth: Float[Tensor, "n D"] | None = None,
        generator: torch.Generator | None = None,
    ) -> tuple[Float[Tensor, "n D"], Float[Tensor, "n m"] | None, Float[Tensor, ""]]:
        """The next row, what is remembered, and what that costs beside the row's own loss.

        Args:
            now, change: the row, and how it differs from the one before.
            steering: the sentence and the rates.
            memory: what the step before gave; None at the start.
            truth: the row to come, while it is fitted.
            generator: of chance, where there is no truth.
        """


def steered(text: Float[Tensor, "n e"], rates: Float[Tensor, "n 3"] | None) -> Float[Tensor, "n s"]:
    """What steers: sentences, and rates (normalised) where there are any."""
    if rates is None:
        return torch.cat((text, torch.zeros(len(text), 4)), 1)
    return torch.cat((text, rates, torch.ones(len(text), 1)), 1)


def rolled(
    network: Network,
    z: Float[Tensor, "n t D"],
    steering: Callable[[int], Float[Tensor, "n s"]],
    own: Float[Tensor, "n 1"],
) -> tuple[Float[Tensor, "n u D"], Float[Tensor, ""]]:
    """Rows from the third on, and what the steps cost; `own` is how likely it goes on from its own row."""
    before, now, memory, made, cost = z[:, 0], z[:, 1], None, [], z.new_zeros(())
    for t in range(2, z.shape[1]):
        row, memory, more = network.step(now, now - before, steering(t), memory, z[:, t])
        made.append(row)
        cost = cost + more
        before, now = now, torch.where(torch.rand_like(own) < own, row.detach(), z[:, t])
    return torch.stack(made, 1), cost / len(made)


def fit_stepper(
    network: Network,
    dataset: MotionDataset,
    held: MotionDataset | None,
    parts: tuple[FitConfig, FitConfig, FitConfig],
    name: str,
    seed: int,
    advance: Advance,
    kept: Path | None,
) -> None:
    """Fit a network in place: taught, mixed and alone. Held-out windows are always gone through alone."""

    def loss(batch: Described, share: float | None) -> Tensor:
        count = len(batch.z)
        told, known = (torch.rand(2, count, 1) >= UNTOLD * network.training).float()
        text, own = batch.text * told, torch.rand(count, 1) if share is None else torch.full((count, 1), share)

        def steering(t: int) -> Tensor:
            rates = batch.z[:, t : t + AHEAD, :3].mean(1)
            return torch.cat((text, rates * known, known), 1)

        z = batch.z[:, : FRAMES - AHEAD]
        off = OFF * network.training * torch.rand(count, 1, 1) * torch.randn(count, 1, z.shape[2])
        made, cost = rolled(network, torch.cat((z[:, :2] + off, z[:, 2:]), 1), steering, own)
        return likeness(made, z[:, 2:], dataset, changes=CHANGES) + cost

    def held_out() -> float:
        assert held is not None
        return float(loss(held.described(torch.Generator().manual_seed(0), HELD, FRAMES, FRAMES), 1.0))

    for part, share, how in zip(("taught", "mixed", "alone"), (0.0, None, 1.0), parts, strict=True):
        objective = Objective(
            lambda generator, count: dataset.described(generator, count, FRAMES, FRAMES),
            partial(loss, share=share),
            held_out if held else None,
        )
        fit(network, objective, replace(how, seed=seed), f"{name}, {part}", advance, kept)
