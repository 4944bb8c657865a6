"""Which bodies touch the ground that the clip keeps off it: DeepMimic's fall.

A body is kept off the ground if no point of it comes near the ground in the clip, and it is no foot.
"""

from typing import TYPE_CHECKING

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from envs.library import MotionLibrary
from envs.sim.cpu import CpuSim
from sfv import rotation
from sfv.character import Character
from sfv.surface import sitting_points, surface_points
from sfv.terrain.relief import Relief

if TYPE_CHECKING:
    from envs.sim.gpu import GpuSim

NEAR = 0.03
"""m: a body of the clip that comes nearer to the ground than this is meant to be on it."""
ON = 0.005
"""m above the ground, of the lowest point of a body, that count as touching: contacts are soft."""


class Touch:
    """Made before the first step, called after each.

    Args:
        library: the clips.
        character: of them.
        sim: n simulations of it.
        ground: what these stand on; None is the plane z = 0.
        under: what the clips stand on, likewise.
    """

    def __init__(
        self,
        library: MotionLibrary,
        character: Character,
        sim: "CpuSim | GpuSim",
        ground: Relief | None = None,
        under: Relief | None = None,
    ) -> None:
        self.sim, self.ground = sim, ground
        model, device = character.model, sim.device
        bodies, offsets, radii = surface_points(model)
        self._bodies = torch.tensor(bodies, device=device)
        self._offsets = torch.tensor(offsets, dtype=torch.float32, device=device)
        self._radii = torch.tensor(radii, dtype=torch.float32, device=device)
        self._sits = torch.tensor(sitting_points(model), device=device)
        height = _height(library.surface, under, self._sits)
        rows = zip(library.start.tolist(), (library.start + library.last + 1).tolist(), strict=True)
        near = torch.stack([height[first:end].amin(0) < NEAR for first, end in rows])
        alike = self._bodies[:, None] == self._bodies
        meant = (near.float() @ alike.float()) > 0  # some point of the same body is near
        feet = torch.tensor([model.body(name).id for name in character.feet], device=device)
        self._kept = ~(meant | torch.isin(self._bodies, feet))  # (clips, H)
        sim.field("xpos"), sim.field("xquat")  # derived fields are zero until the step after they are bound

    def __call__(self, clip: Int[Tensor, "n"]) -> Bool[Tensor, "n"]:
        """Who touches now, as of one physics step ago; each does a clip."""
        sim = self.sim
        quat = sim.xquat[:, self._bodies].float()
        points = sim.xpos[:, self._bodies].float() + rotation.quat_apply(quat, self._offsets.expand(len(clip), -1, -1))
        points[..., 2] -= self._radii
        return ((_height(points, self.ground, self._sits) < ON) & self._kept[clip]).any(-1)


def _height(points: Float[Tensor, "n h 3"], ground: Relief | None, sits: Bool[Tensor, "h"]) -> Float[Tensor, "n h"]:
    """m above the ground below them."""
    return points[..., 2] if ground is None else ground.height_above(points, sits)
