"""Where on a terrain the soles of a clip's limbs come to stand, and what is in their way from one stance to the next.

It knows the clip's ways, its place and the ground; neither moments nor joints.
"""

from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from envs.library import MotionLibrary
from envs.limbs import Limb
from envs.ways import LOOKS, MIDDLE, Ways
from sfv.terrain.relief import Relief
from sfv.terrain.terrain import Terrain

PIT = 0.3
"""m: ground that is farther than this below the footing bears nobody; there a limb stands on the footing."""
CLEARANCE = 0.03
"""m over what it passes that a limb keeps in the middle of its way, where the ground there differs by as much: over
level ground it keeps what the clip's keeps."""
EDGE = 0.03
"""m: a sole of which the highest ground below it is by so much above the mean of it is on an edge, and is moved."""
FAR, UNEVEN = 0.1, 0.02
"""m: sizes of a move, and of what is left of that difference, whose squares are weighed against each other."""
ALONG, ASIDE = np.linspace(-0.1, 0.1, 9), (-0.05, 0.0, 0.05)
"""m along x, the way across terrains, and along y by which a sole is moved."""
FIRST, SECOND = slice(0, 3), slice(3, 6)
"""Of a way's looks: those at its first stance, and at its second; in the middle of three it stands."""
KNOWN = 6 + LOOKS
"""Numbers that are known of a way: how far its end is moved in its first stance, and in its second, along x, y and up;
and what is missing."""


class Soles:
    """Those of a library's limbs on a terrain."""

    def __init__(
        self,
        library: MotionLibrary,
        limbs: tuple[Limb, ...],
        ways: list[list[Ways]],
        terrain: Terrain,
        relief: Relief,
    ) -> None:
        """Make the tables; `relief` is that of the terrain on the library's device."""
        device = library.table.device

        def tensor(array: object, dtype: torch.dtype = torch.float32) -> Tensor:
            return torch.as_tensor(np.asarray(array), dtype=dtype, device=device)

        self.library, self.relief = library, relief
        self.bearing = Relief(bridged(terrain), str(device))
        self.count = tensor([[way.count for way in row] for row in ways], torch.long)
        looks = np.zeros((*self.count.shape, int(self.count.max()), 6 + LOOKS), np.int64)
        for clip, row in enumerate(ways):
            for limb, way in enumerate(row):
                looks[clip, limb, : way.count] = way.looks
        self._looks = tensor(looks, torch.long)
        size = max(len(limb.points) for limb in limbs)
        self._points = tensor([np.resize(limb.points, size) for limb in limbs], torch.long)
        self._eased, self._room = tensor(MIDDLE.eased), tensor(CLEARANCE * MIDDLE.arch)
        x, y = (grid.ravel() for grid in np.meshgrid(ALONG, ASIDE, indexing="ij"))
        nearest = np.argsort(x**2 + y**2, kind="stable")  # of moves that are as good the shortest is taken
        self._moves = tensor(np.stack((x, y), 1)[nearest])

    def found(self, clip: Tensor, limb: Tensor, number: Tensor, offset: Float[Tensor, "m 2"]) -> Float[Tensor, "m k"]:
        """What is KNOWN of ways, of a clip, limb and number each, where the clip is moved by `offset`."""
        places, z = self._paths(clip, limb, number, offset)
        lowest = z.amin(-1)
        rests = z[:, :6] - lowest[:, :6, None]
        shifts = torch.stack([self._shift(places[:, stance], rests[:, stance]) for stance in (FIRST, SECOND)], 1)
        stood = self.bearing.height(places[:, :6] + shifts.repeat_interleave(3, 1)[:, :, None]) - rests
        stood = stood.amax(-1)
        heights = torch.stack((stood[:, FIRST].amax(-1), stood[:, SECOND].amax(-1)), 1)
        eased = self._eased[:, None]
        moved = places[:, 6:] + (shifts[:, :1] + eased * (shifts[:, 1:] - shifts[:, :1]))[:, :, None]
        ground = self.bearing.height(moved)
        uneven = (ground.amax((1, 2)) - ground.amin((1, 2)))[:, None]
        over = (ground - (z[:, 6:] - lowest[:, 6:, None].clamp_max(0.0))).amax(-1)
        room = torch.maximum(lowest[:, 6:].clamp_min(0.0), uneven)
        room = torch.minimum(self._room, room)
        carried = heights[:, :1] + self._eased * (heights[:, 1:] - heights[:, :1])
        ends = torch.cat((shifts, heights[..., None]), -1)
        return torch.cat((ends.flatten(1), (over + room - carried).clamp_min(0.0)), -1)

    def _paths(self, clip: Tensor, limb: Tensor, number: Tensor, offset: Tensor) -> tuple[Tensor, Tensor]:
        """Where a sole's points are at the looks of a way, (m, k, p, 2), and how high over level ground, (m, k, p)."""
        library, count = self.library, self.count[clip, limb].clamp_min(1)
        cycle = torch.div(number, count, rounding_mode="floor")
        tick = self._looks[clip, limb, number - cycle * count] + (cycle * library.ticks[clip])[:, None]
        clips, ticks = clip[:, None].expand_as(tick).flatten(), tick.flatten()
        which = self._points[limb].repeat_interleave(tick.shape[1], 0)
        points = library.surface[library.row(clips, ticks)].gather(1, which[..., None].expand(-1, -1, 3))
        places = library.carried(clips, ticks, points[..., :2]).unflatten(0, tick.shape)
        return places + offset[:, None, None], points[..., 2].unflatten(0, tick.shape)

    def _shift(self, places: Float[Tensor, "m 3 p 2"], rests: Float[Tensor, "m 3 p"]) -> Float[Tensor, "m 2"]:
        """By how much soles are moved that would stand on an edge; the others stay."""
        out = torch.zeros_like(places[:, 0, 0])
        edge = (self._uneven(places, rests) > EDGE).nonzero()[:, 0]
        if len(edge):
            left = self._uneven(places[edge, None] + self._moves[:, None, None], rests[edge, None])
            cost = (left / UNEVEN).square() + self._moves.square().sum(-1) / FAR**2
            out[edge] = self._moves[cost.argmin(-1)]
        return out

    def _uneven(self, places: Float[Tensor, "*n 3 p 2"], rests: Float[Tensor, "*#n 3 p"]) -> Float[Tensor, "*n"]:
        """How far what a sole meets first while it stands is above the mean of what is below it in the middle, m."""
        heights = self.relief.height(places)
        return (heights - rests).flatten(-2).amax(-1) - heights[..., 1, :].mean(-1)


def bridged(terrain: Terrain) -> Terrain:
    """The terrain with blocks up to the footing in its pits."""

    def middle(grid: np.ndarray) -> np.ndarray:
        return 0.25 * (grid[:-1, :-1] + grid[1:, :-1] + grid[:-1, 1:] + grid[1:, 1:])

    footing = middle(terrain.footing)
    deep = np.maximum(middle(terrain.heights), terrain.tops) < footing - PIT
    return replace(terrain, tops=np.where(deep, footing, terrain.tops))
