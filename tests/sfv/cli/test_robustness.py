"""`sfv robustness`: what it does beside the measuring."""

from pathlib import Path
from types import SimpleNamespace

import pytest

import sfv.cli.robustness as verb
from sfv.errors import InputError
from sfv.report import Number, Report
from sfv.work.mark import Mark
from sfv.work.stage import Outcome


@pytest.mark.parametrize("named", ["", "3-policy"])
def test_the_page_of_a_run_links_it_by_whatever_folder_it_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    found = tmp_path / "5-robustness" / "robustness.json"
    for file in (found, tmp_path / "4-report" / "report.json"):
        Report("of a run", (Number("success undisturbed", 1.0, "share", "higher"),)).save(file)
    Mark("done", "", "", {}, {}, {"policy.safetensors": ""}).write(tmp_path / "3-policy" / "stage.json")
    measured = SimpleNamespace(mark=found.with_name("stage.json"), outputs=(found, found.with_name("index.html")))
    done: list[object] = []

    def perform(stage: object) -> Outcome:
        done.append(stage)
        return Outcome("stage", False, 0.0, measured.outputs)

    monkeypatch.setattr(verb, "robustness_of", lambda *asked: measured)
    monkeypatch.setattr(verb, "page_again", lambda root: root)
    monkeypatch.setattr(verb, "perform", perform)
    verb.main(verb.Program((tmp_path / named,)))
    assert done == [measured, tmp_path]


def test_all_runs_are_looked_for_before_the_first_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "one").mkdir()
    found = SimpleNamespace(mark=tmp_path / "one" / "5-robustness" / "stage.json")
    real = verb.robustness_of
    monkeypatch.setattr(verb, "robustness_of", lambda run, *how: found if run.name == "one" else real(run, *how))
    monkeypatch.setattr(verb, "perform", lambda stage: pytest.fail("it measured"))
    with pytest.raises(InputError, match="two holds no finished policy"):
        verb.main(verb.Program((tmp_path / "one", tmp_path / "two")))


def test_a_page_of_another_ending_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"should end in \.html"):
        verb.main(verb.Program((tmp_path / "one", tmp_path / "two"), out=tmp_path / "both.txt"))


def test_a_run_beside_itself_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="given twice"):
        verb.Program((tmp_path / "walk", Path("walk"))).check()
