"""What made rows cost: the loss that codecs, denoisers and frame by frame models share.

Rows, their changes from frame to frame, bodies' places, and the speed of soles that should stand. It knows no network.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from sfv.priors.dataset import MotionDataset

PLACES, SLIDE = 0.3, 0.005
"""Weights of bodies' places (m) and of the speed of standing soles (m/s) beside the rows' own loss. Ten times as much
drowned the rows: after 150 steps on gaits a codec was off by .54 deviations instead of .32, and knew no turn at all."""
CHANGES = 2.0
"""Weight that those without an upsampling of their own give to changes from frame to frame: what jitters costs most."""
FAR = 4.0
"""Normalised error from which on it is pulled no harder: what is rare, as a turn is, lies that far from the mean."""
GEOMETRY = 3
"""One of so many windows of a batch is judged by bodies' places too."""


def likeness(
    made: Float[Tensor, "n t D"],
    truth: Float[Tensor, "n t D"],
    dataset: MotionDataset,
    weight: Float[Tensor, "n t"] | None = None,
    sure: Float[Tensor, " n"] | None = None,
    changes: float = 0.0,
) -> Float[Tensor, ""]:
    """The loss of made rows, 0 for true ones whose soles do not slide.

    Args:
        made, truth: normalised rows.
        dataset: whose rows they are.
        weight: 1 where a row counts; None counts all.
        sure: how many times geometry counts in each window, 1 unless told. Rows that are an average of what may be have
            no geometry to be judged, so a denoiser asks for more of it where it has less noise to take away.
        changes: weight of the squared error of changes from one frame to the next.
    """
    features, back = dataset.features, dataset.normaliser.back
    weight = torch.ones_like(truth[..., 0]) if weight is None else weight
    loss = _mean(nn.functional.huber_loss(made, truth, reduction="none", delta=FAR).mean(-1), weight)
    if changes:
        loss = loss + changes * _mean((made - truth).diff(dim=1).square().mean(-1), weight[:, 1:] * weight[:, :-1])
    # places cost more than the network, so that only some windows pay
    made, truth, weight = (x[: -(-len(truth) // GEOMETRY)] for x in (made, truth, weight))
    asked = torch.ones(len(made)) if sure is None else sure[: len(made)]
    rows, true = back(made), back(truth)
    (bodies, soles), (true_bodies, _) = features.places(rows), features.places(true)
    loss = loss + PLACES * _mean(asked[:, None] * (bodies - true_bodies).abs().mean((-1, -2)), weight)
    contacts = true[..., features.groups["contacts"]] * weight[..., None]
    speed = features.velocities(soles, rows)[..., :2].square().sum(-1).add(1e-6).sqrt()
    return loss + SLIDE * _mean(asked[:, None, None] * speed, contacts[..., :-1, :] * contacts[..., 1:, :])


def _mean(x: Tensor, weight: Tensor) -> Tensor:
    return (x * weight).sum() / weight.sum().clamp_min(1.0)
