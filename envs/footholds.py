"""Where on uneven ground the limbs of a reference stand, how they pass over it, and what the trunk does meanwhile.

Each stretch for which a limb stands gets one height, at which its sole is out of the ground. Between two the limb goes
from one height to the other, and over what is in its way. All of it follows from clip, place and ground: nothing is
drawn, and what is kept could be found again.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float
from scipy.ndimage import gaussian_filter1d, minimum_filter1d
from torch import Tensor

from envs.bends import Bends
from envs.library import TICKS, MotionLibrary
from envs.limbs import floor_of, limbs_of
from envs.ways import LOOKS, MIDDLE, ways_of
from sfv.character import Character
from sfv.terrain.relief import Relief
from sfv.terrain.terrain import Terrain

PIT = 0.3
"""m: ground that is farther than this below the footing bears nobody; there a limb stands on the footing."""
CLEARANCE = 0.03
"""m over what it passes that a limb keeps in the middle of its way, if the clip's keeps as much over level ground."""
EASE = 0.1
"""s before and after it, for which the trunk is as low as a limb asks that has to reach down."""
AROUND, SHARE = (-0.2, -0.1, 0.0, 0.1, 0.2), (1, 2, 3, 2, 1)
"""s: moments around it, and their weights, of which the trunk's lift is the mean."""
KEPT = 4
"""Ways of a limb that are kept of each environment: a moment and those around it are on two at most."""


@dataclass(frozen=True)
class Lifts:
    """How far (m) and how fast (m/s) limbs, (n, L), and root, (n,), are raised."""

    limbs: Float[Tensor, "n L"]
    limb_rates: Float[Tensor, "n L"]
    root: Float[Tensor, "n"]
    root_rate: Float[Tensor, "n"]


class Footholds:
    """The lifts of num_envs environments' references on a terrain."""

    def __init__(self, library: MotionLibrary, character: Character, terrain: Terrain, num_envs: int) -> None:
        self.library, self.device = library, library.table.device
        self.relief, self.bearing = Relief(terrain, str(self.device)), Relief(bridged(terrain), str(self.device))
        limbs, found = limbs_of(character), []
        for clip in range(library.num_clips):
            rows = slice(int(library.start[clip]), int(library.start[clip] + library.last[clip]) + 1)
            found.append(ways_of(library.surface[rows].cpu().double().numpy(), limbs, bool(library.loop[clip])))
        used = [i for i in range(len(limbs)) if any(ways[i].count for ways in found)]
        self.limbs = tuple(limbs[i] for i in used)
        self.ways = [[ways[i] for i in used] for ways in found]
        self.bends = Bends(library, character, self.limbs)
        if used:
            self._keep_tables(num_envs)

    def _keep_tables(self, num_envs: int) -> None:
        def tensor(array: object, dtype: torch.dtype = torch.float32) -> Tensor:
            return torch.as_tensor(np.asarray(array), dtype=dtype, device=self.device)

        self._count = tensor([[way.count for way in ways] for ways in self.ways], torch.long)
        looks = np.zeros((*self._count.shape, int(self._count.max()), 6 + LOOKS), np.int64)
        for clip, ways in enumerate(self.ways):
            for limb, way in enumerate(ways):
                looks[clip, limb, : way.count] = way.looks
        self._looks = tensor(looks, torch.long)
        self._number = tensor(np.concatenate([np.stack([w.number for w in ways], 1) for ways in self.ways]), torch.long)
        course = np.concatenate([np.stack([w.course for w in ways], 1) for ways in self.ways])
        slack = np.concatenate([self._slack_of(clip) for clip in range(self.library.num_clips)])
        self._carriage, self._course = tensor(np.concatenate((course[..., :2], slack), -1)), tensor(course[..., 2:])
        self._around = tensor(np.rint(np.array(AROUND) * TICKS), torch.long)
        self._share = tensor(np.array(SHARE) / sum(SHARE))
        size = max(len(limb.points) for limb in self.limbs)
        self._soles = tensor([np.resize(limb.points, size) for limb in self.limbs], torch.long)
        self._middle, self._room = tensor(MIDDLE.blend), tensor(CLEARANCE * MIDDLE.arch)
        self._kept = torch.full((num_envs * len(self.limbs) * KEPT, 3 + LOOKS), torch.nan, device=self.device)

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
            self._kept.view(-1, len(self.limbs) * KEPT, 3 + LOOKS)[ids] = torch.nan

    def lifts(
        self, ids: Tensor, clip: Tensor, tick: Tensor, offset: Float[Tensor, "n 2"], root: Float[Tensor, "n 2"]
    ) -> Lifts:
        """Those of environments `ids` at a tick of their clips, which have the root at `root` in the world."""
        level = self.relief.footing(root)
        if not self.limbs:
            return Lifts(level.new_zeros(len(ids), 0), level.new_zeros(len(ids), 0), level, torch.zeros_like(level))
        many = len(AROUND)
        ticks = (tick[:, None] + self._around).flatten()
        ids, clips, offset = (part.repeat_interleave(many, 0) for part in (ids, clip, offset))
        row, stands = self.library.row(clips, ticks), self._count.index_select(0, clip) > 0
        number = self.library.cycle(clips, ticks)[:, None] * self._count.index_select(0, clips)
        way = self._way(ids, clips, number + self._number.index_select(0, row), offset)
        carriage = self._carriage.index_select(0, row)
        change = way[..., 2] - way[..., 1]
        carried, rate = way[..., 1] + carriage[..., 0] * change, carriage[..., 1] * change
        trunk, trunk_rate = _ridden(carried, rate, carriage[..., 2:], self._count.index_select(0, clips) > 0)
        trunk, trunk_rate = ((part.unflatten(0, (-1, many)) * self._share).sum(-1) for part in (trunk, trunk_rate))
        borne = stands.any(-1)
        trunk, trunk_rate = torch.where(borne, trunk, level), torch.where(borne, trunk_rate, 0.0)
        carried, rate, missing = (part[many // 2 :: many] for part in (carried, rate, way[..., 3:]))
        course = self._course.index_select(0, row[many // 2 :: many])
        over, most = (missing * course[..., :LOOKS]).max(-1)
        over_rate = (missing * course[..., LOOKS:]).gather(-1, most[..., None])[..., 0]
        limbs = torch.where(stands, carried + over, trunk[:, None])
        rates = torch.where(stands, rate + over_rate, trunk_rate[:, None])
        return Lifts(limbs, rates, trunk, trunk_rate)

    def _way(self, ids: Tensor, clip: Tensor, number: Tensor, offset: Tensor) -> Tensor:
        """Of each limb's way of a number: the number, both heights, and what is missing at its LOOKS, (n, L, ...)."""
        limb = torch.arange(len(self.limbs), device=self.device)
        slot = (ids[:, None] * len(self.limbs) + limb) * KEPT + number % KEPT
        out = self._kept.index_select(0, slot.flatten()).unflatten(0, slot.shape)
        i, j = (out[..., 0] != number).nonzero(as_tuple=True)
        if len(i):
            fresh = self._found(clip[i], j, number[i, j], offset[i])
            out[i, j] = fresh
            mine, order = slot[i, j], torch.arange(len(i), device=self.device)
            last = torch.zeros(len(self._kept), dtype=torch.long, device=self.device)
            last[mine] = order  # where several ask for a slot, one of them gets it whole
            keep = last[mine] == order
            self._kept[mine[keep]] = fresh[keep]
        return out

    def _found(self, clip: Tensor, limb: Tensor, number: Tensor, offset: Tensor) -> Tensor:
        """The same, of (m,) ways, from the ground."""
        library = self.library
        count = self._count[clip, limb].clamp_min(1)
        cycle = torch.div(number, count, rounding_mode="floor")
        tick = self._looks[clip, limb, number - cycle * count]
        tick = tick + (cycle * library.ticks[clip])[:, None]
        clips = clip[:, None].expand_as(tick).flatten()
        points = library.surface[library.row(clips, tick.flatten())].gather(
            1, self._soles[limb].repeat_interleave(tick.shape[1], 0)[..., None].expand(-1, -1, 3)
        )
        places, z = library.carried(clips, tick.flatten(), points[..., :2]), points[..., 2]
        places = places + offset.repeat_interleave(tick.shape[1], 0)[:, None]
        ground, z = (part.unflatten(0, tick.shape) for part in (self.bearing.height(places), z))
        lowest = z.amin(-1)
        stood = (ground[:, :6] - (z[:, :6] - lowest[:, :6, None])).amax(-1)
        first, second = stood[:, :3].amax(-1), stood[:, 3:].amax(-1)
        over = (ground[:, 6:] - (z[:, 6:] - lowest[:, 6:, None].clamp_max(0.0))).amax(-1)
        room = torch.minimum(self._room, lowest[:, 6:].clamp_min(0.0))
        carried = first[:, None] + self._middle * (second - first)[:, None]
        missing = (over + room - carried).clamp_min(0.0)
        return torch.cat((number[:, None], first[:, None], second[:, None], missing), -1)


def _ridden(carried: Tensor, rate: Tensor, slack: Tensor, stands: Tensor) -> tuple[Tensor, Tensor]:
    """How far the trunk is raised by limbs that are carried so, (n,), and its rate: as their mean, but by no more than
    each of them and its slack."""
    share = stands / stands.sum(-1, keepdim=True).clamp_min(1)
    low, lowest = torch.where(stands, carried + slack[..., 0], torch.inf).min(-1)
    low_rate = (rate + slack[..., 1]).gather(-1, lowest[:, None])[:, 0]
    middle, middle_rate = (carried * share).sum(-1), (rate * share).sum(-1)
    return torch.minimum(middle, low), torch.where(middle < low, middle_rate, low_rate)


def bridged(terrain: Terrain) -> Terrain:
    """The terrain with blocks up to the footing in its pits."""

    def middle(grid: np.ndarray) -> np.ndarray:
        return 0.25 * (grid[:-1, :-1] + grid[1:, :-1] + grid[:-1, 1:] + grid[1:, 1:])

    footing = middle(terrain.footing)
    deep = np.maximum(middle(terrain.heights), terrain.tops) < footing - PIT
    return replace(terrain, tops=np.where(deep, footing, terrain.tops))
