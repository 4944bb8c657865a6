"""How a reference changes when the ends of its limbs are moved and its root is not: a table, made once.

It knows clips and how far limbs are moved, and no terrain.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from envs.adaptive import displaced
from envs.library import TICKS, MotionLibrary, Reference, about_z
from envs.limbs import DOWN, EVERY, HIGHEST, LIFTS, LOWEST, UP, Limb, bent
from envs.moment import Joints, joints_of
from sfv.character import Character

LEVELS = len(LIFTS)
STRAIGHT = 0.005
"""m: nearer to none a limb is taken to bend as fast as there, not infinitely fast."""
NONE = 1e-9
"""rad and m: what is less is rounding."""


class Bends:
    """The tables of a library's clips, for each limb."""

    def __init__(self, library: MotionLibrary, character: Character, limbs: tuple[Limb, ...]) -> None:
        model, device = character.model, library.table.device
        self.library, self.limbs, self.joints = library, limbs, joints_of(character, model, str(device))
        points = 3 * library.surface.shape[1]
        width = np.cumsum([model.nv, 3 * model.nbody + 3, points, model.nu])
        tables, begin, size = [], [], 0
        for clip in range(library.num_clips):
            start, last = int(library.start[clip]), int(library.last[clip])
            rows = start + np.minimum(EVERY * np.arange(last // EVERY + 2), last)
            qpos = library.table[torch.as_tensor(rows), : model.nq].double().cpu().numpy()
            begin.append([size + i * len(rows) * LEVELS for i in range(len(limbs))])
            size += len(limbs) * len(rows) * LEVELS
            tables += [bent(model, limb, qpos).reshape(-1, 3, width[-1]) for limb in limbs]
        table = np.concatenate(tables) if tables else np.zeros((0, 3, width[-1]))
        joints, places, surface, lengths = (_Part(part, device) for part in np.split(table, width[:-1], -1))
        self._turns, self._places, self._surface, self._lengths = joints, places, surface, lengths
        self.joints = _only(self.joints, self._turns.columns)
        self._begin = torch.tensor(begin, device=device).reshape(library.num_clips, len(limbs))
        self._corners = torch.tensor([0, 1, LEVELS, LEVELS + 1], device=device)

    def slack(self, clip: int) -> Float[np.ndarray, "T L"]:
        """How far (m) below their level places the limbs of a clip reach while the root stays, at every tick."""
        last = int(self.library.last[clip])
        moments = last // EVERY + 2
        out = np.zeros((last + 1, len(self.limbs)))
        for index, limb in enumerate(self.limbs):
            begin = int(self._begin[clip, index])
            column = int((self._places.columns == 3 * limb.end + 2).nonzero()[0, 0])
            raised = self._places.table[begin : begin + moments * LEVELS, column].double().cpu().numpy()
            raised = raised.reshape(-1, LEVELS)
            deepest = np.maximum(0.0, -raised[:, : DOWN + 1].min(1))
            at = np.minimum(EVERY * np.arange(moments), last)
            out[:, index] = np.interp(np.arange(last + 1), at, deepest)
        return out

    def moved(self, ref: Reference, clip: Tensor, tick: Tensor, move: Float[Tensor, "n L 3"]) -> Reference:
        """The reference with its limbs' ends moved by `move` (m) beside the root: its places alone."""
        return self._moved(ref, self._there(clip, tick, move))

    def bent(
        self, ref: Reference, clip: Tensor, tick: Tensor, move: Float[Tensor, "n L 3"], rate: Float[Tensor, "n L 3"]
    ) -> Reference:
        """The same, its pose and how fast joints turn when ends are moved at a `rate` (m/s) too."""
        there = self._there(clip, tick, move)
        change, speed = self._turns.at(there, _turned(there.heading, rate, -1.0))
        qpos = displaced(self.joints, ref.qpos, change)
        return replace(self._moved(ref, there), qpos=qpos, qvel=ref.qvel + speed)

    def targets(self, clip: Tensor, tick: Tensor, move: Float[Tensor, "n L 3"]) -> Float[Tensor, "n nu"]:
        """What is added to the servos' targets, rad."""
        return self._lengths.at(self._there(clip, tick, move))[0]

    def surface(self, clip: Tensor, tick: Tensor, move: Float[Tensor, "n L 3"]) -> Float[Tensor, "n H 3"]:
        """What the points of the library's surface are moved by, m."""
        there = self._there(clip, tick, move)
        return _turned(there.heading, self._surface.at(there)[0].unflatten(-1, (-1, 3)), 1.0)

    def _moved(self, ref: Reference, there: "_There") -> Reference:
        points = _turned(there.heading, self._places.at(there)[0].unflatten(-1, (-1, 3)), 1.0)
        return replace(ref, xpos=ref.xpos + points[:, :-1], com=ref.com + points[:, -1])

    def _there(self, clip: Tensor, tick: Tensor, move: Tensor) -> "_There":
        heading = self.library.heading(clip, tick)
        row = self.library.row(clip, tick) - self.library.start.index_select(0, clip)
        level, steep = _level(move[..., 2])
        below = level.long().clamp_max(LEVELS - 2)
        moment = torch.div(row, EVERY, rounding_mode="floor")[:, None] * LEVELS
        at = self._begin.index_select(0, clip) + moment + below
        late, aside = (row % EVERY)[:, None, None] / EVERY, _turned(heading, move, -1.0)[..., :2, None]
        return _There(at[..., None] + self._corners, late, (level - below)[..., None], steep, aside, heading)


@dataclass(frozen=True)
class _There:
    """Where a table is read for n environments and L limbs.

    Attributes:
        rows: (n, L, 4), two levels at one moment, and at the next.
        late, high: how far it is from the one moment and level to the next, 0..1.
        steep: (n, L) levels per m.
        aside: (n, L, 2, 1) m along x and y of the clip's first cycle.
        heading: (n,) rad, how far the clip has turned since; None where none turns.
    """

    rows: Tensor
    late: Tensor
    high: Tensor
    steep: Tensor
    aside: Tensor
    heading: Tensor | None


class _Part:
    """Some columns of the table: those of them that are ever changed."""

    def __init__(self, table: Float[np.ndarray, "r 3 c"], device: torch.device) -> None:
        columns = np.flatnonzero(np.abs(table).max((0, 1), initial=0.0) > NONE)
        kept = table[..., columns].reshape(len(table), 3 * len(columns))
        self.width, self.columns = table.shape[-1], torch.as_tensor(columns, device=device)
        self.table = torch.as_tensor(kept, dtype=torch.float32, device=device)

    def at(self, there: _There, rate: Float[Tensor, "n L 3"] | None = None) -> tuple[Tensor, Tensor]:
        """What changes, (n, c), summed over limbs; and how fast, where a rate is given."""
        four = self.table.index_select(0, there.rows.flatten()).unflatten(0, there.rows.shape)
        a, b, c, d = four.unflatten(-1, (3, -1)).unbind(2)
        high, late = there.high[..., None], there.late[..., None]
        now = a + high * (b - a)
        later = (c + high * (d - c)) - now
        parts = now + late * later
        change = self._whole(parts[:, :, 0] + (parts[:, :, 1:] * there.aside).sum(2))
        if rate is None:
            return change, change
        up = (b - a + late * ((d - c) - (b - a)))[:, :, 0]
        speed = later[:, :, 0] * (TICKS / EVERY) + up * (rate[..., 2] * there.steep)[..., None]
        return change, self._whole(speed + (parts[:, :, 1:] * rate[..., :2, None]).sum(2))

    def _whole(self, part: Float[Tensor, "n L k"]) -> Float[Tensor, "n c"]:
        return part.new_zeros(len(part), self.width).index_copy_(1, self.columns, part.sum(1))


def _level(lift: Float[Tensor, "n L"]) -> tuple[Tensor, Tensor]:
    """Which of LIFTS a lift (m) is, in parts between two, and how many of them a metre has; none is DOWN to the bit."""
    up = lift > 0.0
    size, count = torch.where(up, HIGHEST, -LOWEST), torch.where(up, float(UP), float(DOWN))
    part = (lift.abs() / size).clamp_max(1.0)
    steep = torch.where(part < 1.0, 0.5 * count / (size * lift.abs().clamp_min(STRAIGHT)).sqrt(), 0.0)
    return DOWN + torch.where(up, 1.0, -1.0) * count * part.sqrt(), steep


def _turned(heading: Tensor | None, ways: Float[Tensor, "n p 3"], side: float) -> Float[Tensor, "n p 3"]:
    """Ways turned by a heading about z, or, where `side` is -1, back."""
    if heading is None:
        return ways
    return torch.cat((about_z(side * heading, ways[..., :2]), ways[..., 2:]), -1)


def _only(joints: Joints, dofs: Int[Tensor, " d"]) -> Joints:
    """Of a body's joints, for `displaced`, those that have some of these degrees of freedom."""
    balls, hinges = torch.isin(joints.ball_dofs, dofs).any(-1), torch.isin(joints.hinge_dofs, dofs)
    return replace(
        joints,
        balls=joints.balls[balls],
        ball_dofs=joints.ball_dofs[balls],
        hinges=joints.hinges[hinges],
        hinge_dofs=joints.hinge_dofs[hinges],
    )
