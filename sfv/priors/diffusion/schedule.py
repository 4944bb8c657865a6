"""How noise is added to motion and taken away again: the cosine schedule and DDIM's steps.

    x_t = sqrt(a_t) x_0 + sqrt(1 - a_t) noise,  t in 0..1,  a_0 = 1, a_1 = 0

Networks predict x_0 (so that places of bodies can be judged). Guidance and what is to be kept are done here, once, for
all networks (Nichol & Dhariwal 2021; Song et al. 2021; Ho & Salimans 2022). It knows nothing of motion.
"""

from collections.abc import Callable
from itertools import pairwise

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from sfv.priors.meeting import meeting

OFFSET = 0.008
"""Keeps the least noise from vanishing."""
FLOOR = 1e-4
"""Least a_t, so that x_0 can still be told from x_1."""

Clean = Callable[[Float[Tensor, "n t d"], Float[Tensor, " n"]], Float[Tensor, "n t d"]]
"""A network: x_t and t to x_0."""


def remaining(t: Float[Tensor, "*n"]) -> Float[Tensor, "*n"]:
    """a_t, the share of x_0 in the variance of x_t."""
    curve = torch.cos((t + OFFSET) / (1 + OFFSET) * torch.pi / 2).square()
    return (curve / torch.cos(torch.tensor(OFFSET / (1 + OFFSET) * torch.pi / 2)).square()).clamp(FLOOR, 1.0)


def noised(x: Float[Tensor, "n t d"], t: Float[Tensor, " n"], noise: Float[Tensor, "n t d"]) -> Float[Tensor, "n t d"]:
    """x_t."""
    a = remaining(t)[:, None, None]
    return a.sqrt() * x + (1.0 - a).sqrt() * noise


def cleaned(
    network: Clean,
    noise: Float[Tensor, "n t d"],
    steps: int,
    known: Float[Tensor, "n t d"] | None = None,
    keep: Bool[Tensor, "n t d"] | None = None,
) -> Float[Tensor, "n t d"]:
    """x_0 from pure noise, without any further chance.

    Args:
        network: predicts x_0.
        noise: x_1.
        steps: how often the network is asked.
        known, keep: numbers that x_0 is to have, and where: the network gets them as they are, and what it makes is
            moved to meet them (`sfv.priors.meeting`).
    """
    times = torch.linspace(1.0, 0.0, steps + 1)
    x = noise
    for now, after in pairwise(times):
        if known is not None and keep is not None:
            clean = meeting(network(torch.where(keep, known, x), now.expand(len(x))), known, keep)
        else:
            clean = network(x, now.expand(len(x)))
        a, b = remaining(now), remaining(after)
        rest = (x - a.sqrt() * clean) / (1.0 - a).clamp_min(FLOOR).sqrt()
        x = b.sqrt() * clean + (1.0 - b).sqrt() * rest if after > 0 else clean
    return x


def guided(with_text: Clean, without: Clean, scale: float) -> Clean:
    """The prediction, `scale` times as far from that without a sentence as the one with it is."""

    def network(x: Tensor, t: Tensor) -> Tensor:
        bare = without(x, t)
        return bare + scale * (with_text(x, t) - bare)

    return network
