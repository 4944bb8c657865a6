"""Fitting a lifter to mocap, on a processor in minutes."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float

from recon.lifter.lifter import POINTS, RATE, Lifter
from recon.lifter.synthetic_views import (
    ANKLES,
    ELBOWS,
    HIPS,
    KNEES,
    LENGTH,
    SHOULDERS,
    TOES,
    WRISTS,
    SyntheticViews,
    points_of,
)
from sfv.errors import InputError
from sfv.motion import Motion
from sfv.work.files import fingerprint
from sfv.work.tensors import load_tensors, save_tensors

VERSION = 1
"""To be raised when a fit comes to go another way from step to step."""
EVERY = 25
"""Steps between checkpoints."""
WINDOWS = 48
"""In a batch."""
STEP = 4e-3
"""Largest learning rate; it rises over WARM steps and falls as a cosine."""
WARM = 60
LEAST = LENGTH
"""Frames of mocap without which there is nothing to learn from."""
BONES = tuple(
    (a[side], b[side])
    for a, b in ((HIPS, KNEES), (KNEES, ANKLES), (ANKLES, TOES), (SHOULDERS, ELBOWS), (ELBOWS, WRISTS))
    for side in (0, 1)
)
MINOR = 0.3
"""Weight of toes and head, which are not used."""


class LifterFit:
    """A lifter in the making: `step` by step, the state between two of which can be kept and gone on from.

    Args:
        clips: points of people, (T, K, 3) each, as `points_of` gives them.
        steps: batches of WINDOWS windows that there are to be.
        seed: of the windows and of the first weights.
    """

    def __init__(self, clips: Sequence[Float[np.ndarray, "T K 3"]], steps: int, seed: int) -> None:
        self.views, self.steps = SyntheticViews(clips, seed), steps
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.network = Lifter()
        parameters = list(self.network.named_parameters())
        hidden = [p for name, p in parameters if p.ndim == 2 and not name.startswith("last")]
        others = [p for name, p in parameters if p.ndim != 2 or name.startswith("last")]
        self.optimisers: tuple[torch.optim.Optimizer, ...] = (
            torch.optim.Muon(hidden, lr=STEP, weight_decay=0.01, adjust_lr_fn="match_rms_adamw"),
            torch.optim.AdamW(others, lr=STEP, betas=(0.9, 0.98)),
        )
        self.errors: list[float] = []
        self._weight = torch.ones(len(POINTS))
        self._weight[[*TOES, len(POINTS) - 1]] = MINOR

    @property
    def error(self) -> float:
        """Mean error of the last tenth of the steps, in statures."""
        return float(np.mean(self.errors[-max(1, self.steps // 10) :]))

    def step(self) -> None:
        """One batch."""
        done = len(self.errors)
        rate = STEP * min(1.0, (done + 1) / WARM) * (0.5 + 0.5 * np.cos(np.pi * done / self.steps))
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = rate
            optimiser.zero_grad()
        batch = self.views.batch(WINDOWS)
        off = self.network(batch.seen, batch.confidence, batch.nearness) - batch.truth
        # places, bones and velocities
        distance = _length(off)
        ends, starts = (list(column) for column in zip(*BONES, strict=True))
        loss = (self._weight * distance).mean() + 0.5 * _length(off[:, :, starts] - off[:, :, ends]).mean()
        loss = loss + 0.5 * _length(off.diff(dim=1)).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        for optimiser in self.optimisers:
            optimiser.step()
        self.errors.append(float(distance.detach()[..., : len(POINTS) - 1].mean()))

    def state(self) -> dict[str, torch.Tensor]:
        """Everything that the next steps depend on, by dotted names."""
        out = {f"network.{name}": tensor for name, tensor in self.network.state_dict().items()}
        for k, optimiser in enumerate(self.optimisers):
            for i, kept in optimiser.state_dict()["state"].items():
                out |= {f"optimiser.{k}.{i}.{name}": tensor for name, tensor in kept.items()}
        return out | {
            "errors": torch.tensor(self.errors, dtype=torch.float64),
            "generator": self.views.generator.get_state(),
        }

    def restore(self, state: Mapping[str, torch.Tensor]) -> None:
        """Go on from a `state`, bit for bit."""
        self.network.load_state_dict(
            {name.removeprefix("network."): tensor for name, tensor in state.items() if name.startswith("network.")}
        )
        for k, optimiser in enumerate(self.optimisers):
            kept: defaultdict[int, dict[str, torch.Tensor]] = defaultdict(dict)
            for name, tensor in state.items():
                if name.startswith(f"optimiser.{k}."):
                    _, _, i, field = name.split(".", 3)
                    kept[int(i)][field] = tensor
            optimiser.load_state_dict({**optimiser.state_dict(), "state": dict(kept)})
        self.errors = state["errors"].tolist()
        self.views.generator.set_state(state["generator"])


def fit_lifter(
    motions: Mapping[str, Motion],
    steps: int,
    seed: int = 0,
    advance: Callable[[float, str], None] = lambda steps, text: None,
    checkpoint: Path | None = None,
) -> tuple[Lifter, float]:
    """A lifter of the people in the motions, and its mean error of the last tenth of the steps, in statures.

    Args:
        motions: by name; of skeletons that a joint map fits, at any rate.
        steps: batches of WINDOWS windows.
        seed: of the windows and of the first weights.
        advance: called with the number of steps done since the last call and the error.
        checkpoint: a file (.safetensors) that is written now and then; one that was left there by the same fit, killed,
            is gone on from.

    Raises:
        InputError: no joint map fits a motion, they are too short together, or the checkpoint is something else.
    """
    clips = [points_of(motion, name) for name, motion in motions.items()]
    if sum(map(len, clips)) < LEAST:
        raise InputError(
            f"the motions last {sum(map(len, clips)) / RATE:.1f} s together; give minutes of mocap, not seconds"
        )
    fit = LifterFit(clips, steps, seed)
    identity = fingerprint(VERSION, steps, seed, [hashlib.sha256(clip.tobytes()).hexdigest() for clip in clips])
    if checkpoint and checkpoint.exists():
        tensors, about = load_tensors(checkpoint, "delete it and run again")
        if about.get("fit") == identity:
            fit.restore(tensors)
            advance(len(fit.errors), "going on")
    while len(fit.errors) < steps:
        fit.step()
        advance(1, f"fitting, off by {fit.error:.3f} statures")
        if checkpoint and len(fit.errors) % EVERY == 0:
            save_tensors(checkpoint, fit.state(), {"fit": identity})
    return fit.network.eval(), fit.error


def _length(x: torch.Tensor) -> torch.Tensor:
    return (x.square().sum(-1) + 1e-8).sqrt()
