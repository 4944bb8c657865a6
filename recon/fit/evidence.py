"""What a pose track says about a character's landmarks, in the form that the objective wants.

Only landmarks that the character has a site for are used. Observations keep their own times; `low` and `part` say where
between two frames of the motion each of them lies, so clips of any or varying rate need no resampling.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.ndimage import gaussian_filter1d
from torch import Tensor

from recon.camera import view_rotations
from recon.fit.lifting import bridge
from sfv.errors import InputError
from sfv.pose import PoseTrack

BONES = (
    ("hip", "knee"), ("knee", "ankle"), ("ankle", "foot_index"), ("heel", "foot_index"),
    ("shoulder", "elbow"), ("elbow", "wrist"), ("hip", "shoulder"),
)  # fmt: skip
"""Pairs of landmarks, on each side, whose direction is compared with the estimator's metric points."""
LINES = (("right_hip", "left_hip"), ("right_shoulder", "left_shoulder"), ("right_ear", "left_ear"))
"""Pairs across the body."""
CORE = tuple(f"{side}_{joint}" for side in ("left", "right") for joint in ("shoulder", "hip", "knee", "ankle"))
"""Landmarks without which there is no body to reconstruct."""
ERROR, BY_LENGTH, BY_JITTER, BY_DOUBT, OF_FEET = 0.25, 1.6, 1.8, 0.46, 0.66
"""rad: what a bone's direction is off by, as the root of a sum of squares: always; times how much longer or shorter it
is than usual (logarithm); times how far it is from its own smoothed direction; times 1 - confidence; and of feet. By
maximum likelihood on the Pose Landmarker's points of 36 clips with known truth (benchmarks/recon_rendered.py)."""
STEADY = 0.067
"""s: standard deviation of the smoothing that tells jitter."""


@dataclass(frozen=True)
class Evidence:
    """Observations of K landmarks in N frames of the clip, and of P bones.

    Attributes:
        names: the K landmarks.
        low, part: observation n is at frame low + part of the motion.
        pixels: (N, K, 2) from the image's centre, px; 0 where unseen.
        trust: (N, K) 0..1, 0 where unseen.
        size: (N,) the body's size in the picture, px.
        shift: (N, 1, 3) how far the camera had travelled, m in its axes.
        pairs: (P, 2) landmark indices of the bones.
        directions: (N, P, 3) unit vectors of the bones in camera axes.
        bone_trust: (N, P) 1, or 0 where unseen; of feet, their confidence squared.
        bone_error: (N, P) how far each direction is expected to be off, rad.
    """

    names: tuple[str, ...]
    low: Int[Tensor, " N"]
    part: Float[Tensor, "N 1 1"]
    pixels: Float[Tensor, "N K 2"]
    trust: Float[Tensor, "N K"]
    size: Float[Tensor, " N"]
    shift: Float[Tensor, "N 1 3"]
    pairs: Int[Tensor, "P 2"]
    directions: Float[Tensor, "N P 3"]
    bone_trust: Float[Tensor, "N P"]
    bone_error: Float[Tensor, "N P"]

    def at_frames(self, values: Float[Tensor, "T *d"]) -> Float[Tensor, "N *d"]:
        """Values on the motion's frames, interpolated linearly to the times of the observations."""
        part = self.part.reshape(-1, *(1 for _ in values.shape[1:]))
        return values[self.low] * (1 - part) + values[self.low + 1] * part


def gather(track: PoseTrack, names: tuple[str, ...], frames: int, fps: float, focal: float) -> Evidence:
    """The evidence of a track about the landmarks `names`, for a motion of `frames` frames at `fps`.

    Raises:
        InputError: the track lacks landmarks that a body needs.
    """
    lacking = [name for name in CORE if name not in track.names or name not in names]
    if lacking:
        raise InputError(f"the pose track has no {', '.join(lacking)}; use an estimator that gives whole bodies")
    names = tuple(name for name in names if name in track.names)
    columns = [track.index(name) for name in names]
    pixels, points, trust = track.points_2d[:, columns], track.points_3d[:, columns], track.confidence[:, columns]
    seen = np.isfinite(pixels).all(-1) & np.isfinite(points).all(-1)
    # the weight is squared: a point of confidence 0.5 is a guess
    trust = np.where(seen, np.clip(trust, 0.0, 1.0) ** 2, 0.0)
    centre = 0.5 * np.array(track.image_size)

    grid = np.clip((track.times - track.times[0]) * fps, 0.0, frames - 1 - 1e-9)
    low = np.minimum(grid.astype(int), frames - 2)
    middle, size = extent(pixels, points)
    turn = view_rotations(middle, focal, track.image_size)

    pairs = _pairs(names)
    bones = points[:, pairs[:, 1]] - points[:, pairs[:, 0]]
    length = np.linalg.norm(bones, axis=-1, keepdims=True)
    directions = np.einsum("nij,npj->npi", turn, bones / np.maximum(length, 1e-6))
    bone_trust = (seen[:, pairs[:, 0]] & seen[:, pairs[:, 1]] & (length[..., 0] > 0.02)).astype(np.float64)
    sure = np.where(seen, np.clip(track.confidence[:, columns], 0.0, 1.0), 0.0)
    sure = np.sqrt(sure[:, pairs[:, 0]] * sure[:, pairs[:, 1]])
    error = expected_error(directions, length[..., 0], sure, float(np.median(np.diff(track.times))))
    feet = ["foot_index" in names[end] for end in pairs[:, 1]]
    error[:, feet] = np.hypot(error[:, feet], OF_FEET)
    # nothing else shows a straight leg's twist, so a foot that is guessed must not say it
    bone_trust[:, feet] *= sure[:, feet] ** 2

    def tensor(values: np.ndarray) -> Tensor:
        return torch.tensor(np.nan_to_num(values), dtype=torch.float64)

    return Evidence(
        names=names,
        low=torch.tensor(low),
        part=tensor((grid - low)[:, None, None]),
        pixels=tensor(np.where(seen[..., None], pixels - centre, 0.0)),
        trust=tensor(trust),
        size=tensor(size),
        shift=tensor(np.zeros((len(track), 1, 3)) if track.shift is None else track.shift[:, None]),
        pairs=torch.tensor(pairs),
        directions=tensor(directions),
        bone_trust=tensor(bone_trust),
        bone_error=tensor(error),
    )


def expected_error(
    directions: Float[np.ndarray, "N P 3"], length: Float[np.ndarray, "N P"], confidence: Float[np.ndarray, "N P"],
    step: float,
) -> Float[np.ndarray, "N P"]:  # fmt: skip
    """How far (rad) each bone's direction is expected to be off, by what the estimator's own points show.

    Bones keep their lengths and turn smoothly; where an estimator's do not, its depth is a guess. `step` is the seconds
    between observations; NaN stands for unseen.
    """
    usual = np.median(bridge(length), 0)
    stretched = np.abs(np.log(np.maximum(length, 1e-3) / np.maximum(usual, 1e-3)))
    flat = bridge(directions.reshape(len(directions), -1)).reshape(directions.shape)
    sigma = STEADY / step
    off = np.linalg.norm(flat - gaussian_filter1d(flat, sigma, axis=0, mode="nearest"), axis=-1)
    off = gaussian_filter1d(off, sigma, axis=0, mode="nearest")
    parts = (BY_LENGTH * np.nan_to_num(stretched), BY_JITTER * off, BY_DOUBT * (1.0 - confidence))
    return np.asarray(np.sqrt(ERROR**2 + sum(part**2 for part in parts)))


def _pairs(names: tuple[str, ...]) -> np.ndarray:
    sided = [(f"{side}_{a}", f"{side}_{b}") for side in ("right", "left") for a, b in BONES]
    both = [pair for pair in (*sided, *LINES) if pair[0] in names and pair[1] in names]
    return np.array([[names.index(a), names.index(b)] for a, b in both])


def extent(pixels: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Middle (N, 2) of the person in the picture, and the px that a stature takes there, (N,); gaps are bridged.

    The size is the ratio of spreads in pixels and metres (robust against bent poses), times 1.7 m.
    """
    flat = points[..., :2]
    with np.errstate(invalid="ignore"):
        middle = pixels.mean(1)
        spread_px = np.sqrt(((pixels - middle[:, None]) ** 2).sum(-1).mean(1))
        spread_m = np.sqrt(((flat - flat.mean(1, keepdims=True)) ** 2).sum(-1).mean(1))
        size = 1.7 * spread_px / np.maximum(spread_m, 1e-3)
    good = np.isfinite(size)
    index = np.arange(len(size))
    bridged = np.stack([np.interp(index, index[good], column[good]) for column in (*middle.T, size)], -1)
    return bridged[:, :2], bridged[:, 2]
