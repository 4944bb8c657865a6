"""Settings as files: a frozen dataclass to YAML and back.

What is written beside every result is read here again, by name and with types checked, so a slip of the pen is a
sentence and never a wrong result. It knows no particular settings.
"""

import dataclasses
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from sfv.errors import InputError, blamed, did_you_mean
from sfv.work.contents import require_file
from sfv.work.files import replacing

Config = TypeVar("Config")
DEEPEST = 20
"""Sections in sections of a file of settings."""
LARGEST = 1 << 20
"""Bytes of one."""


def plain(value: Any) -> Any:
    """`value` in YAML's and JSON's own types: records become mappings, tuples lists, paths text."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def write_config(path: Path, config: Any) -> None:
    """Write a record or a mapping of records as YAML, atomically."""
    import yaml

    text = yaml.safe_dump(plain(config), sort_keys=False, allow_unicode=True)
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file.

    Raises:
        InputError: no such file, not YAML, or not a mapping.
    """
    import yaml

    class Loader(yaml.SafeLoader):
        """Without aliases, by which a few lines hold more than memory does, and without depth."""

        depth = 0

        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.AliasEvent):
                raise ValueError("it holds an alias, and settings have none")
            self.depth += 1
            if self.depth > DEEPEST:
                raise ValueError(f"it is nested more than {DEEPEST} deep")
            node = super().compose_node(parent, index)
            self.depth -= 1
            return node

    require_file(path)
    with blamed(f"{path} is not YAML that sfv reads", "give a config.yaml of sfv"):
        if path.stat().st_size > LARGEST:
            raise ValueError(f"it has more than {LARGEST >> 10} KiB")
        content = yaml.load(path.read_text(encoding="utf-8"), Loader)
    if not isinstance(content, dict):
        raise InputError(f"{path} holds no settings; give a config.yaml that sfv wrote beside a result")
    return content


@dataclasses.dataclass(frozen=True)
class Before:
    """Beside a setting: what was done before it existed, where that is not its default."""

    value: Any


def as_known(config: Any, known: Any) -> Any:
    """`config` as its fingerprint was taken by an earlier sfv, whose plain settings are `known`.

    Settings that it did not have are left out where they stand at what it did. So a new setting makes nothing anew.
    """
    if isinstance(config, Mapping):
        return {name: as_known(value, known.get(name) if isinstance(known, Mapping) else None)
                for name, value in config.items()}  # fmt: skip
    if not dataclasses.is_dataclass(config) or not isinstance(known, Mapping):
        return config
    hints = get_type_hints(type(config), include_extras=True)
    kept = {}
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        before = [extra.value for extra in getattr(hints[field.name], "__metadata__", ()) if isinstance(extra, Before)]
        if field.name in known or value != (before[0] if before else _default(field)):
            kept[field.name] = as_known(value, known.get(field.name))
    return {type(config).__name__: kept}


def _default(field: "dataclasses.Field[Any]") -> Any:
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()


def changed(base: Config, content: Mapping[str, Any], where: str) -> Config:
    """`base`, a dataclass instance, with the fields that `content` names replaced, at any depth; see `changes`."""
    return dataclasses.replace(base, **changes(base, content, where))  # type: ignore[type-var]


def changes(base: Any, content: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The fields of a dataclass instance that `content` names, with the values it gives them.

    Args:
        base: gives the type, and in sections the values of what `content` does not name.
        content: field names to plain values.
        where: the file, or file and section, for messages.

    Raises:
        InputError: an unknown name, or a value of another type than the field's.
    """
    if hasattr(type(base), "of_today"):  # the settings had other names once
        content = type(base).of_today(content)
    hints = get_type_hints(type(base))
    names = [field.name for field in dataclasses.fields(base)]
    values = {}
    for name, value in content.items():
        if name not in names:
            raise InputError(f"{where}: {name!r} is not a setting{did_you_mean(str(name), names)}")
        here = f"{where}: {name}"
        if dataclasses.is_dataclass(hints[name]):
            if not isinstance(value, Mapping):
                raise InputError(f"{here} is {value!r} but must be a section of settings; correct the file")
            values[name] = changed(getattr(base, name), value, here)
        else:
            values[name] = _fitted(value, hints[name], here)
    return values


def _fitted(value: Any, hint: Any, where: str) -> Any:
    """`value` as the type that `hint` says, or InputError."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        for option in arguments:
            try:
                return _fitted(value, option, where)
            except InputError:
                continue
    elif origin is Literal:
        if value in arguments:
            return value
    elif origin is tuple and isinstance(value, list):
        kinds = arguments[:1] * len(value) if arguments[1:] == (...,) else arguments
        if len(kinds) == len(value):
            return tuple(_fitted(item, kind, where) for item, kind in zip(value, kinds, strict=True))
    elif hint is float and isinstance(value, (int, float, str)) and not isinstance(value, bool):
        try:
            return float(value)  # YAML reads 1e-4 as text
        except ValueError:
            pass
    elif hint is Path and isinstance(value, str):
        return Path(value)
    elif hint is type(None) and value is None:
        return None
    elif hint in (int, bool, str) and type(value) is hint:
        return value
    raise InputError(f"{where} is {value!r} but must be {_name(hint)}; correct the file")


def _name(hint: Any) -> str:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return " or ".join(repr(option) for option in arguments)
    if origin in (Union, types.UnionType):
        return " or ".join(_name(option) for option in arguments)
    if origin is tuple:
        return f"a list of {_name(arguments[0])}"
    names = {float: "a number", int: "a whole number", bool: "true or false", str: "text", Path: "a path"}
    return names.get(hint, "null" if hint is type(None) else str(hint))
