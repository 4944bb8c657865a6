"""A mark: what a stage leaves about itself, so that its work is known again.

It says by fingerprints from which inputs and settings files were made, and what they were when they were finished.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from sfv.errors import InputError
from sfv.work.config import plain
from sfv.work.files import read_json, write_json

KIND = "sfv stage"


@dataclass(frozen=True)
class Mark:
    """What a stage leaves about itself.

    Attributes:
        state: 'begun' while partial work may lie about, 'done' at the end.
        made_from: fingerprint of version, config and inputs.
        begun_from: the same with `partial_config`.
        inputs: name -> path, relative to the folder of the results.
        config: the settings, as plain values.
        outputs: path relative to the folder of the results -> SHA-256.
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


def origin(path: Path, name: str) -> Path | None:
    """The input called `name` of the stage that made `path`, or None when that is not known or no longer there."""
    for place in (path.with_name(f"{path.stem}.stage.json"), path.with_name("stage.json")):
        mark = Mark.read(place)
        if mark and path.name in mark.outputs and name in mark.inputs:
            source = path.parent / mark.inputs[name]
            return source if source.is_file() else None
    return None


def origins(path: Path) -> tuple[dict[str, Path], dict[str, Any]]:
    """All inputs of the stage that made `path`, there or not, and its settings; nothing where that is not known."""
    for place in (path.with_name(f"{path.stem}.stage.json"), path.with_name("stage.json")):
        mark = Mark.read(place)
        if mark and path.name in mark.outputs:
            return {name: path.parent / source for name, source in mark.inputs.items()}, dict(mark.config or {})
    return {}, {}


def difference(known: Any, now: Any, decisive: Any) -> str:
    """Which settings were others, in words: 'with other settings (pace 1, now 5)'.

    Args:
        known: the settings of a mark.
        now: those of the stage.
        decisive: those among them that count.
    """
    then, wanted, counts = (flat(plain(settings)) for settings in (known, now, decisive))
    named = [name for name in wanted if name in counts and counts[name] == wanted[name] and name in then]
    changed = [f"{name} {then[name]}, now {wanted[name]}" for name in named if then[name] != wanted[name]]
    return f"with other settings ({'; '.join(changed)})" if changed else "from other inputs, or by another sfv"


def flat(settings: Any, prefix: str = "") -> dict[str, Any]:
    """Nested settings by dotted names."""
    if not isinstance(settings, Mapping):
        return {prefix: settings}
    out: dict[str, Any] = {}
    for name, value in settings.items():
        out |= flat(value, f"{prefix}.{name}" if prefix else name)
    return out
