"""What a setting may be, said beside its field, and the one place that asks: before any work, of every verb.

A number's field carries a `Within`: `gamma: Annotated[float, Within(0, 1)]`. What several settings must be together a
record's own `check()` says. It knows no particular settings.
"""

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin, get_type_hints

from tyro.conf import OmitArgPrefixes, Positional

from sfv.errors import InputError

SEED = 2**31 - 1
"""The largest seed that every generator takes."""


COMMON = "common"
"""Beside a field of a section: one that many will want to set, so that short help explains it."""


@dataclass(frozen=True)
class Within:
    """Beside a number, or a tuple of numbers: from `low` to `high`, and with `above` not `low` itself."""

    low: float | int
    high: float | int
    above: bool = False

    def admits(self, value: float | int) -> bool:
        """Whether a number is one of these; NaN never is."""
        return (self.low < value if self.above else self.low <= value) and value <= self.high

    def words(self, whole: bool) -> str:
        """'a whole number from 1 to 1000'."""
        kind = "a whole number" if whole else "a number"
        return f"{kind} {'above' if self.above else 'from'} {_number(self.low)} to {_number(self.high)}"


@dataclass(frozen=True)
class Setting:
    """One field of a program, however deep.

    Attributes:
        flag: what is typed for it, such as '--num-envs'.
        value: what it is.
        within: what it may be, where it is a number.
        number: whether it is a number, or several, or may be one.
        whole: whether it is a whole number.
        record: the dataclass whose field it is.
        field: the field's name.
        common: whether many will want to set it.
    """

    flag: str
    value: Any
    within: Within | None
    number: bool
    whole: bool
    record: type
    field: str
    common: bool


def require(program: Any) -> None:
    """Raise InputError unless every setting of a program is what it may be, by itself and together with others."""
    for setting in settings_of(program):
        require_number(setting)
    _check_together(program)


def require_number(setting: Setting) -> None:
    """Raise InputError unless a number, or each of several, is within its limits."""
    for number in setting.value if isinstance(setting.value, tuple) else (setting.value,):
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            continue
        if setting.within is None:
            if not math.isfinite(number):
                raise InputError(f"{setting.flag} {number:g} is no number that can be used; give a finite one")
        elif not setting.within.admits(number):
            words = setting.within.words(setting.whole)
            raise InputError(f"{setting.flag} {_number(number)} is out of bounds; give {words}")


def settings_of(program: Any, prefix: str | None = "") -> Iterator[Setting]:
    """Every setting of a program, those of its sections by the flags that the command line gives them."""
    hints = get_type_hints(type(program), include_extras=True)
    for field in dataclasses.fields(program):
        value, hint = getattr(program, field.name), hints[field.name]
        extras = getattr(hint, "__metadata__", ())
        name = next((named for extra in extras if (named := getattr(extra, "name", None))), field.name)
        path = f"{prefix or ''}{name.replace('_', '-')}"
        if dataclasses.is_dataclass(value):
            bare = prefix is None or OmitArgPrefixes in extras  # which goes for sections in it, too
            yield from settings_of(value, None if bare else f"{path}.")
            continue
        within = next((extra for extra in extras if isinstance(extra, Within)), None)
        flag = name.upper() if Positional in extras else f"--{path}"
        yield Setting(flag, value, within, *_kind(hint), type(program), field.name, COMMON in extras)


def _kind(hint: Any) -> tuple[bool, bool]:
    """Whether an annotation allows a number, and whether only whole ones."""
    inner, kinds = [hint], set()
    while inner:
        part = inner.pop()
        arguments = get_args(part)
        if get_origin(part) is not Literal:
            inner += arguments[:1] if hasattr(part, "__metadata__") else arguments
        kinds.add(part)
    return bool(kinds & {int, float}), float not in kinds


def _check_together(record: Any) -> None:
    check = getattr(record, "check", None)
    if check is not None:
        check()
    for field in dataclasses.fields(record):
        value = getattr(record, field.name)
        if dataclasses.is_dataclass(value):
            _check_together(value)


def _number(value: float | int) -> str:
    """As people write it: 0.5, 1000000."""
    return f"{int(value)}" if math.isfinite(value) and value == int(value) and abs(value) < 1e15 else f"{value:g}"
