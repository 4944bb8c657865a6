"""What the stages keep besides their results."""

from pathlib import Path

import numpy as np

from sfv.pipeline.stages import beside
from sfv.work.run_folder import read_columns


def test_columns_of_a_learning_curve(tmp_path: Path) -> None:
    (tmp_path / "progress.csv").write_text("samples,kl\n0,\n10,0.5\n")
    columns = read_columns(tmp_path / "progress.csv")
    assert columns["samples"] == [0.0, 10.0]
    np.testing.assert_equal(columns["kl"], [np.nan, 0.5])


def test_what_goes_beside_a_result() -> None:
    assert beside(Path("a/track.npz"))("overlay.mp4") == Path("a/track.overlay.mp4")
