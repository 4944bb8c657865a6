"""From arguments to a verb's program: its dataclass, filled from defaults, then `--config FILE`, then the flags.

A field's docstring is its help. It knows no verb.
"""

import dataclasses
import difflib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import tyro

from sfv.cli.help import ALL, SETTINGS, short_help
from sfv.errors import InputError, did_you_mean
from sfv.limits import settings_of
from sfv.work.config import changed, changes, read_yaml

Program = TypeVar("Program")
SOURCE = "clip"
"""What a run was made from, which its file tells and a verb of many sources does not take."""


def parse(program: type[Program], verb: str, argv: Sequence[str], presets: Mapping[str, Callable[[], Any]]) -> Program:
    """The verb's program.

    Args:
        program: its dataclass. Where that has a field `settings`, files say what is in it without naming it.
        verb: its name.
        argv: what was typed after it.
        presets: what --config may name instead of a file, and the settings that it stands for.

    Raises:
        InputError: the file after --config cannot be read, or says something that is no setting of this verb.
        SystemExit: with 0 when help was asked for, with 2 when the arguments do not fit; either has been printed.
    """
    _require_words(argv)
    start, given = _start(argv), unfinished(program)
    if {"-h", "--help"} & set(argv):
        print(short_help(given, verb))
        raise SystemExit(0)
    argv = ["--help" if word == ALL else word for word in argv]
    _require_known(given, verb, argv)
    if start is not None and start in presets:
        object.__setattr__(given, SETTINGS, presets[start]())
    elif start is not None:
        if presets and not Path(start).exists():
            raise InputError(f"{start} is neither a file of settings nor a preset{did_you_mean(start, presets)}")
        _fill(given, read_yaml(Path(start)), start)
    return tyro.cli(program, prog=f"sfv {verb}", args=list(argv), default=given)


def _require_words(argv: Sequence[str]) -> None:
    """Raise InputError where a word is empty, as an unset variable of a shell leaves it."""
    for before, word in zip(["", *argv], argv, strict=False):
        if not word.strip() or (word.endswith("=") and word.startswith("--")):
            flag = before if not word.strip() and before.startswith("--") else word.rstrip("=")
            if not flag.strip():
                raise InputError("there is an empty word; write what it should be, or leave it out")
            raise InputError(f"there is an empty word after {flag}; give a value, or leave the option out")


def _require_known(given: Any, verb: str, argv: Sequence[str]) -> None:
    """Raise InputError where a flag is none of the verb's. tyro would rather say what is missing after it."""
    known = {"--help"}
    for setting in settings_of(given):
        known |= {setting.flag, f"--no-{setting.flag[2:]}"} if setting.flag.startswith("--") else set()
    for word in argv:
        flag = word.partition("=")[0].replace("_", "-")
        if flag.startswith("--") and flag != "--" and flag not in known:
            close = difflib.get_close_matches(flag, known, n=1)
            hint = f" (did you mean {close[0]}?)" if close else ""
            raise InputError(f"{flag} is not an option of sfv {verb}{hint}; see sfv {verb} --help")


def unfinished(program: type[Program]) -> Program:
    """A program with its defaults, and tyro's mark for what must be typed."""
    given = object.__new__(program)  # not through __init__, since it is not yet what its types say
    for field in dataclasses.fields(program):  # type: ignore[arg-type]
        value = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
        object.__setattr__(given, field.name, tyro.MISSING if value is dataclasses.MISSING else value)
    return given


def _fill(given: Any, content: Mapping[str, Any], where: str) -> None:
    """Put what a file says into an unfinished program."""
    own = [field.name for field in dataclasses.fields(given)]
    if SETTINGS in own:
        content = {name: value for name, value in content.items() if name != SOURCE or SOURCE in own}
        rest = {name: value for name, value in content.items() if name not in own}
        object.__setattr__(given, SETTINGS, changed(getattr(given, SETTINGS), rest, where))
        content = {name: value for name, value in content.items() if name in own}
    for name, value in changes(given, content, where).items():
        object.__setattr__(given, name, value)


def _start(argv: Sequence[str]) -> str | None:
    """What follows --config; tyro complains if that is nothing."""
    for argument, following in zip(argv, [*argv[1:], None], strict=False):
        if argument.startswith("--config="):
            return argument.removeprefix("--config=")
        if argument == "--config":
            return following
    return None
