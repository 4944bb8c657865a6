"""MoMask (Guo et al. 2024): residual codes, of which a masked transformer guesses the first level, the surest codes
first, and another one each further level at once from those before it.

It fills: the codes of frames that are to stay are kept, and only the others are guessed.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from sfv.errors import InputError
from sfv.interfaces import Condition
from sfv.motion import Motion
from sfv.priors.basis import Basis
from sfv.priors.dataset import Described, MotionDataset
from sfv.priors.fitting import FitConfig, Objective, fit
from sfv.priors.latent.codec import FACTOR, Codec, CodecConfig, fit_codec, in_fours
from sfv.priors.meeting import meeting
from sfv.priors.rows import require
from sfv.priors.text import SIZE
from sfv.priors.tokens.guesser import Guesser, GuesserConfig, masked, surest_first
from sfv.progress import Advance

NAME = "momask"
LEAST, HELD, NOTHING = 32, 96, 0.1
"""Frames of the shortest window, held-out windows, and share of sentences that are left out: as T2M-GPT's."""
WRONG = 0.1
"""Share of the codes to be guessed that are shown as a random code instead of the mask."""


@dataclass(frozen=True)
class MomaskConfig:
    """Sizes, how its parts are fitted, and how often and how far it asks."""

    codec: CodecConfig = field(default_factory=lambda: CodecConfig("rvq", width=96, codes=256, levels=4))
    base: GuesserConfig = field(default_factory=GuesserConfig)
    rest: GuesserConfig = field(default_factory=lambda: GuesserConfig(layers=2))
    coding: FitConfig = field(default_factory=lambda: FitConfig(steps=1500, batch=32, rate=2e-3, every=100))
    guessing: FitConfig = field(default_factory=lambda: FitConfig(steps=2000, batch=32, rate=2e-3, every=100))
    steps: int = 10
    guidance: float = 3.0


SIZES = {
    "tiny": MomaskConfig(
        CodecConfig("rvq", width=48, size=16, codes=64, levels=2, depth=1, frames=32),
        GuesserConfig(width=48, layers=2, heads=2, most=24),
        GuesserConfig(width=48, layers=1, heads=2, most=24),
        FitConfig(steps=300, batch=12, rate=3e-3, warm=20),
        FitConfig(steps=250, batch=12, rate=3e-3, warm=20),
    ),
    "small": MomaskConfig(),
    "paper": MomaskConfig(
        CodecConfig("rvq", width=512, size=512, codes=512, levels=6, depth=3),
        GuesserConfig(width=384, layers=8, heads=6, most=50),
        GuesserConfig(width=384, layers=8, heads=6, most=50),
        FitConfig(steps=100_000, batch=256, rate=2e-4, warm=2000),
        FitConfig(steps=200_000, batch=64, rate=2e-4, warm=2000),
        guidance=4.0,
    ),
}


class Guessers(nn.Module):
    """The masked transformer, the residual one, and how long a sentence takes."""

    def __init__(self, config: MomaskConfig) -> None:
        super().__init__()
        codes, levels = config.codec.codes, config.codec.levels
        self.base, self.rest = Guesser(config.base, codes, 1), Guesser(config.rest, codes, levels)
        self.long = nn.Sequential(nn.Linear(SIZE, 64), nn.GELU(), nn.Linear(64, config.base.most))

    def loss(self, batch: Described, codes: Int[Tensor, "n t l"]) -> Float[Tensor, ""]:
        """Cross-entropy of the masked codes, of one further level, and of the lengths of takes."""
        lengths, text = batch.lengths // FACTOR, batch.text
        if self.training:
            text = text * (torch.rand(len(text), 1) >= NOTHING)
        counts = torch.arange(codes.shape[1]) < lengths[:, None]
        share = torch.cos(torch.pi / 2 * torch.rand(len(codes)))
        shown, hidden = masked(codes[..., 0], counts, self.base.unknown, share)
        wrong = hidden & (torch.rand(shown.shape) < WRONG)
        shown = torch.where(wrong, torch.randint(self.base.unknown, shown.shape), shown)
        scores = self.base(text, shown[..., None], 0, lengths)
        loss = nn.functional.cross_entropy(scores[hidden], codes[..., 0][hidden])
        levels = codes.shape[-1]
        if levels > 1:
            level = int(torch.randint(1, levels, ()))
            scores = self.rest(text, codes[..., :level], level, lengths)
            loss = loss + nn.functional.cross_entropy(scores[counts], codes[..., level][counts])
        if batch.ended.any():
            ends = nn.functional.cross_entropy(self.long(batch.text)[batch.ended], lengths[batch.ended] - 1)
            loss = loss + 0.1 * ends
        return loss


class Momask:
    """The prior."""

    name = NAME

    def __init__(self, basis: Basis, config: MomaskConfig, codec: Codec, guessers: Guessers) -> None:
        self.basis, self.config, self.codec, self.guessers = basis, config, codec.eval(), guessers.eval()

    @property
    def labels(self) -> tuple[str, ...]:
        """The categories that a condition may name."""
        return self.basis.labels

    def alike(self, text: str) -> list[tuple[str, float]]:
        """The nearest captions."""
        return self.basis.alike(text)

    @torch.no_grad()
    def sample(self, condition: Condition, seed: int, n: int) -> list[Motion]:
        """n motions; without `seconds` as long as the takes that are said alike."""
        require(condition, self.name)
        most, rate = self.config.base.most, self.basis.features.fps / FACTOR
        text = self.basis.texts(condition, seed, n)
        generator = torch.Generator().manual_seed(seed)
        codes, start = torch.zeros(n, 0, self.codec.config.levels, dtype=torch.long), (0.0, 0.0, 0.0)
        if condition.prefix is not None:
            z = self.basis.normalised(condition.prefix)
            z = z[len(z) % FACTOR :]
            codes = self.codec.codes(z[None]).expand(n, -1, -1)
            start = self.basis.features.start(condition.prefix, len(condition.prefix) - len(z))
        if condition.seconds is not None:
            lengths = torch.full((n,), max(2, round(condition.seconds * rate)))
        else:
            share = self.guessers.long(text).softmax(-1)
            lengths = (torch.multinomial(share, 1, generator=generator)[:, 0] + 1).clamp_min(codes.shape[1] + 2)
        if int(lengths.max()) > most or codes.shape[1] >= int(lengths.max()):
            raise InputError(
                f"{self.name} makes from {(codes.shape[1] + 1) / rate:.1f} to {most / rate:.1f} s of this; "
                "give other seconds"
            )
        count, first = int(lengths.max()), codes.shape[1] * FACTOR
        known = nn.functional.pad(codes, (0, 0, 0, count - codes.shape[1]))
        open_ = (torch.arange(count) >= codes.shape[1]).expand(n, -1)
        made = self._guessed(text, known, open_, lengths, generator)
        source = f"{self.name}: {condition.text or condition.label or 'anything'}, seed {seed}"
        return [
            self.basis.standing(self.codec.from_codes(row[None, : int(length)])[0], source, start, first)
            for row, length in zip(made, lengths, strict=True)
        ]

    @torch.no_grad()
    def fill(self, motion: Motion, keep: Bool[np.ndarray, " T"], condition: Condition, seed: int) -> Motion:
        """The frames that are not kept, made anew by codes, of which those without such frames stay.

        Raises:
            InputError: a gap is longer than it can make, or the motion has another rate than it makes.
        """
        require(condition, self.name)
        text = self.basis.texts(condition, seed, 1)
        generator = torch.Generator().manual_seed(seed)

        def make(z: Tensor, kept: Tensor) -> Tensor:
            padded, open_ = in_fours(z, kept)
            lengths = torch.tensor((open_.shape[1],))
            codes = self._guessed(text, self.codec.codes(padded[None]), open_, lengths, generator)
            made = self.codec.from_codes(codes)[:, : len(z)]
            return meeting(made, z[None], self.basis.features.told(kept[None]))[0]

        return self.basis.remade(motion, keep, self.config.base.most * FACTOR, make, self.name)

    def save(self, path: Path) -> None:
        """Write codec, guessers and basis into one file."""
        parts: dict[str, nn.Module] = {"codec": self.codec, "guessers": self.guessers}
        tensors = {f"{part}.{k}": v for part, module in parts.items() for k, v in module.state_dict().items()}
        self.basis.save(path, self.name, tensors, asdict(self.config))

    def _guessed(
        self,
        text: Float[Tensor, "n e"],
        codes: Int[Tensor, "n t l"],
        open_: Bool[Tensor, "n t"],
        lengths: Int[Tensor, " n"],
        generator: torch.Generator,
    ) -> Int[Tensor, "n t l"]:
        """Codes of all levels, in places that are open."""
        base, rest, scale = self.guessers.base, self.guessers.rest, self.config.guidance
        nothing = torch.zeros_like(text)

        def guided(network: Guesser, given: Tensor, level: int) -> Tensor:
            bare = network(nothing, given, level, lengths)
            out: Tensor = bare + scale * (network(text, given, level, lengths) - bare)
            return out

        def scores(first: Tensor) -> Tensor:
            return guided(base, first[..., None], 0)

        first = surest_first(scores, codes[..., 0], open_, base.unknown, self.config.steps, generator)
        made = first[..., None]
        for level in range(1, codes.shape[-1]):
            best = guided(rest, made, level).argmax(-1)
            made = torch.cat((made, torch.where(open_, best, codes[..., level])[..., None]), -1)
        return made


def load(basis: Basis, tensors: Mapping[str, Tensor], settings: Mapping[str, Any]) -> Momask:
    """The prior of a file."""
    parts = {"codec": CodecConfig, "base": GuesserConfig, "rest": GuesserConfig, "coding": FitConfig,
             "guessing": FitConfig}  # fmt: skip
    config = MomaskConfig(**{key: parts[key](**value) if key in parts else value for key, value in settings.items()})
    codec, guessers = Codec(config.codec, basis.features.size), Guessers(config)
    for part, module in (("codec.", codec), ("guessers.", guessers)):
        module.load_state_dict({k.removeprefix(part): v for k, v in tensors.items() if k.startswith(part)})
    return Momask(basis, config, codec, guessers)


def fit_prior(
    dataset: MotionDataset,
    held: MotionDataset | None,
    config: MomaskConfig,
    seed: int = 0,
    advance: Advance = lambda steps, text=None: None,
    kept: Path | None = None,
) -> Momask:
    """The codec first, then what guesses its codes."""
    codec = fit_codec(dataset, held, config.codec, replace(config.coding, seed=seed), advance, kept)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        guessers = Guessers(config)
    most = config.base.most * FACTOR

    def loss(batch: Described) -> Tensor:
        with torch.no_grad():
            codes = codec.codes(batch.z)
        return guessers.loss(batch, codes)

    def held_out() -> float:
        assert held is not None
        return float(loss(held.described(torch.Generator().manual_seed(0), HELD, LEAST, most)))

    objective = Objective(
        lambda generator, count: dataset.described(generator, count, LEAST, most), loss, held_out if held else None
    )
    fit(guessers, objective, replace(config.guessing, seed=seed), f"{NAME}, guessing", advance, kept)
    return Momask(Basis.of(dataset), config, codec, guessers)
