"""MLD (Chen et al. 2023), with a vector for every four frames: diffusion on an autoencoder's vectors instead of frames.

It has MDM's network and noise; the codec stands between it and motion, so that it sees a quarter of the moments and a
third of the numbers. It fills: vectors of frames that are to stay are shown to it without noise.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from sfv.errors import InputError
from sfv.interfaces import Condition
from sfv.motion import Motion
from sfv.priors.basis import Basis
from sfv.priors.dataset import Described, MotionDataset
from sfv.priors.diffusion.mdm import HELD, LEAST, NOTHING, SECONDS, Denoiser, DenoiserConfig
from sfv.priors.diffusion.schedule import cleaned, guided, noised
from sfv.priors.diffusion.shown import drawn
from sfv.priors.fitting import FitConfig, Objective, fit
from sfv.priors.latent.codec import FACTOR, Codec, CodecConfig, fit_codec, in_fours
from sfv.priors.meeting import meeting
from sfv.priors.rows import require
from sfv.progress import Advance

NAME = "mld"


@dataclass(frozen=True)
class MldConfig:
    """Sizes, and how its two parts are fitted."""

    codec: CodecConfig = field(default_factory=lambda: CodecConfig("vae", width=96, beta=1e-5))
    denoiser: DenoiserConfig = field(default_factory=lambda: DenoiserConfig(patch=1, most=36))
    coding: FitConfig = field(default_factory=lambda: FitConfig(steps=1200, batch=32, rate=2e-3, every=100))
    denoising: FitConfig = field(default_factory=lambda: FitConfig(steps=2400, batch=32, rate=2e-3, every=100))


SIZES = {
    "tiny": MldConfig(
        CodecConfig("vae", width=48, size=16, depth=1, frames=32, beta=1e-5),
        DenoiserConfig(width=48, layers=2, heads=2, patch=1, most=24, steps=10),
        FitConfig(steps=400, batch=12, rate=3e-3, warm=20),
        FitConfig(steps=300, batch=12, rate=3e-3, warm=20),
    ),
    "small": MldConfig(),
    "paper": MldConfig(
        CodecConfig("vae", width=512, size=256, depth=3, beta=1e-5),
        DenoiserConfig(width=256, layers=9, heads=4, patch=1, most=50, steps=50, guidance=7.5),
        FitConfig(steps=600_000, batch=128, rate=1e-4, warm=1000),
        FitConfig(steps=200_000, batch=64, rate=1e-4, warm=1000),
    ),
}


class Latents(nn.Module):
    """The denoiser, and the scale by which the codec's vectors are about 1."""

    mean: Tensor
    scale: Tensor

    def __init__(self, config: MldConfig) -> None:
        super().__init__()
        self.denoiser = Denoiser(config.denoiser, config.codec.size)
        self.register_buffer("mean", torch.zeros(config.codec.size))
        self.register_buffer("scale", torch.ones(()))


class Mld:
    """The prior."""

    name = NAME

    def __init__(self, basis: Basis, codec: Codec, latents: Latents) -> None:
        self.basis, self.codec, self.latents = basis, codec.eval(), latents.eval()

    @property
    def labels(self) -> tuple[str, ...]:
        """The categories that a condition may name."""
        return self.basis.labels

    def alike(self, text: str) -> list[tuple[str, float]]:
        """The nearest captions."""
        return self.basis.alike(text)

    def sample(self, condition: Condition, seed: int, n: int) -> list[Motion]:
        """n motions of the seconds asked for, 4 unless told."""
        require(condition, self.name)
        features, most = self.basis.features, self.latents.denoiser.config.most
        count = round((condition.seconds or SECONDS) * features.fps / FACTOR)
        if not 1 <= count <= most:
            raise InputError(f"{self.name} makes up to {most * FACTOR / features.fps:.1f} s; give fewer seconds")
        text = self.basis.texts(condition, seed, n)
        known = torch.zeros(n, count, self.codec.config.size)
        keep = torch.zeros(known.shape, dtype=torch.bool)
        z = self._made(text, known, keep, torch.Generator().manual_seed(seed))
        source = f"{self.name}: {condition.text or condition.label or 'anything'}, seed {seed}"
        return [self.basis.standing(row, source) for row in z]

    def fill(self, motion: Motion, keep: Bool[np.ndarray, " T"], condition: Condition, seed: int) -> Motion:
        """The frames that are not kept, made anew from what is around them.

        Raises:
            InputError: a gap is longer than it can make, or the motion has another rate than it makes.
        """
        require(condition, self.name)
        text = self.basis.texts(condition, seed, 1)
        generator = torch.Generator().manual_seed(seed)

        def make(z: Tensor, kept: Tensor) -> Tensor:
            padded, open_ = in_fours(z, kept)
            with torch.no_grad():
                known = self.codec.encode(padded[None]).vectors
            made = self._made(text, known, ~open_[..., None].expand(known.shape), generator)
            return meeting(made[:, : len(z)], z[None], self.basis.features.told(kept[None]))[0]

        return self.basis.remade(motion, keep, self.latents.denoiser.config.most * FACTOR, make, self.name)

    def save(self, path: Path) -> None:
        """Write codec, denoiser and basis into one file."""
        parts: dict[str, nn.Module] = {"codec": self.codec, "latents": self.latents}
        tensors = {f"{part}.{k}": v for part, module in parts.items() for k, v in module.state_dict().items()}
        settings = {"codec": asdict(self.codec.config), "denoiser": asdict(self.latents.denoiser.config)}
        self.basis.save(path, self.name, tensors, settings)

    @torch.no_grad()
    def _made(self, text: Tensor, known: Tensor, keep: Tensor, generator: torch.Generator) -> Float[Tensor, "n t D"]:
        """Normalised rows of vectors, those that are known where they are to be kept."""
        latents, lengths = self.latents, torch.full((len(known),), known.shape[1])
        known = (known - latents.mean) / latents.scale
        nothing = torch.zeros_like(text)
        network = guided(
            lambda x, t: latents.denoiser(x, t, text, lengths, keep),
            lambda x, t: latents.denoiser(x, t, nothing, lengths, keep),
            latents.denoiser.config.guidance,
        )
        noise = torch.randn(known.shape, generator=generator)
        made = cleaned(network, noise, latents.denoiser.config.steps, known, keep)
        return self.codec.decode(made * latents.scale + latents.mean)


def load(basis: Basis, tensors: Mapping[str, Tensor], settings: Mapping[str, Any]) -> Mld:
    """The prior of a file."""
    config = MldConfig(CodecConfig(**settings["codec"]), DenoiserConfig(**settings["denoiser"]))
    codec, latents = Codec(config.codec, basis.features.size), Latents(config)
    for part, module in (("codec.", codec), ("latents.", latents)):
        module.load_state_dict({k.removeprefix(part): v for k, v in tensors.items() if k.startswith(part)})
    return Mld(basis, codec, latents)


def fit_prior(
    dataset: MotionDataset,
    held: MotionDataset | None,
    config: MldConfig,
    seed: int = 0,
    advance: Advance = lambda steps, text=None: None,
    kept: Path | None = None,
) -> Mld:
    """The codec first, then what takes noise from its vectors."""
    codec = fit_codec(dataset, held, config.codec, replace(config.coding, seed=seed), advance, kept)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        latents = Latents(config)
    with torch.no_grad():
        vectors = codec.encode(dataset.windows(torch.Generator().manual_seed(seed), 64, config.codec.frames)).vectors
        latents.mean.copy_(vectors.mean((0, 1)))
        latents.scale.copy_(vectors.std((0, 1)).mean())
    most = config.denoiser.most * FACTOR

    def loss(batch: Described) -> Tensor:
        with torch.no_grad():
            x = (codec.encode(batch.z).vectors - latents.mean) / latents.scale
        text, t, lengths = batch.text, torch.rand(len(x)), batch.lengths // FACTOR
        if latents.training:
            text = text * (torch.rand(len(text), 1) >= NOTHING)
        shown = drawn(lengths, x.shape[1])[..., None].expand(x.shape)
        noisy = torch.where(shown, x, noised(x, t, torch.randn_like(x)))
        made = latents.denoiser(noisy, t, text, lengths, shown)
        counts = torch.arange(x.shape[1]) < lengths[:, None]
        return (made - x).square().mean(-1)[counts].mean()

    def held_out() -> float:
        assert held is not None
        return float(loss(held.described(torch.Generator().manual_seed(0), HELD, LEAST, most)))

    objective = Objective(
        lambda generator, count: dataset.described(generator, count, LEAST, most), loss, held_out if held else None
    )
    fit(latents, objective, replace(config.denoising, seed=seed), f"{NAME}, denoising", advance, kept)
    return Mld(Basis.of(dataset), codec, latents)
