"""Defaults, then --config, then flags."""

from pathlib import Path

import pytest

from sfv.cli import run
from sfv.cli.parse import parse
from sfv.errors import InputError
from sfv.pipeline.run import RunConfig, resolved
from sfv.work.config import write_config


def parsed(*arguments: object) -> RunConfig:
    return parse(run.Program, "run", [str(argument) for argument in arguments], run.PRESETS)


def test_defaults_and_flags() -> None:
    config = parsed("a.mp4", "--out", "b", "--height", "1.8", "--person", "2", "--budget", "4M")
    assert (config.clip, config.out) == (Path("a.mp4"), Path("b"))
    assert (config.reconstruct.height, config.pose.person, config.train.budget) == (1.8, 2, "4M")
    assert config.train.seed == RunConfig(Path(), Path()).train.seed


def test_file_then_flags(tmp_path: Path) -> None:
    write_config(tmp_path / "c.yaml", resolved(parsed("a.mp4", "--out", "b", "--seed", "3", "--height", "1.8")))
    for spelling in (["--config", tmp_path / "c.yaml"], [f"--config={tmp_path / 'c.yaml'}"]):
        config = parsed("--out", "d", "--seed", "4", *spelling)
        assert (config.clip, config.out) == (Path("a.mp4").absolute(), Path("d"))
        assert (config.train.seed, config.reconstruct.height) == (4, 1.8)
        assert resolved(parsed("--out", "e", *spelling)) == resolved(
            parsed("a.mp4", "--out", "b", "--seed", "3", "--height", "1.8")
        )


@pytest.mark.parametrize("preset", run.PRESETS)
def test_presets_by_name(preset: str) -> None:
    config = parsed("a.mp4", "--out", "b", "--config", preset, "--seed", "3")
    assert (config.clip, config.train.seed) == (Path("a.mp4"), 3)
    assert config.train.budget == run.PRESETS[preset]().train.budget


def test_no_such_file_or_preset() -> None:
    with pytest.raises(InputError, match=r"quik .*there are: quick, standard"):
        parsed("a.mp4", "--out", "b", "--config", "quik")


@pytest.mark.parametrize(
    "arguments", [[], ["a.mp4"], ["a.mp4", "--out", "b", "--config"], ["a.mp4", "--out", "b", "--fps", "x"]]
)
def test_what_does_not_fit(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        parsed(*arguments)
    assert stop.value.code == 2
