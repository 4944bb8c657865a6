"""One progress bar for the whole project: what is done, how fast, how long still.

It is drawn on standard error, so results on standard output stay clean; off a terminal it prints only its last line.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, runtime_checkable


@runtime_checkable
class Advance(Protocol):
    """Moves a bar on by some steps and, if a text is given, renames it."""

    def __call__(self, steps: float | int, text: str | None = None) -> None:
        """Advance."""
        ...


def silent(steps: float | int, text: str | None = None) -> None:
    """An `Advance` that tells nobody."""


@contextmanager
def bar(description: str, total: float | int | None, unit: str = "") -> Iterator[Advance]:
    """Show a bar for work of `total` steps and yield the function that advances it."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text("" if speed is None else f"{speed:,.1f} {unit}/s" if unit else f"{speed:,.1f}/s")

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), Rate())
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=False) as progress:
        task = progress.add_task(description, total=total)

        def advance(steps: float | int, text: str | None = None) -> None:
            progress.update(task, advance=steps, description=text or progress.tasks[0].description)

        yield advance
