"""What the stages keep besides their results."""

from pathlib import Path

import mujoco
import numpy as np
import pytest
import torch

from sfv.judged import Broken
from sfv.pipeline.stages import beside, keep_broken
from sfv.work.run_folder import read_columns


def test_what_broke_is_kept_and_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    model = mujoco.MjModel.from_xml_string("<mujoco/>")
    keep_broken(Broken(7, torch.zeros(3), model), tmp_path / "nan.npz", lambda path: path)
    assert "7 episodes" in caplog.text
    assert (tmp_path / "nan.npz").is_file()


def test_nothing_is_kept_when_nothing_broke(tmp_path: Path) -> None:
    keep_broken(None, tmp_path / "nan.npz", lambda path: path)
    assert list(tmp_path.iterdir()) == []


def test_columns_of_a_learning_curve(tmp_path: Path) -> None:
    (tmp_path / "progress.csv").write_text("samples,kl\n0,\n10,0.5\n")
    columns = read_columns(tmp_path / "progress.csv")
    assert columns["samples"] == [0.0, 10.0]
    np.testing.assert_equal(columns["kl"], [np.nan, 0.5])


def test_what_goes_beside_a_result() -> None:
    assert beside(Path("a/track.npz"))("overlay.mp4") == Path("a/track.overlay.mp4")
