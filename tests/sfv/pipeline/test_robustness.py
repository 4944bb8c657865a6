"""The stage: kept parts are not measured again, and the page says what was found."""

import re
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch

import envs.judge.robustness as judging
from envs.config import TrackingConfig
from envs.judge import knocks
from policies.export import save_policy
from policies.networks import make_policy
from sfv.errors import InputError
from sfv.pipeline.robustness import robustness_of, robustness_stage
from sfv.report import Report
from sfv.view.page.robustness import write_robustness
from sfv.view.rollout import cases_video
from sfv.work.stage import perform

TINY = judging.Scale(4, 2, (0.0, 1.0), (40.0, 4000.0), (2.0, 20.0), (0.5, 1.0), {"delay": (0.0, 30.0)}, (0.9,))


@pytest.fixture
def make(wave, tmp_path, monkeypatch):
    """A stage over a policy that does nothing, on one second of standing."""
    from envs.tracking import TrackingEnv
    from sfv.character import load_character

    config = TrackingConfig(threads=1)
    size = TrackingEnv([wave], load_character("humanoid"), config, 1).obs_size
    torch.manual_seed(0)
    save_policy(tmp_path, make_policy(size, 28, (8,)), {})
    wave.save(tmp_path / "motion.npz")
    monkeypatch.setattr(judging, "QUICK", TINY)
    monkeypatch.setattr(judging, "KINDS", {name: judging.KINDS[name] for name in ("flat", "rough", "stairs_up")})
    monkeypatch.setattr(judging, "DIRECTIONS", {"forward": 0.0})
    monkeypatch.setattr(knocks, "AFTER", 0.5)
    monkeypatch.setattr("sfv.view.rollout.cases_video", partial(cases_video, fps=2.0, panel=(64, 80)))
    policy, motion = tmp_path / "policy.safetensors", tmp_path / "motion.npz"

    def stage(folder: str):
        place = (tmp_path / folder).joinpath
        return robustness_stage(policy, motion, "wave", place, "humanoid", config, True, dict)

    return stage


def test_it_goes_on_with_the_next_part_and_ends_alike(make, monkeypatch) -> None:
    whole = make("whole")
    perform(whole)
    measure, seen = judging.Robustness.measure, []

    def dies(self, part):
        if len(seen) == 3:
            raise KeyboardInterrupt
        seen.append(part.name)
        return measure(self, part)

    monkeypatch.setattr(judging.Robustness, "measure", dies)
    stopped = make("stopped")
    with pytest.raises(KeyboardInterrupt):
        perform(stopped)
    again = []
    monkeypatch.setattr(judging.Robustness, "measure", lambda s, part: again.append(part.name) or measure(s, part))
    perform(stopped)
    assert seen == ["terrain rough", "undisturbed", "push forward"]  # who stands still meets no stairs
    assert again
    assert set(again).isdisjoint(seen)
    assert stopped.outputs[0].read_bytes() == whole.outputs[0].read_bytes()  # for a seed, to the last figure
    assert perform(stopped).skipped
    page = stopped.outputs[1].read_text()
    assert "rough" in page
    assert "resumes the clip" in page
    assert re.search(r"pushed forward with \d+ N for 0.2 s: \d+ % get through", page)
    for what in ("keeps its place", "goes along"):
        assert page.count(f"a push of 0.2 s at the root; the reference {what}<") == 1
    assert "How robust: wave" in page
    assert page.count("<video") == 1
    assert f"{Report.load(stopped.outputs[0]).series['terrain rough']['success'][0]:.2f}" in page


def test_two_side_by_side(make, tmp_path) -> None:
    perform(make("one"))
    report = Report.load(tmp_path / "one" / "robustness.json")
    better = replace(report, series={name: dict(table) for name, table in report.series.items()})
    write_robustness(tmp_path / "two.html", {"flat-trained": report, "<terrain>": better})
    page = (tmp_path / "two.html").read_text()
    assert "<h3>flat-trained</h3>" in page
    assert "<h3>&lt;terrain&gt;</h3>" in page


def test_what_cannot_be_measured() -> None:
    with pytest.raises(InputError, match="no finished policy"):
        robustness_of(Path("nowhere"), True, None, 0)
