"""A stage: work that turns files into files, done once.

A finished stage leaves a mark with the fingerprint of what it was made from and of what it made. While both still hold
it is not run again; a stage that was killed goes on from its partial work as long as that still fits. It knows nothing
of what the work is.
"""

import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from sfv.errors import InputError
from sfv.work.config import plain
from sfv.work.files import fingerprint, read_json, write_json
from sfv.work.folder import made

KIND = "sfv stage"


@dataclass(frozen=True)
class Stage:
    """One piece of work.

    Attributes:
        name: for people, such as '1-pose'.
        version: raised whenever sfv's own code changes what the stage makes from the same inputs.
        inputs: what it reads; contents count, names and places do not.
        config: the settings that decide its result.
        outputs: every file it makes, each written atomically by `work`.
        mark: the file that says it is done, written last.
        work: does it; called with everything in `partial` still there if that fits, and else gone.
        partial: files and folders from which a killed `work` goes on.
        partial_config: the settings that partial work depends on; None means all of `config`.
    """

    name: str
    version: int
    inputs: Mapping[str, Path]
    config: Any
    outputs: tuple[Path, ...]
    mark: Path
    work: Callable[[], None]
    partial: tuple[Path, ...] = ()
    partial_config: Any = None


@dataclass(frozen=True)
class Mark:
    """What a stage leaves about itself.

    Attributes:
        state: 'begun' while partial work may lie about, 'done' at the end.
        made_from: fingerprint of version, config and inputs.
        begun_from: the same with `partial_config`.
        inputs: name -> path, relative to the mark's folder.
        config: the settings, as plain values.
        outputs: path relative to the mark's folder -> SHA-256.
        seconds: how long the work took, in its last go.
        finished: date and time, UTC.
    """

    state: Literal["begun", "done"]
    made_from: str
    begun_from: str
    inputs: Mapping[str, str]
    config: Any
    outputs: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    finished: str = ""

    @classmethod
    def read(cls, path: Path) -> "Mark | None":
        """The mark at `path`, or None when there is none that this sfv understands."""
        if not path.is_file():
            return None
        try:
            content = read_json(path)
            return cls(**content["stage"]) if content["kind"] == KIND else None
        except (InputError, KeyError, TypeError):
            return None  # not ours, or of another version: the stage is simply made again

    def write(self, path: Path) -> None:
        """Write it, atomically."""
        write_json(path, {"kind": KIND, "stage": plain(self)})


@dataclass(frozen=True)
class Outcome:
    """How a stage went: `skipped` when it was done before; `seconds` is what the work took, then or now."""

    name: str
    skipped: bool
    seconds: float
    outputs: tuple[Path, ...]


def perform(stage: Stage) -> Outcome:
    """Do a stage unless it is done.

    Raises:
        InputError: an input is not there, half-done work of other inputs or settings would be lost, or whatever the
            work says. What is then left is whole.
    """
    contents = {name: _content(path) for name, path in stage.inputs.items()}
    made_from = fingerprint(stage.version, stage.config, contents)
    begun_from = fingerprint(stage.version, stage.partial_config or stage.config, contents)

    inputs = {name: os.path.relpath(path, stage.mark.parent) for name, path in stage.inputs.items()}
    mark = Mark.read(stage.mark)
    if mark and mark.state == "done" and mark.made_from == made_from and _hashes(stage) == mark.outputs:
        if mark.inputs != inputs:  # the same files, moved
            replace(mark, inputs=inputs).write(stage.mark)
        return Outcome(stage.name, True, mark.seconds, stage.outputs)
    if mark and mark.begun_from != begun_from:
        if mark.state == "begun" and any(path.exists() for path in stage.partial):
            raise _of_another(stage, mark)
        for path in (stage.mark, *stage.outputs, *stage.partial):
            _remove(path)

    with made(stage.mark.parent):
        mark = Mark("begun", made_from, begun_from, inputs, stage.config)
        if stage.partial:
            mark.write(stage.mark)
        start = time.perf_counter()
        _work(stage)
        seconds = round(time.perf_counter() - start, 1)
        outputs = _hashes(stage)
        assert len(outputs) == len(stage.outputs), f"{stage.name} promised {stage.outputs} and made {list(outputs)}"
        finished = datetime.now(UTC).isoformat(timespec="seconds")
        replace(mark, state="done", outputs=outputs, seconds=seconds, finished=finished).write(stage.mark)
    return Outcome(stage.name, False, seconds, stage.outputs)


def _of_another(stage: Stage, mark: Mark) -> InputError:
    """What to say of half-done work that does not fit."""
    then, now, decisive = (_flat(plain(c)) for c in (mark.config, stage.config, stage.partial_config or stage.config))
    named = [name for name in now if name in decisive and decisive[name] == now[name]]
    changed = [f"{name} {then[name]}, now {now[name]}" for name in named if name in then and then[name] != now[name]]
    new = [name for name in named if name not in then]
    reasons = [f"with other settings ({'; '.join(changed)})"] if changed else []
    reasons += [f"by a version of sfv that has no {', '.join(new)}"] if new else []
    reason = " and ".join(reasons) or "from other inputs, or by another version of sfv"
    again = "say those again to go on with it, " if reasons and not new else ""
    folder = stage.mark.parent
    return InputError(
        f"what is half done in {folder} was begun {reason}; {again}give another --out, or remove {folder} to begin anew"
    )


def _flat(settings: Any, prefix: str = "") -> dict[str, Any]:
    """Nested settings by dotted names."""
    if not isinstance(settings, Mapping):
        return {prefix: settings}
    out: dict[str, Any] = {}
    for name, value in settings.items():
        out |= _flat(value, f"{prefix}.{name}" if prefix else name)
    return out


def _work(stage: Stage) -> None:
    """Let a stage work; if it fails, leave partial work and what was there before, and nothing else."""
    earlier = [path for path in stage.outputs if path.exists()]
    try:
        stage.work()
    except BaseException:
        for path in stage.outputs:
            if path not in earlier:
                _remove(path)
        if not any(path.exists() for path in stage.partial):
            _remove(stage.mark)
        raise


def origin(path: Path, name: str) -> Path | None:
    """The input called `name` of the stage that made `path`, or None when that is not known or no longer there."""
    for place in (path.with_name(f"{path.stem}.stage.json"), path.with_name("stage.json")):
        mark = Mark.read(place)
        if mark and path.name in mark.outputs and name in mark.inputs:
            source = path.parent / mark.inputs[name]
            return source if source.is_file() else None
    return None


def _content(path: Path) -> str:
    """SHA-256 of an input."""
    try:
        return fingerprint(path)
    except FileNotFoundError as error:
        raise InputError(f"there is no file {path}; check the name") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); give a file that can") from error


def _hashes(stage: Stage) -> dict[str, str]:
    """Path relative to the mark -> SHA-256, of the outputs that exist."""
    folder = stage.mark.parent
    return {os.path.relpath(path, folder): fingerprint(path) for path in stage.outputs if path.is_file()}


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
