"""How what is made meets what stays: what is made is a little off where it can be compared, and as much beside it.

So it is moved by that, evenly from one frame that stays to the next, as in inertial blending. It knows nothing of
motion.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

HALF = 4.0
"""Frames after which half of what was off counts, where nothing that stays comes after."""


def meeting(
    made: Float[Tensor, "n t d"], known: Float[Tensor, "n t d"], shown: Bool[Tensor, "n t d"]
) -> Float[Tensor, "n t d"]:
    """What was made, moved so that it meets what is known, where it is shown; there, what is known.

    Between two frames that are shown it is moved by what it is off there, evenly from one to the other; before the
    first and after the last by what it is off there, less and less, by half every HALF frames.
    """
    off = torch.where(shown, known - made, 0.0)
    place = torch.arange(made.shape[1])[:, None]
    before = torch.where(shown, place, -1).cummax(1).values
    after = torch.where(shown, place, made.shape[1]).flip(1).cummin(1).values.flip(1)
    since, until = (place - before).to(made), (after - place).to(made)
    first = off.gather(1, before.clamp_min(0)) * (before >= 0)
    second = off.gather(1, after.clamp_max(made.shape[1] - 1)) * (after < made.shape[1])
    between = (before >= 0) & (after < made.shape[1])
    evenly = (first * until + second * since) / (since + until).clamp_min(1.0)
    fading = torch.where(before >= 0, first * 0.5 ** (since / HALF), second * 0.5 ** (until / HALF))
    return torch.where(shown, known, made + torch.where(between, evenly, fading))
