"""Mocap that is played back: the frame that is shown, what a jump has left over, and where the root is.

A jump from one frame to another leaves a difference, which a spring takes away within a few tenths of a second
(inertialisation, Bollo 2018); so nothing is blended and no frame is waited for. It does not know why it jumps.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from sfv.motion import Motion
from sfv.priors.features import Features
from sfv.priors.search.database import Database

HALF = 0.1
"""s in which half of what a jump left over has faded."""


@dataclass(frozen=True)
class Playing:
    """The state of what is played.

    Attributes:
        frame: of the database.
        row: the features shown.
        off, fading: what the row is off from the database's, and how fast that changes.
        place: x, y (m) and heading (rad) of the root.
        age: frames since the last search.
    """

    frame: int
    row: Float[np.ndarray, " D"]
    off: Float[np.ndarray, " D"]
    fading: Float[np.ndarray, " D"]
    place: Float[np.ndarray, "3"]
    age: int


def begun(frame: int, database: Database) -> Playing:
    """A frame at the origin, facing along x."""
    row = database.rows[frame]
    return Playing(frame, row, np.zeros_like(row), np.zeros_like(row), np.zeros(3), 0)


def jumped(state: Playing, frame: int, database: Database, features: Features) -> Playing:
    """The same pose and speed, as another frame and what that is off by."""
    contacts = features.groups["contacts"]
    off = state.row - database.rows[frame]
    before, after = max(state.frame - 1, 0), min(frame + 1, int(database.last[frame]))
    speed = database.rows[state.frame] - database.rows[before] - database.rows[after] + database.rows[frame]
    fading = state.fading + speed * features.fps
    off[contacts], fading[contacts] = 0.0, 0.0
    return replace(state, frame=frame, off=off, fading=fading, age=0)


def advanced(
    state: Playing, database: Database, features: Features, pull: Float[np.ndarray, "3"] | None = None
) -> Playing:
    """The next frame of the clip; `pull` is added to the root's rates, seen from the heading."""
    fps = features.fps
    turn, forward, left = state.row[:3] + (0.0 if pull is None else pull[[2, 0, 1]])
    cos, sin = np.cos(state.place[2]), np.sin(state.place[2])
    place = state.place + np.array((cos * forward - sin * left, sin * forward + cos * left, turn)) / fps
    frame = min(state.frame + 1, int(database.last[state.frame]))
    # a critically damped spring pulls what is left over to zero
    y, dt = 2.0 * np.log(2.0) / HALF, 1.0 / fps
    drawn, fade = state.fading + state.off * y, np.exp(-y * dt)
    off, fading = fade * (state.off + drawn * dt), fade * (state.fading - drawn * y * dt)
    return Playing(frame, database.rows[frame] + off, off, fading, place, state.age + 1)


def motion_of(states: Sequence[Playing], features: Features, source: str = "") -> Motion:
    """What was played, the root where it was."""
    rows, places = (np.stack([getattr(state, part) for state in states]) for part in ("row", "place"))
    # the rows' own rates lack the pull, so they are taken from the places
    turn = np.diff(places[:, 2]) * features.fps
    step = np.diff(places[:, :2], axis=0) * features.fps
    cos, sin = np.cos(places[:-1, 2]), np.sin(places[:-1, 2])
    velocity = np.stack((cos * step[:, 0] + sin * step[:, 1], cos * step[:, 1] - sin * step[:, 0]), 1)
    rows[:-1, features.groups["turn"]], rows[:-1, features.groups["velocity"]] = turn[:, None], velocity
    first = states[0].place
    return features.decode(rows, (float(first[0]), float(first[1]), float(first[2])), source)
