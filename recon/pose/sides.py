"""Left and right told apart over time: where an estimator takes one leg or arm for the other, it is put right.

A swap makes both limbs of a pair jump at once, and jump back when it ends. Labels that would move less if they were
exchanged for a while are exchanged; where limbs only pass each other, exchanging gains nothing and is not done.
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float
from scipy.ndimage import median_filter

from sfv.pose import PoseTrack

PAIRS = {
    "legs": ("hip", "knee", "ankle", "heel", "foot_index"),
    "arms": ("shoulder", "elbow", "wrist", "pinky", "index", "thumb"),
    "faces": ("eye_inner", "eye", "eye_outer", "ear"),
}
"""What is exchanged together, left for right."""
CHANGE = 12.0
"""What an exchange must gain at its start and again at its end, of squared accelerations over their usual size."""
SWAPPED = 3.0
"""The same per frame in which labels are exchanged: with less, limbs that pass each other smoothly are exchanged until
the next real swap. With these numbers MediaPipe's swaps in rendered clips (cartwheel, run, spin, dance) are found, and
196 of 216 frames that were swapped on purpose in 16 tracks, with 3 false ones."""
LIMIT = 40.0
"""Squares beyond this count no more: the point was lost, not swapped."""
LEAST = 0.01
"""ScaledBody sizes per frame^2: usual acceleration of what hardly moves."""
AROUND = 15
"""Frames to either side over which an acceleration is usual."""


def told_apart(track: PoseTrack) -> tuple[PoseTrack, Bool[np.ndarray, " T"]]:
    """The track with swapped limbs put right, and (T,) the frames in which any were."""
    points_2d, points_3d, confidence = track.points_2d.copy(), track.points_3d.copy(), track.confidence.copy()
    changed = np.zeros(len(track), bool)
    for joints in PAIRS.values():
        left, right = _columns(track, joints)
        if not left or len(track) < 3:
            continue
        frames = swapped(_features(track, left, right))
        changed |= frames
        for values in (points_2d, points_3d, confidence):
            mended = values[frames]
            mended[:, left + right] = mended[:, right + left]
            values[frames] = mended
    return replace(track, points_2d=points_2d, points_3d=points_3d, confidence=confidence), changed


def swapped(points: Float[np.ndarray, "T 2 D"]) -> Bool[np.ndarray, " T"]:
    """Frames in which two things were taken for each other; `points` are places of both, in body sizes.

    The sequence of least sum of squared accelerations, by dynamic programming over pairs of frames (Viterbi); most
    frames are right, and a change costs CHANGE.
    """
    count = len(points)
    both = np.stack((points, points[:, ::-1]), 1)  # (T, state, 2, D)
    a, b, c = both[:-2, :, None, None], both[1:-1, None, :, None], both[2:, None, None]
    square = ((c - 2 * b + a) ** 2).sum(-1).mean(-1)  # (T - 2, a, b, c)
    usual = median_filter(square.min((1, 2, 3)), 2 * AROUND + 1, mode="nearest") + LEAST**2
    misfit = (square / usual[:, None, None, None]).clip(max=LIMIT)
    change = CHANGE * (1 - np.eye(2))
    extra = SWAPPED * np.array([0.0, 1.0])
    # of the sequences that end with states a, b; before and after the clip labels are right
    best = np.add.outer(extra, extra) + change + CHANGE * np.array([[0.0], [1.0]])
    back = np.zeros((count, 2, 2), int)
    for t in range(2, count):
        cost = best[:, :, None] + misfit[t - 2] + change[None] + extra
        back[t], best = cost.argmin(0), cost.min(0)
    best = best + CHANGE * np.array([0.0, 1.0])
    states = np.zeros(count, int)
    states[-2], states[-1] = np.unravel_index(best.argmin(), (2, 2))
    for t in range(count - 1, 1, -1):
        states[t - 2] = back[t, states[t - 1], states[t]]
    return states.astype(bool)


def _columns(track: PoseTrack, joints: tuple[str, ...]) -> tuple[list[int], list[int]]:
    known = [j for j in joints if f"left_{j}" in track.names and f"right_{j}" in track.names]
    left, right = ([track.index(f"{side}_{j}") for j in known] for side in ("left", "right"))
    return left, right


def _features(track: PoseTrack, left: list[int], right: list[int]) -> Float[np.ndarray, "T 2 D"]:
    """Places of both limbs in body sizes: in the picture and, where the estimator has them, in metres; gaps bridged."""
    there = track.points_2d[np.isfinite(track.points_2d).all(-1).any(1)]  # frames in which any point was seen
    size = np.median((np.nanmax(there, axis=1) - np.nanmin(there, axis=1)).max(-1))
    values = [track.points_2d / size]
    if np.isfinite(track.points_3d).any():
        values.append(track.points_3d / 1.7)
    sides = [np.concatenate([v[:, side].reshape(len(track), -1) for v in values], 1) for side in (left, right)]
    flat = np.stack(sides, 1) / np.sqrt(len(left) * len(values))
    index = np.arange(len(track))
    for column in flat.reshape(len(track), -1).T:
        good = np.isfinite(column)
        if good.any():
            column[:] = np.interp(index, index[good], column[good])
    return np.nan_to_num(flat)
