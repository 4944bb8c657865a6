"""What a lifter sees: an estimator's points about the middle of the hips, as a camera that looks there would have them.

It is made of a track, or of what the estimator said of a film; both go the same way, so that a lifter sees of clips
what it was fitted to. It knows no network.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.ndimage import gaussian_filter1d, median_filter

from recon.camera import view_rotations
from recon.fit.evidence import extent
from recon.fit.lifting import bridge
from recon.lifter.points import NAMES, OWN, RATE, STATURE
from sfv.pose import PoseTrack

HIPS = (NAMES.index("left_hip"), NAMES.index("right_hip"))


@dataclass(frozen=True)
class Sight:
    """The lifter's POINTS as an estimator has them over T frames. The unit of length is what it takes for a stature.

    Attributes:
        seen: (T, K, 2) tangents to the right and down, over that of a stature at the hips' distance.
        own: (T, K, 3) in space (x right, y down, z away).
        confidence: (T, K) 0..1; 0 where nobody was found.
        nearness: (T,) one over the distance.
        turn: (T, 3, 3) the clip's camera axes from those that look at the hips.
    """

    seen: Float[np.ndarray, "T K 2"]
    own: Float[np.ndarray, "T K 3"]
    confidence: Float[np.ndarray, "T K"]
    nearness: Float[np.ndarray, " T"]
    turn: Float[np.ndarray, "T 3 3"]


def sight(
    tangents: Float[np.ndarray, "T 33 2"], metres: Float[np.ndarray, "T 33 3"], confidence: Float[np.ndarray, "T 33"],
    rate: float,
) -> Sight:  # fmt: skip
    """What is seen where the points are at these tangents from the camera's axis; NaN where nobody was found."""
    count = len(tangents)
    found = np.isfinite(tangents).all((1, 2)) & np.isfinite(metres).all((1, 2))
    flat = bridge(np.where(found[:, None], tangents.reshape(count, -1), np.nan)).reshape(tangents.shape)
    deep = bridge(np.where(found[:, None], metres.reshape(count, -1), np.nan)).reshape(metres.shape)
    _, size = extent(flat, deep)
    # a person turns faster than they come nearer
    size = median_filter(size, max(3, int(0.4 * rate) | 1), mode="nearest")
    size = gaussian_filter1d(size, 0.3 * rate, mode="nearest")
    turn = view_rotations(flat[:, HIPS].mean(1), 1.0, (0, 0))
    rays = np.concatenate((points_of(flat), np.ones((count, len(OWN), 1))), -1)
    rays = np.einsum("tji,tkj->tki", turn, rays)
    own = points_of(deep - deep[:, HIPS].mean(1, keepdims=True)) / STATURE
    sure = np.where(found[:, None], np.nan_to_num(points_of(confidence[..., None])[..., 0]), 0.0)
    return Sight(rays[..., :2] / rays[..., 2:] / size[:, None, None], own, sure, size, turn)


def points_of(values: Float[np.ndarray, "T 33 d"]) -> Float[np.ndarray, "T K d"]:
    """The values of POINTS, from those of the estimator's points."""
    a, b = np.array(OWN).T
    return np.asarray(0.5 * (values[:, a] + values[:, b]))


def sight_of(track: PoseTrack, focal: float, rate: float = RATE) -> Sight:
    """A track as a camera of this focal length (px) has it, `rate` times a second from its first frame on."""
    columns = [track.index(name) for name in NAMES]
    span = track.times - track.times[0]
    grid = np.arange(int(np.floor(span[-1] * rate + 1e-6)) + 1) / rate
    tangents = (track.points_2d[:, columns] - 0.5 * np.array(track.image_size)) / focal

    def resampled(values: np.ndarray) -> np.ndarray:
        # between a frame that was found and one that was not there is nothing
        flat = [np.interp(grid, span, column) for column in values.reshape(len(span), -1).T]
        return np.stack(flat, 1).reshape(len(grid), *values.shape[1:])

    return sight(
        resampled(tangents), resampled(track.points_3d[:, columns]),
        resampled(np.where(track.found[:, None], track.confidence[:, columns], 0.0)), rate,
    )  # fmt: skip
