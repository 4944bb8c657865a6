"""A world: tiles of ground side by side in one `Terrain`, so that one simulation model serves every environment.

A tile is a strip along x that starts at x = 0; the next lies beside it. Each environment keeps to a tile of its own
choice. It knows no clip: who makes a world says how long and wide its tiles must be.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float

from sfv.errors import InputError
from sfv.terrain.kinds import KINDS, Site
from sfv.terrain.terrain import CELL, NO_BLOCK, Terrain

LARGEST = 20_000_000
"""Grid points: about a gigabyte of tables and height field."""


@dataclass(frozen=True)
class Tile:
    """What one tile is: kind, difficulty 0..1, and the seed of what is left to chance."""

    kind: str
    difficulty: float
    seed: int = 0


@dataclass(frozen=True)
class World:
    """Tiles and the ground that they make.

    Attributes:
        tiles: in their order along y.
        terrain: all of them.
        starts: (tiles, 2) the middle of each tile's start, m.
        narrow: (tiles,) whether starts there may not be moved aside.
    """

    tiles: tuple[Tile, ...]
    terrain: Terrain
    starts: Float[np.ndarray, "k 2"]
    narrow: Bool[np.ndarray, " k"]

    def alone(self, tile: int) -> Terrain:
        """One tile without the others, where it is."""
        ground, count = self.terrain, self.terrain.heights.shape[1] // len(self.tiles)
        first, last = tile * count, (tile + 1) * count
        return replace(
            ground,
            heights=ground.heights[:, first:last],
            tops=ground.tops[:, first : last - 1],
            footing=ground.footing[:, first:last],
            corner=(ground.corner[0], ground.corner[1] + first * ground.cell),
        )


def make_world(
    tiles: Sequence[Tile], length: float, width: float, before: float = 1.5, cell: float = CELL, friction: float = 1.0
) -> World:
    """Lay tiles side by side.

    Args:
        tiles: at least one.
        length, width: m that each has from its start onwards, and across.
        before: m of ground before the start.
        cell: m between grid points.
        friction: of all of the ground.

    Raises:
        InputError: more ground than there is memory for.
    """
    nx, ny = round((length + before) / cell) + 1, round(width / cell) + 1
    if nx * ny * len(tiles) > LARGEST:
        raise InputError(
            f"{len(tiles)} tiles of {length:.0f} by {width:.0f} m are more ground than there is memory for; "
            "give fewer kinds of terrain, or a clip that stays nearer to where it began"
        )
    site = Site(np.arange(nx) * cell - before, (np.arange(ny) - 0.5 * (ny - 1)) * cell, cell)
    heights, footing, tops = [], [], []
    for tile in tiles:
        rng = np.random.default_rng((tile.seed, zlib.crc32(tile.kind.encode())))
        patch = KINDS[tile.kind].patch(site, tile.difficulty, rng)
        heights.append(patch.heights)
        footing.append(patch.footing)
        # between two tiles is one row of cells, which belongs to neither
        none = np.full((nx - 1, ny), NO_BLOCK)
        if patch.tops is not None:
            none[:, :-1] = patch.tops
        tops.append(none)
    starts = np.stack([np.zeros(len(tiles)), -site.y[0] + np.arange(len(tiles)) * ny * cell], -1)
    terrain = Terrain(
        np.concatenate(heights, 1),
        np.concatenate(tops, 1)[:, :-1],
        np.concatenate(footing, 1),
        cell,
        (-before, 0.0),
        friction,
    )
    return World(tuple(tiles), terrain, starts, np.array([KINDS[tile.kind].narrow for tile in tiles]))
