"""Fitting a lifter to mocap, on a processor in minutes."""

from collections.abc import Callable, Mapping

import numpy as np
import torch

from recon.lifter import POINTS, RATE, Lifter
from recon.synthetic_views import (
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


def fit_lifter(
    motions: Mapping[str, Motion],
    steps: int,
    seed: int = 0,
    advance: Callable[[float, str], None] = lambda steps, text: None,
) -> tuple[Lifter, float]:
    """A lifter of the people in the motions, and its mean error of the last tenth of the steps, in statures.

    Args:
        motions: by name; of skeletons that a joint map fits, at any rate.
        steps: batches of WINDOWS windows.
        seed: of the windows and of the first weights.
        advance: called after each step with 1 and the error.

    Raises:
        InputError: no joint map fits a motion, or they are too short together.
    """
    clips = [points_of(motion, name) for name, motion in motions.items()]
    if sum(map(len, clips)) < LEAST:
        raise InputError(
            f"the motions last {sum(map(len, clips)) / RATE:.1f} s together; give minutes of mocap, not seconds"
        )
    views = SyntheticViews(clips, seed)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = Lifter()
    hidden = [p for name, p in network.named_parameters() if p.ndim == 2 and not name.startswith("last")]
    chosen = {id(p) for p in hidden}
    optimisers: tuple[torch.optim.Optimizer, ...] = (
        torch.optim.Muon(hidden, lr=STEP, weight_decay=0.01, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW([p for p in network.parameters() if id(p) not in chosen], lr=STEP, betas=(0.9, 0.98)),
    )
    weight = torch.ones(len(POINTS))
    weight[[*TOES, len(POINTS) - 1]] = MINOR
    ends, starts = (list(column) for column in zip(*BONES, strict=True))
    errors = []
    for step in range(steps):
        rate = STEP * min(1.0, (step + 1) / WARM) * (0.5 + 0.5 * np.cos(np.pi * step / steps))
        for optimiser in optimisers:
            for group in optimiser.param_groups:
                group["lr"] = rate
            optimiser.zero_grad()
        batch = views.batch(WINDOWS)
        off = network(batch.seen, batch.confidence, batch.nearness) - batch.truth
        # places, bones and velocities
        distance = _length(off)
        loss = (weight * distance).mean() + 0.5 * _length(off[:, :, starts] - off[:, :, ends]).mean()
        loss = loss + 0.5 * _length(off.diff(dim=1)).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        for optimiser in optimisers:
            optimiser.step()
        errors.append(float(distance.detach()[..., : len(POINTS) - 1].mean()))
        recent = float(np.mean(errors[-max(1, steps // 10) :]))
        advance(1, f"fitting, off by {recent:.3f} statures")
    return network.eval(), recent


def _length(x: torch.Tensor) -> torch.Tensor:
    return (x.square().sum(-1) + 1e-8).sqrt()
