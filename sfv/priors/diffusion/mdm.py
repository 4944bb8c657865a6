"""MDM (Tevet et al. 2023): all frames of a motion at once, out of noise, by a transformer that predicts the clean one.

Four frames are one vector to the transformer, which a processor can afford; each is read from twelve frames and written
to twelve, so that neighbours meet. Noise, loss and keeping go by frames. It fills: frames that are to stay are shown to
it without noise. What is longer than it was fitted to is made in pieces, each of which goes on from the one before.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from scipy.ndimage import gaussian_filter1d
from torch import Tensor, nn

from sfv.errors import InputError
from sfv.interfaces import Condition
from sfv.motion import Motion
from sfv.priors.basis import Basis
from sfv.priors.dataset import Described, MotionDataset
from sfv.priors.diffusion.schedule import cleaned, guided, noised, remaining
from sfv.priors.diffusion.shown import drawn
from sfv.priors.fitting import FitConfig, Objective, fit
from sfv.priors.likeness import CHANGES, likeness
from sfv.priors.rows import require
from sfv.priors.text import SIZE
from sfv.priors.transformer import Transformer
from sfv.progress import Advance

NAME = "mdm"
LEAST = 32
"""Frames of the shortest window that it learns from."""
HELD = 96
"""Windows by which held-out motions are judged."""
NOTHING = 0.1
"""Share of sentences that are left out while it is fitted, for guidance."""
CONTEXT = 28
"""Frames that a piece goes on from."""
SECONDS = 4.0
"""Of a motion whose length nobody said."""
CALM = 0.5
"""Deviation of the noise that it fills from, where samples are made from 1: nearer to what is likely in a gap."""
SURE = 8.0
"""How many times louder than elsewhere geometry is where there is no noise; with a_t^2 of it where there is some."""


@dataclass(frozen=True)
class DenoiserConfig:
    """Sizes and habits.

    Attributes:
        width, layers, heads: of the transformer.
        patch: frames of a vector.
        most: frames of the longest window.
        steps: how often it is asked for a sample.
        guidance: how many times farther than without a sentence.
        smooth: frames, the deviation of a normal curve by which what was made is averaged; 0 leaves it.
    """

    width: int = 128
    layers: int = 4
    heads: int = 4
    patch: int = 4
    most: int = 120
    steps: int = 20
    guidance: float = 1.5
    smooth: float = 0.0


@dataclass(frozen=True)
class MdmConfig:
    """Sizes, and how it is fitted."""

    denoiser: DenoiserConfig = field(default_factory=DenoiserConfig)
    fitting: FitConfig = field(default_factory=lambda: FitConfig(steps=5000, batch=24, rate=2e-3, decay=0.998))


SIZES = {
    "tiny": MdmConfig(
        DenoiserConfig(width=48, layers=2, heads=2, most=64, steps=10, guidance=2.0),
        FitConfig(steps=450, batch=12, rate=3e-3, warm=20),
    ),
    "small": MdmConfig(),
    "paper": MdmConfig(
        DenoiserConfig(width=512, layers=8, heads=4, patch=1, most=196, steps=50, guidance=2.5),
        FitConfig(steps=600_000, batch=64, rate=1e-4, warm=1000),
    ),
}


class Denoiser(nn.Module):
    """x_t, t, a sentence and which numbers have no noise, to x_0."""

    frequencies: Tensor

    def __init__(self, config: DenoiserConfig, rows: int) -> None:
        super().__init__()
        self.config, width = config, config.width
        self.sentence = nn.Linear(SIZE, width)
        self.moment = nn.Sequential(nn.Linear(64, width), nn.SiLU(), nn.Linear(width, width))
        # each vector reads and writes the frames of its neighbours too: apart, four frames did not meet the next four
        self.enter = nn.Conv1d(2 * rows, width, 3 * config.patch, config.patch, config.patch)
        self.leave = nn.ConvTranspose1d(width, rows, 3 * config.patch, config.patch, config.patch)
        self.place = nn.Parameter(0.02 * torch.randn(config.most // config.patch, width))
        self.transformer = Transformer(width, config.layers, config.heads, causal=False)
        self.register_buffer("frequencies", torch.exp(torch.linspace(0.0, 6.0, 32)))

    def forward(
        self,
        x: Float[Tensor, "n t D"],
        t: Float[Tensor, " n"],
        text: Float[Tensor, "n e"],
        lengths: Int[Tensor, " n"],
        shown: Bool[Tensor, "n t D"] | None = None,
    ) -> Float[Tensor, "n t D"]:
        """The clean rows; those after a length mean nothing, and nothing looks at them."""
        frames, patch = x.shape[1], self.config.patch
        shown = torch.zeros_like(x) if shown is None else shown.to(x)
        there = (torch.arange(frames) < lengths[:, None])[..., None]
        angle = t[:, None] * self.frequencies
        about = torch.stack((self.sentence(text), self.moment(torch.cat((angle.sin(), angle.cos()), 1))), 1)
        vectors = self.enter((torch.cat((x, shown), 2) * there).mT).mT
        vectors = vectors + self.place[: frames // patch] + about.sum(1, keepdim=True)
        seen = torch.arange(-2 * patch, frames, patch) < lengths[:, None]
        made = self.transformer(torch.cat((about, vectors), 1), seen)[:, 2:]
        out: Tensor = self.leave((made * there[:, ::patch]).mT).mT
        return out


class Mdm:
    """The prior."""

    name = NAME

    def __init__(self, basis: Basis, denoiser: Denoiser) -> None:
        self.basis, self.denoiser = basis, denoiser.eval()

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
        if condition.keyframes is not None:
            return [self._through(condition, seed + 7919 * number) for number in range(n)]
        features = self.basis.features
        text = self.basis.texts(condition, seed, n)
        generator = torch.Generator().manual_seed(seed)
        z, start = torch.zeros(n, 0, features.size), (0.0, 0.0, 0.0)
        if condition.prefix is not None:
            z = self.basis.normalised(condition.prefix).expand(n, -1, -1)
            start = features.start(condition.prefix)
        known = z.shape[1]
        frames = round((condition.seconds or max(SECONDS, z.shape[1] / features.fps + 1.0)) * features.fps) + 1
        if frames <= z.shape[1]:
            raise InputError("the motion to go on from is as long as that; give more seconds")
        while z.shape[1] < frames:
            z = self._further(z, frames, text, generator)
        source = f"{self.name}: {condition.text or condition.label or 'anything'}, seed {seed}"
        return [self.basis.standing(row, source, start, known) for row in z]

    def fill(self, motion: Motion, keep: Bool[np.ndarray, " T"], condition: Condition, seed: int) -> Motion:
        """The frames that are not kept, made anew from what is around them.

        Raises:
            InputError: a gap is longer than it can make, or the motion has another rate than it makes.
        """
        require(condition, self.name)
        text = self.basis.texts(condition, seed, 1)
        generator = torch.Generator().manual_seed(seed)

        def make(z: Tensor, kept: Tensor) -> Tensor:
            return self._made(text, z[None], self.basis.features.told(kept[None]), generator, CALM)[0]

        return self.basis.remade(motion, keep, self.denoiser.config.most, make, self.name)

    def save(self, path: Path) -> None:
        """Write denoiser and basis into one file."""
        self.basis.save(path, self.name, self.denoiser.state_dict(), asdict(self.denoiser.config))

    def _through(self, condition: Condition, seed: int) -> Motion:
        """A motion that is in poses and places at times: all else of it is a gap.

        Raises:
            InputError: there is a prefix too, or a keyframe is none of the character's or after the end.
        """
        features, frames = self.basis.features, condition.keyframes or {}
        if condition.prefix is not None:
            raise InputError("a prefix and keyframes are too much at once; make the prefix keyframes")
        seconds = condition.seconds or max(frames, default=0.0)
        count = round(seconds * features.fps) + 1
        times = {round(time * features.fps): np.asarray(pose, np.float64) for time, pose in frames.items()}
        if not times or min(times) < 0 or max(times) >= count:
            raise InputError(f"keyframes should be from 0 to {seconds:g} s; give others, or other seconds")
        if any(pose.shape != (features.skeleton.nq,) for pose in times.values()):
            raise InputError(f"a keyframe of {features.character.name} has {features.skeleton.nq} numbers; give those")
        nearest = [min(times, key=lambda time: abs(time - frame)) for frame in range(count)]
        held = Motion(features.skeleton, features.fps, np.stack([times[time] for time in nearest]), source=self.name)
        keep = np.isin(np.arange(count), list(times))
        return self.fill(held, keep, replace(condition, keyframes=None, seconds=None), seed)

    def _further(
        self, z: Float[Tensor, "n t D"], frames: int, text: Tensor, generator: torch.Generator
    ) -> Float[Tensor, "n u D"]:
        """Rows and a piece that goes on from them, up to `frames` in all."""
        context = z[:, -CONTEXT:]
        count = min(self.denoiser.config.most, frames - z.shape[1] + context.shape[1])
        known = torch.zeros(len(z), count, z.shape[2])
        known[:, : context.shape[1]] = context
        kept = (torch.arange(count) < context.shape[1]).expand(len(z), -1)
        made = self._made(text, known, self.basis.features.told(kept), generator)
        return torch.cat((z[:, : z.shape[1] - context.shape[1]], made), 1)

    @torch.no_grad()
    def _made(
        self, text: Tensor, known: Tensor, keep: Tensor, generator: torch.Generator, loud: float = 1.0
    ) -> Float[Tensor, "n t D"]:
        """Rows with what is known where it is to be kept, out of noise of so large a deviation."""
        config, count = self.denoiser.config, known.shape[1]
        lengths = torch.full((len(known),), count)
        padding = (0, 0, 0, -count % config.patch)
        known, keep = nn.functional.pad(known, padding), nn.functional.pad(keep, padding)
        noise = loud * torch.randn(known.shape, generator=generator)
        nothing = torch.zeros_like(text)
        network = guided(
            lambda x, t: self.denoiser(x, t, text, lengths, keep),
            lambda x, t: self.denoiser(x, t, nothing, lengths, keep),
            config.guidance,
        )
        made = cleaned(network, noise, config.steps, known, keep)[:, :count]
        if not config.smooth:
            return made
        smooth = torch.tensor(gaussian_filter1d(made.numpy(), config.smooth, axis=1, mode="nearest"))
        return torch.where(keep[:, :count], made, smooth)


def load(basis: Basis, tensors: Mapping[str, Tensor], settings: Mapping[str, Any]) -> Mdm:
    """The prior of a file."""
    denoiser = Denoiser(DenoiserConfig(**settings), basis.features.size)
    denoiser.load_state_dict(dict(tensors))
    return Mdm(basis, denoiser)


def fit_prior(
    dataset: MotionDataset,
    held: MotionDataset | None,
    config: MdmConfig,
    seed: int = 0,
    advance: Advance = lambda steps, text=None: None,
    kept: Path | None = None,
) -> Mdm:
    """One network, by noised windows with their sentences."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        denoiser = Denoiser(config.denoiser, dataset.features.size)
    most = config.denoiser.most

    def loss(batch: Described) -> Tensor:
        text, t = batch.text, torch.rand(len(batch.z))
        if denoiser.training:
            text = text * (torch.rand(len(text), 1) >= NOTHING)
        shown = dataset.features.told(drawn(batch.lengths, most))
        x = torch.where(shown, batch.z, noised(batch.z, t, torch.randn_like(batch.z)))
        made = denoiser(x, t, text, batch.lengths, shown)
        counts = (torch.arange(most) < batch.lengths[:, None]).float()
        return likeness(made, batch.z, dataset, counts, SURE * remaining(t).square(), CHANGES)

    def held_out() -> float:
        assert held is not None
        return float(loss(held.described(torch.Generator().manual_seed(0), HELD, LEAST, most)))

    objective = Objective(
        lambda generator, count: dataset.described(generator, count, LEAST, most), loss, held_out if held else None
    )
    fit(denoiser, objective, replace(config.fitting, seed=seed), NAME, advance, kept)
    return Mdm(Basis.of(dataset), denoiser)
