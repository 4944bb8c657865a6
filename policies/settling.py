"""How a training settles, by what a judge found: when exploration and steps narrow, and when nothing more is gained."""

from collections.abc import Sequence

from sfv.judged import Figures

PATIENCE = 4
"""Evaluations without improvement after which a successful policy is done."""
SUCCESS = 0.99
"""Success, from the start and from random phases, that counts as having the skill."""
NARROWING, SHRINKING = (0.0, 0.2), (0.5, 0.9)
"""Survival between which noise begins to narrow and does so at its full pace: a skill that is still looked for needs it
wide. And the same for steps, which shrink after that: a skill that wants nothing but exactness gains by it, a dance
that was half learnt slowed down (docs/log.md)."""
FOUND = (0.25, 0.75)
"""Success between which noise begins to narrow and does so at its full pace where another policy was begun from: that
one stays up from the start, and by survival noise was at its least before the new skill was found. A demo begun from
the tracker had .84 of its starts at 1.0 M samples so, and .90 at 0.45 M with noise that was held (docs/log.md)."""
THERE, SURE = (0.25, 0.5), 0.9
"""Survival between which a skill begins to be there, and strict success from which it begins to be sure. Exploration
lasts in between: it throws who can hardly stand, makes sure who can, and costs who is sure some exactness."""
GAIN = 0.05
"""Least gain that counts as improvement, as a share of the normalised return that is still missing."""


def pace(figures: Figures, narrow: bool, from_another: bool) -> float:
    """How fast exploration and steps narrow, 0 to 1; once noise is `narrow`, only steps do."""
    if narrow:
        return _share(figures.survival, *SHRINKING)
    if from_another:
        return _share(figures.success, *FOUND)
    return _share(figures.survival, *NARROWING)


def lasting(figures: Figures) -> float:
    """The share of `TrainConfig.correlation` that exploration has."""
    loose = (1.0 - figures.strict_success) / (1.0 - SURE)
    return _share(figures.survival, *THERE) * min(1.0, loose)


def settled(log: Sequence[Figures]) -> bool:
    """The skill is there and has not improved for PATIENCE evaluations, of which `log` has the figures."""
    recent = log[-PATIENCE:]
    if len(log) <= PATIENCE or min(min(f.success, f.success_random_phase) for f in recent) < SUCCESS:
        return False
    before = max(f.normalised_return for f in log[:-PATIENCE])
    return max(f.normalised_return for f in recent) < before + GAIN * (1.0 - before)


def _share(value: float, first: float, last: float) -> float:
    """How much of the way from `first` to `last` is done, 0 to 1."""
    return max(0.0, min(1.0, (value - first) / (last - first)))
