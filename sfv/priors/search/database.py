"""Frames of mocap as what motion matching looks for: where feet are and go, how fast hips are, and what is to come.

The 27 numbers, their weights and horizons are Holden's (Motion-Matching, 2020). It knows no text and no control.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from sfv.priors.features import Features

AHEAD = (1 / 3, 2 / 3, 1.0)
"""s at which the way to come is looked at."""
WEIGHTS = {"feet": 0.75, "feet going": 1.0, "hips": 1.0, "places": 1.0, "directions": 1.5}
SIZES = {"feet": 6, "feet going": 6, "hips": 3, "places": 2 * len(AHEAD), "directions": 2 * len(AHEAD)}
REST = 10
"""Frames of a clip that have to be left for it to be gone over to."""


@dataclass(frozen=True)
class Database:
    """All frames of all clips in a row.

    Attributes:
        rows: (N, D) the features of every frame, not normalised.
        keys: (N, 27) what is looked for, weighted, so that distances can be taken as they are.
        mean, scale: of the keys before.
        clip: (N,) which clip a frame is of.
        last: (N,) the last frame of its clip.
    """

    rows: Float[np.ndarray, "N D"]
    keys: Float[np.ndarray, "N k"]
    mean: Float[np.ndarray, " k"]
    scale: Float[np.ndarray, " k"]
    clip: Int[np.ndarray, " N"]
    last: Int[np.ndarray, " N"]

    @classmethod
    def of(cls, clips: Sequence[Float[Tensor, "_ D"]], features: Features) -> "Database":
        """That of clips as rows."""
        keys = np.concatenate([keys_of(clip, features) for clip in clips])
        mean, scale = keys.mean(0), np.zeros(keys.shape[1])
        at = 0
        for name, size in SIZES.items():
            part = slice(at, at + size)
            scale[part] = max(float(keys[:, part].std(0).mean()), 1e-3) / WEIGHTS[name]
            at += size
        lengths = [len(clip) for clip in clips]
        ends = np.cumsum(lengths) - 1
        rows = torch.cat(list(clips)).double().numpy()
        clip = np.repeat(np.arange(len(clips)), lengths)
        return cls(rows, (keys - mean) / scale, mean, scale, clip, ends[clip])

    def aimed(
        self, frame: int, places: Float[np.ndarray, "a 2"], directions: Float[np.ndarray, "a 2"]
    ) -> Float[np.ndarray, " k"]:
        """The key of a frame with another way to come, seen from the heading."""
        wanted = np.concatenate((places.ravel(), directions.ravel()))
        key = self.keys[frame].copy()
        key[-len(wanted) :] = (wanted - self.mean[-len(wanted) :]) / self.scale[-len(wanted) :]
        return key

    def nearest(self, key: Float[np.ndarray, " k"], allowed: Bool[np.ndarray, " N"]) -> tuple[int, float]:
        """The allowed frame whose key is nearest, with the squared distance; the ends of clips are left out."""
        frames = np.flatnonzero(allowed & (np.arange(len(self.last)) <= self.last - REST))
        if not len(frames):
            frames = np.flatnonzero(allowed)
        off = self.keys[frames] - key
        distance = np.einsum("nk,nk->n", off, off)
        best = int(distance.argmin())
        return int(frames[best]), float(distance[best])


def keys_of(clip: Float[Tensor, "T D"], features: Features) -> Float[np.ndarray, "T k"]:
    """What is looked for in each frame of a clip, seen from its heading; past its end it goes on as it was going."""
    rows = clip.double()
    names = features.character.feet
    feet = [features.skeleton.body_names.index(name) for name in names[:2]]
    places = features.places(rows)[0][:, feet]
    going = features.velocities(places, rows)
    going = torch.cat((going, going[-1:]))
    rise = torch.diff(rows[:, features.groups["height"]], dim=0) * features.fps
    hips = torch.cat((rows[:, features.groups["velocity"]], torch.cat((rise, rise[-1:]))), 1)
    ahead = [round(seconds * features.fps) for seconds in AHEAD]
    way, facing = travelled(rows.numpy(), ahead, features)
    parts = (places.flatten(1).numpy(), going.flatten(1).numpy(), hips.numpy(), way, facing)
    return np.concatenate(parts, 1)


def travelled(
    rows: Float[np.ndarray, "T D"], ahead: Sequence[int], features: Features
) -> tuple[Float[np.ndarray, "T a"], Float[np.ndarray, "T a"]]:
    """Places (m) and unit directions of the root some frames ahead, seen from each frame's heading, x and y in turn."""
    most, fps = max(ahead), features.fps
    rates = np.concatenate((rows[:, :3], np.repeat(rows[-1:, :3], most, 0)))
    heading = np.concatenate(([0.0], np.cumsum(rates[:, 0]) / fps))[:-1]
    cos, sin = np.cos(heading), np.sin(heading)
    step = np.stack((cos * rates[:, 1] - sin * rates[:, 2], sin * rates[:, 1] + cos * rates[:, 2]), 1) / fps
    place = np.concatenate((np.zeros((1, 2)), np.cumsum(step, 0)))[:-1]
    count = len(rows)
    places, directions = [], []
    for frames in ahead:
        off = place[frames : frames + count] - place[:count]
        places.append(np.stack((cos[:count] * off[:, 0] + sin[:count] * off[:, 1],
                                cos[:count] * off[:, 1] - sin[:count] * off[:, 0]), 1))  # fmt: skip
        turned = heading[frames : frames + count] - heading[:count]
        directions.append(np.stack((np.cos(turned), np.sin(turned)), 1))
    return np.concatenate(places, 1), np.concatenate(directions, 1)
