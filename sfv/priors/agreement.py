"""How far a motion shows what a sentence says of ways, turns and what happens: words that can be measured.

It is what keeps a choice among samples honest: who stands still is easy to follow, and walks nowhere. Of walks and
dances it knows nothing, and a sentence without such words is agreed with by all.
"""

import numpy as np
import torch

from sfv.motion import Motion
from sfv.priors.captions import measured
from sfv.priors.features import Features
from sfv.priors.happenings import happenings, said_of
from sfv.priors.text import words

WAYS = frozenset({"forward", "backward", "sideway", "turn", "around", "left", "right", "spot"})
"""Where one goes and how one turns; by their stems."""
DONE = frozenset({"jump", "kick", "punch", "lift"})


def measurable(sentence: str) -> frozenset[str]:
    """The stems of a sentence's words that can be measured."""
    return frozenset(words(sentence)) & (WAYS | DONE)


def agreement(sentence: str, motion: Motion, features: Features) -> float:
    """The share of a sentence's measurable words that the motion shows, 0..1.

    A turn that the sentence does not speak of counts as a word that is not shown.
    """
    asked = measurable(sentence)
    if not asked:
        return 1.0
    rows = torch.tensor(features.encode(motion), dtype=torch.float32)
    turn, velocity = (np.asarray(rows[:, features.groups[name]]) for name in ("turn", "velocity"))
    found = said_of(happenings(rows, features, gait=False))
    shown = set(words(measured("", turn.ravel(), velocity, features.fps, found)))
    idle = "turn" in shown and "turn" not in asked
    return len(asked & shown) / (len(asked) + idle)
