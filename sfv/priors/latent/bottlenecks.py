"""What stands between an encoder and a decoder: nothing, noise, or codebooks.

All take and give (n, t, c) vectors. A codebook follows the encoder by moving averages (van den Oord et al. 2017), and a
code that is hardly used is moved to where the encoder is. They know nothing of motion.
"""

from dataclasses import dataclass
from typing import Protocol

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

DECAY = 0.99
"""Of the moving averages."""
DEAD = 0.3
"""Share of the mean use below which a code is moved. An absolute limit moves most codes at every step where a batch has
fewer vectors than there are codes, and nothing is learnt."""
COMMITMENT = 0.02
"""Weight of the encoder's distance from its codes."""


@dataclass(frozen=True)
class Squeezed:
    """What came through.

    Attributes:
        vectors: what the decoder gets.
        penalty: what it costs, to be added to the loss.
        codes: (n, t, levels), or None where there are none.
    """

    vectors: Float[Tensor, "n t c"]
    penalty: Float[Tensor, ""]
    codes: Int[Tensor, "n t l"] | None = None


class Bottleneck(Protocol):
    """Anything that stands there."""

    inputs: int
    """Numbers of the encoder for each of the decoder's."""

    def __call__(self, vectors: Float[Tensor, "n t e"]) -> Squeezed:
        """Squeeze."""
        ...


class Identity(nn.Module):
    """Nothing: an autoencoder."""

    inputs = 1

    def forward(self, vectors: Float[Tensor, "n t c"]) -> Squeezed:
        """All of it."""
        return Squeezed(vectors, vectors.new_zeros(()))


class Gaussian(nn.Module):
    """Mean and log variance, and a draw from them while it is fitted: a variational autoencoder.

    The penalty is beta KL(N(mean, variance) | N(0, 1)), averaged over all numbers.
    """

    inputs = 2

    def __init__(self, beta: float) -> None:
        super().__init__()
        self.beta = beta

    def forward(self, vectors: Float[Tensor, "n t e"]) -> Squeezed:
        """The mean, with noise while it is fitted and beta is not 0."""
        mean, log_variance = vectors.chunk(2, -1)
        log_variance = log_variance.clamp(-10.0, 5.0)
        kl = 0.5 * (mean.square() + log_variance.exp() - 1.0 - log_variance)
        noise = torch.randn_like(mean) * (0.5 * log_variance).exp() if self.training and self.beta else 0.0
        return Squeezed(mean + noise, self.beta * kl.mean())


class Quantiser(nn.Module):
    """Codebooks in a row, each of which codes what the ones before have left over: with one level a VQ-VAE's.

    Args:
        codes: in each codebook.
        size: numbers of a code.
        levels: codebooks.
        dropout: share of batches, while it is fitted, that use only some of the levels, so that each is worth having.
        bare: batches that come through as they are before there are codes. Codes that are placed before the encoder
            knows what matters stay with what is loud: gaits lost which way they turned.
    """

    inputs = 1
    codes: Tensor
    sums: Tensor
    counts: Tensor
    begun: Tensor
    waited: Tensor

    def __init__(self, codes: int, size: int, levels: int = 1, dropout: float = 0.2, bare: int = 0) -> None:
        super().__init__()
        self.levels, self.dropout, self.bare = levels, dropout, bare
        self.register_buffer("waited", torch.zeros((), dtype=torch.long))
        self.register_buffer("codes", torch.zeros(levels, codes, size))
        self.register_buffer("sums", torch.zeros(levels, codes, size))
        self.register_buffer("counts", torch.ones(levels, codes))
        self.register_buffer("begun", torch.zeros(levels))

    def forward(self, vectors: Float[Tensor, "n t c"]) -> Squeezed:
        """The sum of the nearest codes; gradients go straight through."""
        if self.waiting:
            self.waited += int(self.training)
            return Squeezed(vectors, vectors.new_zeros(()))
        left, total, penalty, chosen = vectors, torch.zeros_like(vectors), vectors.new_zeros(()), []
        levels = self.levels
        if self.training and levels > 1 and float(torch.rand(())) < self.dropout:
            levels = int(torch.randint(1, levels + 1, ()))
        for level in range(levels):
            if self.training:
                self._begin(level, left.detach())
            index = self._nearest(level, left.detach())
            code = self.codes[level][index]
            penalty = penalty + COMMITMENT * (left - code).square().mean()
            if self.training:
                self._follow(level, left.detach().flatten(0, 1), index.flatten())
            total, left = total + code, left - code
            chosen.append(index)
        return Squeezed(vectors + (total - vectors).detach(), penalty, torch.stack(chosen, -1))

    @property
    def waiting(self) -> bool:
        """There are no codes yet."""
        return bool(self.waited < self.bare)

    def looked_up(self, codes: Int[Tensor, "n t l"]) -> Float[Tensor, "n t c"]:
        """The vectors of codes; of fewer levels than there are, a coarser sum."""
        return torch.stack([self.codes[level][codes[..., level]] for level in range(codes.shape[-1])]).sum(0)

    def _nearest(self, level: int, vectors: Float[Tensor, "n t c"]) -> Int[Tensor, "n t"]:
        codes = self.codes[level]
        return (codes.square().sum(-1) - 2.0 * vectors @ codes.T).argmin(-1)

    @torch.no_grad()
    def _begin(self, level: int, vectors: Float[Tensor, "n t c"]) -> None:
        """The first batch places the codes."""
        if self.begun[level]:
            return
        flat = vectors.flatten(0, 1)
        chosen = flat[torch.randint(len(flat), (self.codes.shape[1],))]
        self.codes[level] = chosen + 0.01 * chosen.std() * torch.randn_like(chosen)
        self.sums[level], self.begun[level] = self.codes[level], 1.0

    @torch.no_grad()
    def _follow(self, level: int, vectors: Float[Tensor, "m c"], index: Int[Tensor, " m"]) -> None:
        """Move codes to the mean of what they stood for; those that stand for little, to a vector drawn at random."""
        sums, counts = self.sums[level], self.counts[level]
        sums.mul_(DECAY).index_add_(0, index, vectors, alpha=1.0 - DECAY)
        used = torch.bincount(index, minlength=len(counts)).to(counts)
        counts.mul_(DECAY).add_(used, alpha=1.0 - DECAY)
        mean = counts.mean()
        if (dead := (counts < DEAD * mean).nonzero()[:, 0]).numel():
            counts[dead] = mean
            sums[dead] = mean * vectors[torch.randint(len(vectors), (len(dead),))]
        self.codes[level] = sums / counts[:, None].clamp_min(1e-6)


def perplexity(codes: Int[Tensor, "n t"], count: int) -> tuple[float, float]:
    """How many of `count` codes are used, as a share, and how many evenly used ones that would be worth."""
    share = torch.bincount(codes.flatten(), minlength=count).float()
    share = share / share.sum()
    entropy = -(share * share.clamp_min(1e-12).log()).sum()
    return float((share > 0).float().mean()), float(entropy.exp())
