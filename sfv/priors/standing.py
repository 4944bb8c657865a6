"""What stands, stays: the root goes where the feet that stand leave it.

A prior that makes root and legs side by side lets both disagree by tens of centimetres a second. It also says what
touches the ground, and from that and the legs the root's way follows. Between two stances what was off fades over.
"""

import numpy as np
import torch
from jaxtyping import Float
from scipy.ndimage import gaussian_filter1d
from torch import Tensor

from sfv.priors.features import Features

TOUCHES = 0.5
"""Contact from which on a sole stands."""
EASE = 2.0
"""Frames, the deviation of a normal curve by which what is corrected is averaged: a foot rolls, and is no nail."""


def stood(rows: Float[Tensor, "T D"], features: Features, known: int = 0) -> Float[Tensor, "T D"]:
    """Rows whose velocity is such that standing soles stay in the mean; the first `known` are left as they are."""
    _, soles = features.places(rows)
    speed = features.velocities(soles, rows)[..., :2]
    on = rows[:, features.groups["contacts"]].clamp(0.0, 1.0)
    on = torch.minimum(on[1:], on[:-1])
    on = torch.where(on > TOUCHES, on, 0.0)[..., None]
    weight = on.sum(1)
    standing = np.flatnonzero(weight[:, 0] > 0)
    if not len(standing):
        return rows
    drift = ((on * speed).sum(1) / weight.clamp_min(TOUCHES)).numpy()
    frames = np.arange(len(drift))
    off = np.stack([np.interp(frames, standing, drift[standing, axis]) for axis in (0, 1)], 1)
    eased = torch.tensor(gaussian_filter1d(off, EASE, axis=0, mode="nearest"))
    out, begin = rows.clone(), max(known - 1, 0)
    out[begin:-1, features.groups["velocity"]] -= eased[begin:]
    return out
