"""A world of tiles as one scene a tile, each simulation on that of its own: a step then costs what its tile costs.

In a scene of all tiles every simulation searches the blocks and the height field of all for contacts, and takes twice
as long as on a plane (docs/robustness.md). It knows scenes and simulations, and no task.
"""

import mujoco
import torch
from torch import Tensor

from envs.sim.cpu import CpuSim
from envs.sim.scene import scene_spec
from sfv.character import Character
from sfv.terrain.world import World

BELOW = -1000.0
"""m: where blocks lie that a scene has so that all have as many."""
NOTHING = 1 << 20
"""The contype of these: a bit that nothing has in its conaffinity."""


class Strips:
    """The scenes of a world's tiles, and which of them each simulation is on."""

    def __init__(self, character: Character, physics_hz: float, world: World) -> None:
        grounds = [world.alone(tile) for tile in range(len(world.tiles))]
        raised = any(ground.slope is None for ground in grounds)
        specs = [scene_spec(character, physics_hz, ground, raised) for ground in grounds]
        most = max(len(spec.geoms) for spec in specs)
        for spec in specs:
            for number in range(most - len(spec.geoms)):
                spec.worldbody.add_geom(
                    type=mujoco.mjtGeom.mjGEOM_BOX, size=[0.1, 0.1, 0.1], pos=[number, 0.0, BELOW], contype=NOTHING
                )
        self.scenes = [spec.compile() for spec in specs]
        self._under: Tensor | None = None

    def settle(self, sim: CpuSim, tile: Tensor) -> None:
        """Put each simulation into the scene of its tile, (num_envs,) long."""
        if self._under is None or not torch.equal(tile, self._under):
            sim.use([self.scenes[index] for index in tile.tolist()])
            self._under = tile.clone()
