"""A track's metric points as a lifter puts them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float

from recon.camera import view_rotations
from recon.fit.lifting import bridge
from recon.lifter.lifter import REACH, Lifter
from recon.lifter.points import MIRRORED, NAMES, POINTS, RATE, STATURE
from recon.lifter.sight import Sight, sight_of
from recon.scorecard import at_times
from recon.shipped import AUTO, LIFTER, NONE, weights_file
from sfv.errors import InputError
from sfv.pose import PoseTrack

PHASES = 2
"""How many times as often as it sees them a lifter is asked about frames."""
SIDES = ("left", "right")
LED = {f"{side}_{part}": f"{side}_wrist" for side in SIDES for part in ("pinky", "index", "thumb")}
"""Landmarks that move along with a joint; those of the face go with the head, and heels turn with the feet."""


def lifter_for(track: PoseTrack, choice: Path | None) -> Lifter | None:
    """The lifter that is chosen for a track; by itself one is chosen only for an estimator whose errors it knows.

    Raises:
        InputError: there is no such file, it is no lifter, or the track lacks points that it sees.
    """
    file = weights_file(choice, LIFTER)
    if file is None:
        return None
    network = Lifter.load(file)
    if choice == AUTO and track.estimator not in network.about["estimators"]:
        return None
    if lacking := [name for name in NAMES if name not in track.names]:
        raise InputError(f"{file} sees points that this track lacks: {', '.join(lacking[:4])}; say --lifter {NONE}")
    return network


def deepened(network: Lifter, track: PoseTrack, focal: float) -> PoseTrack:
    """The track with its metric points where the network puts them.

    Args:
        network: the lifter.
        track: of the estimator's points; landmarks that the network does not tell move along with their neighbours.
        focal: the camera's focal length, px.
    """
    given = sight_of(track, focal, PHASES * RATE)
    points = np.einsum("tij,tkj->tki", given.turn, told(network, given)) * STATURE
    points = at_times(points, PHASES * RATE, track.times - track.times[0])
    # the estimator's points are in axes that look at the person's middle
    middle = bridge(track.points_2d.reshape(len(track), -1)).reshape(track.points_2d.shape).mean(1)
    points = np.einsum("nji,nkj->nki", view_rotations(middle, focal, track.image_size), points)
    old = bridge(track.points_3d.reshape(len(track), -1)).reshape(track.points_3d.shape)
    new, head = old.copy(), points[:, -1] - old[:, [track.index("left_ear"), track.index("right_ear")]].mean(1)
    for i, name in enumerate(POINTS[:-1]):
        new[:, track.index(name)] = points[:, i]
    for k, name in enumerate(track.names):
        if name in LED:
            led = track.index(LED[name])
            new[:, k] += new[:, led] - old[:, led]
        elif name not in POINTS:
            new[:, k] += head
    for side in SIDES:
        heel, ankle, toe = (track.index(f"{side}_{part}") for part in ("heel", "ankle", "foot_index"))
        before, after = old[:, toe] - old[:, ankle], new[:, toe] - new[:, ankle]
        new[:, heel] = new[:, ankle] + carried(before, after, old[:, heel] - old[:, ankle])
    return replace(track, points_3d=np.where(np.isfinite(track.points_3d), new, np.nan))


def told(network: Lifter, given: Sight) -> Float[np.ndarray, "T K 3"]:
    """Where the network puts POINTS, of frames PHASES times as often as it sees them: the mean of what it says of what
    is given and of its mirror image, about the middle of the hips."""
    out = np.empty((len(given.nearness), len(POINTS), 3))
    for phase in range(min(PHASES, len(out))):
        found = []
        for flipped in (False, True):
            sign = np.array([-1.0 if flipped else 1.0, 1.0, 1.0])
            order = MIRRORED if flipped else list(range(len(POINTS)))
            arrays = (given.seen[phase::PHASES, order] * sign[:2], given.own[phase::PHASES, order] * sign,
                      given.confidence[phase::PHASES, order], given.nearness[phase::PHASES])  # fmt: skip
            padded = [np.pad(a, [(REACH, REACH)] + [(0, 0)] * (a.ndim - 1), mode="edge") for a in arrays]
            with torch.no_grad():
                points = network(*(torch.tensor(a[None], dtype=torch.float32) for a in padded))[0].double().numpy()
            found.append(points[:, order] * sign)
        out[phase::PHASES] = 0.5 * (found[0] + found[1])
    return np.asarray(out - out[:, :2].mean(1, keepdims=True))


def carried(
    before: Float[np.ndarray, "T 3"], after: Float[np.ndarray, "T 3"], what: Float[np.ndarray, "T 3"]
) -> Float[np.ndarray, "T 3"]:
    """Where `what` points once it has been turned along, by the least turn from the direction `before` to `after`."""
    a, b = (way / np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-9) for way in (before, after))
    axis, cosine = np.cross(a, b), (a * b).sum(1, keepdims=True)
    # Rodrigues' formula, with sin^2 = (1 + cos)(1 - cos)
    along = axis * (axis * what).sum(1, keepdims=True) / np.maximum(1.0 + cosine, 1e-6)
    return np.asarray(cosine * what + np.cross(axis, what) + along)
