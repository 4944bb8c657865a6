"""What a simulator's state holds: MuJoCo's own row, pushes included."""

import mujoco
import pytest
import torch

from envs.sim.cpu import CpuSim

BALL = """
<mujoco><option timestep="0.01" gravity="0 0 0"/>
  <worldbody><body name="ball"><freejoint/><geom size="0.1" mass="1"/></body></worldbody>
</mujoco>"""


def make(kind):
    model = mujoco.MjModel.from_xml_string(BALL)
    if kind == "mujoco":
        return CpuSim(model, 2, 1)
    from envs.sim.gpu import GpuSim

    return GpuSim(model, 2, "cpu")


@pytest.mark.parametrize("kind", ["mujoco", pytest.param("warp-cpu", marks=pytest.mark.slow)])
def test_a_push_is_part_of_the_state(kind):
    sim = make(kind)
    sim.xfrc_applied[:, 1, 0] = torch.tensor([2.0, 1.0], dtype=sim.xfrc_applied.dtype)
    kept = sim.state()
    sim.step(1)
    # v = F / m dt: 2 N and 1 N for 0.01 s on 1 kg
    assert sim.qvel[:, 0].tolist() == pytest.approx([0.02, 0.01], rel=1e-5)

    other = make(kind)
    other.restore(kept)
    other.step(1)
    assert torch.equal(other.state(), sim.state())


@pytest.mark.parametrize("kind", ["mujoco", pytest.param("warp-cpu", marks=pytest.mark.slow)])
def test_a_state_is_mujoco_s_own_row(kind):
    sim = make(kind)
    sim.qvel[0, 3] = 0.5
    row = sim.state()[0].double().numpy()
    data = mujoco.MjData(sim.model)
    mujoco.mj_setState(sim.model, data, row, mujoco.mjtState.mjSTATE_INTEGRATION)
    assert data.qvel[3] == 0.5
    assert data.qpos.tolist() == sim.model.qpos0.tolist()
