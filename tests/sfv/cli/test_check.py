"""`sfv check` and `sfv repair` as a user types them."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from sfv.cli.main import main
from sfv.motion import Motion


@pytest.fixture
def lifted(wave: Motion, tmp_path: Path) -> Path:
    """The wave, 5 cm above the floor, in a file."""
    qpos = wave.qpos.copy()
    qpos[:, 2] += 0.05
    replace(wave, qpos=qpos).save(tmp_path / "lifted.npz")
    return tmp_path / "lifted.npz"


def test_a_good_motion_passes(wave: Motion, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wave.save(tmp_path / "wave.npz")
    assert main(["check", str(tmp_path / "wave.npz")]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[-1] == "passes"
    assert "the whole clip is one cycle: frames 0 to 30" in out


def test_json_is_all_that_scripts_get(wave: Motion, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wave.save(tmp_path / "wave.npz")
    for words in ([], ["--quiet"]):
        assert main(["check", str(tmp_path / "wave.npz"), "--json", *words]) == 0
        found = json.loads(capsys.readouterr().out)
        assert found["provenance"]["check"]["passed"]
        assert {"name": "upright", "value": pytest.approx(1.0, abs=0.05), "unit": "1", "better": "higher"} in found[
            "numbers"
        ]


def test_tables_fit_80_columns(
    lifted: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit):
        main(["check", str(lifted)])
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert any(line.startswith("root force missing, 95th percentile ") for line in lines), "labels are whole"


def test_a_title_is_no_markup(wave: Motion, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    replace(wave, source="[red]x[/red] [/nothing]").save(tmp_path / "wave.npz")
    assert main(["check", str(tmp_path / "wave.npz")]) == 0
    assert "check of [red]x[/red] [/nothing]" in capsys.readouterr().out


def test_a_failure_ends_with_1_and_is_written(lifted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = lifted.with_name("rows.json")
    with pytest.raises(SystemExit) as stop:
        main(["check", str(lifted), "--out", str(rows)])
    assert stop.value.code == 1
    assert "fails: floating" in capsys.readouterr().out
    found = json.loads(rows.read_text())["provenance"]["check"]
    assert found["rows"]["floating"]["verdict"] == "fail"
    assert "sfv repair" in found["rows"]["floating"]["repair"]


def test_repair_shows_before_and_after(lifted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = lifted.with_name("repaired.npz")
    assert main(["repair", str(lifted), "--out", str(out), "--iterations", "5"]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("floating")]
    assert line.split()[1:5:2] == ["5", "0"] or "fail" in line.split()[2]
    assert Motion.load(out).contact_names == ("right_ankle", "left_ankle")
    assert lifted.with_name("repaired.check.json").is_file()


def test_a_skeleton_without_a_character_is_checked_but_not_repaired(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import numpy as np

    from sfv.skeleton import Skeleton

    stick = Skeleton(
        '<mujoco><worldbody><body name="hips" pos="0 0 1"><freejoint name="root"/><geom size=".1"/>'
        '<body name="tail" pos="0 0 -.5"><joint name="tail" type="ball"/><geom size=".1"/></body></body>'
        "</worldbody></mujoco>"
    )
    Motion(stick, 30.0, np.tile(stick.qpos0, (20, 1))).save(tmp_path / "stick.npz")
    assert main(["check", str(tmp_path / "stick.npz")]) == 0
    assert "sfv retarget FILE --to humanoid" in capsys.readouterr().out
    assert main(["repair", str(tmp_path / "stick.npz"), "--out", str(tmp_path / "out.npz")]) == 2
    assert "retarget" in capsys.readouterr().err
