"""Looks in the mirror at who is followed, taken by a thread beside the following: all of them will be asked for.

Where several people are in sight nothing is taken: who will be asked for is not known yet.
"""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from types import TracebackType

import numpy as np
from jaxtyping import UInt8

from recon.pose.people import Look, Sighting, Window, around

WAITING = 3
"""Pictures that wait for the thread at most; then the following waits for it."""


@dataclass(frozen=True)
class Taken:
    """What was seen of a frame: who was followed, and what each window showed."""

    person: Sighting
    seen: dict[Window, list[Sighting]]


Recall = Callable[[int], Taken | None]


def mirrors(where: Sighting) -> list[Window]:
    """The windows in which somebody is looked at in the mirror: upright, and as they are turned."""
    return [replace(around(where, turns=turns), mirrored=True) for turns in sorted({0, where.turns})]


class Beforehand:
    """The looks at the frames of a clip; to be used as a context, that ends when the last is taken."""

    def __init__(self, look: Look) -> None:
        self._look, self._thread = look, ThreadPoolExecutor(1)
        self._begun: dict[int, Future[Taken]] = {}
        self._last: deque[Future[Taken]] = deque(maxlen=WAITING)

    def __enter__(self) -> "Beforehand":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown(cancel_futures=kind is not None)

    def see(self, index: int, image: UInt8[np.ndarray, "H W 3"], people: list[Sighting]) -> None:
        """Take the looks at a frame in which these people are followed."""
        if len(people) != 1:
            return
        if len(self._last) == WAITING:
            self._last[0].result()
        self._begun[index] = self._thread.submit(self._taken, image, people[0])
        self._last.append(self._begun[index])

    def recall(self, index: int) -> Taken | None:
        """What was seen of a frame; None where nothing was taken."""
        return self._begun[index].result() if index in self._begun else None

    def _taken(self, image: UInt8[np.ndarray, "H W 3"], person: Sighting) -> Taken:
        return Taken(person, {window: self._look(image, window) for window in mirrors(person)})
