"""What writes codes after a sentence: a causal transformer over a vocabulary of codes and an end.

It knows codes as numbers and nothing of motion.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from sfv.priors.text import SIZE
from sfv.priors.transformer import Cache, Transformer


@dataclass(frozen=True)
class WriterConfig:
    """Sizes and habits.

    Attributes:
        width, layers, heads: of the transformer.
        most: codes of the longest text.
        corrupted: tau, the share of codes that are replaced while it is fitted; -1 draws one from 0 to 1 for each.
        top: codes that are drawn from, the most likely ones.
        temperature: of the draw.
        guidance: how much more than without a sentence each code is to be likely by it: 1 is the sentence alone.
    """

    width: int = 136
    layers: int = 4
    heads: int = 4
    most: int = 48
    corrupted: float = 0.5
    top: int = 20
    temperature: float = 1.0
    guidance: float = 1.0


class Writer(nn.Module):
    """What code comes next, or the end; the end is the last of the vocabulary."""

    def __init__(self, config: WriterConfig, codes: int) -> None:
        super().__init__()
        self.end, self.config = codes, config
        self.sentence = nn.Linear(SIZE, config.width)
        self.code = nn.Embedding(self.end + 1, config.width)
        self.place = nn.Parameter(0.02 * torch.randn(config.most + 1, config.width))
        self.transformer = Transformer(config.width, config.layers, config.heads, causal=True)
        nn.init.normal_(self.code.weight, std=0.02)

    def forward(self, text: Float[Tensor, "n e"], codes: Int[Tensor, "n t"]) -> Float[Tensor, "n u v"]:
        """Scores of what follows the sentence and each of the codes, (n, t + 1, codes + 1)."""
        x = torch.cat((self.sentence(text)[:, None], self.code(codes)), 1)
        return self.scores(self.transformer(x + self.place[: x.shape[1]]))

    def next(
        self, text: Float[Tensor, "n e"], codes: Int[Tensor, "n t"], cache: Cache | None
    ) -> tuple[Float[Tensor, "n v"], Cache]:
        """Scores of what follows the last code; with a cache of all before it, that alone is looked at."""
        if cache is None:
            x = torch.cat((self.sentence(text)[:, None], self.code(codes)), 1) + self.place[: codes.shape[1] + 1]
        else:
            x = self.code(codes[:, -1:]) + self.place[codes.shape[1]]
        x, cache = self.transformer.further(x, cache)
        return self.scores(x[:, -1]), cache

    def scores(self, x: Float[Tensor, "*n c"]) -> Float[Tensor, "*n v"]:
        """By likeness with the codes' own vectors."""
        return x @ self.code.weight.T

    def written(
        self, text: Float[Tensor, "n e"], codes: Int[Tensor, "n t"], wanted: int | None, generator: torch.Generator
    ) -> list[Int[Tensor, " u"]]:
        """Codes of each motion, those given first; `wanted` of them, or until the end is drawn.

        Guidance g asks for log p(c) + g (log p(c | text) - log p(c)) (Ho and Salimans 2022, arXiv:2207.12598).
        """
        most, end, guidance = self.config.most, self.end, self.config.guidance
        both = text if guidance == 1.0 else torch.cat((text, torch.zeros_like(text)))
        cache: Cache | None = None
        ended = torch.full((len(text),), most)
        least = max(2, codes.shape[1] + 1) if wanted is None else wanted
        while codes.shape[1] < (wanted or most) and bool((ended == most).any()):
            scores, cache = self.next(both, codes.repeat(len(both) // len(text), 1), cache)
            if guidance != 1.0:
                told, untold = scores.log_softmax(-1).chunk(2)
                scores = untold + guidance * (told - untold)
            if codes.shape[1] < least:
                scores[:, end] = -torch.inf
            likely = scores.topk(min(self.config.top, scores.shape[1]), -1)
            share = (likely.values / self.config.temperature).softmax(-1)
            drawn = likely.indices.gather(1, torch.multinomial(share, 1, generator=generator))
            ended = torch.where((drawn[:, 0] == end) & (ended == most), codes.shape[1], ended)
            codes = torch.cat((codes, drawn), 1)
        return [row[: int(stop)] for row, stop in zip(codes, ended.clamp_max(codes.shape[1]), strict=True)]


def corrupted(codes: Int[Tensor, "n t"], tau: float, count: int, generator: torch.Generator) -> Int[Tensor, "n t"]:
    """Codes of which a share tau (of each row a share of its own, where tau is -1) is replaced by random ones."""
    share = torch.rand(len(codes), 1, generator=generator) if tau < 0 else torch.tensor(tau)
    wrong = torch.rand(codes.shape, generator=generator) < share
    return torch.where(wrong, torch.randint(count, codes.shape, generator=generator), codes)
