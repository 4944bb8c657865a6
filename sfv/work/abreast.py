"""Work on a row of things by threads, for what leaves Python while it computes: decoders and networks do.

It knows nothing of the work. What comes out is in the order of what went in.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Thing = TypeVar("Thing")
Made = TypeVar("Made")

BESIDE = 2
"""Things worked on at once, while the next is fetched: most machines have two cores or more."""


def abreast(work: Callable[[Thing], Made], things: Iterable[Thing], beside: int = BESIDE) -> Iterator[Made]:
    """What `work` makes of each thing; those that follow are begun before it is asked for them."""
    with ThreadPoolExecutor(beside) as threads:
        begun: deque[Future[Made]] = deque()
        for thing in things:
            begun.append(threads.submit(work, thing))
            if len(begun) > beside:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()


def ahead(things: Iterable[Thing]) -> Iterator[Thing]:
    """The things, each fetched by a thread while the one before is used."""
    coming = iter(things)
    with ThreadPoolExecutor(1) as thread:
        fetched = thread.submit(lambda: [*islice(coming, 1)])
        while thing := fetched.result():
            fetched = thread.submit(lambda: [*islice(coming, 1)])
            yield thing[0]
