"""The ground that a motion was done on, found from the motion alone: what must have been there to bear the body.

Where a body stands in the air without falling, its lowest still points stood on something. Where it sits on nothing,
its hips and thighs did. There are boards under these points, and none where the body itself passes through. Seats bear
hips and thighs alone: nothing is known of what held them up, and a chair may be moved to where somebody walked.
Nor is anything known of what somebody leans on.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from sfv.character import Character
from sfv.check import bearing
from sfv.check.boards import Boards, ground_with
from sfv.check.check import even
from sfv.check.finding import stretches
from sfv.check.performance import Performance
from sfv.errors import InputError
from sfv.motion import Motion
from sfv.surface import sitting_points
from sfv.terrain.terrain import CELL, FLAT, Terrain

NEAR = 0.04
"""m above the lowest point within which points stand on the same thing."""
STILL = 0.5
"""m/s: what stands is slower."""
LONG, SEATED = 0.2, 0.4
"""s that a body must be borne by nothing for something to have been there, once the check found it so at all; and by
nothing that it sits on, since nobody sits for less: who bends over before they sit down seems to for a moment."""
ENOUGH = 0.5
"""Share of what was borne that boards must be left for, without those that the body goes through."""
ROUNDS = 4
"""Times that what is missing is looked for: with boards below what is highest, the floor of the rest is seen better."""


@dataclass(frozen=True)
class Support:
    """A stretch in which something bore the body.

    Attributes:
        how: what the body seems to do there.
        start, stop: s.
        points: (P, 3) m, what was borne.
    """

    how: str
    start: float
    stop: float
    points: Float[np.ndarray, "P 3"]


@dataclass(frozen=True)
class Scene:
    """The ground of a motion, FLAT where nothing is missing, and why it is so."""

    ground: Terrain
    supports: tuple[Support, ...]

    def under(self, motion: Motion) -> Motion:
        """A motion with this ground below it; its contacts, where it has any, were with another ground."""
        if self.ground.flat:
            return motion
        return replace(motion, ground=self.ground, contacts=None, contact_names=())

    def words(self) -> list[str]:
        """What was found, for people: a line for each way of being borne."""
        out = []
        for how in sorted({support.how for support in self.supports}):
            mine = [support for support in self.supports if support.how == how]
            heights = [float(np.median(support.points[:, 2])) for support in mine]
            low, high = f"{min(heights):.2f}", f"{max(heights):.2f}"
            up = low if low == high else f"{low} to {high}"
            out.append(f"{how} {up} m up {stretches([(support.start, support.stop) for support in mine])}")
        return out


def find_scene(motion: Motion, character: Character) -> Scene:
    """Level ground with boards where something must have borne the body.

    Raises:
        InputError: the body passes through all places where a support would have to be, or a loop goes on from there.
    """
    motion = replace(motion, ground=FLAT)
    performance = Performance(even(motion), character)
    missing = found_supports(performance)
    if not missing:
        return Scene(FLAT, ())
    if motion.loop and np.linalg.norm(motion.cycle()[1]) > CELL:
        raise InputError(
            f"{motion.source or 'the motion'} is a loop that goes on, and leaves behind what bears it in one cycle; "
            "give the clip itself, from before it was made a loop"
        )
    blocks, seats = Boards(performance.points), Boards(performance.points, sitting_points(character.model))
    supports, ground = list[Support](), FLAT
    for number in range(ROUNDS):
        for support in missing:
            boards = seats if support.how == "sits" else blocks
            if boards.add(support.points, ENOUGH):
                supports.append(support)
            elif number == 0:
                raise InputError(
                    f"the body goes through the place where it {support.how} from {support.start:.1f} to "
                    f"{support.stop:.1f} s, so nothing can have been there; leave that part out with --begin and --end"
                )
        ground = ground_with(blocks, seats)
        missing = found_supports(Performance(even(replace(motion, ground=ground)), character))
        if not missing:
            break
    return Scene(ground, tuple(sorted(supports, key=lambda support: support.start)))


def found_supports(performance: Performance) -> list[Support]:
    """Where something that is not there bore the body, and which of its points; none where the check misses nothing."""
    if not any(stretch.how != "leans" for stretch in bearing.held(performance)):
        return []
    fps, out = performance.motion.fps, []
    hips = sitting_points(performance.character.model)
    below = hips & (performance.points[..., 2] < performance.state.xpos[:, 1, 2][:, None])
    slow = np.linalg.norm(performance.material_velocity, axis=-1) < STILL
    slow = np.concatenate([slow, slow[-1:]])
    for stretch in bearing.held(performance, LONG):
        if stretch.how == "sits" and stretch.stop - stretch.start < SEATED:
            continue
        first = round(stretch.start * fps)
        frames = slice(first, max(round(stretch.stop * fps), first + 1))
        height = performance.heights[frames]
        if stretch.how == "stands":
            chosen = (height < performance.lowest[frames][:, None] + NEAR) & slow[frames]
        elif stretch.how == "sits":
            mine = np.where(below[frames], height, np.inf)
            chosen = mine < mine.min(1, keepdims=True) + NEAR
        else:
            continue
        if chosen.any():
            out.append(Support(stretch.how, stretch.start, stretch.stop, performance.points[frames][chosen]))
    return out
