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
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from sfv.errors import InputError
from sfv.interfaces import Condition
from sfv.motion import Motion
from sfv.priors.basis import Basis
from sfv.priors.dataset import MotionDataset
from sfv.priors.rows import refuse, require
from sfv.priors.search.database import AHEAD, Database
from sfv.priors.text import embedded
from sfv.progress import Advance

NAME = "motion-matching"
EVERY = 3
"""Frames between searches."""
HALF = 0.1
"""s in which half of what a jump left over has faded."""
GAIN = 0.02
"""Squared distance by which another frame has to be better than the one that is played."""
TUG, PULL = 1.0, (0.15, 0.4)
"""1/s: how hard the root is pulled to the path; and the most of it, m/s and rad/s, which feet slide by."""
CLOSE = 0.12
"""Cosines of captions that are less than this behind the best count as said as well."""
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


@dataclass(frozen=True)
class Playing:
    """The state of motion matching.

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
        frame = int(np.random.default_rng(seed).choice(firsts))
        row = self.database.rows[frame]
        return Playing(frame, row, np.zeros_like(row), np.zeros_like(row), np.zeros(3), 0)

    def step(self, state: Playing, control: Aim) -> Playing:
        """One frame on."""
        database, fps = self.database, self.basis.features.fps
        state = self._searched(state, control)
        place = self._moved(state, control)
        frame = min(state.frame + 1, int(database.last[state.frame]))
        # a critically damped spring pulls what is left over to zero
        y, dt = 2.0 * np.log(2.0) / HALF, 1.0 / fps
        pull, fade = state.fading + state.off * y, np.exp(-y * dt)
        off, fading = fade * (state.off + pull * dt), fade * (state.fading - pull * y * dt)
        return Playing(frame, database.rows[frame] + off, off, fading, place, state.age + 1)

    def motion(self, states: Sequence[Playing]) -> Motion:
        """What was played, the root where it was steered."""
        features, first = self.basis.features, states[0].place
        rows = np.stack([state.row for state in states])
        places = np.stack([state.place for state in states])
        # the rows' rates lack the pull, so they are taken from the places
        turn = np.diff(places[:, 2]) * features.fps
        step = np.diff(places[:, :2], axis=0) * features.fps
        cos, sin = np.cos(places[:-1, 2]), np.sin(places[:-1, 2])
        velocity = np.stack((cos * step[:, 0] + sin * step[:, 1], cos * step[:, 1] - sin * step[:, 0]), 1)
        rows[:-1, features.groups["turn"]], rows[:-1, features.groups["velocity"]] = turn[:, None], velocity
        return features.decode(rows, (float(first[0]), float(first[1]), float(first[2])))

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
        contacts = self.basis.features.groups["contacts"]
        off = state.row - database.rows[frame]
        before, after = max(state.frame - 1, 0), min(frame + 1, int(database.last[frame]))
        speed = database.rows[state.frame] - database.rows[before] - database.rows[after] + database.rows[frame]
        fading = state.fading + speed * self.basis.features.fps
        off[contacts], fading[contacts] = 0.0, 0.0
        return replace(state, frame=frame, off=off, fading=fading, age=0)

    def _moved(self, state: Playing, control: Aim) -> np.ndarray:
        """x, y and heading one frame on, pulled to where they should be."""
        turn, forward, left = state.row[:3]
        if control.here is not None:
            pull = TUG * control.here
            size = float(np.hypot(pull[0], pull[1]))
            pull[:2] *= min(1.0, PULL[0] / max(size, 1e-9))
            forward, left = forward + pull[0], left + pull[1]
            turn += float(np.clip(pull[2], -PULL[1], PULL[1]))
        cos, sin = np.cos(state.place[2]), np.sin(state.place[2])
        rate = np.array((cos * forward - sin * left, sin * forward + cos * left, turn))
        out: np.ndarray = state.place + rate / self.basis.features.fps
        return out


class MotionMatching:
    """The prior.

    Args:
        basis: what rows mean, and the captions.
        clips: the mocap as rows.
        said: the captions of each clip.
        labels: the category of each clip.
    """

    name = NAME

    def __init__(
        self,
        basis: Basis,
        clips: Sequence[Float[Tensor, "T D"]],
        said: Sequence[Sequence[str]],
        labels: Sequence[str],
    ) -> None:
        self.basis, self.clips, self.said, self.labels = basis, list(clips), list(said), list(labels)
        self.database = Database.of(self.clips, basis.features)

    def controller(self, condition: Condition) -> Matcher:
        """What plays the clips that a sentence or a label allows; all of them without either."""
        chosen = np.ones(len(self.clips), bool)
        if condition.label is not None:
            self.basis.text(condition)  # an unknown label is told
            chosen &= np.array([label == condition.label for label in self.labels])
        if condition.text is not None:
            wanted = embedded([condition.text])[0]
            near = np.array([float((embedded(said) @ wanted).max()) if said else -1.0 for said in self.said])
            near[~chosen] = -1.0
            chosen &= near > near.max() - CLOSE
        return Matcher(self.database, self.basis, chosen[self.database.clip])

    def alike(self, text: str) -> list[tuple[str, float]]:
        """The nearest captions."""
        return self.basis.alike(text)

    def sample(self, condition: Condition, seed: int, n: int) -> list[Motion]:
        """n motions that begin with one clip or another."""
        require(condition, self.name)
        matcher, fps = self.controller(condition), self.basis.features.fps
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
        """Write the mocap, and what is said of it, into one file."""
        lengths = torch.tensor([len(clip) for clip in self.clips])
        settings = {"said": [list(said) for said in self.said], "labels": self.labels}
        self.basis.save(path, self.name, {"rows": torch.cat(self.clips), "lengths": lengths}, settings)


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
    clips = torch.split(tensors["rows"], tensors["lengths"].tolist())
    return MotionMatching(basis, clips, settings["said"], settings["labels"])


def fit_prior(
    dataset: MotionDataset,
    held: MotionDataset | None,
    config: None,
    seed: int = 0,
    advance: Advance = lambda steps, text=None: None,
    checkpoint: Path | None = None,
) -> MotionMatching:
    """The clips themselves; there is nothing to fit."""
    clips = dataset.clips
    said, labels = [clip.captions for clip in clips], [clip.take.label for clip in clips]
    return MotionMatching(Basis.of(dataset), [clip.bare for clip in clips], said, labels)
