import fcntl
import json
import re
from pathlib import Path

import pytest

from sfv.cli.main import main
from sfv.errors import InputError
from sfv.pipeline.entries import entries
from sfv.report import Number, Report
from sfv.work.run_folder import RunFolder, runs_in

CURVE = "samples,minutes,success,normalised_return\n0,0,0,0.1\n2000000,12.5,1,0.9\n"


def finished(root: Path, success: float = 1.0) -> RunFolder:
    """What an index reads of a run."""
    run = RunFolder(root)
    numbers = (Number("success", success, "share", "higher"), Number("foot_slide", float("nan"), "cm/s", "lower"))
    made = {"config": {"train": {"seed": 3}}, "date": "2026-11-02T10:00:00+00:00", "minutes": {"3-policy": 12.5}}
    series = {"error over time": {"time_s": [float(t) for t in range(500)], "mpjpe_global_mm": [2.0] * 500}}
    for file in (run.report("index.html"), run.report("rollout.mp4"), run.policy("progress.csv")):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(CURVE)
    Report("evaluation of walk.bvh", numbers, series, made).save(run.report("report.json"))
    return run


def test_a_run_is_a_row(tmp_path: Path) -> None:
    run = finished(tmp_path / "runs" / "on ice" / "a#1")
    Report("robustness", (Number("success on terrain", 0.4, "mean share", "higher"),)).save(
        run.robustness("robustness.json")
    )
    (entry,) = entries(tmp_path / "runs", tmp_path / "pages" / "index.html")
    assert (entry.name, entry.about, entry.verdict, entry.sentence) == ("on ice/a#1", "walk.bvh", "good", "")
    assert entry.page == "../runs/on%20ice/a%231/4-report/index.html"
    assert (entry.samples, entry.minutes, entry.robust, entry.date[:10]) == (2e6, 12.5, 0.4, "2026-11-02")
    assert entry.settings == {"train.seed": 3}
    assert entry.curves["learning"]["normalised_return"] == [(0.0, 0.1), (2.0, 0.9)]
    errors = entry.curves["errors"]["mm"]
    assert (len(errors), errors[0], errors[-1]) == (80, (0.0, 2.0), (499.0, 2.0))


def test_what_came_to_nothing_has_a_sentence(tmp_path: Path) -> None:
    finished(tmp_path / "whole")
    damaged = finished(tmp_path / "damaged").report("report.json")
    damaged.write_text(damaged.read_text()[:100])
    stopped, busy = RunFolder(tmp_path / "stopped"), RunFolder(tmp_path / "busy")
    for run in (stopped, busy):
        run.policy("x").parent.mkdir(parents=True)
        run.policy("progress.csv").write_text(CURVE)
    (tmp_path / "empty").mkdir()
    with (tmp_path / "busy" / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = {entry.name: entry for entry in entries(tmp_path, tmp_path / "index.html")}
    assert list(found) == ["busy", "damaged", "stopped", "whole"]
    assert found["whole"].sentence == ""
    assert "is not valid JSON" in found["damaged"].sentence
    assert found["stopped"].sentence == (
        "It stopped before its report, trained for 2.0 M samples; the same sfv run goes on with it."
    )
    assert found["busy"].sentence == "It is being worked on, trained for 2.0 M samples."


def test_what_is_in_a_run_is_no_run(tmp_path: Path) -> None:
    run = finished(tmp_path / "a" / "b")
    (run.motion("preview") / "3-policy").mkdir(parents=True)
    assert list(runs_in(tmp_path)) == [tmp_path / "a" / "b"]
    (tmp_path / "1" / "2" / "3" / "4" / "5" / "3-policy").mkdir(parents=True)
    assert list(runs_in(tmp_path)) == [tmp_path / "a" / "b"]  # deeper than anybody puts runs


def test_a_folder_without_runs(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with pytest.raises(InputError, match="holds no run; make one with: sfv run CLIP"):
        entries(tmp_path, tmp_path / "index.html")
    with pytest.raises(InputError, match="there is no folder"):
        entries(tmp_path / "absent", tmp_path / "index.html")


def test_sfv_report_of_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    finished(tmp_path / "a</script>", success=0.2)
    finished(tmp_path / "b")
    assert main(["report", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["b"]["success"] == 1.0
    text = (tmp_path / "index.html").read_text()
    assert "2 runs: 1 with success, 1 without." in text
    (data,) = re.findall(r"<script type='application/json' id='data'>(.*?)</script>", text, re.DOTALL)
    assert [run["name"] for run in json.loads(data)] == ["a</script>", "b"]
    # it needs nothing from elsewhere but the runs' own pages and videos
    links = re.findall(r"""(?:src|href|data-film)=['"]([^'"]*)""", text)
    assert sorted(links) == [f"{name}/4-report/{file}" for name in ("a%3C/script%3E", "b")
                             for file in ("index.html", "rollout.mp4")]  # fmt: skip
