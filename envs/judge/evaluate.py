"""Who judges a policy: an `Evaluator` of one clip, a `Suite` of several; while it trains, and in the end.

It knows no files: policies and motions are given.
"""

from collections.abc import Mapping

from envs.config import TrackingConfig
from envs.judge.evaluation import Evaluator
from envs.judge.suite import Suite
from sfv.character import Character
from sfv.interfaces import Policy
from sfv.judged import Judge, Judged
from sfv.motion import Motion

LOOP, CLIP, EACH = 32, 128, 8
"""Rollouts from the start by which training chooses its best policy: of a loop, of a clip that ends, of each of
several. Clips that end take a few seconds instead of 20, and so many tell a policy that fails once in a hundred from
one that does not."""
ROLLOUTS, SECONDS = 128, 10.0
"""Of many clips, training rolls out so many from starts altogether, for so long at most: clips of minutes would take
longer to judge than to learn from."""
SEED, OTHER_SEED = 1000, 2000
"""Of the starts by which training chooses its best policy, and of those of its report: the former would flatter it."""


def training_judge(motions: Mapping[str, Motion], character: Character, config: TrackingConfig) -> Judge:
    """By whom training chooses its best policy of the named motions."""
    if len(motions) > 1:
        each = max(1, min(EACH, ROLLOUTS // len(motions)))
        return Suite(motions, character, config, each, SEED, None if each == EACH else SECONDS)
    (motion,) = motions.values()
    return Evaluator(motion, character, config, LOOP if motion.loop else CLIP, SEED)


def evaluate(
    policy: Policy, motions: Mapping[str, Motion], character: Character, config: TrackingConfig, rollouts: int
) -> Judged:
    """How well a policy does the named motions, by so many rollouts from the start of each, and as many from anywhere.

    Of one motion, the first rollout from its start is kept to look at, and the worst.
    """
    if len(motions) > 1:
        return Suite(motions, character, config, rollouts, OTHER_SEED)(policy)
    (motion,) = motions.values()
    return Evaluator(motion, character, config, rollouts, OTHER_SEED, watch=True)(policy)
