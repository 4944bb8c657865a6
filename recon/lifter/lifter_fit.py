"""Fitting a lifter to films of people, on a processor in minutes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from recon.lifter.borrowed import borrowed
from recon.lifter.films import Shard
from recon.lifter.lessons import Lessons, lessons, padded, varied
from recon.lifter.lifter import REACH, Lifter
from recon.lifter.points import BONES, POINTS, STATURE
from recon.scorecard import LIMBS
from sfv.character import Character
from sfv.errors import InputError
from sfv.metrics import pa_mpjpe
from sfv.motion import Motion
from sfv.priors.fitting import FitConfig, Objective, fit
from sfv.progress import Advance

FITTING = FitConfig(steps=2200, batch=32, rate=3e-3, warm=40, decay=0.99, every=200, patience=6)
"""The loop's settings."""
ACTS, BORROWED = 3000, 0.5
"""Acts with borrowed errors, and their share of a batch."""
MINOR = 0.3
"""Weight of toes and head, by which poses are not compared."""
NOT_COMPARED = [POINTS.index(name) for name in ("left_foot_index", "right_foot_index", "head")]


@dataclass(frozen=True)
class LifterErrors:
    """How far off points are on people who were held out, mm: limbs, each frame aligned; the estimator's own, and the
    lifter's; and the same as means of depths alone, without any alignment."""

    own: float
    lifted: float
    own_depth: float
    lifted_depth: float


def fit_lifter(
    shards: Sequence[Shard], motions: Sequence[Motion], character: Character, acts: int, config: FitConfig,
    advance: Advance = lambda steps, text=None: None, kept: Path | None = None,
) -> tuple[Lifter, LifterErrors]:  # fmt: skip
    """A lifter of the people in the shards, and how it does on those of them who are held out.

    Args:
        shards: films.
        motions: of the humanoid, which people who are not filmed do with the estimator's errors borrowed.
        character: the humanoid.
        acts: how many such there are; 0 learns from films alone.
        config: of the loop.
        advance: called with the number of steps done since the last call, and the error.
        kept: a folder for a checkpoint, from which a fit that was killed goes on.

    Raises:
        InputError: there are too few people.
    """
    few = min(sum(shard.held_out == held for shard in shards) for held in (False, True))
    if few < 1:
        raise InputError(f"{len(shards)} people are too few to learn from and to judge by; give --people 8 or more")
    known, apart = (lessons([shard for shard in shards if shard.held_out == held]) for held in (False, True))
    more = borrowed(motions, known, acts, character, np.random.default_rng(config.seed)) if acts else None
    with torch.random.fork_rng():
        torch.manual_seed(config.seed)
        network = Lifter()

    def drawn(generator: torch.Generator, size: int) -> Lessons:
        lent = int(BORROWED * size) if more else 0
        batch = varied(known, size - lent, generator)
        return batch.beside(varied(more, lent, generator)) if more else batch

    def held() -> float:
        return float(torch.stack([cost(network, part) for part in _padded(apart)]).mean())

    fit(network, Objective(drawn, lambda batch: cost(network, batch), held), config, "lifter", advance, kept)
    return network, judged(network, apart)


def cost(network: Lifter, batch: Lessons) -> Tensor:
    """Places, bones' directions and velocities, in statures."""
    inner = slice(REACH, batch.nearness.shape[1] - REACH)
    found = network(batch.seen, batch.own, batch.confidence, batch.nearness)
    weight = torch.ones(len(POINTS))
    weight[NOT_COMPARED] = MINOR
    truth, sure = batch.truth[:, inner], 0.1 + 0.9 * batch.weight[:, inner, None]
    off = found - truth
    a, b = torch.tensor(BONES).T
    apart = _length(_unit(found[:, :, b] - found[:, :, a]) - _unit(truth[:, :, b] - truth[:, :, a]))
    loss = (sure * weight * _length(off)).mean() + 0.25 * (sure * apart).mean()
    return loss + 0.5 * (weight * _length(off.diff(dim=1))).mean()


def judged(network: Lifter, apart: Lessons) -> LifterErrors:
    """How it does on these windows, in frames in which the person was found."""
    limbs, rows = [POINTS.index(name) for name in LIMBS], []
    for part in _padded(apart):
        inner = slice(REACH, part.nearness.shape[1] - REACH)
        with torch.no_grad():
            found = network(part.seen, part.own, part.confidence, part.nearness)
        ok = part.weight[:, inner] > 0
        rows.append([x[ok][:, limbs].double().numpy() for x in (part.own[:, inner], found, part.truth[:, inner])])
    own, lifted, truth = (STATURE * np.concatenate(column) for column in zip(*rows, strict=True))
    return LifterErrors(pa_mpjpe(own, truth), pa_mpjpe(lifted, truth), _depth(own, truth), _depth(lifted, truth))


def _depth(points: Float[np.ndarray, "n k 3"], truth: Float[np.ndarray, "n k 3"]) -> float:
    return 1000.0 * float(np.abs(points - truth)[..., 2].mean())


def _padded(apart: Lessons) -> list[Lessons]:
    return [apart.picked(index, padded(len(index))) for index in torch.arange(len(apart)).split(64)]


def _length(x: Tensor) -> Tensor:
    return (x.square().sum(-1) + 1e-8).sqrt()


def _unit(x: Tensor) -> Tensor:
    return x / _length(x)[..., None]
