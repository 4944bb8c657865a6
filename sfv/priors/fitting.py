"""The one loop that fits priors: batches in, the average of the network's weights out.

What a step draws depends on the seed and its number alone, so a fit that was killed goes on as if it had not been. It
does not know what a batch or a loss is.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn

from sfv.progress import Advance
from sfv.work.files import fingerprint
from sfv.work.tensors import load_tensors, save_tensors

VERSION = 1
"""To be raised when a fit comes to go another way from step to step."""
BATCH_SEEDS, HELD_SEED = 1_000_003, 77
Batch = TypeVar("Batch")


@dataclass(frozen=True)
class FitConfig:
    """How a network is fitted.

    Attributes:
        steps: most batches.
        batch: windows in each.
        rate: largest step size; it rises over `warm` steps and falls as a cosine to a twentieth.
        warm: steps.
        decay: of the average of weights.
        every: steps between looks at held-out windows, and between checkpoints.
        patience: looks without gain after which it ends.
        seed: of first weights, batches and noise.
    """

    steps: int = 3000
    batch: int = 48
    rate: float = 1e-3
    warm: int = 100
    decay: float = 0.995
    every: int = 200
    patience: int = 5
    seed: int = 0


@dataclass(frozen=True)
class Objective(Generic[Batch]):
    """What is fitted: where batches come from, what they cost, and what held-out ones cost, where there are any."""

    draw: Callable[[torch.Generator, int], Batch]
    loss: Callable[[Batch], Tensor]
    held: Callable[[], float] | None = None


class Fit(Generic[Batch]):
    """A network in the making; all that its next steps depend on is in `state`.

    Hidden matrices of transformers (in modules named `blocks`) go by Muon, everything else by AdamW: with the few
    hundred steps that a processor has time for this comes about twice as far (docs/log.md, the lifter).
    """

    def __init__(self, network: nn.Module, objective: Objective[Batch], config: FitConfig) -> None:
        self.network, self.objective, self.config = network, objective, config
        named = [(name, p) for name, p in network.named_parameters() if p.requires_grad]
        hidden = [p for name, p in named if p.ndim == 2 and "blocks." in name]
        others = [p for name, p in named if not (p.ndim == 2 and "blocks." in name)]
        self.optimisers: list[torch.optim.Optimizer] = [
            torch.optim.AdamW(others, lr=config.rate, betas=(0.9, 0.98), weight_decay=0.01)
        ]
        if hidden:
            muon = torch.optim.Muon(hidden, lr=config.rate, weight_decay=0.01, adjust_lr_fn="match_rms_adamw")
            self.optimisers.append(muon)
        self.average = {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}
        self.best, self.best_error, self.stale = self.average, float("inf"), 0
        self.done = 0

    @property
    def over(self) -> bool:
        """All steps are done, or held-out windows gain no more."""
        return self.done >= self.config.steps or self.stale >= self.config.patience

    def step(self) -> float:
        """One batch; its loss."""
        config = self.config
        generator = torch.Generator().manual_seed(config.seed * BATCH_SEEDS + self.done)
        rate = config.rate * min(1.0, (self.done + 1) / config.warm)
        rate *= 0.05 + 0.95 * (0.5 + 0.5 * torch.cos(torch.tensor(torch.pi * self.done / config.steps))).item()
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = rate
            optimiser.zero_grad()
        with torch.random.fork_rng():
            torch.manual_seed(config.seed * BATCH_SEEDS + self.done)  # dropout and noise
            self.network.train()
            loss = self.objective.loss(self.objective.draw(generator, config.batch))
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        for optimiser in self.optimisers:
            optimiser.step()
        # early weights are soon forgotten
        decay = min(config.decay, (1 + self.done) / (10 + self.done))
        for name, tensor in self.network.state_dict().items():
            if tensor.is_floating_point():
                self.average[name].lerp_(tensor, 1.0 - decay)
            else:
                self.average[name].copy_(tensor)
        self.done += 1
        if self.done % config.every == 0 or self.done == config.steps:
            self._look()
        return float(loss.detach())

    def finish(self) -> float:
        """Give the network its best averaged weights; the held-out loss they had, infinite without held-out windows."""
        self.network.load_state_dict(self.best)
        self.network.eval()
        return self.best_error

    def state(self) -> dict[str, Tensor]:
        """Everything that the next steps depend on, by dotted names."""
        out: dict[str, Tensor] = {}
        for kind, tensors in (("now", self.network.state_dict()), ("average", self.average), ("best", self.best)):
            out |= {f"{kind}.{name}": tensor for name, tensor in tensors.items()}
        for k, optimiser in enumerate(self.optimisers):
            for i, kept in optimiser.state_dict()["state"].items():
                out |= {f"optimiser.{k}.{i}.{name}": torch.as_tensor(value) for name, value in kept.items()}
        numbers = (self.done, self.stale, self.best_error)
        return out | {"numbers": torch.tensor(numbers, dtype=torch.float64)}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a `state`, bit for bit."""
        parts: defaultdict[str, dict[str, Tensor]] = defaultdict(dict)
        for name, tensor in state.items():
            kind, _, rest = name.partition(".")
            parts[kind][rest] = tensor.clone()
        self.network.load_state_dict(parts["now"])
        self.average, self.best = parts["average"], parts["best"]
        for k, optimiser in enumerate(self.optimisers):
            kept: defaultdict[int, dict[str, Tensor]] = defaultdict(dict)
            for name, tensor in parts["optimiser"].items():
                which, i, field = name.split(".", 2)
                if int(which) == k:
                    kept[int(i)][field] = tensor
            optimiser.load_state_dict({**optimiser.state_dict(), "state": dict(kept)})
        done, stale, self.best_error = state["numbers"].tolist()
        self.done, self.stale = int(done), int(stale)

    def _look(self) -> None:
        """Judge the averaged weights by held-out windows and keep the best."""
        if self.objective.held is None:
            self.best = self.average
            return
        now = {name: tensor.clone() for name, tensor in self.network.state_dict().items()}
        self.network.load_state_dict(self.average)
        self.network.eval()
        with torch.no_grad(), torch.random.fork_rng():
            torch.manual_seed(HELD_SEED)
            error = self.objective.held()
        self.network.load_state_dict(now)
        if error < self.best_error:
            self.best = {name: tensor.clone() for name, tensor in self.average.items()}
            self.best_error, self.stale = error, 0
        else:
            self.stale += 1


def fit(
    network: nn.Module,
    objective: Objective[Batch],
    config: FitConfig,
    name: str,
    advance: Advance = lambda steps, text=None: None,
    kept: Path | None = None,
) -> float:
    """Fit a network in place; the held-out loss of the weights that it was given, infinite where nothing was held out.

    Args:
        network: with its first weights.
        objective: what batches are and cost.
        config: how.
        name: of what is fitted, for the bar.
        advance: called with the number of steps done since the last call.
        kept: a folder that gets a file of this fit now and then, and at its end; the file that the same fit left there
            is gone on from. Whoever asks for several fits in a row deletes it when all are done.
    """
    making = Fit(network, objective, config)
    first = {key: float(tensor.double().sum()) for key, tensor in network.state_dict().items()}
    identity = fingerprint(VERSION, name, config, first)
    checkpoint = None if kept is None else kept / f"{re.sub('[^a-z0-9]+', '-', name)}.safetensors"
    if checkpoint and checkpoint.exists():
        state, about = load_tensors(checkpoint, "delete it and fit again")
        if about.get("fit") == identity:
            making.restore(state)
            advance(making.done, f"{name}, going on")
    while not making.over:
        loss = making.step()
        held = "" if making.best_error == float("inf") else f", held out {making.best_error:.3f}"
        advance(1, f"{name}: {loss:.3f}{held}")
        if checkpoint and (making.over or making.done % config.every == 0):
            checkpoint.parent.mkdir(parents=True, exist_ok=True)
            save_tensors(checkpoint, making.state(), {"fit": identity})
    return making.finish()
