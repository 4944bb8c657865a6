"""`sfv distill`: two policies become one, and what cannot be."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from sfv.cli.main import main
from sfv.motion import Motion
from sfv.work.files import read_json

SETTINGS = "--budget 512 --num-envs 16 --steps 8 --minibatch 64 --hidden 32 16 --no-compile --threads 1"


@pytest.fixture
def runs(wave: Motion, tmp_path: Path) -> list[Path]:
    """Two finished policies, of a motion and of the same backwards, both in files of one name, as in runs."""
    clips = {"one": wave, "two": replace(wave, qpos=wave.qpos[::-1].copy())}
    for name, clip in clips.items():
        file = tmp_path / f"clip-{name}" / "motion.npz"
        file.parent.mkdir()
        clip.save(file)
        assert main(["train", str(file), *SETTINGS.split(), "--out", str(tmp_path / name)]) == 0
    return [tmp_path / "one", tmp_path / "two"]


def test_two_policies_become_one(runs: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "both"
    command = ["distill", *map(str, runs), *SETTINGS.split(), "--lessons", "1e6", "--out", str(out)]
    assert main(command) == 0
    with (out / "progress.csv").open() as file:
        last = list(csv.DictReader(file))[-1]
    assert {"success one", "success two"} <= set(last)
    inputs = read_json(out / "stage.json")["stage"]["inputs"]
    assert set(inputs) == {"motion one", "motion two", "teacher one", "teacher two"}
    capsys.readouterr()
    assert main(command) == 0
    assert "done before" in capsys.readouterr().out
    assert main(["evaluate", str(out), "--rollouts", "2"]) == 0  # a teacher is no motion
    assert set(read_json(out / "evaluation" / "stage.json")["stage"]["inputs"]) == {
        "policy",
        "motion one",
        "motion two",
    }
    for name in ("one", "two"):  # the files have one name, so the runs' names tell reports apart
        file = tmp_path / f"clip-{name}" / "motion.npz"
        assert main(["evaluate", str(out), "--motion", str(file), "--rollouts", "2"]) == 0
        assert (out / f"evaluation-{name}" / "report.json").is_file()
    assert main(["distill", str(out), str(runs[0]), "--out", str(tmp_path / "new")]) == 2
    assert "does several motions" in capsys.readouterr().err


def test_what_cannot_be_distilled(runs: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def refused(*args: str) -> str:
        assert main(["distill", *args, "--out", str(tmp_path / "new")]) == 2
        assert not (tmp_path / "new").exists()
        return capsys.readouterr().err

    one, two = map(str, runs)
    assert "no finished policy" in refused(one, str(tmp_path / "none"))
    assert "have one name" in refused(one, one)
    assert "--lessons 0 is out of bounds" in refused(one, two, "--lessons", "0")
    other = tmp_path / "slow"
    rate = ["--control-hz", "60", "--decimation", "2"]
    assert (
        main(["train", str(tmp_path / "clip-two" / "motion.npz"), *SETTINGS.split(), *rate, "--out", str(other)]) == 0
    )
    assert "differ in control_hz, decimation" in refused(one, str(other))
    seeing = tmp_path / "seeing"
    assert (
        main(["train", str(tmp_path / "clip-two" / "motion.npz"), *SETTINGS.split(), "--scan", "--out", str(seeing)])
        == 0
    )
    assert "differ in scan" in refused(one, str(seeing))
    (tmp_path / "clip-two" / "motion.npz").unlink()
    assert "is gone" in refused(one, two)
