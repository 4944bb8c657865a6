"""A motion on a tile of uneven ground: unrolled, turned along it, at its start, and fitted to it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from sfv.character import Character
from sfv.motion import Motion
from sfv.terrain.world import Tile

ROOM = 2.0
"""m of ground beyond the motion's way, ahead and to either side."""
SECONDS = 20.0
"""As long as a loop is tried in evaluations."""


@dataclass(frozen=True)
class OnTile:
    """A motion at the start of a tile, which is its ground: as it is, and fitted to it."""

    as_it_is: Motion
    fitted: Motion


def on_tile(
    motion: Motion,
    character: Character,
    tile: Tile,
    seconds: float = SECONDS,
    advance: Callable[[float], None] = lambda steps: None,
) -> OnTile:
    """Put a motion on a tile of ground and fit it.

    Args:
        motion: of the character.
        character: whose it is.
        tile: the ground.
        seconds: how long a loop goes on; other motions are as long as they are.
        advance: called with the number of steps done.

    Raises:
        InputError: no joint map fits the character, or the way is longer than there is memory for ground.
    """
    from envs.straight import laid
    from recon.retarget.uneven import onto_terrain

    placed = at_start(unrolled(laid(motion, character.model), seconds), tile)
    return OnTile(placed, onto_terrain(placed, character, placed.ground, advance=advance))


def unrolled(motion: Motion, seconds: float) -> Motion:
    """A loop's cycles one after the other for so many seconds; no loop any more."""
    count = round(seconds * motion.fps) + 1 if motion.loop else len(motion)
    frames = np.arange(count)
    contacts = (
        None if motion.contacts is None else motion.contacts[frames % (len(motion) - 1 if motion.loop else count)]
    )
    return replace(motion, qpos=motion.at(frames / motion.fps), contacts=contacts, loop=False)


def at_start(motion: Motion, tile: Tile) -> Motion:
    """The motion turned so that its way is along the tile, its first frame at the start, the tile below it."""
    from envs.straight import along_x
    from sfv.terrain.world import make_world

    motion = along_x(motion)
    way = motion.qpos[:, :2] - motion.qpos[0, :2]
    behind = ROOM + max(0.0, -float(way[:, 0].min()))
    width = 2.0 * (ROOM + float(np.abs(way[:, 1]).max()))
    world = make_world([tile], ROOM + float(way[:, 0].max()), width, behind)
    qpos = motion.qpos.copy()
    qpos[:, :2] = way + world.starts[0]
    return replace(motion, qpos=qpos, ground=world.terrain)
