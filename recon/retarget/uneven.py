"""A motion for level ground, rewritten for ground that is not: footholds, swings over edges, hips between the feet.

Every contact of a foot gets a foothold near its place, where its whole sole can rest; between two the foot is carried
over what stands in its way; the rest of the body rides on both. The optimiser of retargeting then makes a motion of it.
It knows no file and no kind of terrain.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Float
from scipy.ndimage import gaussian_filter1d, maximum_filter1d

from recon.retarget.keys import Keys
from recon.retarget.retarget import ITERATIONS, Goal, finished, goal_for, solved
from sfv.character import Character
from sfv.errors import InputError
from sfv.joints.part_names import SIDES
from sfv.motion import Motion
from sfv.terrain.terrain import Terrain
from sfv.work.mask import runs

SOLE = np.linspace(-0.25, 1.25, 7), (-0.04, 0.0, 0.04)
"""Where a sole is looked at: along, in parts of the way from heel to toe, and across, m."""
SHIFTS = np.linspace(-0.3, 0.3, 31), np.linspace(-0.15, 0.15, 11)
"""m along and across the foot by which a foothold may be moved."""
PIT = 0.3
"""m: ground that is as far as this from the footing bears nobody."""
FAR, ASIDE, UNEVEN, OFF = 0.1, 0.05, 0.01, 0.1
"""m: sizes of a move along and across, of what a sole does not lie on, and of how far from the footing it is: a pit's
floor is even, too."""
CLEARANCE = 0.03
"""m over what it passes that a swinging foot keeps, in the middle of its way."""
AHEAD, EASE = 0.15, 0.06
"""s: how long before and after an edge a foot is as high as there, and the deviation of the blur of its way."""
RIDE = 0.15
"""s: deviation of the blur by which hips follow the feet."""


@dataclass(frozen=True)
class Foothold:
    """Where a foot stands from frame `start` to `stop`, all in m.

    Attributes:
        shift: (x, y) by which its place is moved.
        heel, toe: by which these are raised.
        off: how far the ground there is from the smooth ground that references are lifted onto.
    """

    start: int
    stop: int
    shift: Float[np.ndarray, "2"]
    heel: float
    toe: float
    off: float


def onto_terrain(
    motion: Motion,
    character: Character,
    terrain: Terrain,
    iterations: int = ITERATIONS,
    advance: Callable[[float], None] = lambda steps: None,
) -> Motion:
    """The motion where it is, but on the terrain, which it brings with it. A loop must be unrolled before.

    Args:
        motion: of the character, made for the plane z = 0.
        character: whose it is.
        terrain: what is under it.
        iterations: most steps of the optimiser.
        advance: called with the number of steps done (`retarget_steps`).

    Raises:
        InputError: no joint map fits the character, or there is no ground for a foot.
    """
    assert not motion.loop, "the next cycle has other footholds"
    goal = raised(goal_for(motion, character), terrain)
    qpos = solved(goal, iterations, advance, terrain.relief)
    return replace(finished(motion, character, goal, qpos, close=False), source=motion.source, ground=terrain)


def raised(goal: Goal, terrain: Terrain) -> Goal:
    """The goal with its key places on the terrain. Knees are left to the legs, whose ends move."""
    points = {part: path for part, path in goal.keys.points.items() if not part.endswith("knee")}
    carried = np.zeros((2, *points["pelvis"].shape))
    stood = np.zeros((2, len(points["pelvis"])), bool)
    for index, side in enumerate(SIDES):
        heel, toe = points[f"{side}_heel"], points[f"{side}_toe"]
        stood[index] = goal.stands[f"{side}_heel"] | goal.stands[f"{side}_toe"]
        holds = [foothold(heel, toe, start, stop, terrain) for start, stop in runs(stood[index])]
        require_ground(holds, side, goal.fps)
        under_heel, under_toe = carried_by(holds, len(heel))
        lift = swing(heel + under_heel, toe + under_toe, stood[index], terrain, goal.fps)
        carried[index] = 0.5 * (under_heel + under_toe)
        ankle = carried[index] + lift
        moves = {"heel": under_heel + lift, "toe": under_toe + lift, "ankle": ankle}
        points |= {f"{side}_{part}": points[f"{side}_{part}"] + move for part, move in moves.items()}
    ride = gaussian_filter1d(ridden(carried, stood), RIDE * goal.fps, axis=0, mode="nearest")
    feet = {f"{side}_{part}" for side in SIDES for part in ("heel", "toe", "ankle")}
    points = {part: path if part in feet else path + ride for part, path in points.items()}
    return replace(goal, keys=Keys(points, goal.keys.frames))


def foothold(
    heel: Float[np.ndarray, "T 3"], toe: Float[np.ndarray, "T 3"], start: int, stop: int, terrain: Terrain
) -> Foothold:
    """The least of (along / FAR)^2 + (across / ASIDE)^2 + (over / UNEVEN)^2 + (off / OFF)^2 over SHIFTS.

    `over` is what stands out most of the plane that fits the ground below the sole best, on which the sole lies; `off`
    how far the plane is from the smooth ground that references are lifted onto.
    """
    middle_heel, middle_toe = (path[start:stop, :2].mean(0) for path in (heel, toe))
    way = middle_toe - middle_heel
    ahead = way / max(float(np.linalg.norm(way)), 1e-6)
    aside = np.array([-ahead[1], ahead[0]])
    along, across = (grid.ravel() for grid in np.meshgrid(*SOLE, indexing="ij"))
    sole = middle_heel + along[:, None] * way + across[:, None] * aside
    far, beside = (grid.ravel() for grid in np.meshgrid(*SHIFTS, indexing="ij"))
    moves = far[:, None] * ahead + beside[:, None] * aside
    places = sole[None] + moves[:, None]
    heights = terrain.height(places[..., 0], places[..., 1])
    design = np.stack((np.ones_like(along), along, across), 1)
    planes = heights @ np.linalg.pinv(design).T
    over = (heights - planes @ design.T).max(1)
    footing = terrain.relief.footing(torch.from_numpy(middle_heel + 0.5 * way)).numpy()
    off = heights.mean(1) - footing
    cost = (far / FAR) ** 2 + (beside / ASIDE) ** 2 + (over / UNEVEN) ** 2 + (off / OFF) ** 2
    best = int(cost.argmin())
    level, slope, _ = planes[best]
    return Foothold(start, stop, moves[best], float(level + over[best]), float(level + slope + over[best]), off[best])


def require_ground(holds: list[Foothold], side: str, fps: float) -> None:
    """Raise unless there is ground for every foothold.

    Raises:
        InputError: one is in a pit.
    """
    for hold in holds:
        if abs(hold.off) > PIT:
            raise InputError(
                f"nothing bears the {side} foot at {hold.start / fps:.1f} s: the ground there is "
                f"{100 * abs(hold.off):.0f} cm too deep or too high; take an easier ground"
            )


def carried_by(holds: list[Foothold], frames: int) -> tuple[Float[np.ndarray, "T 3"], Float[np.ndarray, "T 3"]]:
    """How heel and toe are moved: as their foothold says, from one to the next by smoothstep; (T, 3) each, m."""
    if not holds:
        return np.zeros((frames, 3)), np.zeros((frames, 3))
    times, heels, toes = [], [], []
    for hold in holds:
        times += [hold.start, hold.stop - 1]
        heels += 2 * [[*hold.shift, hold.heel]]
        toes += 2 * [[*hold.shift, hold.toe]]
    t = np.arange(frames)
    after = np.clip(np.searchsorted(times, t, side="right"), 1, len(times) - 1)
    first, last = np.array(times)[after - 1], np.array(times)[after]
    u = np.clip((t - first) / np.maximum(last - first, 1), 0.0, 1.0)[:, None]
    u = u * u * (3.0 - 2.0 * u)
    heel, toe = np.array(heels), np.array(toes)
    return (1 - u) * heel[after - 1] + u * heel[after], (1 - u) * toe[after - 1] + u * toe[after]


def swing(
    heel: Float[np.ndarray, "T 3"],
    toe: Float[np.ndarray, "T 3"],
    stands: Bool[np.ndarray, " T"],
    terrain: Terrain,
    fps: float,
) -> Float[np.ndarray, "T 3"]:
    """What a foot must be raised by, (T, 3) m, to pass over the ground between its footholds."""
    along = SOLE[0][None, :, None]
    places = heel[:, None] + along * (toe - heel)[:, None]
    room = np.zeros(len(heel))
    for start, stop in runs(~stands):
        u = (np.arange(start, stop) - start + 1) / (stop - start + 1)
        room[start:stop] = CLEARANCE * np.sin(np.pi * u)
    ground = terrain.height(places[..., 0], places[..., 1])
    missing = np.where(stands, 0.0, np.maximum(0.0, (ground - places[..., 2]).max(1) + room))
    held = maximum_filter1d(missing, 2 * round(AHEAD * fps / 2) + 1)
    lift = gaussian_filter1d(np.where(stands, 0.0, held), EASE * fps, mode="nearest")
    out = np.zeros_like(heel)
    out[:, 2] = np.where(stands, 0.0, np.maximum(lift, missing))
    return out


def ridden(carried: Float[np.ndarray, "2 T 3"], stands: Bool[np.ndarray, "2 T"]) -> Float[np.ndarray, "T 3"]:
    """How the hips are moved: between the feet, and no higher than halfway from there to the lower foot that stands,
    whose leg must reach."""
    out = carried.mean(0)
    low = np.where(stands, carried[..., 2], np.inf).min(0)
    low = np.where(np.isfinite(low), low, carried[..., 2].min(0))
    out[:, 2] = 0.5 * (out[:, 2] + np.minimum(out[:, 2], low))
    return out
