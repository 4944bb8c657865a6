"""How a reference changes when the ends of its limbs are moved and its root is not: a table, made once.

It knows clips and how far limbs are moved, and no terrain.
"""

from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from envs.adaptive import displaced
from envs.library import TICKS, MotionLibrary, Reference
from envs.limbs import DOWN, EVERY, STEP, UP, Limb, bent
from envs.moment import joints_of
from sfv.character import Character

LEVELS = DOWN + 1 + UP
NONE = 1e-9
"""rad and m: what is less is rounding."""


class Bends:
    """The tables of a library's clips, for each limb."""

    def __init__(self, library: MotionLibrary, character: Character, limbs: tuple[Limb, ...]) -> None:
        model, device = character.model, library.table.device
        self.library, self.limbs, self.joints = library, limbs, joints_of(character, model, str(device))
        self._split = (model.nv, 3 * model.nbody, 3, model.nu)
        tables, begin, size = [], [], 0
        for clip in range(library.num_clips):
            start, last = int(library.start[clip]), int(library.last[clip])
            rows = start + np.minimum(EVERY * np.arange(last // EVERY + 2), last)
            qpos = library.table[torch.as_tensor(rows), : model.nq].double().cpu().numpy()
            begin.append([size + i * len(rows) * LEVELS for i in range(len(limbs))])
            size += len(limbs) * len(rows) * LEVELS
            tables += [bent(model, limb, qpos).reshape(-1, 3, sum(self._split)) for limb in limbs]
        table = np.concatenate(tables) if tables else np.zeros((0, 3, sum(self._split)))
        columns = np.flatnonzero(np.abs(table).max((0, 1), initial=0.0) > NONE)  # the others of all are never changed
        self._columns = torch.as_tensor(columns, device=device)
        self._turning = int((columns < model.nv).sum())
        self._table = torch.as_tensor(
            table[..., columns].reshape(len(table), 3 * len(columns)), dtype=torch.float32, device=device
        )
        self._begin = torch.tensor(begin, device=device).reshape(library.num_clips, len(limbs))
        self._corners = torch.tensor([0, 1, LEVELS, LEVELS + 1], device=device)

    def slack(self, clip: int) -> Float[np.ndarray, "T L"]:
        """How far (m) below their level places the limbs of a clip reach while the root stays, at every tick."""
        last, nv = int(self.library.last[clip]), self._split[0]
        moments = last // EVERY + 2
        out = np.zeros((last + 1, len(self.limbs)))
        for index, limb in enumerate(self.limbs):
            begin = int(self._begin[clip, index])
            column = int((self._columns == nv + 3 * limb.end + 2).nonzero()[0, 0])
            raised = self._table[begin : begin + moments * LEVELS, column].double().cpu().numpy().reshape(-1, LEVELS)
            deepest = np.maximum(0.0, -raised[:, : DOWN + 1].min(1))
            at = np.minimum(EVERY * np.arange(moments), last)
            out[:, index] = np.interp(np.arange(last + 1), at, deepest)
        return out

    def bent(
        self, ref: Reference, clip: Tensor, tick: Tensor, move: Float[Tensor, "n L 3"], rate: Float[Tensor, "n L 3"]
    ) -> Reference:
        """The reference with its limbs' ends moved by `move` (m), at a `rate` (m/s), beside the root."""
        move, rate = (self.library.turned(clip, tick, part, back=True) for part in (move, rate))
        change, speed = self._at(clip, tick, move, rate)
        turns, points, com, target = change.split(self._split, -1)
        points = torch.cat((points.unflatten(-1, (-1, 3)), com[:, None]), 1)
        points = self.library.turned(clip, tick, points)
        return replace(
            ref,
            qpos=displaced(self.joints, ref.qpos, turns),
            qvel=ref.qvel + speed,
            xpos=ref.xpos + points[:, :-1],
            com=ref.com + points[:, -1],
            target=ref.target + target,
        )

    def _at(self, clip: Tensor, tick: Tensor, move: Tensor, rate: Tensor) -> tuple[Tensor, Tensor]:
        """The sum over limbs of what changes, and how fast the joints' part of it does."""
        row = self.library.row(clip, tick) - self.library.start.index_select(0, clip)
        late = (row % EVERY)[:, None, None] / EVERY
        level = move[..., 2] / STEP + DOWN  # none is DOWN to the bit
        inside = (level > 0.0) & (level < LEVELS - 1)
        level = level.clamp(0.0, LEVELS - 1)
        below = level.long().clamp_max(LEVELS - 2)
        high = (level - below)[..., None]
        at = self._begin.index_select(0, clip) + torch.div(row, EVERY, rounding_mode="floor")[:, None] * LEVELS + below
        near = (at[..., None] + self._corners).flatten()
        a, b, c, d = self._table.index_select(0, near).unflatten(0, (*at.shape, 4)).unbind(2)
        now, up = a + high * (b - a), b - a
        later, up = (c + high * (d - c)) - now, up + late * ((d - c) - up)
        raised, along, across = (now + late * later).unflatten(-1, (3, -1)).unbind(-2)
        width, turning = len(self._columns), self._turning
        change = raised + along * move[..., :1] + across * move[..., 1:2]
        speed = later[..., :turning] * (TICKS / EVERY) + up[..., :turning] / STEP * (rate[..., 2] * inside)[..., None]
        speed = speed + along[..., :turning] * rate[..., :1] + across[..., :turning] * rate[..., 1:2]
        return self._whole(change.sum(1), width, sum(self._split)), self._whole(speed.sum(1), turning, self._split[0])

    def _whole(self, part: Float[Tensor, "n c"], count: int, width: int) -> Float[Tensor, "n w"]:
        """The first `count` of the table's columns among all `width`, of which the others are zero."""
        return part.new_zeros(len(part), width).index_copy_(1, self._columns[:count], part)
