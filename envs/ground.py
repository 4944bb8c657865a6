"""Where each environment is on a world of tiles, and its reference lifted onto the ground there.

A reference was made for flat ground, along +x (`envs.straight`). Its limbs are put on the ground where they stand and
carried over it where they swing (`envs.footholds`), and bend as they must (`envs.bends`). It knows no rewards.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from envs.config import TrackingConfig
from envs.footholds import Footholds, Moves
from envs.library import TICKS, MotionLibrary, Reference
from sfv.character import Character
from sfv.errors import InputError
from sfv.motion import Motion
from sfv.terrain.kinds import parse_terrain
from sfv.terrain.terrain import FLAT, Terrain
from sfv.terrain.world import Tile, World, make_world

REACH = 1.5
"""m that a body may be from the path of its root: an arm's length and the distance at which episodes fail."""
ASIDE = 0.5
"""m: starts are moved by up to this ahead and to either side, so that no two meet the same ground."""
ALONG = 20.0
"""s of a loop's way along which episodes of training begin: as long as a try lasts when it is judged."""
LEVELS = 8
"""Difficulties of each kind of terrain that training climbs through, 0 to 1."""


class Ground:
    """The places of num_envs environments on a world.

    Attributes:
        world: tiles and terrain.
        tile: (n,) long, which each environment is on.
        offset: (n, 2) m, from where its clip has the reference to where it is in the world.
    """

    def __init__(
        self, tiles: Sequence[Tile], library: MotionLibrary, character: Character, num_envs: int, seconds: float
    ) -> None:
        ahead, behind, aside = reach(library, seconds)
        self.world: World = make_world(
            tiles, ahead + REACH + ASIDE, 2.0 * (aside + REACH + ASIDE), behind + REACH, friction=1.0
        )
        device = library.table.device
        self.library, self.device = library, device
        self.footholds = Footholds(library, character, self.world.terrain, num_envs)
        self.relief = self.footholds.relief
        self.starts = torch.as_tensor(self.world.starts, dtype=torch.float32, device=device)
        self.narrow = torch.as_tensor(self.world.narrow, device=device)
        self.tile = torch.arange(num_envs, device=device) % len(tiles)
        self.offset = torch.zeros(num_envs, 2, device=device)
        self._tick, self._last = torch.full_like(self.tile, -1), library.at(0 * self.tile, 0 * self.tile)

    def place(self, ids: Tensor, root: Float[Tensor, "n 2"], generator: torch.Generator) -> None:
        """Choose where on their tiles the clips of environments `ids` begin, which have the root at `root` then."""
        tile = self.tile[ids]
        draw = torch.rand(len(ids), 2, generator=generator, device=self.device)
        move = ASIDE * torch.stack((draw[:, 0], 2.0 * draw[:, 1] - 1.0), -1)
        move[:, 1] = torch.where(self.narrow[tile], 0.0, move[:, 1])
        self.offset[ids] = self.starts[tile] + move - root
        self.forget(ids)

    def forget(self, ids: Tensor) -> None:
        """Environments `ids` are elsewhere, or on other clips."""
        self._tick[ids] = -1
        self.footholds.forget(ids)

    def raised(self, ref: Reference, ids: Tensor, clip: Tensor, tick: Tensor, posed: bool = True) -> Reference:
        """A clip's reference at a tick where it is in the world: moved along, its limbs on the ground there.

        Targets are left as they are (`aims`); without `posed` the joints are, too, which not everybody asks.
        """
        if posed and torch.equal(self._tick[ids], tick):  # what is observed of the next moment is compared with then
            return replace(_part(self._last, ids), target=ref.target)
        moves = self._moves(ref, ids, clip, tick)
        out = self._moved(ref, ids, clip, tick, moves, posed)
        if posed and bool((ids[1:] > ids[:-1]).all()):  # once each, so that a moment and its rows are of one call
            self._keep(ids, tick, out)
        return out

    def begun(self, ids: Tensor, clip: Tensor, tick: Tensor, soon: Tensor) -> tuple[Reference, Float[Tensor, "n"]]:
        """The references at which episodes of environments `ids`, once each, begin; and how far (m) they must be
        raised, rigidly, to be out of the ground.

        Those of `soon`, which are observed first, are found beside them, and kept.
        """
        both, clips, ticks = ids.repeat(2), clip.repeat(2), torch.cat((tick, soon))
        ref = self.library.at(clips, ticks)
        moves = self._moves(ref, both, clips, ticks)
        out = self._moved(ref, both, clips, ticks, moves, posed=True)
        first, second = slice(len(ids)), slice(len(ids), None)
        self._keep(ids, soon, _part(out, second))
        points = self.library.surface[self.library.row(clip, tick)]
        places = self.library.carried(clip, tick, points[..., :2]) + self.offset[ids][:, None]
        points = torch.cat((places, points[..., 2:] + moves.root[first, None, None]), -1)
        if self.footholds.limbs:
            points = points + self.footholds.bends.surface(clip, tick, _beside(moves.limbs, moves.root)[first])
        return _part(out, first), (-self.relief.height_above(points)).amax(-1).clamp_min(0.0)

    def aims(self, ref: Reference, ids: Tensor, clip: Tensor, tick: Tensor) -> Float[Tensor, "n nu"]:
        """The targets (rad) of a clip's reference at a tick, with its limbs on the ground."""
        if not self.footholds.limbs:
            return ref.target
        moves = self._moves(ref, ids, clip, tick)
        return ref.target + self.footholds.bends.targets(clip, tick, _beside(moves.limbs, moves.root))

    def _moves(self, ref: Reference, ids: Tensor, clip: Tensor, tick: Tensor) -> Moves:
        offset = self.offset[ids]
        return self.footholds.moves(ids, clip, tick, offset, ref.qpos[:, :2] + offset)

    def _moved(self, ref: Reference, ids: Tensor, clip: Tensor, tick: Tensor, moves: Moves, posed: bool) -> Reference:
        """A clip's reference with these moves; its joints too, if `posed`."""
        if self.footholds.limbs:
            bends = self.footholds.bends
            beside, rate = _beside(moves.limbs, moves.root), _beside(moves.limb_rates, moves.root_rate)
            ref = bends.bent(ref, clip, tick, beside, rate) if posed else bends.moved(ref, clip, tick, beside)
        move = torch.cat((self.offset[ids], moves.root[:, None]), -1)
        qpos, qvel = ref.qpos.clone(), ref.qvel.clone()
        qpos[:, :3] += move
        qvel[:, 2] += moves.root_rate
        return replace(ref, qpos=qpos, qvel=qvel, xpos=ref.xpos + move[:, None], com=ref.com + move)

    def _keep(self, ids: Tensor, tick: Tensor, ref: Reference) -> None:
        """References of environments `ids` that are soon asked for again."""
        self._tick[ids] = tick
        for name in ("qpos", "qvel", "xpos", "com"):
            getattr(self._last, name)[ids] = getattr(ref, name)

    def state(self) -> dict[str, Tensor]:
        """Where everyone is."""
        return {"tile": self.tile.clone(), "offset": self.offset.clone()}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a `state`."""
        self.tile[:], self.offset[:] = state["tile"], state["offset"]
        self.forget(torch.arange(len(self.tile), device=self.device))


def _part(ref: Reference, rows: slice | Tensor) -> Reference:
    """Some rows of a reference."""
    return Reference(ref.qpos[rows], ref.qvel[rows], ref.xpos[rows], ref.com[rows], ref.target[rows])


def _beside(limbs: Float[Tensor, "n L 3"], root: Float[Tensor, "n"]) -> Float[Tensor, "n L 3"]:
    """What limbs are moved by more than the root is raised."""
    return torch.cat((limbs[..., :2], limbs[..., 2:] - root[:, None, None]), -1)


class Climb:
    """A curriculum: who lasts goes on to harder ground, who soon falls to easier.

    An environment keeps to one kind. Past the hardest level it goes on at a level by chance, so that none is forgotten.
    """

    def __init__(self, ground: Ground, kinds: int, steps: int) -> None:
        self.ground, self.levels, self.soon = ground, len(ground.world.tiles) // kinds, steps // 2
        self.kind = torch.arange(len(ground.tile), device=ground.device) % kinds
        self.level = torch.zeros_like(self.kind)
        self._go(torch.arange(len(self.kind), device=ground.device))

    def ended(self, ids: Tensor, lasted: Tensor, age: Tensor, generator: torch.Generator) -> None:
        """Episodes are over in environments `ids`; `lasted` until their time or clip ran out, after `age` steps."""
        level = self.level[ids]
        level = torch.where(lasted, level + 1, torch.where(age < self.soon, level - 1, level)).clamp_min(0)
        chance = torch.randint(self.levels, level.shape, generator=generator, device=generator.device)
        self.level[ids] = torch.where(level < self.levels, level, chance)
        self._go(ids)

    def cycles(self, clip: Tensor, generator: torch.Generator) -> Tensor:
        """How many cycles of each clip are over where an episode begins: any number of those of ALONG.

        A loop that bends comes onto slopes and stairs from all sides in the end, and is tried there.
        """
        library = self.ground.library
        many = torch.where(library.loop[clip], ALONG * TICKS / library.ticks[clip], 1.0)
        draw = torch.rand(len(clip), generator=generator, device=generator.device)
        return (draw * many).long()

    def restore(self, level: Tensor) -> None:
        """Go on from earlier levels; who is where is told by the ground's own state."""
        self.level[:] = level

    def _go(self, ids: Tensor) -> None:
        self.ground.tile[ids] = self.kind[ids] * self.levels + self.level[ids]


def own_ground(motions: Sequence[Motion], elsewhere: bool) -> Terrain:
    """The ground that a motion brings with it.

    Raises:
        InputError: it would have to be `elsewhere`, or on the ground of others.
    """
    mine = [motion for motion in motions if not motion.ground.flat]
    if mine and (elsewhere or len(motions) > 1):
        raise InputError(
            f"{mine[0].source or 'a motion'} has a ground of its own, so it is trained there and alone; leave out "
            "--terrain and other motions, or take the motion without --scene"
        )
    return mine[0].ground if mine else FLAT


def training_tiles(config: TrackingConfig) -> list[Tile]:
    """The tiles that training climbs through: of each kind LEVELS difficulties, or as many of the one named.

    Raises:
        InputError: there is no such kind or difficulty.
    """
    tiles = []
    for text in config.terrain:
        kind, difficulty = parse_terrain(text)
        levels = np.linspace(0.0, 1.0, LEVELS) if difficulty is None else [difficulty] * LEVELS
        tiles += [Tile(kind, float(level), 100 * config.terrain_seed + i) for i, level in enumerate(levels)]
    return tiles


def reach(library: MotionLibrary, seconds: float) -> tuple[float, float, float]:
    """How far (m) references go ahead of where an episode of so many seconds began, behind it, and to either side."""
    ahead = behind = aside = 0.0
    for clip in range(library.num_clips):
        every = TICKS // 10
        last = int(library.last[clip]) + (round(seconds * TICKS) if bool(library.loop[clip]) else 0)
        tick = torch.arange(0, last + every, every, device=library.table.device)
        path = library.at(torch.full_like(tick, clip), tick).qpos[:, :2].double().cpu().numpy()
        span = round(seconds * 10) + 1
        for first in range(len(path)):
            way = path[first : first + span] - path[first]
            ahead, behind = max(ahead, way[:, 0].max()), max(behind, -way[:, 0].min())
            aside = max(aside, np.abs(way[:, 1]).max())
    return ahead, behind, aside
