"""What a denoiser is shown of what it is to make: nothing, a beginning, all around a gap, or single moments.

It sees those without noise and is told which they are, while it is fitted as when it is asked (Cohan et al. 2024). A
network that never saw clean moments beside noisy ones makes too little of them. What it makes of the moments that it is
shown is a little off, and so is what lies beside them: that is put right by as much. It knows nothing of motion.
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

NOTHING, BEGINNING, GAP = 0.65, 0.74, 0.93
"""Of the windows of a batch .65 show nothing, and to .74 a beginning, to .93 all around a gap, the rest moments."""
HALF = 4.0
"""Moments after which half of what was off counts."""


def drawn(lengths: Int[Tensor, " n"], most: int) -> Bool[Tensor, "n t"]:
    """Which moments each window shows, by torch's own chance; in one that shows nothing, none."""
    place, count = torch.arange(most), lengths[:, None].float()
    kind, far, where = torch.rand(3, len(lengths), 1)
    beginning = place < (0.02 + 0.5 * far) * count
    wide = (0.05 + 0.7 * far) * count
    first = 1.0 + where * (count - 2.0 - wide).clamp_min(0.0)
    around = (place < first) | (place >= first + wide)
    apart = ((0.08 + 0.5 * far) * count).ceil()
    single = (place - (where * apart).floor()) % apart == 0
    shown = torch.where(kind < BEGINNING, beginning, torch.where(kind < GAP, around, single))
    return shown & (kind >= NOTHING) & (place < lengths[:, None])


def meeting(
    made: Float[Tensor, "n t d"], known: Float[Tensor, "n t d"], shown: Bool[Tensor, "n t d"]
) -> Float[Tensor, "n t d"]:
    """What was made, moved so that it meets what is known, where it is shown; there, what is known.

    Between two moments that are shown it is moved by what it is off there, evenly from one to the other; before the
    first and after the last by what it is off there, less and less, by half every HALF moments.
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
