"""Defaults, then --config, then flags."""

from pathlib import Path

import pytest

from sfv.cli import batch, run
from sfv.cli.parse import parse
from sfv.errors import InputError
from sfv.pipeline.settings import Run, Settings
from sfv.work.config import write_config


def parsed(*arguments: object) -> run.Program:
    return parse(run.Program, "run", [str(argument) for argument in arguments], run.PRESETS)


def test_defaults_and_flags() -> None:
    program = parsed("a.mp4", "--out", "b", "--height", "1.8", "--person", "2", "--budget", "4M")
    assert (program.clip, program.out) == (Path("a.mp4"), Path("b"))
    settings = program.settings
    assert (settings.reconstruct.height, settings.pose.person, settings.train.budget) == (1.8, 2, "4M")
    assert settings.train.seed == Settings().train.seed


def test_file_then_flags(tmp_path: Path) -> None:
    first = parsed("a.mp4", "--out", "b", "--seed", "3", "--height", "1.8")
    write_config(tmp_path / "c.yaml", Run(first.clip, first.out, first.settings).record())
    for spelling in (["--config", tmp_path / "c.yaml"], [f"--config={tmp_path / 'c.yaml'}"]):
        program = parsed("--out", "d", "--seed", "4", *spelling)
        assert (program.clip, program.out) == (Path("a.mp4").absolute(), Path("d"))
        assert (program.settings.train.seed, program.settings.reconstruct.height) == (4, 1.8)
        assert parsed("--out", "e", *spelling).settings == first.settings


def test_a_batch_starts_from_the_file_of_a_run(tmp_path: Path) -> None:
    settings = parsed("a.mp4", "--out", "b", "--seed", "3").settings
    write_config(tmp_path / "c.yaml", Run(Path("a.mp4"), Path("b"), settings).record())
    arguments = ["c.mp4", "d.mp4", "--out", "runs", "--config", str(tmp_path / "c.yaml")]
    program = parse(batch.Program, "batch", arguments, batch.PRESETS)
    assert (program.clips, program.settings) == ((Path("c.mp4"), Path("d.mp4")), settings)


@pytest.mark.parametrize("preset", run.PRESETS)
def test_presets_by_name(preset: str) -> None:
    program = parsed("a.mp4", "--out", "b", "--config", preset, "--seed", "3")
    assert (program.clip, program.settings.train.seed) == (Path("a.mp4"), 3)
    assert program.settings.train.budget == run.PRESETS[preset]().train.budget


def test_no_such_file_or_preset() -> None:
    with pytest.raises(InputError, match=r"quik .*there are: acrobatic, quality, quick, robot, standard"):
        parsed("a.mp4", "--out", "b", "--config", "quik")


@pytest.mark.parametrize(
    "arguments", [[], ["a.mp4"], ["a.mp4", "--out", "b", "--config"], ["a.mp4", "--out", "b", "--fps", "x"]]
)
def test_what_does_not_fit(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        parsed(*arguments)
    assert stop.value.code == 2


def test_a_file_of_before_says_who_performs_in_its_own_words(tmp_path: Path) -> None:
    """`character` was who is to do it and `performer` whose motion it is; the rate of reconstruction was --fps."""
    (tmp_path / "c.yaml").write_text("clip: a.csv\ncharacter: g1.xml\nperformer: h1.xml\nreconstruct:\n  fps: 25.0\n")
    settings = parsed("a.csv", "--out", "b", "--config", tmp_path / "c.yaml").settings
    assert (settings.performer, settings.reading.character, settings.reconstruct.fps) == ("g1.xml", "h1.xml", 25.0)
    settings = parsed("a.csv", "--out", "b", "--fps", "60", "--motion-fps", "20").settings
    assert (settings.reading.fps, settings.reconstruct.fps) == (60.0, 20.0)
