"""Which bodies touch the ground that the clip keeps off it: DeepMimic's fall.

A body is kept off the ground if no point of it comes near the ground in the clip, and it is no foot.
"""

import torch
from jaxtyping import Bool
from torch import Tensor

from envs.tracking import TrackingEnv
from sfv import rotation
from sfv.surface import sitting_points, surface_points

NEAR = 0.03
"""m: a body of the clip that comes nearer to the ground than this is meant to be on it."""
ON = 0.005
"""m above the ground, of the lowest point of a body, that count as touching: contacts are soft."""


class Touch:
    """Made before the first step, called after each."""

    def __init__(self, env: TrackingEnv) -> None:
        self.env = env
        model = env.character.model
        bodies, offsets, radii = surface_points(model)
        lowest = env.library.surface[..., 2].amin(0)
        meant = {int(b) for b, height in zip(bodies, lowest.tolist(), strict=True) if height < NEAR}
        meant |= {model.body(name).id for name in env.character.feet}
        kept = [i for i, body in enumerate(bodies) if int(body) not in meant]
        self._bodies = torch.tensor(bodies[kept])
        self._offsets = torch.tensor(offsets[kept])
        self._radii = torch.tensor(radii[kept])
        self._sits = torch.tensor(sitting_points(model)[kept])
        env.sim.field("xpos"), env.sim.field("xquat")  # derived fields are zero until the step after they are bound

    def __call__(self) -> Bool[Tensor, "n"]:
        """Who touches now, as of one physics step ago."""
        sim, terrain = self.env.sim, self.env.terrain
        quat, offsets = sim.xquat[:, self._bodies], self._offsets.expand(sim.num_envs, -1, -1)
        points = sim.xpos[:, self._bodies] + rotation.quat_apply(quat, offsets)
        points[..., 2] -= self._radii
        return (terrain.relief.height_above(points, self._sits) < ON).any(-1)
