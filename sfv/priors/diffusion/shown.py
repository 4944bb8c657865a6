"""What a denoiser is shown of what it is to make: nothing, a beginning, all around a gap, or single moments.

It sees those without noise and is told which they are, while it is fitted as when it is asked (Cohan et al. 2024). A
network that never saw clean moments beside noisy ones makes too little of them. It knows nothing of motion.
"""

import torch
from jaxtyping import Bool, Int
from torch import Tensor

NOTHING, BEGINNING, GAP = 0.65, 0.74, 0.93
"""Of the windows of a batch .65 show nothing, and to .74 a beginning, to .93 all around a gap, the rest moments."""


def drawn(lengths: Int[Tensor, " n"], most: int) -> Bool[Tensor, "n t"]:
    """Which moments each window of some length shows, by torch's own chance.

    A beginning is up to half of the window, a gap .05 to .75 of it, and single moments are .08 to .58 of it apart.
    """
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
