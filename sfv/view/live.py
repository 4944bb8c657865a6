"""A policy that acts while somebody watches: what it is put under, what is seen of it, and who can be asked to act.

What is seen are plain numbers of one moment; who draws them knows no simulator, and who makes them no browser.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from sfv.character import Character
from sfv.terrain.terrain import Terrain


@dataclass(frozen=True)
class Conditions:
    """What policies are put under, as the events and kinds of terrain of training are named.

    Attributes:
        terrain: a kind of ground; "flat" is the plane.
        difficulty: of it, 0 to 1.
        seed: of what is left to chance in it.
        friction, strength, mass: scales of the ground's and the body's friction, of torques, and of the body's mass.
        delay: ms, from a command to the servos.
        noise: of what is observed, m and rad.
    """

    terrain: str = "flat"
    difficulty: float = 0.5
    seed: int = 0
    friction: float = 1.0
    strength: float = 1.0
    mass: float = 1.0
    delay: float = 0.0
    noise: float = 0.0


@dataclass(frozen=True)
class Seen:
    """One moment of one policy.

    Attributes:
        seconds: since it began.
        phase: where in its clip the reference is, s.
        qpos, wanted: of the body and of the reference, where it is in the world.
        away: of each body, distance from the reference, m.
        rewards: DeepMimic's reward as "reward", and each of its terms.
        torque: of each servo, N m.
        effort: the same as a share of what the servo has.
        contacts: point and force (N) of each contact with the ground or a box.
        touch: of each body that is touched, the force on it, N.
        com: the centre of mass, m.
        capture: the point on the ground at which a foot would bring it to rest, as an inverted pendulum has it.
        boxes: place, quaternion and half a side (m) of each box that is about: what is pushed, what was thrown.
        fell: when it had failed, s since it began; None while it has not.
    """

    seconds: float
    phase: float
    qpos: Float[np.ndarray, " nq"]
    wanted: Float[np.ndarray, " nq"]
    away: Float[np.ndarray, " b"]
    rewards: Mapping[str, float]
    torque: Float[np.ndarray, " a"]
    effort: Float[np.ndarray, " a"]
    contacts: Float[np.ndarray, "k 2 3"]
    touch: Mapping[str, float]
    com: Float[np.ndarray, "3"]
    capture: Float[np.ndarray, "3"]
    boxes: tuple[Float[np.ndarray, "8"], ...] = ()
    fell: float | None = None


@dataclass(frozen=True)
class Player:
    """Who acts: a policy's name, its character, the names of its servos, and the ground that it is on."""

    name: str
    character: Character
    servos: tuple[str, ...]
    terrain: Terrain


@runtime_checkable
class Live(Protocol):
    """Policies beside each other, which all meet the same; one watcher's own."""

    hz: float
    """Control steps per second."""
    seconds: float
    """How long the longest clip is."""

    @property
    def players(self) -> Sequence[Player]:
        """Who acts, in the order of what `step` gives."""
        ...

    @property
    def over(self) -> bool:
        """Whether all have come to the end of their clips, or of the ground that was made for them."""
        ...

    def arrange(self, conditions: Conditions) -> None:
        """Put all under these from now on; on other ground they begin anew.

        Raises:
            InputError: there is no such ground, or too much of it.
        """
        ...

    def begin(self, seconds: float) -> list[Seen]:
        """Let all begin at a time of their clips, a loop's as often as it takes."""
        ...

    def step(self) -> list[Seen]:
        """One control step of all."""
        ...

    def push(self, body: str, force: float, degrees: float) -> None:
        """Push a body of each for 0.2 s, level, N, so many degrees to the left of where its root faces."""
        ...

    def throw(self, speed: float, degrees: float) -> None:
        """Throw a box at each, m/s, that comes from so many degrees to the left of where its root faces."""
        ...
