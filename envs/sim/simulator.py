"""Which simulator a task's settings ask for. It knows both, and no task."""

from typing import TYPE_CHECKING

import mujoco

from envs.config import TrackingConfig
from envs.sim.cpu import CpuSim

if TYPE_CHECKING:
    from envs.sim.gpu import GpuSim


def simulator_device(config: TrackingConfig) -> str:
    """Where the tensors of the task are."""
    return "cuda" if config.simulator == "warp" else "cpu"


def make_sim(
    model: mujoco.MjModel, num_envs: int, config: TrackingConfig, shown: mujoco.MjModel | None = None
) -> "CpuSim | GpuSim":
    """The simulator of `config.simulator`; where boxes stand behind the body, `shown` is the scene without them."""
    if config.simulator == "mujoco":
        return CpuSim(model, num_envs, config.threads, shown)
    from envs.sim.gpu import GpuSim

    return GpuSim(model, num_envs, simulator_device(config), shown)
