"""T2M-GPT (Zhang et al. 2023): motion written code by code, after a sentence, by a transformer that ends it itself.

While it is fitted some of the codes that it goes on from are replaced by random ones, so that it learns to go on from
its own mistakes. It heeds a sentence and what it is to go on from; it cannot fill, since it writes forward only.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool
from torch import Tensor, nn

from sfv.errors import InputError
from sfv.interfaces import Condition
from sfv.motion import Motion
from sfv.priors.basis import Basis
from sfv.priors.dataset import Described, MotionDataset
from sfv.priors.fitting import FitConfig, Objective, fit
from sfv.priors.latent.codec import FACTOR, Codec, CodecConfig, fit_codec
from sfv.priors.rows import refuse, require
from sfv.priors.tokens.tables import begin_alike
from sfv.priors.tokens.writer import Writer, WriterConfig, corrupted
from sfv.progress import Advance

NAME = "t2m-gpt"
LEAST = 32
"""Frames of the shortest window that it learns from."""
HELD = 96
"""Windows by which held-out motions are judged."""
NOTHING = 0.1
"""Share of sentences that are left out while it is fitted, so that it can write without one."""


@dataclass(frozen=True)
class GptConfig:
    """Sizes, and how its two parts are fitted."""

    codec: CodecConfig = field(default_factory=lambda: CodecConfig(width=96, codes=512))
    writer: WriterConfig = field(
        default_factory=lambda: WriterConfig(width=128, layers=3, corrupted=-1.0, guidance=2.5)
    )
    coding: FitConfig = field(default_factory=lambda: FitConfig(steps=1500, batch=32, rate=2e-3, every=100))
    writing: FitConfig = field(default_factory=lambda: FitConfig(steps=1600, batch=32, rate=2e-3, every=100))


SIZES = {
    "tiny": GptConfig(
        CodecConfig(width=48, size=16, codes=64, depth=1, frames=32),
        WriterConfig(width=48, layers=2, heads=2, most=24, corrupted=0.2),
        FitConfig(steps=300, batch=12, rate=3e-3, warm=20),
        FitConfig(steps=300, batch=12, rate=3e-3, warm=20),
    ),
    "small": GptConfig(),
    "paper": GptConfig(
        CodecConfig(width=512, size=512, codes=512, depth=3),
        WriterConfig(width=1024, layers=18, heads=16, most=50),
        FitConfig(steps=300_000, batch=256, rate=2e-4, warm=1000),
        FitConfig(steps=300_000, batch=128, rate=1e-4, warm=1000),
    ),
}


class Gpt:
    """The prior."""

    name = NAME

    def __init__(self, basis: Basis, codec: Codec, writer: Writer) -> None:
        self.basis, self.codec, self.writer = basis, codec.eval(), writer.eval()

    @property
    def labels(self) -> tuple[str, ...]:
        """The categories that a condition may name."""
        return self.basis.labels

    def alike(self, text: str) -> list[tuple[str, float]]:
        """The nearest captions."""
        return self.basis.alike(text)

    @torch.no_grad()
    def sample(self, condition: Condition, seed: int, n: int) -> list[Motion]:
        """n motions; without `seconds` each ends where it wants to."""
        require(condition, self.name)
        rate = self.basis.features.fps / FACTOR
        text = self.basis.texts(condition, seed, n)
        codes, start = torch.zeros(n, 0, dtype=torch.long), (0.0, 0.0, 0.0)
        if condition.prefix is not None:
            z = self.basis.normalised(condition.prefix)
            z = z[len(z) % FACTOR :]
            codes = self.codec.codes(z[None])[..., 0].expand(n, -1)
            start = self.basis.features.start(condition.prefix, len(condition.prefix) - len(z))
        known = codes.shape[1] * FACTOR
        wanted = None if condition.seconds is None else max(2, round(condition.seconds * rate))
        if max(wanted or 0, codes.shape[1] + 1) > self.writer.config.most:
            raise InputError(f"{self.name} writes at most {self.writer.config.most / rate:.1f} s; give fewer seconds")
        written = self.writer.written(text, codes, wanted, torch.Generator().manual_seed(seed))
        source = f"{self.name}: {condition.text or condition.label or 'anything'}, seed {seed}"
        made = (self.codec.from_codes(row[None, :, None])[0] for row in written)
        return [self.basis.standing(z, source, start, known) for z in made]

    def fill(self, motion: Motion, keep: Bool[np.ndarray, " T"], condition: Condition, seed: int) -> Motion:
        """It writes forward only.

        Raises:
            InputError: always, with those that can.
        """
        raise refuse(self.name, "fill")

    def save(self, path: Path) -> None:
        """Write codec, writer and basis into one file."""
        parts: dict[str, nn.Module] = {"codec": self.codec, "writer": self.writer}
        tensors = {f"{part}.{k}": v for part, module in parts.items() for k, v in module.state_dict().items()}
        settings = {"codec": asdict(self.codec.config), "writer": asdict(self.writer.config)}
        self.basis.save(path, self.name, tensors, settings)


def load(basis: Basis, tensors: Mapping[str, Tensor], settings: Mapping[str, Any]) -> Gpt:
    """The prior of a file."""
    codec = Codec(CodecConfig(**settings["codec"]), basis.features.size)
    writer = Writer(WriterConfig(**settings["writer"]), codec.config.codes)
    for part, module in (("codec.", codec), ("writer.", writer)):
        module.load_state_dict({k.removeprefix(part): v for k, v in tensors.items() if k.startswith(part)})
    return Gpt(basis, codec, writer)


def fit_prior(
    dataset: MotionDataset,
    held: MotionDataset | None,
    config: GptConfig,
    seed: int = 0,
    advance: Advance = lambda steps, text=None: None,
    kept: Path | None = None,
) -> Gpt:
    """The codec first, then what writes its codes."""
    codec = fit_codec(dataset, held, config.codec, replace(config.coding, seed=seed), advance, kept)
    how = replace(config.writing, seed=seed)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        writer = Writer(config.writer, config.codec.codes)
        begin_alike(writer.code, codec.code_vectors[0])
    most = config.writer.most * FACTOR

    def loss(batch: Described, tau: float) -> Tensor:
        with torch.no_grad():
            codes = codec.codes(batch.z)[..., 0]
        place, count = torch.arange(codes.shape[1] + 1), batch.lengths // FACTOR
        # what is to be written: the codes, then the end, where the take itself ended there
        wanted = torch.cat((codes, codes[:, :1]), 1)
        wanted = torch.where(place == count[:, None], writer.end, wanted)
        counts = (place < count[:, None]) | ((place == count[:, None]) & batch.ended[:, None])
        text = batch.text
        if writer.training:
            text = text * (torch.rand(len(text), 1) >= NOTHING)
        generator = torch.Generator().manual_seed(int(torch.randint(2**31, ())))
        scores = writer(text, corrupted(codes, tau, writer.end, generator))
        return nn.functional.cross_entropy(scores[counts], wanted[counts])

    def held_out() -> float:
        assert held is not None
        batch = held.described(torch.Generator().manual_seed(0), HELD, LEAST, most)
        return float(loss(batch, 0.0))

    objective = Objective(
        lambda generator, count: dataset.described(generator, count, LEAST, most),
        lambda batch: loss(batch, config.writer.corrupted),
        held_out if held else None,
    )
    fit(writer, objective, how, f"{NAME}, writing", advance, kept)
    return Gpt(Basis.of(dataset), codec, writer)
