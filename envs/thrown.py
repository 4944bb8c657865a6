"""A box that is thrown at characters: from where it flies, and where it waits in between.

It stands last in a scene, behind the characters and what they push. It knows no task, and not when to throw.
"""

from typing import TYPE_CHECKING

import torch
from jaxtyping import Float, Int
from torch import Tensor

from sfv.kinematics import GRAVITY

if TYPE_CHECKING:
    from envs.sim.cpu import CpuSim
    from envs.sim.gpu import GpuSim

AWAY, ABOVE = 1.5, 0.35
"""m: from where it is thrown, beside the root and above it."""
HIT = 0.1
"""m above the root, where it is aimed at."""
PARKED = 30.0, 0.0, 30.0
"""m: where it is while nobody throws it, in the air and out of reach of everything."""
SLOWEST = 0.1
"""m/s over the ground: slower it would not come."""


class Thrown:
    """The boxes of all simulations."""

    def __init__(self, sim: "CpuSim | GpuSim") -> None:
        self._sim = sim
        self._parked = torch.tensor([*PARKED, 1.0, 0.0, 0.0, 0.0], device=sim.device)

    def throw(self, ids: Int[Tensor, "k"], angle: Float[Tensor, "k"], speed: Float[Tensor, "k"]) -> None:
        """Throw it in simulations `ids` at the root, m/s over the ground, from an angle (rad) in the world.

        It is aimed at where the root will be, which goes on as it does, and falls on its way.
        """
        sim = self._sim
        root, moves = sim.qpos[ids, :3], sim.qvel[ids, :3]
        angle, speed = angle.to(root.dtype), speed.to(root.dtype).clamp_min(SLOWEST)
        way = torch.stack((torch.cos(angle), torch.sin(angle)), -1)
        start = root + torch.cat((AWAY * way, torch.full_like(angle, ABOVE)[:, None]), -1)
        velocity = moves - torch.nn.functional.pad(speed[:, None] * way, (0, 1))
        time = AWAY / speed
        velocity[:, 2] = (HIT - ABOVE) / time + 0.5 * GRAVITY * time
        qpos, qvel = sim.whole("qpos"), sim.whole("qvel")
        qpos[ids, -7:-4] = start
        qpos[ids, -4:] = self._parked[3:].to(qpos.dtype)
        qvel[ids, -6:] = torch.nn.functional.pad(velocity, (0, 3))

    def park(self, ids: Int[Tensor, "k"]) -> None:
        """Put it out of reach of simulations `ids`."""
        qpos, qvel = self._sim.whole("qpos"), self._sim.whole("qvel")
        qpos[ids, -7:] = self._parked.to(qpos.dtype)
        qvel[ids, -6:] = 0.0
