"""What a lifter learns from: films as it sees them, in batches that are varied anew each time.

Variations keep what is between what was said and what is so: the mirror, time backwards, a camera held askew or of
another focal length, another's limbs, gaps. It knows no network.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from recon.lifter.acting import FRAMES
from recon.lifter.filming import Film
from recon.lifter.films import Shard
from recon.lifter.lifter import REACH
from recon.lifter.points import MIRRORED, NAMES, POINTS, RATE
from recon.lifter.sight import points_of, sight
from recon.pose.marks import layout

ASKEW, ANYHOW = 0.15, 0.12
"""rad by which cameras are held askew, and the share that are held anyhow."""
WRONG = 0.25
"""By how much (logarithm) a focal length is taken for another; only the distance depends on it."""
LIMBS = (("shoulder", ("elbow", "wrist"), 0.2), ("hip", ("knee", "ankle", "foot_index"), 0.1))
"""Joints, what hangs on them, and the share of the windows in which that is another's."""
ROUGH = 0.004
"""Statures by which points in the picture are moved about."""
ELSEWHERE, FLATTER, LEAN = 0.008, 0.1, 0.03
"""How differently an estimator may err in a window that is not of a rendered person: statures by which it means another
place by a joint, throughout; by how much (logarithm) its depth is flatter; rad by which people lean."""
FEWEST = 12
"""Frames in which somebody must have been found."""


@dataclass(frozen=True)
class Lessons:
    """Windows: what a lifter takes, and the truth about it, in the same axes and units.

    Attributes:
        seen, own, confidence, nearness: as in a `Sight`.
        truth: (B, t, K, 3) POINTS about the middle of the hips.
        weight: (B, t) 1 where the person was found.
    """

    seen: Float[Tensor, "B t K 2"]
    own: Float[Tensor, "B t K 3"]
    confidence: Float[Tensor, "B t K"]
    nearness: Float[Tensor, "B t"]
    truth: Float[Tensor, "B t K 3"]
    weight: Float[Tensor, "B t"]

    def __len__(self) -> int:
        return len(self.nearness)

    def picked(self, index: Tensor, frames: Tensor) -> "Lessons":
        """Windows, and of them frames (B, t)."""
        rows = index[:, None]
        return Lessons(**{field.name: getattr(self, field.name)[rows, frames] for field in fields(self)})

    def beside(self, other: "Lessons") -> "Lessons":
        """These windows and others."""
        return Lessons(**{f.name: torch.cat((getattr(self, f.name), getattr(other, f.name))) for f in fields(self)})

    def mirrored(self) -> "Lessons":
        """The same in the mirror."""
        flip, sure = torch.tensor([-1.0, 1.0, 1.0]), self.confidence[:, :, MIRRORED]
        seen, own, truth = (points[:, :, MIRRORED] for points in (self.seen, self.own, self.truth))
        return Lessons(seen * flip[:2], own * flip, sure, self.nearness, truth * flip, self.weight)


def lessons(shards: Sequence[Shard]) -> Lessons:
    """All windows of the shards that show enough."""
    films = [film for shard in shards for film in shard.films if film.found.sum() >= FEWEST]
    columns = [np.stack(column) for column in zip(*map(_lesson, films), strict=True)]
    return Lessons(*(torch.tensor(column, dtype=torch.float32) for column in columns))


def _lesson(film: Film) -> tuple[np.ndarray, ...]:
    told = _told_apart(film)
    given = sight(told.seen, told.metres, told.confidence, RATE)
    hips = film.truth[:, :2].mean(1, keepdims=True)
    # what the estimator takes for a stature is so many metres
    unit = np.linalg.norm(hips, axis=-1, keepdims=True) * given.nearness[:, None, None]
    truth = np.einsum("tji,tkj->tki", given.turn, film.truth - hips) / unit
    return given.seen, given.own, given.confidence, given.nearness, truth, film.found.astype(np.float64)


def _told_apart(film: Film) -> Film:
    """The film with left and right as they are, where the estimator clearly took them for each other: choosing readings
    over a clip puts that right before a lifter sees it."""
    flat = film.truth[..., :2] / film.truth[..., 2:]
    ways = list(layout(NAMES).exchanges.values())
    off = [np.linalg.norm(points_of(film.seen[:, way]) - flat, axis=-1).mean(1) for way in ways]
    distance = np.nan_to_num(np.stack(off))
    best = np.where(distance.min(0) < 0.7 * distance[0], distance.argmin(0), 0)
    rows, order = np.arange(len(best))[:, None], np.array(ways)[best]
    return Film(film.seen[rows, order], film.metres[rows, order], film.confidence[rows, order], film.truth, film.up)


def padded(count: int) -> Tensor:
    """Frames of so many windows, with REACH more at both ends that repeat the last ones, as clips have them."""
    return torch.arange(-REACH, FRAMES + REACH).clamp(0, FRAMES - 1).expand(count, -1)


def varied(known: Lessons, size: int, generator: torch.Generator) -> Lessons:
    """A batch of so many windows, `padded`."""

    def uniform(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator)

    frames = torch.where(uniform(size, 1) < 0.5, FRAMES - 1 - padded(size), padded(size))
    batch = known.picked(torch.randint(len(known), (size,), generator=generator), frames)
    for root, hung, share in LIMBS:
        batch = _with_limbs(batch, root, hung, share, generator)
    batch = _gap(batch, generator)
    other, flipped = batch.mirrored(), uniform(size) < 0.5
    # the estimator turns people upright before it looks at them, so it errs alike however the camera is held
    angle = torch.where(uniform(size) < ANYHOW, 2.0 * torch.pi * uniform(size), ASKEW * normal(size))
    c, s = angle.cos(), angle.sin()
    turn = torch.stack((torch.stack((c, -s), -1), torch.stack((s, c), -1)), 1)

    def moved(one: Tensor, two: Tensor) -> Tensor:
        points = torch.where(flipped[:, None, None, None], two, one)
        return torch.cat((torch.einsum("bij,btkj->btki", turn, points[..., :2]), points[..., 2:]), -1)

    sure = torch.where(flipped[:, None, None], other.confidence, batch.confidence)
    nearness = batch.nearness * torch.exp(WRONG * normal(size, 1))
    away = 1.0 + batch.truth[..., 2:] * batch.nearness[..., None, None]
    # people of other kinds, cameras and clothes: joints that are meant elsewhere, depth that is flatter, a lean
    meant = ELSEWHERE * normal(size, 1, len(POINTS), 3)
    seen = moved(batch.seen, other.seen) + meant[..., :2] / away + ROUGH * normal(*batch.seen.shape)
    own = moved(batch.own, other.own) + meant
    lean = LEAN * normal(size)
    y, z = own[..., 1], own[..., 2] * torch.exp(FLATTER * normal(size, 1, 1))
    c, s = lean.cos()[:, None, None], lean.sin()[:, None, None]
    own = torch.stack((own[..., 0], c * y - s * z, s * y + c * z), -1)
    return Lessons(seen, own, sure, nearness, moved(batch.truth, other.truth), batch.weight)


def _with_limbs(batch: Lessons, root: str, hung: tuple[str, ...], share: float, generator: torch.Generator) -> Lessons:
    """In a share of the windows what hangs on a joint is as in another one, with what was said of it."""
    size = len(batch)
    other, taken = torch.randperm(size, generator=generator), torch.rand(size, generator=generator) < share
    out = {field.name: getattr(batch, field.name).clone() for field in fields(batch)}
    for side in ("left", "right"):
        here, at = [POINTS.index(f"{side}_{joint}") for joint in hung], POINTS.index(f"{side}_{root}")
        for name in ("seen", "own", "truth"):
            mine = getattr(batch, name)
            theirs = mine[other][:, :, here] + (mine - mine[other])[:, :, at : at + 1]
            out[name][:, :, here] = torch.where(taken[:, None, None, None], theirs, mine[:, :, here])
        sure = batch.confidence
        out["confidence"][:, :, here] = torch.where(taken[:, None, None], sure[other][:, :, here], sure[:, :, here])
    out["weight"] = torch.where(taken[:, None], batch.weight * batch.weight[other], batch.weight)
    return Lessons(**out)


def _gap(batch: Lessons, generator: torch.Generator) -> Lessons:
    """In a quarter of the windows some frames are lost, and bridged."""
    size, count = batch.nearness.shape
    first = torch.randint(1, count - 10, (size, 1), generator=generator)
    long = torch.randint(1, 8, (size, 1), generator=generator)
    lost = torch.rand((size, 1), generator=generator) < 0.25
    frame, rows = torch.arange(count), torch.arange(size)[:, None]
    inside = lost & (frame >= first) & (frame < first + long)
    part = ((frame - first + 1) / (long + 1))[..., None, None]

    def bridged(values: Tensor) -> Tensor:
        ends = values[rows, first - 1] * (1 - part) + values[rows, first + long] * part
        return torch.where(inside[..., None, None], ends, values)

    sure = torch.where(inside[..., None], torch.zeros(()), batch.confidence)
    return Lessons(bridged(batch.seen), bridged(batch.own), sure, batch.nearness, batch.truth, batch.weight)
