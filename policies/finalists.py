"""The best few policies of a training so far, and which of them is kept.

A judge that looks often looks at few tries, and the luckiest of fifty policies is seldom the best. So the best few are
kept, and where tries fail they are judged once more in the end, by other tries and more of them. It knows no learner.
"""

from collections.abc import Callable, Mapping, Sequence

from torch import Tensor

from sfv.interfaces import Policy
from sfv.judged import Figures, Judge
from sfv.progress import bar

BEST = "best"
"""What the tensors of the first are called in a checkpoint; those of the others have a number behind it."""
FINALISTS = 4
"""Policies that are kept."""
CERTAIN = 0.95
"""Success from which more tries would tell little: what is left to choose by hardly varies."""


class Finalists:
    """The best few: by the share of all tries that succeed, from the start or from random phases, then by the
    normalised return.

    Attributes:
        rows: what the log has of each, the best first; of equals the later one.
        weights: of each, on the processor.
    """

    def __init__(self) -> None:
        self.rows: list[dict[str, float]] = []
        self.weights: list[dict[str, Tensor]] = []

    def offer(self, row: dict[str, float], weights: Mapping[str, Tensor]) -> None:
        """Keep a policy if it is one of the best so far."""
        place = sum(_rank(Figures.of(other)) > _rank(Figures.of(row)) for other in self.rows)
        self.rows.insert(place, row)
        self.weights.insert(place, {name: tensor.detach().clone() for name, tensor in weights.items()})
        del self.rows[FINALISTS:], self.weights[FINALISTS:]

    @property
    def doubtful(self) -> bool:
        """Whether other tries may find another one the best: some of these succeed, and some fail."""
        return len(self.rows) > 1 and 0.0 < _rank(Figures.of(self.rows[0]))[0] < CERTAIN

    def choose(self, judge: Judge, made: Callable[[Mapping[str, Tensor]], Policy]) -> None:
        """Put that first which another judge finds the best; what it judges is `made` of weights."""
        found = []
        with bar("judging the best again", len(self.weights)) as advance:
            for weights in self.weights:
                found.append(_rank(judge(made(weights)).figures))
                advance(1)
        best = found.index(max(found))
        self.rows.insert(0, self.rows.pop(best))
        self.weights.insert(0, self.weights.pop(best))

    def state(self) -> dict[str, Tensor]:
        """Their weights, as best.NAME, best1.NAME and so on; the rows are the caller's to keep."""
        return {
            f"{BEST}{place or ''}.{name}": tensor
            for place, weights in enumerate(self.weights)
            for name, tensor in weights.items()
        }

    def restore(self, rows: Sequence[dict[str, float]], weights: Sequence[dict[str, Tensor]]) -> None:
        """Go on with these."""
        self.rows, self.weights = list(rows), list(weights)


def _rank(figures: Figures) -> tuple[float, float]:
    return (figures.success + figures.success_random_phase) / 2.0, figures.normalised_return
