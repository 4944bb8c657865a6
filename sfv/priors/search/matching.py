"""Motion matching (Clavet 2016): mocap is played back, and every tenth of a second it is asked which of its frames fits
best to where the body is and is to go; what a jump leaves over fades within a few tenths.

Nothing is generated and nothing is fitted, so it is what every learnt prior is compared with. It streams: `step` goes
one frame on. A sentence chooses the clips that may be played, a path steers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from torch import Tensor

from sfv.errors import InputError
from sfv.interfaces import Condition
from sfv.motion import Motion
from sfv.priors.basis import Basis
from sfv.priors.dataset import MotionDataset
from sfv.priors.rows import refuse, require
from sfv.priors.search.database import AHEAD, Database
from sfv.priors.search.library import Library
from sfv.priors.search.playing import Playing, advanced, begun, jumped, motion_of
from sfv.progress import Advance

NAME = "motion-matching"
EVERY = 3
"""Frames between searches."""
GAIN = 0.02
"""Squared distance by which another frame has to be better than the one that is played."""
TUG, PULL = 1.0, (0.15, 0.4)
"""1/s: how hard the root is pulled to the path; and the most of it, m/s and rad/s, which feet slide by."""
PACE, SECONDS = 1.1, 4.0
"""m/s along a path, and s without one, where nobody said how long it is to take."""
SIZES = {"tiny": None, "small": None, "paper": None}


@dataclass(frozen=True)
class Aim:
    """Where to be and to face at AHEAD, seen from the heading; both None: as the clip goes on by itself.

    Attributes:
        places: (3, 2) m.
        directions: (3, 2) unit vectors.
        here: (3,) how far the root is off now, x, y (m) and heading (rad): it is pulled there.
    """

    places: Float[np.ndarray, "a 2"] | None = None
    directions: Float[np.ndarray, "a 2"] | None = None
    here: Float[np.ndarray, "3"] | None = None


class Matcher:
    """The controller: what may be played is fixed, where it goes is said at every step.

    Args:
        database: of mocap.
        basis: what its rows mean.
        allowed: (N,) frames that may be played.
    """

    def __init__(self, database: Database, basis: Basis, allowed: Bool[np.ndarray, " N"]) -> None:
        self.database, self.basis, self.allowed = database, basis, allowed

    def start(self, seed: int) -> Playing:
        """The beginning of a clip that may be played."""
        last = self.database.last
        firsts = np.flatnonzero(self.allowed & (np.concatenate(([-1], last[:-1])) != last))
        return begun(int(np.random.default_rng(seed).choice(firsts)), self.database)

    def step(self, state: Playing, control: Aim) -> Playing:
        """One frame on."""
        pull = None
        if control.here is not None:
            pull = TUG * control.here
            pull[:2] *= min(1.0, PULL[0] / max(float(np.hypot(pull[0], pull[1])), 1e-9))
            pull[2] = np.clip(pull[2], -PULL[1], PULL[1])
        return advanced(self._searched(state, control), self.database, self.basis.features, pull)

    def motion(self, states: Sequence[Playing]) -> Motion:
        """What was played."""
        return motion_of(states, self.basis.features)

    def _searched(self, state: Playing, control: Aim) -> Playing:
        """The frame to go on from: another one, where it is time and that fits better."""
        database = self.database
        ends = state.frame >= database.last[state.frame]
        if not ends and (control.places is None or state.age < EVERY):
            return state
        key = database.keys[state.frame]
        if control.places is not None and control.directions is not None:
            key = database.aimed(state.frame, control.places, control.directions)
        frame, distance = database.nearest(key, self.allowed)
        stay = database.keys[state.frame] - key
        if not ends and float(stay @ stay) <= distance + GAIN:
            return replace(state, age=0)
        return jumped(state, frame, database, self.basis.features)


class MotionMatching:
    """The prior, of the clips of a library."""

    name = NAME

    def __init__(self, library: Library) -> None:
        self.library = library

    def controller(self, condition: Condition) -> Matcher:
        """What plays the clips that a sentence or a label allows; all of them without either."""
        return Matcher(self.library.database, self.library.basis, self.library.allowed(condition))

    @property
    def labels(self) -> tuple[str, ...]:
        """The categories that a condition may name."""
        return self.library.basis.labels

    def alike(self, text: str) -> list[tuple[str, float]]:
        """The nearest captions."""
        return self.library.basis.alike(text)

    def sample(self, condition: Condition, seed: int, n: int) -> list[Motion]:
        """n motions that begin with one clip or another."""
        require(condition, self.name)
        matcher, fps = self.controller(condition), self.library.basis.features.fps
        seconds = condition.seconds or SECONDS
        if condition.path is not None:
            if len(condition.path) < 2:
                raise InputError("a path needs two points at least; give more")
            way = float(np.linalg.norm(np.diff(condition.path, axis=0), axis=1).sum())
            seconds = condition.seconds or max(1.0, way / PACE)
        out = []
        for number in range(n):
            states = [matcher.start(seed + 7919 * number)]
            while len(states) < round(seconds * fps) + 1:
                time = (len(states) - 1) / fps
                aim = Aim() if condition.path is None else along(condition.path, seconds, time, states[-1].place)
                states.append(matcher.step(states[-1], aim))
            source = f"{self.name}: {condition.text or condition.label or 'anything'}, seed {seed}"
            out.append(replace(matcher.motion(states), source=source))
        return out

    def fill(self, motion: Motion, keep: Bool[np.ndarray, " T"], condition: Condition, seed: int) -> Motion:
        """It plays forward only.

        Raises:
            InputError: always, with those that can.
        """
        raise refuse(self.name, "fill")

    def save(self, path: Path) -> None:
        """Write the library into one file."""
        self.library.save(path, self.name)


def along(path: Float[np.ndarray, "P 2"], seconds: float, time: float, place: Float[np.ndarray, "3"]) -> Aim:
    """Where a path that takes `seconds` goes on from a time, seen from a place and heading."""
    times = np.linspace(0.0, seconds, len(path))

    def at(moments: np.ndarray) -> np.ndarray:
        return np.stack([np.interp(moments, times, path[:, axis]) for axis in (0, 1)], -1)

    moments = time + np.array((0.0, *AHEAD))
    places = at(moments)
    going = at(np.minimum(moments + 0.1, seconds)) - at(np.minimum(moments, seconds - 0.1) - 0.1)
    heading = np.arctan2(going[:, 1], going[:, 0])
    cos, sin = np.cos(place[2]), np.sin(place[2])
    off = places - place[:2]
    seen = np.stack((cos * off[:, 0] + sin * off[:, 1], cos * off[:, 1] - sin * off[:, 0]), 1)
    turned = (heading - place[2] + np.pi) % (2.0 * np.pi) - np.pi
    facing = np.stack((np.cos(turned), np.sin(turned)), 1)
    return Aim(seen[1:], facing[1:], np.array((*seen[0], turned[0])))


def load(basis: Basis, tensors: Mapping[str, Tensor], settings: Mapping[str, Any]) -> MotionMatching:
    """The prior of a file."""
    return MotionMatching(Library.load(basis, tensors, settings))


def fit_prior(
    dataset: MotionDataset,
    held: MotionDataset | None,
    config: None,
    seed: int = 0,
    advance: Advance = lambda steps, text=None: None,
    kept: Path | None = None,
) -> MotionMatching:
    """The clips themselves; there is nothing to fit."""
    return MotionMatching(Library.of(dataset))
