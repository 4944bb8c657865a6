"""Whether a clip's pictures lie on their side or stand on their head, told from the people in them.

The estimator sees people in any direction, so how they stand tells how the camera was held. Who turns over for a while,
stands on the hands or lies is not taken for a turned clip: bodies in one stand over their feet all along once the
picture is turned. A person who lies straight and still cannot be told from that, and what is done is said.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from recon.pose.people import Sighting
from recon.pose.pose_landmarker import NAMES

ALL = 0.8
"""Share of what is seen, by size and belief, that must have its head on the same side."""
NONE = 0.1
"""Share that may be upright."""
OVER_FEET = 0.15
"""Of the body's length, how far aside of the feet the trunk may be at the median: 0.02 to 0.08 in walks and jumps, 0.17
in push-ups, whose body leans by 15 degrees."""
ARMS_UP = 0.5
"""Share with both hands above the shoulders from which somebody upside down stands on them, or hangs."""
ALONG = 0.7
"""Of the body's length, how far a standing body may have come along itself by the end; swimmers go farther."""
FEWEST = 8
"""Sightings."""


@dataclass(frozen=True)
class Turn:
    """How a clip is turned: `turns` counterclockwise quarter turns bring it upright; `doubt` says why that is none."""

    turns: int
    doubt: str = ""


def turn_of(pieces: Sequence[dict[int, Sighting]]) -> Turn:
    """How the pictures must be turned for everybody in these pieces to stand."""
    seen = [sighting for piece in pieces for sighting in piece.values()]
    weights = np.array([sighting.belief * sighting.extent for sighting in seen])
    ways = np.array([sighting.turns for sighting in seen])
    if len(seen) < FEWEST or not weights.sum():
        return Turn(0)
    shares = np.bincount(ways, weights, minlength=4) / weights.sum()
    turns = int(shares.argmax())
    if turns == 0 or shares[turns] < ALL or shares[0] > NONE:
        return Turn(0)
    points = np.stack([_turned(sighting.points_2d, turns) for sighting in seen])  # (N, 33, 2)
    posture = "upside down" if turns == 2 else "lying"
    hint = f"the person is {posture} all along and is taken to do that; if the file is turned, add --turn {90 * turns}"
    if not _stands(points) or max(_way_along(piece, turns) for piece in pieces) > ALONG:
        return Turn(0, hint)
    return Turn(0, hint) if turns == 2 and _hands_up(points) > ARMS_UP else Turn(turns)


def _turned(points: Float[np.ndarray, "K 2"], turns: int) -> Float[np.ndarray, "K 2"]:
    for _ in range(turns):
        points = np.stack([points[:, 1], -points[:, 0]], axis=1)
    return points


def _stands(points: Float[np.ndarray, "N K 2"]) -> bool:
    """Whether most are longer than wide, and have their trunk over their feet."""
    wide, high = np.ptp(points, axis=1).T
    trunk = (_middle(points, "shoulder") + _middle(points, "hip")) / 2
    aside = np.abs(trunk - _middle(points, "ankle"))[:, 0] / np.maximum(wide, high)
    return bool(np.median(wide / high) < 1.0 and np.median(aside) <= OVER_FEET)


def _hands_up(points: Float[np.ndarray, "N K 2"]) -> float:
    """The share with both hands above the shoulders."""
    wrists = np.stack([points[:, NAMES.index(f"{side}_wrist"), 1] for side in ("left", "right")])
    return float((wrists.max(axis=0) < _middle(points, "shoulder")[:, 1]).mean())


def _way_along(piece: dict[int, Sighting], turns: int) -> float:
    """How far somebody has come along the body from start to end, over its length."""
    seen = list(piece.values())
    places = [_turned(sighting.centre[None], turns)[0, 1] for sighting in (seen[0], seen[-1])]
    return abs(float(places[1] - places[0])) / max(sighting.extent for sighting in seen)


def _middle(points: Float[np.ndarray, "N K 2"], joint: str) -> Float[np.ndarray, "N 2"]:
    return points[:, [NAMES.index(f"{side}_{joint}") for side in ("left", "right")]].mean(axis=1)
