"""A motion on a body, with all that the physics check measures it by, each computed once and when asked for.

It knows where points are, how fast, and what forces they need; it judges nothing.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float

from sfv.character import Character
from sfv.check.wrench import Demand, demand
from sfv.kinematics import GRAVITY, MotionState, motion_state
from sfv.motion import Motion
from sfv.surface import lowest, surface_points, surface_track

BORNE = 0.5
"""BW: what carries half of the weight or more is the ground."""
CLEAR = 0.04
"""m of air under the lowest point in flight; slow clips have up to 2 cm under standing feet."""
SHORTEST_FLIGHT = 0.1
"""s of flight; shorter ones say nothing about how fast the body falls."""
REACH = 0.05
"""m above the floor within which a point may be what the body stands on."""

ALOFT = 0.1
"""m above the floor of trunk, head and hands in a body that stands on its feet."""
ERECT = 0.7
"""Share of its height in the zero pose that the root of a standing body has."""


@dataclass(frozen=True)
class Performance:
    """A motion done by a body.

    Attributes:
        motion: what is done.
        character: the body: its geoms are what touches the ground, its masses what falls.
        dynamic: whether masses and shapes are a real body's, or sticks that stand in for one.
    """

    motion: Motion
    character: Character
    dynamic: bool = True

    @cached_property
    def state(self) -> MotionState:
        """Body poses and velocities."""
        return motion_state(self.motion, self.character.model)

    @cached_property
    def demand(self) -> Demand:
        """The forces that the motion needs."""
        return demand(self.motion, self.character)

    @cached_property
    def points(self) -> Float[np.ndarray, "T H 3"]:
        """The lowest point of each ball of the surface, m."""
        return surface_track(self.character.model, self.state)

    @cached_property
    def lowest(self) -> Float[np.ndarray, " T"]:
        """Height of the body's lowest point, m."""
        return self.points[..., 2].min(1)

    @cached_property
    def carried(self) -> Bool[np.ndarray, " T"]:
        """Frames in which the centre of mass falls so slowly that something must carry the body."""
        return self.demand.force[:, 2] > BORNE

    @cached_property
    def floor(self) -> float:
        """Height at which the lowest point is in the frames that something carries, in the middle, m."""
        frames = self.carried if self.carried.any() else np.ones(len(self.motion), bool)
        return float(np.median(self.lowest[frames]))

    @cached_property
    def flights(self) -> list[tuple[int, int]]:
        """Start and stop (exclusive) of each time in the air, above the clip's own floor."""
        air = self.lowest - self.floor > CLEAR
        edges = np.flatnonzero(np.diff(np.concatenate(([0], air.astype(np.int8), [0]))))
        spans = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
        return [(a, b) for a, b in spans if (b - a) / self.motion.fps >= SHORTEST_FLIGHT]

    @cached_property
    def falls(self) -> list[float]:
        """How fast the centre of mass falls in each flight, in g, by the parabola nearest to its height; NaN in fewer
        than three frames."""
        out = []
        for start, stop in self.flights:
            height, time = self.state.com[start:stop, 2], np.arange(stop - start) / self.motion.fps
            out.append(-2.0 * float(np.polyfit(time, height, 2)[0]) / GRAVITY if stop - start >= 3 else float("nan"))
        return out

    def support_velocity(self, reach: float = REACH) -> Float[np.ndarray, "S 2"]:
        """How fast (m/s) the slowest point near the clip's floor moves, from each frame to the next (S = T - 1).

        Whatever a body does on the ground, some point of it is still; NaN where nothing is within `reach` (m).
        """
        height = self.points[..., 2] - max(self.floor, 0.0)
        velocity = self.material_velocity
        speed = np.linalg.norm(velocity, axis=-1)
        speed[np.maximum(height[1:], height[:-1]) > reach] = np.inf
        slowest = speed.argmin(1)
        frames = np.arange(len(speed))
        return np.where(np.isfinite(speed[frames, slowest])[:, None], velocity[frames, slowest], np.nan)

    @cached_property
    def material_velocity(self) -> Float[np.ndarray, "S H 2"]:
        """Horizontal velocity (m/s) of what is the lowest point of each ball in a frame, until the next frame.

        The matter, not the place: a ball that rolls has a still point where it touches.
        """
        bodies = surface_points(self.character.model)[0]
        place, quat = self.state.xpos[:, bodies], self.state.xquat[:, bodies]
        fixed = _rotated(quat[:-1] * np.array([1.0, -1.0, -1.0, -1.0]), self.points[:-1] - place[:-1])
        after = place[1:] + _rotated(quat[1:], fixed)
        return ((after - self.points[:-1]) * self.motion.fps)[..., :2]

    @cached_property
    def feet(self) -> tuple[str, ...]:
        """The character's feet; empty for sticks, and for a body of which nobody says what its feet are."""
        return self.character.named_feet if self.dynamic else ()

    @cached_property
    def upright(self) -> Bool[np.ndarray, " T"]:
        """Frames in which the root is about as high above the clip's floor as in the zero pose, and no hand is near."""
        model = self.character.model
        legs = {0}
        for foot in self.feet:
            body = int(model.body(foot).id)
            while body > 1:
                legs.add(body)
                body = int(model.body_parentid[body])
        others = ~np.isin(surface_points(model)[0], list(legs))
        aloft = self.points[:, others, 2].min(1) - self.floor > ALOFT
        zero = Motion(self.motion.skeleton, 1.0, np.tile(model.qpos0, (2, 1)))
        tall = float(model.qpos0[2]) - float(lowest(model, motion_state(zero, model))[0])
        return aloft & (self.state.xpos[:, 1, 2] - self.floor > ERECT * tall)


def _rotated(quat: np.ndarray, vector: np.ndarray) -> np.ndarray:
    t = 2.0 * np.cross(quat[..., 1:], vector)
    return vector + quat[..., :1] * t + np.cross(quat[..., 1:], t)
