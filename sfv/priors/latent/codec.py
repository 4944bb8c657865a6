"""Motion as a few vectors or codes, and back: convolutions over time around a bottleneck, four frames to one vector.

One network is four systems, by what stands in the middle: an autoencoder, a variational one, a VQ-VAE, and one with
residual codebooks. Encoder and decoder are those of T2M-GPT (Zhang et al. 2023). The encoder stands beside principal
components of four frames, as which it begins: in the steps that a processor has time for, it alone stays behind them.
Of residual codes it stands alone: of gaits, the first level then told forward from backward. It is no prior by itself:
what writes codes (`sfv.priors.tokens`) or vectors stands on it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from sfv.priors.dataset import MotionDataset
from sfv.priors.features import Features
from sfv.priors.fitting import FitConfig, Objective, fit
from sfv.priors.latent.bottlenecks import Gaussian, Identity, Quantiser, Squeezed
from sfv.priors.likeness import likeness
from sfv.progress import Advance

FACTOR = 4
"""Frames of a vector."""
HELD = 64
"""Windows by which held-out motions are judged."""
KNOWN = 512
"""Windows whose principal components it begins from."""
CHANGES = {"ae": 2.0, "vae": 2.0, "vqvae": 8.0, "rvq": 0.5}
"""Weight of changes from frame to frame: the velocity loss of T2M-GPT. Codes, which jump, need more of it; of residual
ones it drowned the turns of gaits."""


@dataclass(frozen=True)
class CodecConfig:
    """Sizes.

    Attributes:
        kind: what stands in the middle.
        width: of the convolutions.
        size: numbers of a vector.
        codes, levels: of the codebooks, where there are any.
        bare: batches before there are codes.
        depth: dilated blocks at each rate, with dilations 1, 3, 9.
        beta: weight of the variational penalty.
        frames: of a window.
    """

    kind: Literal["ae", "vae", "vqvae", "rvq"] = "vqvae"
    width: int = 128
    size: int = 32
    codes: int = 512
    levels: int = 4
    bare: int = 150
    depth: int = 2
    beta: float = 1e-3
    frames: int = 64


class Dilated(nn.Module):
    """x + W1 relu(W3 relu(x)), W3 over three frames some way apart."""

    def __init__(self, width: int, apart: int) -> None:
        super().__init__()
        self.wide = nn.Conv1d(width, width, 3, padding=apart, dilation=apart)
        self.narrow = nn.Conv1d(width, width, 1)

    def forward(self, x: Float[Tensor, "n c t"]) -> Float[Tensor, "n c t"]:
        """The block."""
        out: Tensor = x + self.narrow(torch.relu(self.wide(torch.relu(x))))
        return out


def bottleneck_of(config: CodecConfig) -> Identity | Gaussian | Quantiser:
    """What stands in the middle of a codec."""
    match config.kind:
        case "ae":
            return Identity()
        case "vae":
            return Gaussian(config.beta)
        case "vqvae":
            return Quantiser(config.codes, config.size, bare=config.bare)
        case "rvq":
            return Quantiser(config.codes, config.size, config.levels, bare=config.bare)


class Codec(nn.Module):
    """Normalised rows to vectors at a quarter of the rate, through a bottleneck, and back."""

    def __init__(self, config: CodecConfig, rows: int) -> None:
        super().__init__()
        self.config, width = config, config.width
        self.bottleneck = bottleneck_of(config)
        down = [nn.Sequential(nn.Conv1d(width, width, 4, 2, 1), *(Dilated(width, 3**k) for k in range(config.depth)))
                for _ in range(2)]  # fmt: skip
        self.encoder = nn.Sequential(
            nn.Conv1d(rows, width, 3, padding=1), nn.ReLU(), *down,
            nn.Conv1d(width, self.bottleneck.inputs * config.size, 3, padding=1),
        )  # fmt: skip
        up = []
        for _ in range(2):
            blocks = [Dilated(width, 3**k) for k in reversed(range(config.depth))]
            up += [*blocks, nn.Upsample(scale_factor=2), nn.Conv1d(width, width, 3, padding=1)]
        self.decoder = nn.Sequential(
            nn.Conv1d(config.size, width, 3, padding=1), nn.ReLU(), *up, nn.ReLU(), nn.Conv1d(width, rows, 3, padding=1)
        )
        self.into = nn.Linear(FACTOR * rows, config.size) if config.kind != "rvq" else None

    @torch.no_grad()
    def begin(self, z: Float[Tensor, "n t D"]) -> None:
        """Let the encoder be the principal components of four frames of some rows, scaled to a deviation of 1."""
        if self.into is None:
            return
        fours = z.unflatten(1, (-1, FACTOR)).flatten(2).flatten(0, 1)
        mean, size = fours.mean(0), self.config.size
        _, spread, axes = torch.pca_lowrank(fours - mean, size, niter=4)
        scale = float((spread.square().sum() / len(fours) / size).sqrt())
        self.into.weight.copy_(axes.T / scale)
        self.into.bias.copy_(-(axes.T @ mean) / scale)
        last = self.encoder[-1]
        assert isinstance(last, nn.Conv1d)
        for part in last.parameters():
            part.zero_()

    def encode(self, z: Float[Tensor, "n t D"]) -> Squeezed:
        """What comes through the bottleneck; t is a multiple of FACTOR."""
        vectors = self.encoder(z.mT).mT
        if self.into is not None:
            first = self.into(z.unflatten(1, (-1, FACTOR)).flatten(2))
            vectors = vectors + nn.functional.pad(first, (0, vectors.shape[2] - first.shape[2]))
        out: Squeezed = self.bottleneck(vectors)
        return out

    def decode(self, vectors: Float[Tensor, "n t c"]) -> Float[Tensor, "n u D"]:
        """Normalised rows."""
        out: Tensor = self.decoder(vectors.mT).mT
        return out

    def forward(self, z: Float[Tensor, "n t D"]) -> tuple[Float[Tensor, "n t D"], Float[Tensor, ""]]:
        """Rows again, and the bottleneck's penalty."""
        squeezed = self.encode(z)
        return self.decode(squeezed.vectors), squeezed.penalty

    def codes(self, z: Float[Tensor, "n t D"]) -> Int[Tensor, "n u l"]:
        """The codes of rows, of a codec that has codebooks."""
        codes = self.encode(z).codes
        assert codes is not None, f"a codec of kind {self.config.kind} has no codes (yet)"
        return codes

    @property
    def code_vectors(self) -> Float[Tensor, "l k c"]:
        """What the codes of each level stand for."""
        assert isinstance(self.bottleneck, Quantiser)
        return self.bottleneck.codes

    def from_codes(self, codes: Int[Tensor, "n t l"]) -> Float[Tensor, "n u D"]:
        """Normalised rows of codes."""
        assert isinstance(self.bottleneck, Quantiser)
        return self.decode(self.bottleneck.looked_up(codes))


def in_fours(z: Float[Tensor, "t D"], kept: Bool[Tensor, " t"]) -> tuple[Float[Tensor, "u D"], Bool[Tensor, "1 v"]]:
    """Rows continued to a whole number of vectors, and which vectors (1, v) have a frame that is not kept."""
    padding = -len(z) % FACTOR
    padded = nn.functional.pad(z.T, (0, padding), mode="replicate").T
    whole = nn.functional.pad(kept, (0, padding), value=True).view(1, -1, FACTOR).all(-1)
    return padded, ~whole


def fit_codec(
    dataset: MotionDataset,
    held: MotionDataset | None,
    config: CodecConfig,
    how: FitConfig,
    advance: Advance = lambda steps, text=None: None,
    kept: Path | None = None,
) -> Codec:
    """A codec of the motions in a dataset, by those held out the best of those that were met."""
    middle = bottleneck_of(config)
    assert not isinstance(middle, Quantiser) or how.steps > config.bare, "a codec is to have codes when it is done"
    with torch.random.fork_rng():
        torch.manual_seed(how.seed)
        codec = Codec(config, dataset.features.size)
        codec.begin(dataset.windows(torch.Generator().manual_seed(how.seed), KNOWN, config.frames))

    def loss(z: Tensor) -> Tensor:
        made, penalty = codec(z)
        return likeness(made, z, dataset, changes=CHANGES[config.kind]) + penalty

    def held_out() -> float:
        assert held is not None
        if isinstance(codec.bottleneck, Quantiser) and codec.bottleneck.waiting:
            return float("inf")  # it is no codec yet, however good
        z = held.windows(torch.Generator().manual_seed(0), HELD, config.frames)
        return float(likeness(codec(z)[0], z, dataset))

    draw = lambda generator, count: dataset.windows(generator, count, config.frames)  # noqa: E731
    fit(codec, Objective(draw, loss, held_out if held else None), how, config.kind, advance, kept)
    return codec


def error_mm(codec: Codec, z: Float[Tensor, "n t D"], features: Features, back: Any) -> float:
    """Mean distance of bodies from where they were, seen from the heading, mm."""
    with torch.no_grad():
        made = codec(z)[0]
        off = features.places(back(made))[0] - features.places(back(z))[0]
    return float(1000.0 * off.norm(dim=-1).mean())
