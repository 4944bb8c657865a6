"""How a reference changes when its limbs are raised by other heights than its root: a table, made once.

It knows clips and the lifts of limbs, and no terrain.
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
            tables += [bent(model, limb, qpos).reshape(-1, sum(self._split)) for limb in limbs]
        table = np.concatenate(tables) if tables else np.zeros((0, sum(self._split)))
        self._table = torch.as_tensor(table, dtype=torch.float32, device=device)
        self._begin = torch.tensor(begin, device=device).reshape(library.num_clips, len(limbs))

    def slack(self, clip: int) -> Float[np.ndarray, "T L"]:
        """How far (m) below their level places the limbs of a clip reach while the root stays, at every tick."""
        last, nv = int(self.library.last[clip]), self._split[0]
        moments = last // EVERY + 2
        out = np.zeros((last + 1, len(self.limbs)))
        for index, limb in enumerate(self.limbs):
            begin, column = int(self._begin[clip, index]), nv + 3 * limb.end + 2
            raised = self._table[begin : begin + moments * LEVELS, column].double().cpu().numpy().reshape(-1, LEVELS)
            deepest = np.maximum(0.0, -raised[:, : DOWN + 1].min(1))
            at = np.minimum(EVERY * np.arange(moments), last)
            out[:, index] = np.interp(np.arange(last + 1), at, deepest)
        return out

    def bent(
        self, ref: Reference, clip: Tensor, tick: Tensor, lift: Float[Tensor, "n L"], rate: Float[Tensor, "n L"]
    ) -> Reference:
        """The reference with its limbs' ends raised by `lift` (m), at a `rate` (m/s), beside the root."""
        change, speed = self._at(clip, tick, lift, rate)
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

    def _at(self, clip: Tensor, tick: Tensor, lift: Tensor, rate: Tensor) -> tuple[Tensor, Tensor]:
        """The sum over limbs of what changes, and how fast the joints' part of it does."""
        row = self.library.row(clip, tick) - self.library.start.index_select(0, clip)
        late = (row % EVERY)[:, None, None] / EVERY
        level = lift / STEP + DOWN  # none is DOWN to the bit
        inside = (level > 0.0) & (level < LEVELS - 1)
        level = level.clamp(0.0, LEVELS - 1)
        below = level.long().clamp_max(LEVELS - 2)
        high = (level - below)[..., None]
        at = self._begin.index_select(0, clip) + torch.div(row, EVERY, rounding_mode="floor")[:, None] * LEVELS + below
        near = (at[..., None] + torch.tensor([0, 1, LEVELS, LEVELS + 1], device=at.device)).flatten()
        a, b, c, d = self._table.index_select(0, near).unflatten(0, (*at.shape, 4)).unbind(2)
        now, later = a + high * (b - a), c + high * (d - c)
        change = now + late * (later - now)
        nv = self._split[0]
        up = ((b - a) + late * ((d - c) - (b - a)))[..., :nv] / STEP * (rate * inside)[..., None]
        speed = up + (later - now)[..., :nv] * (TICKS / EVERY)
        return change.sum(1), speed.sum(1)
