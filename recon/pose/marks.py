"""What of a reading of a person is compared over time: vectors in units of the body, and how freely each moves.

It also knows which points are each other's left and right, and exchanges them. It knows one reading at a time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
from jaxtyping import Float

from recon.pose.people import Sighting

STATURE = 1.7
"""m, of the estimator's metric bodies; lengths below are in statures."""
DEPTH = 0.5
"""What depth counts of where the trunk points: it turns over with left and right, as people lean to the camera."""
LEGS = ("hip", "knee", "ankle", "heel", "foot_index")
ARMS = ("shoulder", "elbow", "wrist", "pinky", "index", "thumb")
PARTS = ("nose", *(f"{side}_{part}" for side in ("left", "right") for part in (*ARMS[:3], *LEGS[:3], LEGS[-1])))
"""Points whose places are compared."""
EXCHANGES = ("nothing", "everything", "legs", "arms")
"""What may have its left where the person's right is."""


@dataclass(frozen=True)
class Freedom:
    """How far a vector may be from where it was on the way to, before that counts as a jump.

    Attributes:
        noise: however little time has gone.
        drift: 1/s, how much farther later.
        weight: what a jump costs, over what others do.
    """

    noise: float
    drift: float
    weight: float


FREEDOMS = {
    "place": Freedom(0.05, 2.0, 2.0),
    "parts": Freedom(0.06, 1.3, 1.5),
    "metres": Freedom(0.15, 1.2, 1.0),
    "up": Freedom(0.25, 3.0, 1.0),
    "left": Freedom(0.45, 5.0, 1.0),
    "size": Freedom(0.06, 0.8, 2.0),
}
"""The middle of the trunk in the picture; PARTS about it, in the picture and in metres; unit vectors along the trunk
and to the person's left; the logarithm of the size. Noise and drift are about what 99 % of the steps over 1/60 to 1/3 s
stay within, in six clips: somebody runs, walks, juggles, jumps, balances, sits down."""


@dataclass(frozen=True)
class Layout:
    """The points that an estimator tells of a person, by name."""

    names: tuple[str, ...]

    @cached_property
    def parts(self) -> list[int]:
        """The columns of PARTS, as far as there are such."""
        return [self.names.index(name) for name in PARTS if name in self.names]

    @cached_property
    def table(self) -> Float[np.ndarray, "4 M"]:
        """Of each of the M vectors that `marks` gives: noise, drift, weight, and 1 where it is one of the picture."""
        counts = {"parts": len(self.parts), "metres": len(self.parts)}
        rows = [(kind, counts.get(kind, 1)) for kind in FREEDOMS]
        of = [(kind, FREEDOMS[kind], count) for kind, count in rows for _ in range(count)]
        return np.array([(f.noise, f.drift, f.weight / count, kind in ("place", "parts")) for kind, f, count in of]).T

    @cached_property
    def exchanges(self) -> dict[str, list[int]]:
        """For each of EXCHANGES, from which column each point is taken."""
        other = [self.names.index(_mirrored(name)) if _mirrored(name) in self.names else i
                 for i, name in enumerate(self.names)]  # fmt: skip
        limbs = {"nothing": (), "legs": LEGS, "arms": ARMS}
        out = {}
        for what in EXCHANGES:
            kept = limbs.get(what)
            out[what] = [o if kept is None or _bare(name) in kept else i
                         for i, (o, name) in enumerate(zip(other, self.names, strict=True))]  # fmt: skip
        return out

    def exchanged(self, seen: Sighting, what: str) -> Sighting:
        """The reading with left and right of some of the person exchanged."""
        to = self.exchanges[what]
        return replace(seen, points_2d=seen.points_2d[to], points_3d=seen.points_3d[to], confidence=seen.confidence[to])

    def marks(self, readings: Sequence[Sighting], unit: float) -> Float[np.ndarray, "v M 3"]:
        """The vectors of each reading as each of EXCHANGES makes it, one reading after the other. NaN: not known.

        `unit`, a stature in px, is the same for all.
        """
        to, parts = np.array([self.exchanges[what] for what in EXCHANGES]), len(self.parts)
        flat = np.concatenate([seen.points_2d[to] for seen in readings]) / unit  # (v, K, 2)
        deep = np.concatenate([seen.points_3d[to] for seen in readings]) / STATURE
        shoulders, hips = (
            [self.names.index(f"{side}_{joint}") for side in ("left", "right")] for joint in ("shoulder", "hip")
        )
        middle = flat[:, shoulders + hips].mean(1)
        trunk = deep[:, shoulders].mean(1) - deep[:, hips].mean(1)
        across = deep[:, shoulders[0]] - deep[:, shoulders[1]] + 0.5 * (deep[:, hips[0]] - deep[:, hips[1]])
        out = np.zeros((len(flat), self.table.shape[1], 3))
        out[:, 0, :2] = middle
        out[:, 1 : 1 + parts, :2] = flat[:, self.parts] - middle[:, None]
        out[:, 1 + parts : 1 + 2 * parts] = deep[:, self.parts]
        for row, way in ((-3, trunk), (-2, across)):
            out[:, row] = way / np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-6)
        out[:, -3, 2] *= DEPTH
        out[:, -1, 0] = np.repeat(np.log([size_of(seen) / unit for seen in readings]), len(EXCHANGES))
        return out


@lru_cache
def layout(names: tuple[str, ...]) -> Layout:
    """The layout of these names, made once."""
    return Layout(names)


def size_of(seen: Sighting) -> float:
    """The px that a stature takes: the ratio of the spreads in pixels and in metres, whatever the pose.

    Without metres, the longer side of the box.
    """
    known = np.isfinite(seen.points_2d).all(-1) & np.isfinite(seen.points_3d).all(-1)
    if not known.any():
        return float(max(np.nanmax(np.ptp(seen.points_2d[np.isfinite(seen.points_2d).all(-1)], axis=0)), 1.0))
    flat, deep = seen.points_2d[known], seen.points_3d[known, :2]
    spread, metres = (np.sqrt(((p - p.mean(0)) ** 2).sum(-1).mean()) for p in (flat, deep))
    return float(STATURE * max(float(spread), 1e-3) / max(float(metres), 1e-2))


def _mirrored(name: str) -> str:
    words = {"left": "right", "right": "left"}
    return "_".join(words.get(word, word) for word in name.split("_"))


def _bare(name: str) -> str:
    """The name without its side."""
    return name.removeprefix("left_").removeprefix("right_")
