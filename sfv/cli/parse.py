"""From arguments to a verb's program: its dataclass, filled from defaults, then `--config FILE`, then the flags.

A field's docstring is its help. It knows no verb.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import tyro

from sfv.errors import InputError, did_you_mean
from sfv.work.config import changes, read_yaml

Program = TypeVar("Program")


def parse(
    program: type[Program], verb: str, argv: Sequence[str], presets: Mapping[str, Callable[[], Program]]
) -> Program:
    """The verb's program.

    Args:
        program: its dataclass.
        verb: its name.
        argv: what was typed after it.
        presets: what --config may name instead of a file: its settings; what must be typed is not taken from it.

    Raises:
        InputError: the file after --config cannot be read, or says something that is no setting of this verb.
        SystemExit: with 0 when help was asked for, with 2 when the arguments do not fit; either has been printed.
    """
    start = _start(argv)
    if start is not None and start in presets:
        given = _settings(program, presets[start]())
    else:
        given = _settings(program, None)
        if start is not None:
            if presets and not Path(start).exists():
                raise InputError(f"{start} is neither a file of settings nor a preset{did_you_mean(start, presets)}")
            for name, value in changes(given, read_yaml(Path(start)), start).items():
                object.__setattr__(given, name, value)
    return tyro.cli(program, prog=f"sfv {verb}", args=list(argv), default=given)


def _settings(program: type[Program], base: Program | None) -> Program:
    """An unfinished program: its defaults, or the settings of `base`, and tyro's mark for what must be typed."""
    given = object.__new__(program)  # not through __init__, since it is not yet what its types say
    for field in dataclasses.fields(program):  # type: ignore[arg-type]
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            value = tyro.MISSING
        elif base is not None:
            value = getattr(base, field.name)
        else:
            value = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
        object.__setattr__(given, field.name, value)
    return given


def _start(argv: Sequence[str]) -> str | None:
    """What follows --config; tyro complains if that is nothing."""
    for argument, following in zip(argv, [*argv[1:], None], strict=False):
        if argument.startswith("--config="):
            return argument.removeprefix("--config=")
        if argument == "--config":
            return following
    return None
