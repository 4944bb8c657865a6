"""A stage: work that turns files into files, done once.

A finished stage leaves a mark with the fingerprint of what it was made from and of what it made. While both still hold
it is not run again. Finished files stay until their successors are whole, and work that was killed goes on where it was
as long as it still fits. It knows nothing of what the work is.
"""

import logging
import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sfv.errors import InputError
from sfv.work.bench import MARK, Bench, remove
from sfv.work.config import as_known
from sfv.work.files import fingerprint
from sfv.work.folder import made
from sfv.work.mark import Mark, difference

log = logging.getLogger(__name__)

At = Callable[[Path], Path]
"""Where a result is while it is being made."""


@dataclass(frozen=True)
class Stage:
    """One piece of work.

    Attributes:
        name: for people, such as '1-pose'.
        version: raised whenever sfv's own code changes what the stage makes from the same inputs.
        inputs: what it reads; contents count, names and places do not.
        config: the settings that decide its result.
        outputs: every file it makes, all in the folder of the mark.
        mark: the file that says it is done, written last.
        work: does it: writes each output to where it is told, and finds its partial work there if that fits.
        partial: files and folders from which a killed `work` goes on.
        partial_config: the settings that partial work depends on; None means all of `config`.
    """

    name: str
    version: int
    inputs: Mapping[str, Path]
    config: Any
    outputs: tuple[Path, ...]
    mark: Path
    work: Callable[[At], None]
    partial: tuple[Path, ...] = ()
    partial_config: Any = None

    @property
    def bench(self) -> Bench:
        """Where its results are made."""
        return Bench(self.mark)


@dataclass(frozen=True)
class Outcome:
    """How a stage went: `skipped` when it was done before; `seconds` is what the work took, then or now."""

    name: str
    skipped: bool
    seconds: float
    outputs: tuple[Path, ...]


@dataclass(frozen=True)
class _Sources:
    """What a stage would be made from now, as a mark may say it: also as an earlier sfv said the same."""

    stage: Stage
    contents: Mapping[str, str]

    def made_from(self, mark: Mark | None = None) -> str:
        """The fingerprint of it all."""
        return self._fingerprint(self.stage.config, mark)

    def begun_from(self, mark: Mark | None = None) -> str:
        """The fingerprint of what partial work depends on."""
        return self._fingerprint(self.stage.partial_config or self.stage.config, mark)

    def _fingerprint(self, config: Any, mark: Mark | None) -> str:
        known = config if mark is None else as_known(config, mark.config)
        return fingerprint(self.stage.version, known, self.contents)


def perform(stage: Stage) -> Outcome:
    """Do a stage unless it is done.

    Raises:
        InputError: an input is not there, the folder is another stage's, or whatever the work says. What was finished
            before is then still there.
    """
    bench, folder = stage.bench, stage.mark.parent
    assert all(path.parent == folder for path in (*stage.outputs, *stage.partial))
    sources = _Sources(stage, {name: _content(path) for name, path in stage.inputs.items()})
    inputs = {name: os.path.relpath(path, folder) for name, path in stage.inputs.items()}
    bench.finish()
    bench.adopt(stage.partial)
    mark = Mark.read(stage.mark)
    _require_its_own(stage, mark)
    if mark and mark.made_from in (sources.made_from(), sources.made_from(mark)) and _hashes(stage) == mark.outputs:
        if mark.inputs != inputs:  # the same files, moved
            replace(mark, inputs=inputs).write(stage.mark)
        return Outcome(stage.name, True, mark.seconds, stage.outputs)

    with made(folder):
        begun = Mark("begun", sources.made_from(), sources.begun_from(), inputs, stage.config)
        _lay_out(stage, begun, mark, sources)
        start = time.perf_counter()
        _work(stage)
        seconds = round(time.perf_counter() - start, 1)
        outputs = _hashes(stage, bench.at)
        assert len(outputs) == len(stage.outputs), f"{stage.name} promised {stage.outputs} and made {list(outputs)}"
        for path in stage.partial:
            if not bench.at(path).exists():
                remove(path)  # of the earlier result
        finished = datetime.now(UTC).isoformat(timespec="seconds")
        replace(begun, state="done", outputs=outputs, seconds=seconds, finished=finished).write(bench.folder / MARK)
        bench.finish()
    return Outcome(stage.name, False, seconds, stage.outputs)


def _require_its_own(stage: Stage, mark: Mark | None) -> None:
    """Raise InputError where the folder has the results of another stage: with its mark, all it can go on from would be
    lost."""
    if mark is None or stage.mark.name != MARK:  # beside a single result, whose name is in that of its mark
        return
    folder, wanted = stage.mark.parent, stage.outputs[0].name
    there = [name for name in mark.outputs if (folder / name).exists()]
    if there and wanted not in mark.outputs:
        raise InputError(
            f"{folder} holds {there[0]} and what sfv knows of it, which {wanted} would take the place of; give another "
            "--out"
        )


def _lay_out(stage: Stage, begun: Mark, done: Mark | None, sources: _Sources) -> None:
    """Make the bench ready: with half-done work that fits, or with what the finished results allow to go on from."""
    bench, half = stage.bench, stage.bench.begun
    fits = {begun.begun_from} | {sources.begun_from(mark) for mark in (half, done) if mark}
    if half and half.begun_from not in fits:
        reason = difference(half.config, stage.config, stage.partial_config or stage.config)
        log.warning(
            "what is half done in %s was begun %s; it is set aside, and the earlier command goes on with it",
            stage.mark.parent, reason,
        )  # fmt: skip
    if done and done.begun_from not in fits:
        reason = difference(done.config, stage.config, stage.config)
        log.warning("%s in %s was made %s; it stays until the new one is whole", stage.name, stage.mark.parent, reason)
    if any(bench.take_up(fingerprint) for fingerprint in fits):
        return
    bench.folder.mkdir()
    if done and done.begun_from in fits:
        for path in stage.partial:
            if path.exists():
                (shutil.copytree if path.is_dir() else shutil.copy2)(path, bench.at(path))
    if stage.partial:
        begun.write(bench.folder / MARK)


def _work(stage: Stage) -> None:
    """Let a stage work; if it fails, leave partial work, and nothing else of what it made."""
    bench = stage.bench
    try:
        stage.work(bench.at)
    except BaseException as error:
        gone = not bench.folder.exists()
        if not any(bench.at(path).exists() for path in stage.partial):
            remove(bench.folder)
        if gone and isinstance(error, Exception):
            raise _removed(stage) from error
        raise
    if stage.partial and bench.begun is None:
        raise _removed(stage)


def _removed(stage: Stage) -> InputError:
    return InputError(f"{stage.mark.parent} was removed while {stage.name} was being made; type the same command again")


def _content(path: Path) -> str:
    """SHA-256 of an input."""
    try:
        return fingerprint(path)
    except FileNotFoundError as error:
        raise InputError(f"there is no file {path}; check the name") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); give a file that can") from error


def _hashes(stage: Stage, at: At = lambda path: path) -> dict[str, str]:
    """Path relative to the mark -> SHA-256, of the outputs that exist."""
    folder = stage.mark.parent
    return {os.path.relpath(path, folder): fingerprint(at(path)) for path in stage.outputs if at(path).is_file()}
