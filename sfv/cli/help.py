"""Short help: a verb's own options and the common ones of its settings explained, the others by name.

`sfv VERB --help-all` explains every option. It knows no verb.
"""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import tyro
from docstring_parser import parse_from_object

from sfv.limits import Setting, settings_of

ALL = "--help-all"
WIDTH, INDENT = 80, 22
"""Columns of the whole, and of what stands before an explanation."""
SETTINGS = "settings"
"""The field of a program whose own fields are as good as the program's, and stand at the top of a file."""
FEW = 24
"""Options that are all explained, whatever they are."""


@dataclass(frozen=True)
class Section:
    """Options that belong together.

    Attributes:
        title: what they are for.
        told: what is typed, and what it does, of those to explain.
        named: what is typed for the others.
    """

    title: str
    told: tuple[tuple[str, str], ...]
    named: tuple[str, ...]


def short_help(given: Any, verb: str) -> str:
    """What `sfv VERB --help` prints, of a program with its defaults (and tyro's mark for what must be typed)."""
    own, *others = _sections(given)
    sources = [name for name, _ in own.told if not name.startswith("--")]
    lines = [" ".join(["usage: sfv", verb, "[OPTIONS]", *sources]), ""]
    what = parse_from_object(type(given)).description or ""
    lines += [_wrapped(paragraph, "", "") + "\n" for paragraph in what.split("\n\n")]
    for section in [own, *others]:
        lines += [_wrapped(section.title, "", "")]
        lines += [_row(name, text) for name, text in section.told]
        if section.named:
            more = "more: " if section.told else ""
            lines += [_wrapped(more + ", ".join(section.named), "  ", "  ")]
        lines += [""]
    return "\n".join([*lines, f"sfv {verb} {ALL} explains every option, with what it may be and what it is."])


def _sections(given: Any) -> Iterator[Section]:
    """A program's own options, then those of each record in it."""
    settings = list(settings_of(given))
    whole = {type(given), type(getattr(given, SETTINGS, given))}
    records = dict.fromkeys(setting.record for setting in settings if setting.record not in whole)
    for group in [whole, *({record} for record in records)]:
        mine = [(setting, _words(setting)) for setting in settings if setting.record in group]
        every = group is whole or len(settings) <= FEW
        told = tuple((_typed(setting), words) for setting, words in mine if every or setting.common)
        named = tuple(setting.flag for setting, _ in mine if not (every or setting.common))
        title = "options" if group is whole else _first(parse_from_object(min(group, key=str)).description or "")
        yield Section(f"{title.rstrip('.')}:", told, named)


def _typed(setting: Setting) -> str:
    return f"--[no-]{setting.flag[2:]}" if isinstance(setting.value, bool) else setting.flag


def _words(setting: Setting) -> str:
    """The first sentence of a setting's words, and what it is unless something is typed."""
    entries = parse_from_object(setting.record).params
    words = next((entry.description or "" for entry in entries if entry.arg_name == setting.field), "")
    if setting.value is tyro.MISSING:
        return _first(words) + (" (required)" if setting.flag.startswith("--") else "")
    plain = setting.value in (None, (), "") or isinstance(setting.value, bool)
    return _first(words) if plain else f"{_first(words)} (default: {setting.value})"


def _first(text: str) -> str:
    return re.split(r"(?<=[.!?])\s+(?=[A-Z'\"-])", " ".join(text.split()))[0]


def _row(name: str, text: str) -> str:
    hanging = " " * INDENT
    if len(name) + 4 > INDENT:
        return f"  {name}\n" + _wrapped(text, hanging, hanging)
    return _wrapped(text, f"  {name:<{INDENT - 2}}", hanging)


def _wrapped(text: str, first: str, rest: str) -> str:
    return textwrap.fill(
        " ".join(text.split()),
        WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_on_hyphens=False,
        break_long_words=False,
    )
