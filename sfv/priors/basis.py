"""What every prior stands on: the features, the normaliser and the captions that it was fitted to, and its file.

A file holds a prior whole: tensors in half precision and a JSON record, in safetensors; reading one executes nothing.
Its hash of skeleton, rate and statistics is checked, so that no network meets rows of another kind.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from sfv import rotation
from sfv.character import Character
from sfv.errors import InputError
from sfv.interfaces import Condition
from sfv.motion import Motion
from sfv.priors.dataset import MotionDataset, Normaliser
from sfv.priors.features import Features, headings
from sfv.priors.sides import with_side
from sfv.priors.standing import stood
from sfv.priors.text import SIZE, embedded, nearest
from sfv.work.tensors import load_tensors, save_tensors

FORMAT = 2
MARGIN = 8
"""Frames of what stays that a window has to have."""
ADVICE = "make one with: sfv fit --prior NAME MOTION ... --captions FILE --out FILE"

Make = Callable[[Float[Tensor, "t D"], Bool[Tensor, " t"]], Float[Tensor, "t D"]]


@dataclass(frozen=True)
class Basis:
    """Features, statistics and sentences.

    Attributes:
        features: what rows mean.
        normaliser: of the motions that it was fitted to.
        captions: the sentences that it was fitted to.
        labels: their categories.
    """

    features: Features
    normaliser: Normaliser
    captions: tuple[str, ...]
    labels: tuple[str, ...]

    @classmethod
    def of(cls, dataset: MotionDataset) -> "Basis":
        """That of what a prior is fitted to."""
        labels = sorted({clip.take.label for clip in dataset.clips} - {""})
        return cls(dataset.features, dataset.normaliser, tuple(dataset.captions), tuple(labels))

    def texts(self, condition: Condition, seed: int, n: int) -> Float[Tensor, "n 512"]:
        """The sentence of a condition for each of n samples: a side that it leaves open is another in each.

        Raises:
            InputError: the label is none of those that the prior was fitted to.
        """
        if condition.text is None:
            return torch.tensor(self.text(condition)).expand(n, -1)
        return torch.tensor(embedded([with_side(condition.text, seed + number) for number in range(n)]))

    def text(self, condition: Condition) -> Float[np.ndarray, " 512"]:
        """The sentence of a condition, or of its label, embedded; zeros where there is neither.

        Raises:
            InputError: the label is none of those that the prior was fitted to.
        """
        if condition.label is not None and condition.label not in self.labels:
            raise InputError(f"there is no label {condition.label!r}; there are: {', '.join(self.labels)}")
        sentence = condition.text or condition.label
        return np.zeros(SIZE, np.float32) if sentence is None else embedded([sentence])[0]

    def alike(self, text: str, count: int = 3) -> list[tuple[str, float]]:
        """The captions that are nearest to a sentence, with their cosines; under text.NEAR they say something else."""
        return nearest(text, self.captions, count)

    def normalised(self, motion: Motion) -> Float[Tensor, "T D"]:
        """A motion as normalised rows."""
        return self.normaliser(torch.tensor(self.features.encode(motion), dtype=torch.float32))

    def motion(
        self, z: Float[Tensor, "T D"], source: str, start: tuple[float, float, float] = (0.0, 0.0, 0.0)
    ) -> Motion:
        """Normalised rows as a motion."""
        return self.features.decode(self.normaliser.back(z).double().numpy(), start, source)

    def standing(
        self, z: Float[Tensor, "T D"], source: str, start: tuple[float, float, float] = (0.0, 0.0, 0.0), known: int = 0
    ) -> Motion:
        """Normalised rows as a motion that goes where its standing feet leave it; the first `known` rows stay."""
        return self.features.decode(
            stood(self.normaliser.back(z).double(), self.features, known).numpy(), start, source
        )

    def filled(self, motion: Motion, keep: Bool[np.ndarray, " T"], z: Float[Tensor, "T D"], source: str) -> Motion:
        """Kept frames as they were, and the others of normalised rows, carried so that they meet those around them.

        What a gap's way is off by at its end is spread over the gap.
        """
        features, out = self.features, motion.qpos.copy()
        where = headings(motion.qpos[:, 3:7])
        for first, last in gaps(keep):
            before, after = max(first - 1, 0), min(last + 1, len(motion) - 1)
            start = features.start(motion, before) if first else (0.0, 0.0, 0.0)
            rows = self.normaliser.back(z[before : after + 1]).double().numpy()
            made = features.decode(rows, start).qpos if len(rows) > 1 else out[before : after + 1]
            if after > last:
                share = np.linspace(0.0, 1.0, len(made)) if first else np.ones(len(made))
                made = _carried(made, motion.qpos[after], where[after], share)
            out[first : last + 1] = made[first - before : last + 1 - before]
        return Motion(motion.skeleton, motion.fps, out, source=source)

    def remade(self, motion: Motion, keep: Bool[np.ndarray, " T"], most: int, make: Make, name: str) -> Motion:
        """A motion whose gaps are made anew, each in a window of at most `most` frames around it.

        Args:
            motion: what is there.
            keep: frames that stay.
            most: frames that a window may have.
            make: normalised rows of a window, and which of them stay, to rows of the whole window.
            name: of the prior, for what is said.

        Raises:
            InputError: a gap is longer than a window, or the motion has another rate than the prior.
        """
        features = self.features
        if abs(motion.fps - features.fps) > 1e-9:
            raise InputError(f"{name} fills motions of {features.fps:g} Hz; change the rate first")
        z = self.normalised(motion)
        for first, last in gaps(keep):
            if last - first + 1 > most - MARGIN:
                raise InputError(f"{name} fills up to {(most - MARGIN) / features.fps:.1f} s at once; keep more frames")
            begin = min(max((first + last) // 2 - most // 2, 0), max(len(z) - most, 0))
            part = slice(begin, begin + most)
            z[part] = make(z[part], torch.tensor(keep[part]))
        return self.filled(motion, keep, z, f"{motion.source}, filled by {name}")

    # ---- files

    def save(self, path: Path, name: str, tensors: Mapping[str, Tensor], settings: Mapping[str, Any]) -> None:
        """Write a prior called `name`: its tensors by half precision, and what they stand on."""
        half = {key: t.half() if t.is_floating_point() else t for key, t in tensors.items()}
        exact = {"basis.mean": self.normaliser.mean, "basis.scale": self.normaliser.scale}
        about = {"kind": "sfv prior", "format": FORMAT, "name": name, "character": self.features.character.name,
                 "fps": self.features.fps, "identity": self.normaliser.identity(self.features),
                 "captions": self.captions, "labels": self.labels, "settings": dict(settings)}  # fmt: skip
        save_tensors(path, {**half, **exact}, about)

    @classmethod
    def load(cls, path: Path, character: Character) -> "tuple[Basis, str, dict[str, Tensor], dict[str, Any]]":
        """Read a prior's file: what it stands on, its name, its tensors and its settings.

        Raises:
            InputError: no such file, none of these, or made for another skeleton, rate or statistics.
        """
        tensors, about = load_tensors(path, ADVICE)
        if about.get("kind") != "sfv prior" or about.get("format") != FORMAT:
            raise InputError(f"{path} is no prior of this sfv; {ADVICE}")
        try:
            normaliser = Normaliser(tensors.pop("basis.mean"), tensors.pop("basis.scale"))
            features = Features(character, float(about["fps"]))
            known = cls(features, normaliser, tuple(about["captions"]), tuple(about["labels"]))
            name, settings, identity = str(about["name"]), dict(about["settings"]), about["identity"]
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"{path} is a prior that lacks {error}; {ADVICE}") from error
        if identity != normaliser.identity(features):
            raise InputError(
                f"{path} was fitted to motions of {about['character']!r} as it was then, and {character.name} has "
                f"another skeleton; fit one to {character.name}"
            )
        return known, name, {key: t.float() if t.is_floating_point() else t for key, t in tensors.items()}, settings


def gaps(keep: Bool[np.ndarray, " T"]) -> list[tuple[int, int]]:
    """First and last frames of the runs that are not kept."""
    edges = np.diff(np.concatenate(([1], keep.astype(int), [1])))
    return list(zip(np.flatnonzero(edges == -1).tolist(), (np.flatnonzero(edges == 1) - 1).tolist(), strict=True))


def _carried(
    qpos: Float[np.ndarray, "T nq"], target: Float[np.ndarray, " nq"], heading: float, share: Float[np.ndarray, " T"]
) -> Float[np.ndarray, "T nq"]:
    """Poses whose last one is moved to where the target is and faces; each of the others by its share of that."""
    turn = heading - headings(qpos[:, 3:7])[-1]
    turn = (turn + np.pi) % (2.0 * np.pi) - np.pi
    angle = share * turn
    out = qpos.copy()
    cos, sin = np.cos(angle), np.sin(angle)
    x, y = (qpos[:, :2] - qpos[0, :2]).T
    out[:, :2] = qpos[0, :2] + np.stack((cos * x - sin * y, sin * x + cos * y), 1)
    out[:, :2] += share[:, None] * (target[:2] - out[-1, :2])
    zero = np.zeros(len(angle))
    about_z = torch.tensor(np.stack((np.cos(angle / 2), zero, zero, np.sin(angle / 2)), 1))
    out[:, 3:7] = rotation.quat_mul(about_z, torch.tensor(qpos[:, 3:7])).numpy()
    return out
