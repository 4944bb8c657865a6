"""What a policy may see of the ground: heights about it, and how the ground will move its limbs. Level ground is zeros.

It knows where somebody is and what is below, and neither rewards nor simulators.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from envs.config import TICKS, TrackingConfig
from envs.ground import Ground
from envs.library import about_z
from envs.limbs import limbs_of
from sfv import rotation
from sfv.character import Character

SCAN = 11, 0.1
"""The height scan: so many points a side, so far apart (m), a square about the root that faces where it faces."""
AHEAD = 1 / 6, 1 / 3, 1 / 2
"""s: how long before its limbs get there a policy may see where that will be."""


class Foresight:
    """That of a task on a ground, or, without one, on level ground.

    Attributes:
        size: how many numbers are seen.
    """

    def __init__(self, config: TrackingConfig, character: Character, ground: Ground | None, device: str) -> None:
        self.config, self.ground = config, ground
        self.size = len(names(config, character))
        grid = SCAN[1] * (torch.arange(SCAN[0], device=device) - 0.5 * (SCAN[0] - 1))
        self._grid = torch.stack(torch.meshgrid(grid, grid, indexing="ij"), -1).reshape(-1, 2)
        self._moments = torch.tensor([round(TICKS * seconds) for seconds in AHEAD], device=device)

    def seen(self, qpos: Float[Tensor, "n nq"], ids: Tensor, clip: Tensor, tick: Tensor) -> Float[Tensor, "n s"]:
        """By environments `ids` in these poses, at a tick of their clips."""
        if self.ground is None or not self.size:
            return qpos.new_zeros(len(qpos), self.size)
        heading, level = rotation.heading(qpos[:, 3:7]), self.ground.relief.footing(qpos[:, :2])
        parts = []
        if self.config.scan:
            parts.append(self._scan(self.ground, qpos, heading, level))
        if self.config.ahead:
            parts.append(self._ahead(self.ground, heading, level, ids, clip, tick))
        return torch.cat(parts, -1)

    def _scan(self, ground: Ground, qpos: Tensor, heading: Tensor, level: Tensor) -> Float[Tensor, "n s"]:
        """Heights of the ground (m) about the root over the footing below it, forward first, then left."""
        around = about_z(heading, self._grid.expand(len(qpos), -1, -1)) + qpos[:, None, :2]
        return ground.relief.height(around) - level[:, None]

    def _ahead(
        self, ground: Ground, heading: Tensor, level: Tensor, ids: Tensor, clip: Tensor, tick: Tensor
    ) -> Float[Tensor, "n a"]:
        """How far (m) the ends of limbs will be moved by the ground, AHEAD of a tick: along where the root faces, to
        its left, and up from the footing below it. One that the clip never stands on is not moved."""
        ticks = tick[:, None] + self._moments
        moves = ground.footholds.ahead(ids, clip, ticks, ground.offset[ids], level).flatten(1, 2)
        return torch.cat((about_z(-heading, moves[..., :2]), moves[..., 2:]), -1).flatten(1)


def names(config: TrackingConfig, character: Character) -> list[str]:
    """A name for each number that is seen, in their order."""
    count, ends = range(SCAN[0]), [character.model.body(limb.end).name for limb in limbs_of(character)]
    heights = [f"ground.{row}.{column}" for row in count for column in count]
    moves = [f"ahead.{seconds:.2f}.{end}.{axis}" for seconds in AHEAD for end in ends for axis in "xyz"]
    return heights * config.scan + moves * config.ahead
