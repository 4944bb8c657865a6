"""Sentences of things that happen one after another: each is generated and chosen by itself, and then they are joined.

It knows no prior by name; who fills what is between them is a prior like any other.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from sfv.character import Character
from sfv.interfaces import Condition, MotionPrior
from sfv.pipeline.choosing import Answers, Chosen, best_of, sampled
from sfv.priors.joining import joined

WAYS = 4
"""Ways that are filled between two motions, of which the one that is followed best is kept."""
APART = 7919
"""Seeds from one thing to the next."""


def in_turn(
    sentences: Sequence[str],
    condition: Condition,
    priors: Sequence[MotionPrior],
    filler: MotionPrior,
    character: Character,
    judge: Answers,
    seed: int,
    n: int,
    best: int,
    mend: bool,
    tell: Callable[[str, Chosen], None] = lambda sentence, chosen: None,
) -> list[Chosen]:
    """n motions that show sentences one after another.

    Args:
        sentences: two or more.
        condition: what else is asked; `seconds` is how long each sentence lasts.
        priors: who makes the samples.
        filler: who fills between them.
        character: whose motions they are.
        judge: who follows them.
        seed: of chance.
        n: how many.
        best: of how many samples each sentence's is kept.
        mend: whether what the check finds is mended, in each part and in the whole.
        tell: is told of each sentence and what was kept of it.

    Raises:
        InputError: a prior heeds something not, or the filler cannot fill.
    """
    kept: list[list[Chosen]] = [[] for _ in range(n)]
    for number, sentence in enumerate(sentences):
        asked = replace(condition, text=sentence)
        for k, group in enumerate(sampled(priors, asked, seed + APART * number, n, best)):
            kept[k].append(best_of(group, sentence, character, judge, mend))
            tell(sentence, kept[k][-1])
    out = []
    for k, parts in enumerate(kept):
        ways = []
        for way in range(WAYS):
            whole = parts[0].motion
            for part in parts[1:]:
                whole = joined(whole, part.motion, filler, seed + k + APART * way)
            ways.append(whole)
        out.append(best_of(ways, "", character, judge, mend))
    return out
