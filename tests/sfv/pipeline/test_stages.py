"""What the stages keep besides their results."""

from pathlib import Path

import mujoco
import numpy as np
import pytest
import torch

from sfv.pipeline.stages import beside, save_broken
from sfv.work.run_folder import read_columns

BALL = '<mujoco><worldbody><body><freejoint/><geom size=".1"/></body></worldbody></mujoco>'


def test_state_before_nan_can_be_looked_into(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    model = mujoco.MjModel.from_xml_string(BALL)
    data = mujoco.MjData(model)
    data.qpos[2], data.qvel[0] = 3.0, 1e12
    state = np.zeros(mujoco.mj_stateSize(model, mujoco.mjtState.mjSTATE_INTEGRATION))
    mujoco.mj_getState(model, data, state, mujoco.mjtState.mjSTATE_INTEGRATION)
    save_broken(torch.as_tensor(state), 7, model, tmp_path / "nan.npz", lambda path: path)
    assert "7 episodes" in caplog.text

    with np.load(tmp_path / "nan.npz") as file:
        (tmp_path / "model.mjb").write_bytes(file["model_mjb"].tobytes())
        assert (int(file["count"]), str(file["kind"])) == (7, "mjSTATE_INTEGRATION")
        again_model = mujoco.MjModel.from_binary_path(str(tmp_path / "model.mjb"))
        again = mujoco.MjData(again_model)
        mujoco.mj_setState(again_model, again, file["state"], mujoco.mjtState.mjSTATE_INTEGRATION)
    assert (again.qpos[2], again.qvel[0]) == (3.0, 1e12)


def test_nothing_is_kept_when_nothing_broke(tmp_path: Path) -> None:
    save_broken(None, 0, mujoco.MjModel.from_xml_string(BALL), tmp_path / "nan.npz", lambda path: path)
    assert list(tmp_path.iterdir()) == []


def test_columns_of_a_learning_curve(tmp_path: Path) -> None:
    (tmp_path / "progress.csv").write_text("samples,kl\n0,\n10,0.5\n")
    columns = read_columns(tmp_path / "progress.csv")
    assert columns["samples"] == [0.0, 10.0]
    np.testing.assert_equal(columns["kl"], [np.nan, 0.5])


def test_what_goes_beside_a_result() -> None:
    assert beside(Path("a/track.npz"))("overlay.mp4") == Path("a/track.overlay.mp4")
