"""Many simulations on the processor: `mujoco.batch` behind MuJoCo's own field names, as torch views.

State fields (`qpos`, `qvel`, `ctrl`, ...) are live: a write is the simulation's state at its next step. Derived fields
(`xpos`, `subtree_com`, ...) lag the state by one physics step after `step`, as with mj_step, and are read-only.
Results are bit-identical at any number of threads.
"""

import warnings
from collections.abc import Sequence
from functools import cache

import mujoco
import mujoco.batch
import numpy as np
import torch
from jaxtyping import Bool, Int
from torch import Tensor

from envs.sim.scene import rows_of
from sfv.work.mujoco_log import listen


class CpuSim:
    """num_envs copies of one model. Tensors are float64, as MuJoCo computes.

    Args:
        model: the scene; its automatic reset is switched off in place.
        num_envs: how many.
        threads: how many share the work; 0 = one per core.
        shown: the model whose bodies and joints the state fields are cut down to, where the scene holds more behind
            its own, such as boxes that are pushed or thrown; None for all.
    """

    device = "cpu"

    def __init__(
        self, model: mujoco.MjModel, num_envs: int, threads: int = 0, shown: mujoco.MjModel | None = None
    ) -> None:
        # a simulation that diverges keeps its NaN, so that the task sees it, instead of jumping to the zero pose
        model.opt.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_AUTORESET)
        listen()
        self.model = model
        self.num_envs = num_envs
        self._rows = rows_of(shown)
        self._batch = mujoco.batch.Batch(model, num_envs, threads)
        self._moving: np.ndarray | None = None
        self.field, self.whole = cache(self._field), cache(self._whole)

    def _field(self, name: str) -> Tensor:
        rows = self._rows.get(name)
        return self.whole(name) if rows is None else self.whole(name)[:, :rows]

    def _whole(self, name: str) -> Tensor:
        """A field with all that is in the scene."""
        array = self._batch.bind(name)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
            return torch.from_numpy(array)

    def __getattr__(self, name: str) -> Tensor:
        if name.startswith("_") or name in ("field", "whole"):
            raise AttributeError(name)
        return self.field(name)

    def state(self) -> Tensor:
        """(num_envs, nstate) copy of the mjSTATE_INTEGRATION rows: all that the next step depends on."""
        return torch.from_numpy(self._batch.state.copy())

    def restore(self, state: Tensor) -> None:
        """Go on from a `state`."""
        self._batch.state[:] = state.numpy()

    def step(self, count: int) -> None:
        """Advance every simulation that does not rest by `count` physics steps."""
        self._batch.step(self._moving, nstep=count)

    def rest(self, who: Bool[Tensor, "n"] | None) -> None:
        """Let these simulations stay as they are from now on, and no others: what is over costs nothing."""
        self._moving = None if who is None or not bool(who.any()) else (~who).nonzero()[:, 0].int().numpy()

    def expand(self, name: str) -> np.ndarray:
        """The live (num_envs, ...) values of a model field, which each simulation has its own of from then on."""
        return self._batch.expand(name)

    def use(self, models: Sequence[mujoco.MjModel]) -> None:
        """Run each simulation on a model of its own, of the same bodies, joints and number of geoms, from now on."""
        for model in models:
            model.opt.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_AUTORESET)
        self._batch.set_models(models)

    def set_const(self, ids: Int[np.ndarray, " n"]) -> None:
        """Let what MuJoCo derives from masses follow them, in the simulations `ids`."""
        self._batch.set_const(ids)

    def forward(self) -> None:
        """Bring derived fields up to the state."""
        self._batch.forward()
