"""Where on uneven ground the limbs of a reference stand, how they pass over it, and what the trunk does meanwhile.

Each stretch for which a limb stands gets one height, at which its sole is out of the ground. Between two the limb goes
from one height to the other, and over what is in its way. All of it follows from clip, place and ground: nothing is
drawn, and what is kept could be found again.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.ndimage import gaussian_filter1d, minimum_filter1d
from torch import Tensor

from envs.bends import Bends
from envs.library import TICKS, MotionLibrary
from envs.limbs import floor_of, limbs_of
from envs.soles import KNOWN, Soles
from envs.ways import LOOKS, ways_of
from sfv.character import Character
from sfv.terrain.relief import Relief
from sfv.terrain.terrain import Terrain

EASE = 0.1
"""s before and after it, for which the trunk is as low as a limb asks that has to reach down."""
AROUND, SHARE = (-0.2, -0.1, 0.0, 0.1, 0.2), (1, 2, 3, 2, 1)
"""s: moments around it, and their weights, of which the trunk's lift is the mean."""
KEPT = 4
"""Ways of a limb that are kept of each environment: a moment and those around it are on two at most."""


@dataclass(frozen=True)
class Moves:
    """How far (m), and how fast (m/s), the ends of limbs are moved, (n, L, 3), and the root is raised, (n,)."""

    limbs: Float[Tensor, "n L 3"]
    limb_rates: Float[Tensor, "n L 3"]
    root: Float[Tensor, "n"]
    root_rate: Float[Tensor, "n"]


class Footholds:
    """How references of num_envs environments are moved on a terrain."""

    def __init__(self, library: MotionLibrary, character: Character, terrain: Terrain, num_envs: int) -> None:
        self.library, self.device = library, library.table.device
        self.relief = Relief(terrain, str(self.device))
        limbs, found = limbs_of(character), []
        for clip in range(library.num_clips):
            rows = slice(int(library.start[clip]), int(library.start[clip] + library.last[clip]) + 1)
            found.append(ways_of(library.surface[rows].cpu().double().numpy(), limbs, bool(library.loop[clip])))
        used = [i for i in range(len(limbs)) if any(ways[i].count for ways in found)]
        self.limbs, self._used, self._count = tuple(limbs[i] for i in used), used, len(limbs)
        self.ways = [[ways[i] for i in used] for ways in found]
        self.bends = Bends(library, character, self.limbs)
        if used:
            self.soles = Soles(library, self.limbs, self.ways, terrain, self.relief)
            self._make_tables(num_envs)

    def _make_tables(self, num_envs: int) -> None:
        def tensor(array: object, dtype: torch.dtype = torch.float32) -> Tensor:
            return torch.as_tensor(np.asarray(array), dtype=dtype, device=self.device)

        self._number = tensor(np.concatenate([np.stack([w.number for w in ways], 1) for ways in self.ways]), torch.long)
        course = np.concatenate([np.stack([w.course for w in ways], 1) for ways in self.ways])
        slack = np.concatenate([self._slack_of(clip) for clip in range(self.library.num_clips)])
        self._carriage, self._course = tensor(np.concatenate((course[..., :2], slack), -1)), tensor(course[..., 2:])
        self._around = tensor(np.rint(np.array(AROUND) * TICKS), torch.long)
        self._share = tensor(np.array(SHARE) / sum(SHARE))
        self._kept = torch.full((num_envs * len(self.limbs) * KEPT, 1 + KNOWN), torch.nan, device=self.device)

    def _slack_of(self, clip: int) -> Float[np.ndarray, "T L 2"]:
        """How much higher than a limb (m) the trunk may be raised, and its rate: by as much as the limb reaches, and as
        it is in the air, where it may be too high."""
        library, begin = self.library, int(self.library.start[clip])
        surface = library.surface[begin : begin + int(library.last[clip]) + 1, :, 2].double().cpu().numpy()
        in_air = np.stack([surface[:, limb.points].min(1) for limb in self.limbs], 1) - floor_of(surface)
        slack = self.bends.slack(clip) + np.maximum(in_air, 0.0)
        mode = "wrap" if library.loop[clip] else "nearest"
        held = minimum_filter1d(slack, 2 * round(EASE * TICKS) + 1, axis=0, mode=mode)
        slack = gaussian_filter1d(held, 0.5 * EASE * TICKS, axis=0, mode=mode)
        return np.stack((slack, TICKS * np.gradient(slack, axis=0)), -1)

    def forget(self, ids: Tensor) -> None:
        """Environments `ids` begin elsewhere."""
        if self.limbs:
            self._kept.view(-1, len(self.limbs) * KEPT, 1 + KNOWN)[ids] = torch.nan

    def moves(
        self, ids: Tensor, clip: Tensor, tick: Tensor, offset: Float[Tensor, "n 2"], root: Float[Tensor, "n 2"]
    ) -> Moves:
        """Those of environments `ids` at a tick of their clips, which have the root at `root` in the world."""
        level = self.relief.footing(root)
        if not self.limbs:
            none = level.new_zeros(len(ids), 0, 3)
            return Moves(none, none, level, torch.zeros_like(level))
        many, stands = len(AROUND), self.soles.count.index_select(0, clip) > 0
        ticks = (tick[:, None] + self._around).flatten()
        row, way = self._ways(ids.repeat_interleave(many), clip.repeat_interleave(many), ticks, offset)
        carriage = self._carriage.index_select(0, row)
        change = way[..., 5] - way[..., 2]
        carried, rate = way[..., 2] + carriage[..., 0] * change, carriage[..., 1] * change
        trunk, trunk_rate = _ridden(carried, rate, carriage[..., 2:], stands.repeat_interleave(many, 0))
        trunk, trunk_rate = ((part.unflatten(0, (-1, many)) * self._share).sum(-1) for part in (trunk, trunk_rate))
        borne = stands.any(-1)
        trunk, trunk_rate = torch.where(borne, trunk, level), torch.where(borne, trunk_rate, 0.0)
        now = slice(many // 2, None, many)
        limbs, rates = self._swung(row[now], way[now])
        limbs[..., 2] = torch.where(stands, limbs[..., 2], trunk[:, None])
        rates[..., 2] = torch.where(stands, rates[..., 2], trunk_rate[:, None])
        return Moves(limbs, rates, trunk, trunk_rate)

    def ahead(
        self,
        ids: Tensor,
        clip: Tensor,
        tick: Int[Tensor, "n k"],
        offset: Float[Tensor, "n 2"],
        level: Float[Tensor, "n"],
    ) -> Float[Tensor, "n k M 3"]:
        """How far (m) the ends of all M limbs of the body are moved at some ticks, and up from a level; one that never
        stands is not."""
        limbs = offset.new_zeros(*tick.shape, self._count, 3)
        if self.limbs:
            many, stands = tick.shape[1], self.soles.count.index_select(0, clip) > 0
            ways = self._ways(ids.repeat_interleave(many), clip.repeat_interleave(many), tick.flatten(), offset)
            moved = self._swung(*ways)[0].unflatten(0, (-1, many))
            moved[..., 2] -= level[:, None, None]
            limbs[:, :, self._used] = torch.where(stands[:, None, :, None], moved, 0.0)
        return limbs

    def _swung(self, row: Tensor, way: Tensor) -> tuple[Tensor, Tensor]:
        """How far (m) the ends of limbs are moved on their ways, and how fast (m/s), (n, L, 3) each."""
        part, course = self._carriage.index_select(0, row), self._course.index_select(0, row)
        over, most = (way[..., 6:] * course[..., :LOOKS]).max(-1)
        over_rate = (way[..., 6:] * course[..., LOOKS:]).gather(-1, most[..., None])[..., 0]
        begun, change = way[..., :3], way[..., 3:6] - way[..., :3]
        limbs, rates = begun + part[..., :1] * change, part[..., 1:2] * change
        limbs[..., 2] += over
        rates[..., 2] += over_rate
        return limbs, rates

    def _ways(self, ids: Tensor, clip: Tensor, tick: Tensor, offset: Tensor) -> tuple[Tensor, Tensor]:
        """Rows of the library (n,), and what is KNOWN of each limb's way there, (n, L, k); those of `offset` are fewer.

        What is known is kept, and found where it is not.
        """
        row, limbs = self.library.row(clip, tick), len(self.limbs)
        number = self.library.cycle(clip, tick)[:, None] * self.soles.count.index_select(0, clip)
        number = number + self._number.index_select(0, row)
        slot = (ids[:, None] * limbs + torch.arange(limbs, device=self.device)) * KEPT + number % KEPT
        kept = self._kept.index_select(0, slot.flatten()).unflatten(0, slot.shape)
        i, j = (kept[..., 0] != number).nonzero(as_tuple=True)
        if len(i):
            mine, missed = slot[i, j], number[i, j]
            key, which = torch.unique(mine + len(self._kept) * (missed - missed.min()), return_inverse=True)
            some = torch.zeros_like(key)
            some[which] = torch.arange(len(i), device=self.device)  # one of those that ask for the same way
            a, b, asked = i[some], j[some], missed[some]
            place = offset[torch.div(a, len(ids) // len(offset), rounding_mode="floor")]
            fresh = torch.cat((asked[:, None], self.soles.found(clip[a], b, asked, place)), -1)
            kept[i, j] = fresh[which]
            last = torch.zeros(len(self._kept), dtype=torch.long, device=self.device)
            last[mine[some]] = order = torch.arange(len(a), device=self.device)
            whole = last[mine[some]] == order  # where two ways ask for a slot, one of them gets it whole
            self._kept[mine[some][whole]] = fresh[whole]
        return row, kept[..., 1:]


def _ridden(carried: Tensor, rate: Tensor, slack: Tensor, stands: Tensor) -> tuple[Tensor, Tensor]:
    """How far the trunk is raised by limbs that are carried so, (n,), and its rate: as their mean, but by no more than
    each of them and its slack."""
    share = stands / stands.sum(-1, keepdim=True).clamp_min(1)
    low, lowest = torch.where(stands, carried + slack[..., 0], torch.inf).min(-1)
    low_rate = (rate + slack[..., 1]).gather(-1, lowest[:, None])[:, 0]
    middle, middle_rate = (carried * share).sum(-1), (rate * share).sum(-1)
    return torch.minimum(middle, low), torch.where(middle < low, middle_rate, low_rate)
