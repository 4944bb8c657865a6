"""The verbs that are no stage of a run: files in, files out."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sfv.cli.main import main
from sfv.motion import Motion
from sfv.report import Number, Report


def test_convert_there_and_back(wave: Motion, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, middle, last = (str(tmp_path / name) for name in ("wave.npz", "wave.txt", "again.npz"))
    wave.save(first)
    assert main(["convert", first, middle]) == main(["convert", middle, last]) == 0
    np.testing.assert_allclose(Motion.load(last).qpos, wave.qpos, atol=1e-5)
    assert "31 frames at 30 Hz" in capsys.readouterr().out


def test_view_writes_a_sheet(wave: Motion, tmp_path: Path) -> None:
    wave.save(tmp_path / "wave.npz")
    assert main(["view", str(tmp_path / "wave.npz"), "--out", str(tmp_path / "wave.png")]) == 0
    with Image.open(tmp_path / "wave.png") as picture:
        assert np.unique(np.asarray(picture).reshape(-1, 3), axis=0).shape[0] > 100


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.npz"], "nowhere.npz"),
        (["wave.npz", "--out", "wave.gif"], "should end in .html"),
        (["."], "holds no motion"),
    ],
)
def test_view_refuses(
    arguments: list[str],
    words: str,
    wave: Motion,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    wave.save("wave.npz")
    assert main(["view", *arguments]) == 2
    assert words in capsys.readouterr().err


@pytest.fixture
def runs(tmp_path: Path) -> list[str]:
    """Two runs, as far as a comparison looks."""
    for name, success in (("one", 0.5), ("two", 1.0)):
        report = Report(name, (Number("success", success, "share", "higher"),), {}, {"seed": 0})
        report.save(tmp_path / name / "4-report" / "report.json")
        (tmp_path / name / "3-policy").mkdir()
        (tmp_path / name / "3-policy" / "progress.csv").write_text("samples,normalised_return,note\n1,0.1,\n2,0.2,3\n")
    return [str(tmp_path / "one"), str(tmp_path / "two")]


def test_report_sets_runs_side_by_side(runs: list[str], tmp_path: Path) -> None:
    assert main(["report", *runs, "--out", str(tmp_path / "both.html")]) == 0
    page = (tmp_path / "both.html").read_text()
    assert "<h1>one / two</h1>" in page
    (row,) = [row for row in page.split("<tr>") if "Success</th>" in row]
    assert re.findall(r"value( best)?'>(\S+) ", row) == [("", "50"), (" best", "100")]


def test_reports_for_scripts(runs: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", *runs, "--out", str(tmp_path / "both.html"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {root: report["numbers"][0]["value"] for root, report in found.items()} == dict(
        zip(runs, (0.5, 1.0), strict=True)
    )


def test_report_of_what_is_not_finished(runs: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report"]) == 2
    (Path(runs[1]) / "4-report" / "report.json").unlink()
    assert main(["report", *runs]) == 2
    assert "two has no report yet" in capsys.readouterr().err
