"""A ruler for priors: a network that puts motions and sentences that belong together near each other.

It is fitted by contrast (as TMR, Petrovich et al. 2023): in a batch each motion is to find its sentence and each
sentence its motion. Distances between its vectors say how like real motion generated ones are, and whether they do what
they were told. It is no prior, and no prior is fitted with it.
"""

from pathlib import Path

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from sfv.priors.dataset import Described, MotionDataset
from sfv.priors.fitting import FitConfig, Objective, fit
from sfv.priors.text import SIZE
from sfv.priors.transformer import Transformer
from sfv.progress import Advance

VECTOR = 32
"""Numbers of a motion's or a sentence's vector: a distance between distributions wants ten times as many samples."""
TEMPERATURE = 0.1
SAME = 0.8
"""Cosine of two sentences from which they say the same, and neither is wrong for the other's motion."""
LEAST, MOST = 32, 128
"""Frames of the shortest and the longest windows that it is fitted to."""
HELD = 96


class Ruler(nn.Module):
    """Rows and sentences to vectors of length 1."""

    def __init__(self, rows: int, width: int = 96) -> None:
        super().__init__()
        self.enter = nn.Sequential(
            nn.Conv1d(rows, width, 4, 2, 1), nn.GELU(), nn.Conv1d(width, width, 4, 2, 1), nn.GELU()
        )
        self.place = nn.Parameter(0.02 * torch.randn(1 + MOST // 4, width))
        self.whole = nn.Parameter(0.02 * torch.randn(1, width))
        self.transformer = Transformer(width, 2, 4, causal=False)
        self.leave = nn.Linear(width, VECTOR)
        self.sentence = nn.Sequential(nn.Linear(SIZE, 128), nn.GELU(), nn.Dropout(0.2), nn.Linear(128, VECTOR))

    def motions(self, z: Float[Tensor, "n t D"], lengths: Int[Tensor, " n"]) -> Float[Tensor, "n 32"]:
        """Vectors of normalised rows, of which those up to a length count."""
        x = self.enter(z.mT).mT
        x = torch.cat((self.whole.expand(len(x), 1, -1), x), 1)
        seen = torch.arange(-4, 4 * (x.shape[1] - 1), 4) < lengths[:, None]
        x = self.transformer(x + self.place[: x.shape[1]], seen)[:, 0]
        return nn.functional.normalize(self.leave(x), dim=-1)

    def texts(self, text: Float[Tensor, "n e"]) -> Float[Tensor, "n 32"]:
        """Vectors of embedded sentences."""
        return nn.functional.normalize(self.sentence(text), dim=-1)


def contrast(
    motions: Float[Tensor, "n v"], texts: Float[Tensor, "n v"], text: Float[Tensor, "n e"]
) -> Float[Tensor, ""]:
    """Cross-entropy of finding each other, both ways; who says the same as the right one is not in the way."""
    scores = motions @ texts.T / TEMPERATURE
    same = (text @ text.T > SAME) & ~torch.eye(len(text), dtype=torch.bool)
    scores = scores.masked_fill(same, -torch.inf)
    right = torch.arange(len(text))
    return 0.5 * (nn.functional.cross_entropy(scores, right) + nn.functional.cross_entropy(scores.T, right))


def fit_ruler(
    dataset: MotionDataset,
    held: MotionDataset | None,
    how: FitConfig,
    advance: Advance = lambda steps, text=None: None,
    kept: Path | None = None,
) -> Ruler:
    """A ruler fitted to the motions in a dataset and what is said of them."""
    with torch.random.fork_rng():
        torch.manual_seed(how.seed)
        ruler = Ruler(dataset.features.size)

    def loss(batch: Described) -> Tensor:
        return contrast(ruler.motions(batch.z, batch.lengths), ruler.texts(batch.text), batch.text)

    def held_out() -> float:
        assert held is not None
        return float(loss(held.described(torch.Generator().manual_seed(0), HELD, LEAST, MOST)))

    objective = Objective(
        lambda generator, count: dataset.described(generator, count, LEAST, MOST), loss, held_out if held else None
    )
    fit(ruler, objective, how, "ruler", advance, kept)
    return ruler
