"""What guesses codes that are not known from those that are, all at once, and puts in the surest first.

Masking and confidence decoding are MaskGIT's (Chang et al. 2022). It knows codes as numbers and nothing of motion.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from sfv.priors.text import SIZE
from sfv.priors.transformer import Transformer

Scores = Callable[[Int[Tensor, "n t"]], Float[Tensor, "n t v"]]
"""Codes, of which some are the mask, to scores of each code in each place."""


@dataclass(frozen=True)
class GuesserConfig:
    """Sizes of one transformer."""

    width: int = 128
    layers: int = 3
    heads: int = 4
    most: int = 48


class Guesser(nn.Module):
    """Codes of some levels to scores of one of them; a code that is not known is `unknown`.

    With one level it is the masked transformer; with more, level k is guessed from all of the levels before it.
    """

    def __init__(self, config: GuesserConfig, codes: int, levels: int) -> None:
        super().__init__()
        self.config, self.unknown, self.levels = config, codes, levels
        self.sentence = nn.Linear(SIZE, config.width)
        tables = [nn.Embedding(codes + 1, config.width) for _ in range(levels)]
        self.level = nn.Parameter(0.02 * torch.randn(levels, config.width))
        self.place = nn.Parameter(0.02 * torch.randn(config.most, config.width))
        self.transformer = Transformer(config.width, config.layers, config.heads, causal=False)
        self.leave = nn.Linear(config.width, codes)
        for table in tables:
            nn.init.normal_(table.weight, std=0.02)
        self.code = nn.ModuleList(tables)

    def forward(
        self, text: Float[Tensor, "n e"], codes: Int[Tensor, "n t l"], level: int, lengths: Int[Tensor, " n"]
    ) -> Float[Tensor, "n t v"]:
        """Scores of a level's codes, from those given: of levels up to it (masked), or of those before it."""
        given = torch.stack([table(codes[..., k]) for k, table in enumerate(self.code[: codes.shape[-1]])]).sum(0)
        x = given + self.place[: codes.shape[1]] + self.level[level]
        x = torch.cat((self.sentence(text)[:, None], x), 1)
        seen = torch.arange(-1, codes.shape[1]) < lengths[:, None]
        out: Tensor = self.leave(self.transformer(x, seen)[:, 1:])
        return out


def masked(
    codes: Int[Tensor, "n t"], counts: Bool[Tensor, "n t"], unknown: int, share: Float[Tensor, " n"]
) -> tuple[Int[Tensor, "n t"], Bool[Tensor, "n t"]]:
    """Codes with a share of those that count not known (at least one of each row), and where those are."""
    order = torch.rand(codes.shape).masked_fill(~counts, 2.0).argsort(1).argsort(1)
    hidden = (order < (share * counts.sum(1)).ceil().clamp_min(1)[:, None]) & counts
    return torch.where(hidden, unknown, codes), hidden


def surest_first(
    scores: Scores,
    codes: Int[Tensor, "n t"],
    open_: Bool[Tensor, "n t"],
    unknown: int,
    steps: int,
    generator: torch.Generator,
    temperature: float = 1.0,
) -> Int[Tensor, "n t"]:
    """Fill what is open in some steps: in each, all that is open is drawn, the surest stay, and the rest opens again.

    Args:
        scores: of codes.
        codes: those that stay are what they are.
        open_: where they are to be found.
        unknown: the code of what is not known.
        steps: after step k of K a share cos(pi/2 k/K) is open.
        generator: of chance.
        temperature: of the draw; and, falling to 0, of how sure a draw is taken to be.
    """
    left, count = open_.clone(), open_.sum(1)
    for step in range(1, steps + 1):
        likely = scores(torch.where(left, unknown, codes)) / temperature
        share = likely.softmax(-1)
        drawn = torch.multinomial(share.flatten(0, 1), 1, generator=generator).view(codes.shape)
        codes = torch.where(left, drawn, codes)
        sure = share.gather(-1, codes[..., None])[..., 0].log()
        chance = -torch.log(-torch.log(torch.rand(sure.shape, generator=generator).clamp(1e-9, 1 - 1e-9)))
        sure = (sure + (1 - step / steps) * chance).masked_fill(~left, torch.inf)
        keep_open = (torch.cos(torch.tensor(torch.pi / 2 * step / steps)) * count).floor().long()
        left = left & (sure.argsort(1).argsort(1) < keep_open[:, None])
    return codes
