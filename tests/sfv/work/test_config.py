"""Settings survive the way to YAML and back, and slips of the pen are named."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pytest

from sfv.errors import InputError
from sfv.work.config import changed, read_yaml, write_config


@dataclass(frozen=True)
class Inner:
    layers: tuple[int, ...] = (256, 128)
    rate: float = 3e-4
    height: float | None = None


@dataclass(frozen=True)
class Outer:
    person: Literal["auto"] | int = "auto"
    place: Path = Path("here")
    fast: bool = False
    inner: Inner = Inner()


def test_round_trip(tmp_path: Path) -> None:
    config = Outer(3, Path("there"), True, Inner((1, 2, 3), 1e-5, 1.8))
    write_config(tmp_path / "config.yaml", config)
    assert changed(Outer(), read_yaml(tmp_path / "config.yaml"), "x") == config


def test_what_is_not_named_stays() -> None:
    base = Outer(person=2, inner=Inner(rate=1.0))
    assert changed(base, {"inner": {"height": "1e-1"}}, "x") == replace(base, inner=Inner(rate=1.0, height=0.1))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"persn": 1}, "'persn' is not a setting .did you mean 'person'"),
        ({"inner": {"rat": 1}}, "inner: 'rat' is not a setting .did you mean 'rate'"),
        ({"person": "all"}, "person is 'all' but must be 'auto' or a whole number"),
        ({"fast": 1}, "fast is 1 but must be true or false"),
        ({"inner": 3}, "must be a section"),
        ({"inner": {"layers": [1, "a"]}}, "layers is 'a' but must be a whole number"),
    ],
)
def test_slips_are_named(content: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=f"file.yaml: .*{words}"):
        changed(Outer(), content, "file.yaml")


@pytest.mark.parametrize("text", ["[1, 2]", "a: [", "!!python/object/apply:os.system ['true']"])
def test_not_settings(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.yaml").write_text(text)
    with pytest.raises(InputError, match=r"config\.yaml"):
        read_yaml(tmp_path / "config.yaml")


def test_settings_that_grow_when_they_are_read_are_refused(tmp_path):
    path = tmp_path / "config.yaml"
    lines = ["- &a0 [x, x, x]"] + [f"- &a{i} [*a{i - 1}, *a{i - 1}, *a{i - 1}]" for i in range(1, 30)]
    for text in (
        "a:\n  " + "\n  ".join(lines),
        "a: " + "[" * 1000 + "]" * 1000,
        "a: " + "{b: " * 1000 + "1" + "}" * 1000,
    ):
        path.write_text(text)
        with pytest.raises(InputError, match=r"config\.yaml is not YAML that sfv reads"):
            read_yaml(path)
    path.write_text("a:\n  b: [1, 2]\n")
    assert read_yaml(path) == {"a": {"b": [1, 2]}}
