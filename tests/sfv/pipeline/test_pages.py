"""The preview that is shown while training runs, and its place in the run."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from envs.preview.config import PreviewConfig
from sfv.motion import Motion
from sfv.pipeline.pages import judged, preview_stage
from sfv.pipeline.run import run_stages
from sfv.pipeline.settings import Run, Settings
from sfv.report import Number, Report
from sfv.work.stage import perform

CARD = Report("reference", (Number("penetration", 0.1, "cm", "lower"),))


def test_a_preview_has_a_page_of_its_own(wave: Motion, tmp_path: Path) -> None:
    replace(wave, qpos=wave.qpos[:7]).save(tmp_path / "motion.npz")
    CARD.save(tmp_path / "scorecard.json")
    config, place = PreviewConfig(horizon=3, tries=1, assist="never"), (tmp_path / "preview").joinpath
    stage = preview_stage(tmp_path / "motion.npz", place, "humanoid", config, lambda: {"seed": 0})
    assert not perform(stage).skipped
    assert perform(stage).skipped
    threads = replace(config, threads=2)  # which change nothing
    assert perform(preview_stage(tmp_path / "motion.npz", place, "humanoid", threads, lambda: {"seed": 0})).skipped
    page = place("index.html").read_text()
    assert "before training" in page
    assert "without any training, the simulated character follows the motion to its end" in page
    assert "Followed without training" in page
    report = Report.load(place("preview.json"))
    assert report["followed"] == 1.0
    assert report.provenance == {"seed": 0}
    assert len(Motion.load(place("preview.npz"))) == 7
    assert np.load(place("targets.npz"))["targets"].shape == (6, 28)


def test_the_scorecard_gets_the_verdict() -> None:
    preview = Report("preview", (Number("followed", 0.0, "", "higher"), Number("tries", 4.0, "", "lower")))
    card = judged(CARD, preview)
    assert [number.name for number in card.numbers] == ["penetration", "preview_followed"]
    assert card["preview_followed"] == 0.0


@pytest.mark.parametrize("asked", [False, True])
def test_a_run_previews_when_asked(asked: bool, tmp_path: Path) -> None:
    stages = run_stages(Run(tmp_path / "walk.npz", tmp_path / "run", Settings(preview=asked)))
    names = ["2-motion", *(["preview"] if asked else []), "3-policy", "4-report", "page"]
    assert [stage.name for stage in stages] == names
    assert ("preview" in stages[-1].inputs) == asked
