"""Takes as what priors are fitted to: normalised rows, windows of them, and sentences that are true of a window.

Every take is there twice, once in the mirror with its captions swapped. It does not know where takes come from.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from sfv.errors import InputError
from sfv.interfaces import Take
from sfv.priors.captions import measured, swapped
from sfv.priors.features import Features, mirrored
from sfv.priors.happenings import Happening, Kind, happenings, said_of
from sfv.priors.text import embedded
from sfv.work.files import fingerprint

LEAST_SCALE = 0.05
"""Least standard deviation of a group, so that what hardly moves is not blown up."""
LOUDNESS = {"turn": 3.0, "velocity": 3.0, "height": 3.0}
"""How many times louder than others a group is to a loss: three of seventy numbers say where the root goes."""
EVEN = 0.3
"""A category is seen as often as its duration to the power of this: 1 would leave a minute of runs to a half hour of
dances, and 0 would have ten short runs seen as often as those."""
WHOLE = 1.5
"""A window that a take is at most so many times longer than has the take's own captions; those of a longer take say
what happens somewhere in it."""
MEASURED = 0.3
"""Share of windows whose sentence is measured though the take's own would do."""
AROUND = 0.35
"""Share of windows that are drawn around something that happens, each kind as often as the others: in 46 minutes of
CMU's and G1 Moves' takes there are 14 jumps, 45 kicks and 32 blows."""
SAID = 0.8
"""Share of these whose sentence says what happens."""
GAITS = frozenset({"walk", "run", "turn"})
"""Categories in which to be off the ground is no jump."""


@dataclass(frozen=True)
class Normaliser:
    """Rows to numbers around 0 and back: z = (row - mean) / scale, one scale for a group."""

    mean: Float[Tensor, " D"]
    scale: Float[Tensor, " D"]

    @classmethod
    def of(cls, rows: Float[Tensor, "N D"], features: Features) -> "Normaliser":
        """That of the given rows."""
        scale = torch.zeros(features.size)
        for name, part in features.groups.items():
            deviation = float(rows[:, part].var(0).mean().sqrt())
            scale[part] = max(deviation, LEAST_SCALE) / LOUDNESS.get(name, 1.0)
        return cls(rows.mean(0), scale)

    def __call__(self, rows: Float[Tensor, "*n D"]) -> Float[Tensor, "*n D"]:
        """Normalised."""
        return (rows - self.mean) / self.scale

    def back(self, z: Float[Tensor, "*n D"]) -> Float[Tensor, "*n D"]:
        """Rows again."""
        return z * self.scale + self.mean

    def identity(self, features: Features) -> str:
        """A hash of skeleton, rate and statistics: what a network that was fitted with them fits."""
        return fingerprint(features.identity, self.mean.tolist(), self.scale.tolist())


@dataclass(frozen=True)
class Encoded:
    """A take as rows; `bare` are not normalised."""

    take: Take
    bare: Float[Tensor, "T D"]
    captions: tuple[str, ...]
    happens: tuple[Happening, ...]


@dataclass(frozen=True)
class Described:
    """Windows of several lengths with a sentence each.

    Attributes:
        z: (n, most, D) normalised rows, 0 after the end.
        lengths: (n,) frames.
        text: (n, 512) the sentences, embedded.
        captions: the sentences.
        ended: (n,) whether the take ends where the window does.
    """

    z: Float[Tensor, "n t D"]
    lengths: Int[Tensor, " n"]
    text: Float[Tensor, "n e"]
    captions: list[str]
    ended: Bool[Tensor, " n"]


class MotionDataset:
    """Windows of takes, drawn so that a category that lasts ten times as long is seen twice as often, and what
    seldom happens more often than by chance.

    Raises:
        InputError: there are no takes.
    """

    def __init__(self, takes: Sequence[Take], features: Features, normaliser: Normaliser | None = None) -> None:
        if not takes:
            raise InputError("there are no motions to learn from; give motion files")
        self.features = features
        self.clips = []
        for take in takes:
            for motion, change in ((take.motion, str), (mirrored(take.motion), swapped)):
                rows = torch.tensor(features.encode(motion), dtype=torch.float32)
                found = tuple(happenings(rows, features, take.label in GAITS))
                self.clips.append(Encoded(take, rows, tuple(map(change, take.captions)), found))
        self.normaliser = normaliser or Normaliser.of(torch.cat([clip.bare for clip in self.clips]), features)
        self.z = [self.normaliser(clip.bare) for clip in self.clips]
        frames: dict[str, float] = {}
        for clip in self.clips:
            frames[clip.take.label] = frames.get(clip.take.label, 0.0) + len(clip.bare)
        self._moments: dict[Kind, list[tuple[int, Happening]]] = {}
        for index, clip in enumerate(self.clips):
            for moment in clip.happens:
                self._moments.setdefault(moment.kind, []).append((index, moment))
        self._weight = torch.tensor([len(clip.bare) / frames[clip.take.label] ** (1 - EVEN) for clip in self.clips])

    @property
    def minutes(self) -> float:
        """Of motion, mirror images left out."""
        return sum(len(clip.bare) for clip in self.clips) / 2 / self.features.fps / 60

    @property
    def captions(self) -> list[str]:
        """All sentences that are said of whole takes, and of what happens in them, sorted."""
        whole = {caption for clip in self.clips for caption in clip.captions}
        parts = {f"a person {found.words}" for clip in self.clips for found in clip.happens}
        return sorted(whole | parts)

    def windows(self, generator: torch.Generator, count: int, frames: int) -> Float[Tensor, "n t D"]:
        """Normalised windows of one length; takes that are shorter are not drawn.

        Raises:
            InputError: all takes are shorter.
        """
        weight = self._weight * torch.tensor([float(len(z) >= frames) for z in self.z])
        if not weight.any():
            raise InputError(f"no motion lasts {frames / self.features.fps:.1f} s; give longer ones")
        chosen = torch.multinomial(weight, count, replacement=True, generator=generator).tolist()
        out = []
        for index in chosen:
            moment = self._moment(generator, frames)
            index = index if moment is None else moment[0]
            whole = len(self.z[index])
            first, last = (0, whole - frames) if moment is None else _around(moment[1], whole, frames)
            start = int(torch.randint(first, last + 1, (), generator=generator))
            out.append(self.z[index][start : start + frames])
        return torch.stack(out)

    def described(self, generator: torch.Generator, count: int, least: int, most: int, multiple: int = 4) -> Described:
        """Windows from `least` to `most` frames, whole multiples of some number, each with a sentence.

        A take that fits is drawn whole half of the time, so that beginnings and ends are learnt.

        Raises:
            InputError: all takes are shorter than `least`.
        """
        weight = self._weight * torch.tensor([float(len(z) >= least) for z in self.z])
        if not weight.any():
            raise InputError(f"no motion lasts {least / self.features.fps:.1f} s; give longer ones")
        chosen = torch.multinomial(weight, count, replacement=True, generator=generator).tolist()
        z, lengths = torch.zeros(count, most, self.features.size), torch.zeros(count, dtype=torch.long)
        sentences, ended = [], torch.zeros(count, dtype=torch.bool)
        for i, index in enumerate(chosen):
            moment = self._moment(generator, least)
            index = index if moment is None else moment[0]
            whole = len(self.z[index])
            longest = min(whole, most) // multiple
            draw = torch.rand(3, generator=generator)
            length = longest if draw[0] < 0.5 else -(-least // multiple)
            length += int(draw[1] * (longest - length + 1)) if length < longest else 0
            length *= multiple
            first, last = (0, whole - length) if moment is None else _around(moment[1], whole, length)
            start = first + int(draw[2] * (last - first + 1))
            z[i, :length], lengths[i] = self.z[index][start : start + length], length
            ended[i] = start + length > whole - multiple
            sentences.append(self._sentence(index, start, length, generator, moment is not None))
        return Described(z, lengths, torch.tensor(embedded(sentences)), sentences, ended)

    def _moment(self, generator: torch.Generator, least: int) -> tuple[int, Happening] | None:
        """Now and then something that happens, and in which take; else nothing."""
        draw = torch.rand(3, generator=generator).tolist()
        if draw[0] >= AROUND or not self._moments:
            return None
        kinds = sorted(self._moments)
        moments = self._moments[kinds[int(draw[1] * len(kinds))]]
        index, found = moments[int(draw[2] * len(moments))]
        return (index, found) if len(self.z[index]) >= least else None

    def _sentence(self, index: int, start: int, length: int, generator: torch.Generator, happens: bool) -> str:
        """One that is true of a window; of one in which something `happens` mostly what."""
        clip = self.clips[index]
        draw, which, says = torch.rand(3, generator=generator).tolist()
        whole = len(clip.bare) <= WHOLE * length
        if clip.captions and draw >= MEASURED and not (happens and says < SAID):
            if whole:
                return clip.captions[int(which * len(clip.captions))]
            if draw >= 0.5 + MEASURED / 2:
                return clip.captions[-1]
        within = [found for found in clip.happens if start <= found.first and found.last < start + length]
        part = clip.bare[start : start + length].numpy()
        groups = self.features.groups
        velocity = np.asarray(part[:, groups["velocity"]])
        turn = part[:, groups["turn"]].ravel()
        return measured(clip.take.label, turn, velocity, self.features.fps, said_of(within))


def _around(found: Happening, whole: int, length: int) -> tuple[int, int]:
    """First and last frame at which a window may begin that has all of something that happens, or its middle."""
    middle = (found.first + found.last) // 2
    begun, done = (found.first, found.last) if found.last - found.first < length else (middle, middle)
    return max(0, min(done - length + 1, whole - length)), max(0, min(begun, whole - length))
