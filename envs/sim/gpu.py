"""Many simulations on one device: `mujoco_warp` behind MuJoCo's own field names, as zero-copy torch views.

On CUDA the physics steps of one control step are captured once as a graph and replayed. On warp's CPU device the same
code runs, slowly: that is for tests. State fields are live; derived fields lag by one physics step, as with mj_step.
"""

from functools import cache

import mujoco
import mujoco_warp as mjw
import torch
import warp as wp
from torch import Tensor

from envs.sim.scene import rows_of

CONTACTS = 24
"""Contacts per simulation that there is room for: two box feet make 8, a body lying down up to 18."""
ON_HEIGHTS = 3
"""How many times as many on a height field, where a ball may touch the triangles of a whole cell and its neighbours."""
BOXED = 16
"""Contacts more where there are boxes beside the body: four with the ground, the rest with hands, arms and feet."""
LIMITS = 16
"""Constraint rows per simulation for joint limits reached, beside four per pyramidal contact."""
STATE = (
    "time", "qpos", "qvel", "act", "qacc_warmstart", "ctrl", "qfrc_applied", "xfrc_applied", "mocap_pos", "mocap_quat",
)  # fmt: skip
"""What the next step depends on, in the order of mjSTATE_INTEGRATION, whose rest no model of ours has."""


class GpuSim:
    """num_envs copies of one model. Tensors are float32, as mujoco_warp computes.

    Args:
        model: the scene.
        num_envs: how many.
        device: 'cuda', 'cuda:1', or 'cpu'.
        shown: as of `envs.sim.cpu.CpuSim`.
    """

    def __init__(
        self, model: mujoco.MjModel, num_envs: int, device: str = "cuda", shown: mujoco.MjModel | None = None
    ) -> None:
        wp.config.log_level = wp.LOG_WARNING
        self.model, self.num_envs, self.device = model, num_envs, device
        self._warp = wp.get_device(device)
        contacts = CONTACTS * (ON_HEIGHTS if model.nhfield else 1) + (BOXED if shown else 0)
        with wp.ScopedDevice(self._warp):
            self._model = mjw.put_model(model)
            # the solver is to stop there, as in MuJoCo, which says nothing of it either
            self._model.opt.warn_overflow &= ~mjw.OverflowType.ITERATIONS
            self._data = mjw.make_data(
                model, nworld=num_envs, naconmax=contacts * num_envs, nconmax=contacts, njmax=4 * contacts + LIMITS
            )
        self._rows = rows_of(shown)
        self.field, self.whole = cache(self._field), cache(self._whole)
        whole = mujoco.mj_stateSize(model, mujoco.mjtState.mjSTATE_INTEGRATION)
        assert sum(self.whole(name)[0].numel() for name in STATE) == whole, "the model has a state that is not in STATE"
        self._graphs: dict[int, wp.Graph] = {}

    def _field(self, name: str) -> Tensor:
        rows = self._rows.get(name)
        return self.whole(name) if rows is None else self.whole(name)[:, :rows]

    def _whole(self, name: str) -> Tensor:
        """The live (num_envs, ...) view of an mjData field, with all that is in the scene."""
        return wp.to_torch(getattr(self._data, name))

    def __getattr__(self, name: str) -> Tensor:
        if name.startswith("_") or name in ("field", "whole"):
            raise AttributeError(name)
        return self.field(name)

    def state(self) -> Tensor:
        """(num_envs, nstate) copy of the mjSTATE_INTEGRATION rows: all that the next step depends on."""
        return torch.cat([self.whole(name).reshape(self.num_envs, -1) for name in STATE], 1)

    def restore(self, state: Tensor) -> None:
        """Go on from a `state`."""
        fields = [self.whole(name) for name in STATE]
        sizes = [field.numel() // self.num_envs for field in fields]
        for field, part in zip(fields, state.split(sizes, 1), strict=True):
            field.copy_(part.reshape(field.shape))

    def step(self, count: int) -> None:
        """Advance every simulation by `count` physics steps."""
        with wp.ScopedDevice(self._warp):
            if not self._warp.is_cuda:
                self._steps(count)
                return
            if count not in self._graphs:
                kept = self.state()
                self._steps(count)  # compiles every kernel, which must not happen while capturing
                wp.synchronize_device(self._warp)
                self.restore(kept)
                torch.cuda.synchronize(self.device)
                with wp.ScopedCapture() as capture:
                    self._steps(count)
                self._graphs[count] = capture.graph
            # on torch's stream, so that what torch wrote before is there
            wp.capture_launch(self._graphs[count], stream=wp.stream_from_torch(torch.cuda.current_stream(self.device)))

    def forward(self) -> None:
        """Bring derived fields up to the state."""
        with wp.ScopedDevice(self._warp):
            mjw.forward(self._model, self._data)

    def _steps(self, count: int) -> None:
        for _ in range(count):
            mjw.step(self._model, self._data)
