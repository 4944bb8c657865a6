"""A motion on a body, with all that the physics check measures it by, each computed once and when asked for.

It knows where points are, how fast, and what forces they need; it judges nothing. Its rates are the motion's own: the
check brings every motion to one rate before (`sfv.check.check.even`).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float
from scipy.ndimage import gaussian_filter1d

from sfv.character import Character
from sfv.check.wrench import SMOOTHING, Demand, demand
from sfv.kinematics import GRAVITY, MotionState, motion_state
from sfv.motion import Motion
from sfv.surface import lowest, sitting_points, surface_points, surface_track
from sfv.terrain.terrain import height_above

BORNE = 0.5
"""BW: what bears half of the weight or more is the ground."""
REACH = 0.05
"""m above the floor within which a point may be what the body stands on."""
OWN = 0.04
"""m: feet that are higher than this over the body's lowest point do not show where the floor is."""
OFTEN = 0.1
"""Share of the frames in which feet must be lowest if the floor is to be read from them."""
ALOFT = 0.1
"""m above the floor of trunk, head and hands in a body that stands on its feet."""
ERECT = 0.7
"""Share of its height in the zero pose that the root of a standing body has."""


@dataclass(frozen=True)
class Performance:
    """A motion done by a body.

    Attributes:
        motion: what is done, and on what ground.
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
    def heights(self) -> Float[np.ndarray, "T H"]:
        """How high above the ground these are, m."""
        return height_above(self.points, self.motion.ground, sitting_points(self.character.model))

    @cached_property
    def lowest(self) -> Float[np.ndarray, " T"]:
        """Height of the body's lowest point, m."""
        return self.heights.min(1)

    @cached_property
    def root(self) -> Float[np.ndarray, " T"]:
        """Height of the root above the ground, m."""
        return height_above(self.state.xpos[:, 1:2], self.motion.ground, np.array([True]))[:, 0]

    @cached_property
    def borne(self) -> Float[np.ndarray, " T"]:
        """What of its weight something bears, BW: 1 + z'' / g, z the centre of mass smoothed as forces are."""
        speed = gaussian_filter1d(np.diff(self.state.com[:, 2]), SMOOTHING * self.motion.fps, mode="nearest")
        speed = np.concatenate((speed[:1], speed, speed[-1:])) * self.motion.fps
        return 1.0 + np.diff(speed) * self.motion.fps / GRAVITY

    @cached_property
    def carried(self) -> Bool[np.ndarray, " T"]:
        """Frames in which the centre of mass falls so slowly that something must carry the body."""
        return self.borne > BORNE

    @cached_property
    def floor(self) -> float:
        """Height (m) at which the lowest point is in the frames that something carries, in the middle.

        Where feet are lowest often enough, only those frames count: a trunk that lies sinks in deeper than feet stand.
        """
        frames = self.carried if self.carried.any() else np.ones(len(self.motion), bool)
        if self.feet:
            mine = np.isin(surface_points(self.character.model)[0], self.foot_bodies)
            feet = self.heights[:, mine].min(1)
            stands = frames & (feet - self.lowest < OWN)
            if stands.mean() > OFTEN:
                return float(np.median(feet[stands]))
        return float(np.median(self.lowest[frames]))

    def support_velocity(self, reach: float = REACH) -> Float[np.ndarray, "S 2"]:
        """How fast (m/s) the slowest point near the clip's floor moves, from each frame to the next (S = T - 1).

        Whatever a body does on the ground, some point of it is still; NaN where nothing is within `reach` (m).
        """
        height = self.heights - max(self.floor, 0.0)
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
    def foot_bodies(self) -> list[int]:
        """Their numbers in the model."""
        return [int(self.character.model.body(foot).id) for foot in self.feet]

    @cached_property
    def tall(self) -> float:
        """Height of the root above the lowest point in the zero pose, m."""
        model = self.character.model
        zero = Motion(self.motion.skeleton, 1.0, np.tile(model.qpos0, (2, 1)))
        return float(model.qpos0[2]) - float(lowest(model, motion_state(zero, model))[0])

    @cached_property
    def upright(self) -> Bool[np.ndarray, " T"]:
        """Frames in which the root is about as high above the clip's floor as in the zero pose, and no hand is near."""
        model = self.character.model
        legs = {0}
        for foot in self.foot_bodies:
            body = foot
            while body > 1:
                legs.add(body)
                body = int(model.body_parentid[body])
        others = ~np.isin(surface_points(model)[0], list(legs))
        aloft = self.heights[:, others].min(1) - self.floor > ALOFT
        return aloft & (self.root - self.floor > ERECT * self.tall)


def _rotated(quat: np.ndarray, vector: np.ndarray) -> np.ndarray:
    t = 2.0 * np.cross(quat[..., 1:], vector)
    return vector + quat[..., :1] * t + np.cross(quat[..., 1:], t)
