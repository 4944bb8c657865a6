"""One progress bar for the whole project: what is done, how fast, how long still.

It is drawn on standard error, so results on standard output stay clean; off a terminal it prints a line a minute.
Who listens (`heard_by`) is told instead, and nothing is shown.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Protocol, runtime_checkable

hidden = False
"""Whether bars are shown at all; --quiet hides them."""
MINUTE = 60.0
"""Seconds between two lines."""
TRAINING = "training"
"""The name of the work that a training tells of; who shows many at once listens to it."""


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
        text: what it is at.
        total: steps in all, where that is known.
    """

    work: str
    done: float
    text: str
    total: float | int | None = None


Listener = Callable[[Standing], None]
_listeners: list[Listener] = []


@contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """Within this, bars of this process tell `listener` how they stand, and show nothing."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def silent(steps: float | int, text: str | None = None) -> None:
    """An `Advance` that tells nobody."""


@contextmanager
def bar(description: str, total: float | int | None, unit: str = "") -> Iterator[Advance]:
    """Show a bar for work of `total` steps and yield the function that advances it; work that ends is all done."""
    if _listeners:
        yield _telling(description, total, list(_listeners))
        return
    if hidden:
        yield silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text("" if speed is None else f"{speed:,.1f} {unit}/s" if unit else f"{speed:,.1f}/s")

    console = Console(stderr=True)
    # texts are a file's names or a trainer's words, and no markup
    shown = TextColumn("{task.description}", markup=False)
    columns = (shown, BarColumn(), TextColumn("{task.percentage:>3.0f} %"), Rate())
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=False) as progress:
        task = progress.add_task(description, total=total)
        lines = None if console.is_terminal else _Lines(total, partial(console.print, markup=False, soft_wrap=True))

        def advance(steps: float | int, text: str | None = None) -> None:
            progress.update(task, advance=steps, description=text or progress.tasks[0].description)
            if lines:
                lines.say(progress.tasks[0].description, float(progress.tasks[0].completed))

        yield advance
        if total is not None:
            progress.update(task, completed=total)


class Pace:
    """How long some work still takes, at the pace since it was first looked at; what was done before says nothing."""

    def __init__(self) -> None:
        self.start = time.monotonic()
        self.first: float | int | None = None

    def left(self, done: float | int, total: float | int | None) -> float | None:
        """Seconds, or None where nothing tells."""
        self.first = done if self.first is None else self.first
        if not total or done <= self.first:
            return None
        return (time.monotonic() - self.start) * max(total - done, 0.0) / (done - self.first)


def _telling(work: str, total: float | int | None, listeners: Sequence[Listener]) -> Advance:
    """An `Advance` that tells those who listen."""
    standing = Standing(work, 0.0, work, total)

    def advance(steps: float | int, text: str | None = None) -> None:
        nonlocal standing
        standing = Standing(work, standing.done + steps, text or standing.text, total)
        for listener in listeners:
            listener(standing)

    return advance


class _Lines:
    """Off a terminal, where no bar can move: a line a minute of how far the work is."""

    def __init__(self, total: float | int | None, write: Callable[[str], None]) -> None:
        self.total, self.write, self.pace = total, write, Pace()
        self.next = self.pace.start + MINUTE

    def say(self, text: str, done: float) -> None:
        """Print a line if it is time."""
        left, now = self.pace.left(done, self.total), time.monotonic()
        if now < self.next:
            return
        self.next = now + MINUTE
        share = (
            "" if left is None or not self.total else f", {100.0 * done / self.total:.0f} % done, {in_minutes(left)}"
        )
        self.write(f"{text}{share}")


def in_minutes(left: float) -> str:
    """'9 min left' of seconds."""
    return f"{left / 60.0:.0f} min left"
