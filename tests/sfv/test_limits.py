"""Every option of every verb is asked what it is before any work, and the sentence names flag, value and limits."""

import dataclasses
import importlib
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import pytest
import tyro
from tyro.conf import OmitArgPrefixes

from sfv.cli.main import VERBS, main
from sfv.cli.parse import unfinished
from sfv.errors import InputError
from sfv.limits import Setting, Within, require, require_number, settings_of

STRANGE = (math.nan, math.inf, -math.inf, -1.0, 0.0, 1e300)


def needed(verb: str) -> list[str]:
    """What a verb must be given; none of the files is there, so a verb that begins to work says that and no more."""
    program = importlib.import_module(f"sfv.cli.{verb}").Program
    given: dict[bool, list[str]] = {True: [], False: []}
    for setting in settings_of(unfinished(program)):
        positional = not setting.flag.startswith("--")
        if setting.value is tyro.MISSING:
            given[positional] += ["a.npz"] if positional else [setting.flag, "humanoid"]
    return given[True] + given[False]


def numbers_of(verb: str) -> Iterator[Setting]:
    """The settings of a verb that are numbers, or may be."""
    program = unfinished(importlib.import_module(f"sfv.cli.{verb}").Program)
    return (setting for setting in settings_of(program) if setting.number and setting.flag.startswith("--"))


def options() -> list[tuple[str, str]]:
    """Verb and flag of every number."""
    return [(verb, setting.flag) for verb in VERBS for setting in numbers_of(verb)]


def once_each() -> list[tuple[str, str]]:
    """Each flag once, of one verb that has it."""
    return [(verb, flag) for flag, verb in {flag: verb for verb, flag in options()}.items()]


@pytest.mark.parametrize("verb", VERBS)
def test_strange_numbers_are_refused(verb: str) -> None:
    """Whatever is outside of its limits is refused by flag, value and limits, and what is inside is not."""
    for setting in numbers_of(verb):
        for value in STRANGE:
            number = int(value) if setting.whole and math.isfinite(value) else value
            strange = replace(setting, value=number)
            assert setting.within is not None
            if setting.within.admits(number):
                require_number(strange)
                continue
            with pytest.raises(InputError, match=re.escape(f"{setting.flag} ") + ".* is out of bounds; give a"):
                require_number(strange)


@pytest.mark.parametrize(("verb", "flag"), once_each())
def test_the_command_line_asks_before_any_work(
    verb: str, flag: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(importlib.import_module(f"sfv.cli.{verb}"), "main", lambda program: pytest.fail("it worked"))
    (setting,) = (setting for setting in numbers_of(verb) if setting.flag == flag)
    count = len(setting.value) if isinstance(setting.value, tuple) else 1
    for text in ("1e30", "") if setting.whole else ("nan", ""):
        assert main([verb, *needed(verb), flag, *[text] * count]) == 2
        said = capsys.readouterr()
        assert flag.lstrip("-") in said.err
        assert "Traceback" not in said.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("run a.mp4 --out o --begin 3 --end 2", "--end 2 is not after --begin 3"),
        ("run a.mp4 --out o --control-hz 50", "--control-hz 50 with --decimation 4 does not divide 240"),
        ("train a.npz --out o --num-envs 65536 --steps 1024", "--num-envs 65536 times --steps 1024"),
        ("train a.npz --out o --budget 0", "--budget '0'"),
        ("train a.npz --out o --budget soon", "--budget 'soon'"),
        ("train a.npz --out o --hidden", "--hidden"),
        ("train a.npz --out o --together --seeds 3", "--together"),
        ("train a.npz --out o --terrain mud", "mud"),
        ("train a.npz --out o --randomise wind", "wind"),
        ("run a.mp4 --out o --solid nan", "--solid nan"),
        ("run a.mp4 --out o --gamma 1.5", "--gamma 1.5 is out of bounds; give a number from 0 to 1"),
        ("run a.mp4 --out o --num-envs 0", "--num-envs 0 is out of bounds; give a whole number from 1 to 65536"),
        ("train a.npz --out o --threads 100000", "--threads 100000 is out of bounds"),
    ],
)
def test_what_does_not_go_together(
    words: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(words.split()) == 2
    assert says in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_settings_of_a_file_are_asked_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "c.yaml").write_text("train:\n  gamma: .nan\n")
    assert main(["run", "a.mp4", "--out", str(tmp_path / "o"), "--config", str(tmp_path / "c.yaml")]) == 2
    assert "--gamma nan is out of bounds" in capsys.readouterr().err


@dataclass(frozen=True)
class Part:
    share: Annotated[float, Within(0, 1, above=True)] = 0.5
    free: float = 0.0

    def check(self) -> None:
        if self.free > 2.0 * self.share:
            raise InputError("--free is more than twice --share")


@dataclass(frozen=True)
class Whole:
    part: OmitArgPrefixes[Part] = field(default_factory=Part)
    named: Part = field(default_factory=Part)
    counts: Annotated[tuple[int, ...], Within(1, 3)] = (1, 2)
    flag: bool = True
    note: str = "nan"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"part": Part(share=0.0)}, "--share 0 is out of bounds; give a number above 0 to 1"),
        ({"named": Part(share=2.0)}, "--named.share 2 is out of bounds"),
        ({"counts": (1, 4)}, "--counts 4 is out of bounds; give a whole number from 1 to 3"),
        ({"part": Part(free=math.nan)}, "--free nan is no number"),
        ({"part": Part(free=1.5)}, "--free is more than twice"),
        ({}, None),
    ],
)
def test_limits_of_a_record(change: dict[str, Any], says: str | None) -> None:
    whole = dataclasses.replace(Whole(), **change)
    if says is None:
        require(whole)
        return
    with pytest.raises(InputError, match=re.escape(says)):
        require(whole)
