"""`sfv batch`: many clips -> a run of each, over Ray, and an index of them all."""

import logging
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from tyro.conf import OmitArgPrefixes, Positional, arg

from configs.run import PRESETS as PRESETS
from sfv.cli.board import Board, Reporter, outlook, told
from sfv.errors import InputError
from sfv.pipeline.run import perform_run
from sfv.pipeline.settings import Run, Settings
from sfv.progress import bar, heard_by

if TYPE_CHECKING:
    from types import ModuleType

BRIEF = 5.0
"""Seconds below which a run had nothing to do, and says nothing of how long others take."""


@dataclass(frozen=True)
class Program:
    """Do what sfv run does for many clips, each in a folder OUT/NAME of its own; OUT/index.html shows all of them.

    Clips are worked on by Ray, one core each, here or on the cluster that $RAY_ADDRESS names, whose machines must see
    the same folders. What is done is not done again: type the same command again after a stop, or with more clips.
    """

    clips: Annotated[tuple[Path, ...], Positional, arg(metavar="CLIP [CLIP ...]")]
    """Videos of a person, or motion files of any format that sfv convert knows."""
    out: Path
    """The folder of the runs."""
    settings: OmitArgPrefixes[Settings] = field(default_factory=Settings)
    config: Path | None = None
    """Settings to start from: the config.yaml of an earlier run, or a preset's name. Flags override it."""


def main(program: Program) -> None:
    """Do all runs, and write the index of them."""
    runs = runs_of(program)
    with _ray() as ray:
        failed = _worked(ray, runs, gpus=int(program.settings.tracking.simulator == "warp"))
    if len(failed) < len(runs):
        from sfv.cli.report import index

        index(program.out)
    if failed:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in failed.items())
        raise InputError(f"{len(failed)} of {len(runs)} failed, which the same command tries again: {reasons}")


def runs_of(program: Program) -> list[Run]:
    """The run of each clip.

    Raises:
        InputError: there is no clip, one is not there, or two would share a folder.
    """
    if not program.clips:
        raise InputError("there is no clip to work on; name one or more")
    tracking = replace(program.settings.tracking, threads=1)
    settings, runs = replace(program.settings, tracking=tracking), dict[str, Run]()
    for clip in program.clips:
        if not clip.exists():  # a folder may hold pictures
            raise InputError(f"there is no file {clip}; check the name")
        name = clip.name.removesuffix(".gz").rsplit(".", 1)[0]
        if name in runs:
            both = f"{runs[name].source} and {clip}"
            raise InputError(f"{both} would both go to {program.out / name}; rename one of them")
        runs[name] = Run(clip.absolute(), (program.out / name).absolute(), settings)
    return list(runs.values())


@contextmanager
def _ray() -> "Iterator[ModuleType]":
    """Ray: of the cluster that is named, or here, heard by nobody else and leaving nothing behind.

    Raises:
        InputError: it is not installed.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would send them to its makers
    cluster = "RAY_ADDRESS" in os.environ
    if not cluster:  # as it does by itself on other systems: all its servers listen on 127.0.0.1
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    try:
        import ray
    except ImportError as error:
        raise InputError("sfv batch works over Ray, which is not installed; type: pip install 'sfv[batch]'") from error
    # a short path, since sockets stand in it and theirs have 107 letters at most
    short = "/tmp" if os.access("/tmp", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="sfv-", dir=short, ignore_cleanup_errors=True) as folder:
        here: dict[str, Any] = {} if cluster else {"include_dashboard": False, "_temp_dir": folder}
        joined = not ray.is_initialized()
        if joined:
            told = signal.getsignal(signal.SIGTERM)
            ray.init(logging_level=logging.ERROR, log_to_driver=False, **here)
            signal.signal(signal.SIGTERM, told)  # in whose place Ray puts one that aborts
        try:
            yield ray
        finally:
            if joined:
                ray.shutdown()


def _worked(ray: "ModuleType", runs: list[Run], gpus: int) -> dict[str, str]:
    """Do all runs; name -> reason of those that failed."""
    board = ray.remote(num_cpus=0)(Board).remote()
    task = ray.remote(num_cpus=1, num_gpus=gpus, max_retries=0)(_one)
    pending = {task.remote(run, board): run.out.name for run in runs}
    failed, took = dict[str, str](), list[float]()
    cores = max(1, int(ray.cluster_resources().get("CPU", 1)))
    try:
        with bar(f"0 of {len(runs)} runs", len(runs)) as advance:
            while pending:
                for reference in ray.wait(list(pending), timeout=1.0)[0]:
                    name = pending.pop(reference)
                    try:
                        reason, seconds = ray.get(reference)
                    except ray.exceptions.RayError as error:
                        reason, seconds = str(error).strip().splitlines()[-1], 0.0
                    if reason:
                        failed[name] = reason
                    elif seconds > BRIEF:
                        took.append(seconds)
                    print(f"{name}: {reason or 'done'}", flush=True)
                    advance(1)
                words, names = ray.get(board.read.remote()), list(pending.values())
                left = outlook(words, names, took, cores)
                advance(0, told(words, names, len(runs) - len(pending), len(runs), left))
    finally:
        for reference in pending:  # Ctrl-C in each of them, so that they clean up
            ray.cancel(reference)
        if pending:
            ray.wait(list(pending), num_returns=len(pending), timeout=20.0)
    return failed


def _one(run: Run, board: Any) -> tuple[str | None, float]:
    """What a worker does: one run. Why it failed, or None; and the seconds that it took."""
    os.environ["OMP_NUM_THREADS"] = "1"
    start = time.monotonic()
    try:
        with heard_by(Reporter(lambda word: board.write.remote(run.out.name, word))):
            perform_run(run, lambda outcome: None)
    except InputError as error:
        return str(error), time.monotonic() - start
    return None, time.monotonic() - start
