"""Physics in the loop of a prior: frames around which a judge lost a motion are made anew, as often as it is lost.

It stands beside its controls, which differ in one thing each: other frames of the same number, and new samples.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool

from sfv.interfaces import Condition, MotionPrior
from sfv.motion import Motion
from sfv.pipeline.choosing import FEW, Answers

if TYPE_CHECKING:
    from envs.judge.following import Following

BEFORE, AFTER = 0.7, 0.3
"""s: of the motion before the moment at which it was lost, and after it, that is made anew. Who falls began to do so
before; the judge says lost when bodies are half a metre away."""

Place = Callable[[Motion, "Following", np.random.Generator], Bool[np.ndarray, " T"]]
"""A motion, what became of it and a source of chance to the frames that stay."""


@dataclass(frozen=True)
class Tried:
    """A motion and what became of it."""

    motion: Motion
    followed: "Following"

    @property
    def rank(self) -> tuple[float, float]:
        """What is better is greater."""
        return self.followed.success, self.followed.seconds


def where_lost(motion: Motion, followed: "Following", chance: np.random.Generator) -> Bool[np.ndarray, " T"]:
    """All frames but those around the moment at which tries lost the motion, in the mean."""
    return _without(motion, followed.seconds)


def anywhere(motion: Motion, followed: "Following", chance: np.random.Generator) -> Bool[np.ndarray, " T"]:
    """All frames but as many, around a moment drawn by chance: the control."""
    return _without(motion, float(chance.uniform(0.0, motion.duration)))


def remasked(
    begun: Sequence[Tried],
    conditions: Sequence[Condition],
    prior: MotionPrior,
    answers: Answers,
    place: Place,
    rounds: int,
    seed: int,
) -> list[Tried]:
    """Motions of which frames were made anew, those that are followed to their end left alone.

    In each round a motion that is not followed is filled once and judged once, and what is followed worse is not kept.

    Args:
        begun: motions and what became of them.
        conditions: what each is to be like.
        prior: who fills.
        answers: who judges.
        place: which frames stay.
        rounds: how often.
        seed: of chance.
    """
    now, chance = list(begun), np.random.default_rng(seed)
    for number in range(rounds):
        left = [k for k, tried in enumerate(now) if tried.followed.success < 1.0]
        if not left:
            break
        made = [
            prior.fill(
                now[k].motion,
                place(now[k].motion, now[k].followed, chance),
                replace(conditions[k], seconds=None),
                seed + 1009 * (number + 1) + k,
            )
            for k in left
        ]
        for k, motion, followed in zip(left, made, answers(made, FEW), strict=True):
            now[k] = max(now[k], Tried(motion, followed), key=lambda tried: tried.rank)
    return now


def sampled_again(
    begun: Sequence[Tried],
    conditions: Sequence[Condition],
    prior: MotionPrior,
    answers: Answers,
    rounds: int,
    seed: int,
) -> list[Tried]:
    """The control that costs as much: where a motion is not followed, a new sample instead, the best of all kept."""
    now = list(begun)
    for number in range(rounds):
        left = [k for k, tried in enumerate(now) if tried.followed.success < 1.0]
        if not left:
            break
        made = [prior.sample(conditions[k], seed + 1009 * (number + 1) + k, 1)[0] for k in left]
        for k, motion, followed in zip(left, made, answers(made, FEW), strict=True):
            now[k] = max(now[k], Tried(motion, followed), key=lambda tried: tried.rank)
    return now


def _without(motion: Motion, moment: float) -> Bool[np.ndarray, " T"]:
    """Frames that stay where those around a moment go; the first does in any case, since a motion begins somewhere."""
    count = round((BEFORE + AFTER) * motion.fps)
    first = int(np.clip(round((moment - BEFORE) * motion.fps), 1, max(1, len(motion) - count)))
    keep = np.ones(len(motion), bool)
    keep[first : first + count] = False
    return keep
