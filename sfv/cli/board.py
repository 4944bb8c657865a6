"""What runs that are worked on side by side say of themselves, and when all of them will be done.

It knows what a bar tells (`sfv.progress.Standing`), and neither Ray nor what a run is.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sfv.progress import Pace, Standing, in_minutes

SPARE = 1.0
"""Seconds between two words of one run."""


@dataclass(frozen=True)
class Word:
    """What a run says of itself.

    Attributes:
        text: what it is at.
        left: seconds that this still takes, where that is known.
    """

    text: str
    left: float | None = None


class Board:
    """Where each run's last word stands; made where the runs are waited for, or as an actor."""

    def __init__(self) -> None:
        self._words: dict[str, Word] = {}

    def write(self, name: str, word: Word) -> None:
        """A run's word, in place of the one before."""
        self._words[name] = word

    def read(self) -> dict[str, Word]:
        """Name of a run -> its last word."""
        return dict(self._words)


class Reporter:
    """Passes on where the bars of one run stand, once a second at most; a `sfv.progress.Listener`."""

    def __init__(self, write: Callable[[Word], object]) -> None:
        self._write, self._next = write, 0.0
        self._work, self._pace = "", Pace()

    def __call__(self, standing: Standing) -> None:
        """Take in one."""
        if standing.work != self._work:
            self._work, self._pace, self._next = standing.work, Pace(), 0.0
        left = self._pace.left(standing.done, standing.total)
        if (now := time.monotonic()) >= self._next:
            self._next = now + SPARE
            self._write(Word(standing.text or standing.work, left))


def told(words: Mapping[str, Word], at_work: Sequence[str], done: int, runs: int, left: float | None) -> str:
    """One line: '1 of 3 runs; walk: training 1.51M, 3 min left; kick: waits; all of them: 12 min left'."""
    said = []
    for name in at_work:
        word = words.get(name)
        if word is not None:
            said.append(f"{name}: {word.text}" + ("" if word.left is None else f", {in_minutes(word.left)}"))
    waiting = len(at_work) - len(said)
    said += [f"{waiting} wait"] if waiting else []
    said += [f"all of them: {in_minutes(left)}"] if left is not None and len(at_work) > 1 else []
    return "; ".join([f"{done} of {runs} runs", *said])


def outlook(words: Mapping[str, Word], at_work: Sequence[str], took: Sequence[float], cores: int) -> float | None:
    """Seconds until all are done, or None where nothing tells.

    Those that have said something go on as they said; each of the others takes as long as those before did.

    Args:
        words: name of a run -> its last word.
        at_work: runs that are not done.
        took: seconds that runs which are done took; those that took none, since nothing was to do, do not count.
        cores: runs that are worked on at once.
    """
    begun = [words[name].left for name in at_work if name in words]
    waiting = len(at_work) - len(begun)
    if any(left is None for left in begun) or (waiting and not took) or not at_work:
        return None
    known = [left for left in begun if left is not None]
    still = sum(known) + waiting * (sum(took) / len(took) if took else 0.0)
    return max(still / min(cores, len(at_work)), max(known, default=0.0))
