"""Who judges a policy: an `Evaluator` of one clip, a `Suite` of several; while it trains, and in the end.

It knows no files: policies and motions are given.
"""

from collections.abc import Mapping
from dataclasses import replace

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
MORE = 4
"""Times as many by which it chooses among the best few where some fail."""
SEED, AGAIN_SEED, OTHER_SEED = 1000, 1500, 2000
"""Of the starts by which training chooses its best policies, of those by which it keeps one of them, and of those of
its report: the former two would flatter it."""


def training_judge(
    motions: Mapping[str, Motion], character: Character, config: TrackingConfig, again: bool = False
) -> Judge:
    """By whom training chooses its best policies of the named motions; or `again`, by MORE and other rollouts, of
    these the one that it keeps."""
    times, seed = (MORE, AGAIN_SEED) if again else (1, SEED)
    if len(motions) > 1:
        each = max(1, min(EACH, ROLLOUTS // len(motions)))
        return Suite(motions, character, config, times * each, seed, None if each == EACH else SECONDS)
    (motion,) = motions.values()
    return Evaluator(motion, character, config, times * (LOOP if motion.loop else CLIP), seed)


def evaluate(
    policy: Policy, motions: Mapping[str, Motion], character: Character, config: TrackingConfig, rollouts: int
) -> Judged:
    """How well a policy does the named motions, by so many rollouts from the start of each, and as many from anywhere.

    Of one motion, the first rollout from its start is kept to look at, and the worst. Falls are not counted, so that
    policies can be compared that were trained with `TrackingConfig.falls` and without.
    """
    config = replace(config, falls=False)
    if len(motions) > 1:
        return Suite(motions, character, config, rollouts, OTHER_SEED)(policy)
    (motion,) = motions.values()
    return Evaluator(motion, character, config, rollouts, OTHER_SEED, watch=True)(policy)
