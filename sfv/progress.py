"""One progress bar for the whole project: what is done, how fast, how long still.

On a terminal it is drawn, on standard error, so results on standard output stay clean. Elsewhere a line a minute says
the same. Who listens (`heard_by`) is told instead, and nothing is shown.
"""

import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

EVERY = 60.0
"""s from one line to the next, off a terminal."""
TRAINING = "training"
"""The name of the work that a training tells of, which who shows many at once listens to."""


@runtime_checkable
class Advance(Protocol):
    """Moves a bar on by some steps and, if a text is given, renames it."""

    def __call__(self, steps: float | int, text: str | None = None) -> None:
        """Advance."""
        ...


@dataclass(frozen=True)
class Standing:
    """How far some work is.

    Attributes:
        work: its name.
        done: steps that are done.
        total: steps that there are, or None where nobody knows.
        text: what it is at.
    """

    work: str
    done: float
    total: float | None
    text: str


Listener = Callable[[Standing], None]
_listeners: list[Listener] = []


@contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """Within this, all bars of the process tell `listener` how they stand, and show nothing."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def silent(steps: float | int, text: str | None = None) -> None:
    """An `Advance` that tells nobody."""


@contextmanager
def bar(description: str, total: float | int | None, unit: str = "") -> Iterator[Advance]:
    """Show a bar for work of `total` steps and yield the function that advances it; it ends full, whatever was left."""
    standing = Standing(description, 0.0, None if total is None else float(total), description)
    show = _told if _listeners else _drawn if sys.stderr.isatty() else _written
    with contextmanager(show)(standing, unit) as tell:

        def advance(steps: float | int, text: str | None = None) -> None:
            nonlocal standing
            standing = Standing(description, standing.done + steps, standing.total, text or standing.text)
            tell(standing)

        yield advance
        if standing.total is not None:
            advance(standing.total - standing.done)


def _told(begun: Standing, unit: str) -> Generator[Listener]:
    """To who listens."""

    def tell(standing: Standing) -> None:
        for listener in _listeners:
            listener(standing)

    yield tell


def _drawn(begun: Standing, unit: str) -> Generator[Listener]:
    """On a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text("" if speed is None else f"{speed:,.1f} {unit}/s" if unit else f"{speed:,.1f}/s")

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Progress(*columns, Rate(), TimeRemainingColumn(), console=console, transient=False) as progress:
        task = progress.add_task(begun.text, total=begun.total)
        yield lambda standing: progress.update(task, completed=standing.done, description=standing.text)


def _written(begun: Standing, unit: str) -> Generator[Listener]:
    """As lines, where no terminal is: one a minute, and one at the end."""
    started = said = time.monotonic()
    first: Standing | None = None
    last = begun

    def tell(standing: Standing) -> None:
        nonlocal first, last, said
        first, last, now = first or standing, standing, time.monotonic()
        if now - said < EVERY:
            return
        said, share = now, standing.done / standing.total if standing.total else None
        words = standing.text if share is None else f"{standing.text}: {100 * share:.0f} %"
        moved = standing.done - first.done  # work that was begun before does not count for its pace
        if standing.total and moved > 0:
            words += f", {duration((standing.total - standing.done) / moved * (now - started))} left"
        _say(words)

    yield tell
    _say(f"{last.text}: done in {duration(time.monotonic() - started)}")


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def duration(seconds: float) -> str:
    """'12 s', '4 min' or '1 h 05 min'."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"
