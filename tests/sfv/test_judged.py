"""What a judge found: figures by name, and a state that broke the physics."""

from dataclasses import fields, replace
from pathlib import Path

import mujoco
import numpy as np
import torch

from sfv.judged import Broken, Figures
from sfv.meaning import MEANINGS

BALL = '<mujoco><worldbody><body><freejoint/><geom size=".1"/></body></worldbody></mujoco>'
SOME = Figures(*(0.1 * i for i in range(9)))


def test_figures_are_numbers_and_come_back_from_a_row() -> None:
    row = {number.name: number.value for number in SOME.numbers()}
    assert Figures.of(row | {"samples": 1.0}) == SOME
    assert [number.name for number in SOME.numbers("mpjpe_global", "success")] == ["success", "mpjpe_global"]
    assert replace(SOME, mpjpe_global=7.0).numbers("mpjpe_global")[0].value == 7.0


def test_every_figure_has_a_meaning_for_people() -> None:
    assert {f.name for f in fields(Figures)} - {"survival"} <= set(MEANINGS)


def test_state_before_nan_can_be_looked_into(tmp_path: Path) -> None:
    model = mujoco.MjModel.from_xml_string(BALL)
    data = mujoco.MjData(model)
    data.qpos[2], data.qvel[0] = 3.0, 1e12
    state = np.zeros(mujoco.mj_stateSize(model, mujoco.mjtState.mjSTATE_INTEGRATION))
    mujoco.mj_getState(model, data, state, mujoco.mjtState.mjSTATE_INTEGRATION)
    Broken(7, torch.as_tensor(state), model).save(tmp_path / "nan.npz")
    with np.load(tmp_path / "nan.npz") as file:
        (tmp_path / "model.mjb").write_bytes(file["model_mjb"].tobytes())
        assert (int(file["count"]), str(file["kind"])) == (7, "mjSTATE_INTEGRATION")
        again_model = mujoco.MjModel.from_binary_path(str(tmp_path / "model.mjb"))
        again = mujoco.MjData(again_model)
        mujoco.mj_setState(again_model, again, file["state"], mujoco.mjtState.mjSTATE_INTEGRATION)
    assert (again.qpos[2], again.qvel[0]) == (3.0, 1e12)
