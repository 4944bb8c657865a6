"""Clips of mocap with what is said of them, as priors have them that play mocap back; a sentence or a label chooses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool
from torch import Tensor

from sfv.interfaces import Condition
from sfv.priors.basis import Basis
from sfv.priors.dataset import MotionDataset
from sfv.priors.search.database import Database
from sfv.priors.text import embedded

CLOSE = 0.12
"""Cosines of captions that are less than this behind the best count as said as well."""


@dataclass(frozen=True)
class Library:
    """Clips.

    Attributes:
        basis: what rows mean, and all captions.
        clips: (T, D) rows of each.
        said: the captions of each.
        labels: the category of each.
    """

    basis: Basis
    clips: tuple[Tensor, ...]
    said: tuple[tuple[str, ...], ...]
    labels: tuple[str, ...]

    @classmethod
    def of(cls, dataset: MotionDataset) -> "Library":
        """All clips of a dataset, mirror images too."""
        clips = dataset.clips
        return cls(
            Basis.of(dataset),
            tuple(clip.bare for clip in clips),
            tuple(clip.captions for clip in clips),
            tuple(clip.take.label for clip in clips),
        )

    @cached_property
    def database(self) -> Database:
        """What is looked for in them."""
        return Database.of(self.clips, self.basis.features)

    def allowed(self, condition: Condition) -> Bool[np.ndarray, " N"]:
        """Frames of the clips that a sentence or a label is about; all where there is neither.

        Raises:
            InputError: there is no such label.
        """
        chosen = np.ones(len(self.clips), bool)
        if condition.label is not None:
            self.basis.text(condition)  # which knows the labels
            chosen &= np.array([label == condition.label for label in self.labels])
        if condition.text is not None:
            wanted = embedded([condition.text])[0]
            near = np.array([float((embedded(said) @ wanted).max()) if said else -1.0 for said in self.said])
            near[~chosen] = -1.0
            chosen &= near > near.max() - CLOSE
        out: np.ndarray = chosen[self.database.clip]
        return out

    def save(self, path: Path, name: str) -> None:
        """Write the mocap, and what is said of it, as the file of a prior called `name`."""
        lengths = torch.tensor([len(clip) for clip in self.clips])
        settings = {"said": [list(said) for said in self.said], "labels": list(self.labels)}
        self.basis.save(path, name, {"rows": torch.cat(self.clips), "lengths": lengths}, settings)

    @classmethod
    def load(cls, basis: Basis, tensors: Mapping[str, Tensor], settings: Mapping[str, Any]) -> "Library":
        """What `save` wrote."""
        clips = torch.split(tensors["rows"], tensors["lengths"].tolist())
        said: Sequence[Sequence[str]] = settings["said"]
        return cls(basis, clips, tuple(map(tuple, said)), tuple(settings["labels"]))
