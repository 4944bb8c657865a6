"""A stance: which points of a body's surface bear weight when, each keeping its place for as long as it does.

Contacts out of a picture, of a motion that is repaired and of one that is retargeted become a `Stance` here and nowhere
else. It knows not how contacts are found.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from sfv.work.mask import runs


@dataclass(frozen=True)
class Stance:
    """Which points of the body's surface bear weight when.

    Attributes:
        points: (P,) indices into the surface.
        weight: (T, P) 0..1.
        stretch: (T, P) the number of the uninterrupted contact that a frame belongs to, 0 for none.
    """

    points: Int[Tensor, " P"]
    weight: Float[Tensor, "T P"]
    stretch: Int[Tensor, "T P"]


def stance_of(
    groups: Mapping[str, list[int]],
    stands: Mapping[str, Bool[np.ndarray, " T"]],
    edge: float = 1.0,
    shared: bool = False,
) -> Stance:
    """The stance of groups of surface points that stand together; every point holds a place of its own.

    Args:
        groups: name -> points of the surface.
        stands: name of each group -> when it stands.
        edge: what the first and the last frame of a contact count, which may be half in the air.
        shared: a group's points share a weight of 1, else each has it.
    """
    frames = len(next(iter(stands.values())))
    points: list[int] = []
    weights: list[np.ndarray] = []
    stretches: list[np.ndarray] = []
    count = 0
    for name, surface in groups.items():
        for point in surface:
            number = np.zeros(frames, np.int64)
            weight = stands[name] / (len(surface) if shared else 1)
            for start, stop in runs(stands[name]):
                count += 1
                number[start:stop] = count
                weight[[start, stop - 1]] *= edge
            points.append(point)
            weights.append(weight)
            stretches.append(number)
    if not points:
        return Stance(torch.zeros(0).long(), torch.zeros(frames, 0).double(), torch.zeros(frames, 0).long())
    return Stance(torch.tensor(points), torch.tensor(np.stack(weights, 1)), torch.tensor(np.stack(stretches, 1)))
