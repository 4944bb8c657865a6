"""The best of several samples of a prior: one that shows what the sentence says, passes the check, and is followed.

The judge is a policy that has not learnt the motion. It comes after the sentence: standing still is always followed.
Of those that it follows as well, the one that shows most of the sentence is taken.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sfv.character import Character
from sfv.check.check import check
from sfv.interfaces import Condition, MotionPrior
from sfv.motion import Motion
from sfv.pipeline.judging import SEED, TRIES, Judge
from sfv.pipeline.reference import mended
from sfv.priors.agreement import agreement
from sfv.priors.features import Features

if TYPE_CHECKING:
    from envs.judge.following import Following

LENIENT = 0.26
"""Agreement that a sample may be short of the best one's: one of four words, such as "around" for a turn of 130
degrees."""
FEW = 4
"""Tries of each sample at first; one that may be kept has as many as `sfv judge` makes."""
MENDED = 3
"""Most samples that are mended before the best of these is taken: to mend takes longer than to make ten."""

Answers = Callable[[Sequence[Motion], int], "list[Following]"]
"""Motions and a number of tries to what became of them."""


@dataclass(frozen=True)
class Chosen:
    """A sample that was kept.

    Attributes:
        motion: it, mended where that was asked for.
        passed: whether it passes the check.
        followed: how far the judge follows it.
        agrees: how many of the samples show what the sentence says, about as well as any.
        shown: how much of what can be measured of the sentence the one that shows most of it does, 0..1.
    """

    motion: Motion
    passed: bool
    followed: "Following"
    agrees: int
    shown: float

    @property
    def rank(self) -> tuple[bool, float, float]:
        """What is better is greater."""
        return self.passed, self.followed.success, self.followed.seconds

    @property
    def good(self) -> bool:
        """It passes the check, and all tries come to its end."""
        return self.passed and self.followed.success == 1.0


def answers_of(judge: Judge) -> Answers:
    """A policy as a judge of samples."""

    def answers(motions: Sequence[Motion], tries: int) -> "list[Following]":
        found = dict(judge.follow({str(k): motion for k, motion in enumerate(motions)}, tries, SEED))
        return [found[str(k)] for k in range(len(motions))]

    return answers


def best_of(made: Sequence[Motion], sentence: str, character: Character, judge: Answers, mend: bool = True) -> Chosen:
    """The best of samples of one sentence.

    Args:
        made: the samples.
        sentence: what they are to show; "" asks for nothing.
        character: whose they are.
        judge: who follows them.
        mend: whether what the check finds is mended before the judge has the last word.
    """
    features = Features(character)
    shown = [agreement(sentence, motion, features) for motion in made]
    kept = [k for k, share in enumerate(shown) if share >= max(shown) - LENIENT]
    some = [made[k] for k in kept]
    first = judge(some, FEW)
    # what passes as it is needs no mending, which takes as long as all that comes before
    passes = [check(motion, character).passed for motion in some]
    order = sorted(
        range(len(some)), key=lambda k: (-first[k].success, -shown[kept[k]], not passes[k], -first[k].seconds)
    )
    best: Chosen | None = None
    for k in order[:MENDED]:
        motion, found = mended(some[k], character) if mend else (some[k], check(some[k], character))
        motion = replace(motion, source=some[k].source)
        now = Chosen(motion, found.passed, judge([motion], TRIES)[0], len(some), max(shown))
        best = now if best is None or now.rank > best.rank else best
        if best.good:
            break
    assert best is not None, "there is at least one sample"
    return best


def sampled(priors: Sequence[MotionPrior], condition: Condition, seed: int, n: int, best: int) -> list[list[Motion]]:
    """n groups of `best` samples, of each prior about as many; of one prior with one each, those of the seed."""
    shares = [best // len(priors) + (k < best % len(priors)) for k in range(len(priors))]
    made = [prior.sample(condition, seed, n * share) for prior, share in zip(priors, shares, strict=True)]
    return [
        [motion for motions, share in zip(made, shares, strict=True) for motion in motions[k * share : (k + 1) * share]]
        for k in range(n)
    ]
