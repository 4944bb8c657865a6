"""Many simulations on one device: `mujoco_warp` behind MuJoCo's own field names, as zero-copy torch views.

On CUDA the physics steps of one control step are captured once as a graph and replayed. On warp's CPU device the same
code runs, slowly: that is for tests. State fields are live; derived fields lag by one physics step, as with mj_step.
"""

import mujoco
import mujoco_warp as mjw
import torch
import warp as wp
from torch import Tensor

CONTACTS = 24
"""Contacts per simulation that there is room for: two box feet make 8, a body lying down up to 18."""
ON_HEIGHTS = 3
"""How many times as many on a height field, where a ball may touch the triangles of a whole cell and its neighbours."""
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
    """

    def __init__(self, model: mujoco.MjModel, num_envs: int, device: str = "cuda") -> None:
        wp.config.log_level = wp.LOG_WARNING
        self.model, self.num_envs, self.device = model, num_envs, device
        self._warp = wp.get_device(device)
        contacts = CONTACTS * (ON_HEIGHTS if model.nhfield else 1)
        with wp.ScopedDevice(self._warp):
            self._model = mjw.put_model(model)
            # the solver is to stop there, as in MuJoCo, which says nothing of it either
            self._model.opt.warn_overflow &= ~mjw.OverflowType.ITERATIONS
            self._data = mjw.make_data(
                model, nworld=num_envs, naconmax=contacts * num_envs, nconmax=contacts, njmax=4 * contacts + LIMITS
            )
        self._fields: dict[str, Tensor] = {}
        whole = mujoco.mj_stateSize(model, mujoco.mjtState.mjSTATE_INTEGRATION)
        assert sum(self.field(name)[0].numel() for name in STATE) == whole, "the model has a state that is not in STATE"
        self._graphs: dict[int, wp.Graph] = {}

    def field(self, name: str) -> Tensor:
        """The live (num_envs, ...) view of an mjData field."""
        if name not in self._fields:
            self._fields[name] = wp.to_torch(getattr(self._data, name))
        return self._fields[name]

    def __getattr__(self, name: str) -> Tensor:
        if name.startswith("_"):
            raise AttributeError(name)
        return self.field(name)

    def state(self) -> Tensor:
        """(num_envs, nstate) copy of the mjSTATE_INTEGRATION rows: all that the next step depends on."""
        return torch.cat([self.field(name).reshape(self.num_envs, -1) for name in STATE], 1)

    def restore(self, state: Tensor) -> None:
        """Go on from a `state`."""
        fields = [self.field(name) for name in STATE]
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
