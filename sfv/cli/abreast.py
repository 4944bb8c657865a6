"""Work side by side, each piece in a process of its own with one thread, as many at once as there are cores.

Ctrl-C, or the end of this process however it comes, ends all of them, and each cleans up as if it had been alone. It
knows what trainings report of themselves, for the one bar over all, and nothing else of them.
"""

import logging
import multiprocessing as mp
import os
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

from sfv.cli.say import say_outcome
from sfv.errors import InputError
from sfv.progress import TRAINING, Advance, Standing, bar, heard_by
from sfv.work.stage import Outcome

GRACE = 20.0
"""Seconds in which a process that was told to end may clean up."""


@dataclass(frozen=True)
class Job:
    """One piece of work.

    Attributes:
        name: for people.
        work: a module's function, called with `arguments` in the process.
        size: how much there is to do, in the unit in which it reports what is done.
    """

    name: str
    work: Callable[..., Outcome]
    arguments: tuple[Any, ...]
    size: float


@dataclass
class _Worker:
    """A process at work."""

    job: Job
    process: SpawnProcess
    errors: Path
    done: float = 0.0
    state: str = ""
    ended: Outcome | str | None = field(default=None)
    """What came of it: a result, or why there is none."""


def abreast(jobs: Sequence[Job]) -> None:
    """Do all jobs and say how each went.

    Raises:
        InputError: some failed; the others were finished all the same.
    """
    failed: dict[str, str] = {}
    waiting, workers = deque(jobs), dict[Connection, _Worker]()
    with tempfile.TemporaryDirectory(prefix="sfv-") as folder, bar("", sum(job.size for job in jobs)) as advance:
        try:
            while waiting or workers:
                while waiting and len(workers) < _cores():
                    connection, worker = _started(waiting.popleft(), Path(folder) / str(len(waiting)))
                    workers[connection] = worker
                for ready in wait(list(workers), timeout=1.0):
                    assert isinstance(ready, Connection)
                    worker = workers[ready]
                    if not _heard(ready, worker, advance):
                        del workers[ready]
                        _ended(worker, failed)
                        advance(worker.job.size - worker.done)
                left = len(waiting) + len(workers)
                at_work = ", ".join(worker.state or worker.job.name for worker in workers.values())
                advance(0, f"{len(jobs) - left} of {len(jobs)} done; {at_work}" if left else "done")
        finally:
            _end(list(workers.values()))
    if failed:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in failed.items())
        raise InputError(f"{len(failed)} of {len(jobs)} failed, which the same command tries again: {reasons}")


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def _started(job: Job, errors: Path) -> tuple[Connection, _Worker]:
    """Start a process; what its libraries print goes to the file `errors`."""
    context = mp.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(job, theirs, errors), name=job.name)
    resource_tracker.ensure_running()  # which would be started now, and unblocks SIGINT then
    # Ctrl-C reaches every process of a terminal; it is ours alone to hear, from the child's first moment on
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    theirs.close()  # so that ours ends when the child does
    return ours, _Worker(job, process, errors)


def _heard(connection: Connection, worker: _Worker, advance: Advance) -> bool:
    """Take in one message; False when there will be no more."""
    try:
        kind, content = connection.recv()
    except (EOFError, ConnectionResetError):
        return False
    if kind == "progress":
        assert isinstance(content, Standing)
        done = min(content.done, worker.job.size)
        advance(done - worker.done)
        worker.done, worker.state = done, f"{worker.job.name}: {content.text}"
    elif kind == "says":
        print(f"sfv: {worker.job.name}: {content}", file=sys.stderr)
    else:
        worker.ended = content
    return True


def _ended(worker: _Worker, failed: dict[str, str]) -> None:
    """Say how it went, or note why it failed."""
    worker.process.join()
    if isinstance(worker.ended, Outcome):
        say_outcome(worker.ended)
        return
    printed = worker.errors.read_text(errors="replace").strip() if worker.errors.exists() else ""
    last = printed.splitlines()[-1] if printed else "nothing was said"
    failed[worker.job.name] = worker.ended or f"ended with code {worker.process.exitcode} ({last})"


def _end(workers: Sequence[_Worker]) -> None:
    """End those that are still at work, with time to clean up."""
    for worker in workers:
        worker.process.terminate()
    deadline = time.monotonic() + GRACE
    for worker in workers:
        worker.process.join(max(0.0, deadline - time.monotonic()))
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()


def _child(job: Job, connection: Connection, errors: Path) -> None:
    """What a process does."""
    os.environ["OMP_NUM_THREADS"] = "1"  # before torch is imported
    signal.signal(signal.SIGTERM, _interrupt)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with errors.open("w") as file:
        os.dup2(file.fileno(), 2)
    logging.getLogger().addHandler(_Passed(connection))
    try:
        with heard_by(_Reporter(connection)):
            connection.send(("ended", job.work(*job.arguments)))
    except InputError as error:
        connection.send(("ended", str(error)))
    except KeyboardInterrupt:
        sys.exit(1)
    except Exception as error:
        traceback.print_exc()
        connection.send(("ended", " ".join(f"{type(error).__name__}: {error}".split())))


def _interrupt(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one would cut the cleaning up short
    raise KeyboardInterrupt


def _end_with_parent() -> None:
    """Wait for the end of the process that started this one, which a kill may bring, and end too."""
    parent = mp.parent_process()
    assert parent is not None
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)


class _Reporter:
    """Sends how far a training is to the process that shows it, twice a second at most; a `sfv.progress.Listener`."""

    def __init__(self, connection: Connection) -> None:
        self.connection, self.last = connection, 0.0

    def __call__(self, standing: Standing) -> None:
        """Pass it on; what goes before a training is short."""
        if standing.work == TRAINING and time.monotonic() > self.last + 0.5:
            self.last = time.monotonic()
            self.connection.send(("progress", standing))


class _Passed(logging.Handler):
    """Sends warnings to the process that shows them."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(logging.WARNING)
        self.connection = connection

    def emit(self, record: logging.LogRecord) -> None:
        """Pass it on."""
        self.connection.send(("says", record.getMessage()))
