"""A motion graph (Kovar et al. 2002): mocap whose clips are joined where they are alike, and ways through it.

Knots are frames, STRIDE apart; from each one goes on in its clip, or over to a knot that looks and moves alike. Only
the largest part is kept in which every knot can be reached from every other, so that no way ends. A path is followed by
a search that keeps the ways that are nearest to it; without one, the way is drawn by chance.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree
from torch import Tensor

from sfv.errors import InputError
from sfv.interfaces import Condition
from sfv.motion import Motion
from sfv.priors.basis import Basis
from sfv.priors.dataset import MotionDataset
from sfv.priors.features import Features
from sfv.priors.rows import refuse, require
from sfv.priors.search.database import SIZES as KEY_SIZES
from sfv.priors.search.database import Database
from sfv.priors.search.library import Library
from sfv.priors.search.playing import Playing, advanced, begun, jumped, motion_of
from sfv.progress import Advance

NAME = "motion-graph"
STRIDE = 5
"""Frames from knot to knot."""
NEIGHBOURS = 8
"""Knots, the most alike, to which one may go over."""
ALIKE = 2.0
"""How many times farther than usual, by the median over knots of their nearest other, is not alike any more."""
APART = 15
"""Frames of the same clip that are nearer than this are no jump."""
BEAM = 32
"""Ways that the search keeps."""
LEAP = 0.05
"""m: how much nearer to the path a way has to be for each of its jumps."""
CHANCE = 0.15
"""Of going over at a knot, where there is no path."""
PACE, SECONDS = 1.1, 4.0
"""m/s along a path, and s without one, where nobody said how long it is to take."""
POSE = sum(KEY_SIZES[name] for name in ("feet", "feet going", "hips"))
SIZES = {"tiny": None, "small": None, "paper": None}


@dataclass(frozen=True)
class Graph:
    """Knots from which ways go on.

    Attributes:
        frames: of the database, for each knot.
        following: the knots that each may be followed by; the first is in the same clip, where there is one.
        stays: whether it is.
    """

    frames: tuple[int, ...]
    following: tuple[tuple[int, ...], ...]
    stays: tuple[bool, ...]


def graph_of(database: Database, allowed: Bool[np.ndarray, " N"]) -> Graph:
    """The largest graph of the allowed frames in which no way ends; none where no way comes back to itself."""
    first = np.concatenate(([0], np.flatnonzero(np.diff(database.clip)) + 1))[database.clip]
    place = np.arange(len(first)) - first
    frames = np.flatnonzero(allowed & (place % STRIDE == 0) & (np.arange(len(first)) + STRIDE <= database.last))
    if not len(frames):
        return Graph((), (), ())
    keys, tree = database.keys[frames, :POSE], cKDTree(database.keys[frames, :POSE])
    # one goes on from where this knot's stretch ends, so that is what has to be alike
    ends = database.keys[frames + STRIDE, :POSE]
    count = min(len(frames), NEIGHBOURS + APART)
    distance, index = (np.atleast_2d(x.reshape(len(frames), count)) for x in tree.query(ends, count))
    other = (database.clip[frames][index] != database.clip[frames][:, None]) | (
        np.abs(frames[index] - frames[:, None] - STRIDE) > APART
    )
    nearest = np.where(other, distance, np.inf).min(1)
    near = nearest[np.isfinite(nearest)]
    close = other & (distance <= ALIKE * (np.median(near) if len(near) else 0.0))
    number = {int(frame): knot for knot, frame in enumerate(frames)}
    on = [number.get(int(frame) + STRIDE) for frame in frames]
    leaps = [index[knot, close[knot]][:NEIGHBOURS].tolist() for knot in range(len(frames))]
    edges = [(a, b) for a in range(len(frames)) for b in ([] if on[a] is None else [on[a]]) + leaps[a]]
    rows, columns = np.array(edges, int).reshape(-1, 2).T
    matrix = coo_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(keys), len(keys)))
    _, part = connected_components(matrix, connection="strong")
    kept = np.flatnonzero(part == np.bincount(part).argmax())
    if len(kept) < 2:
        return Graph((), (), ())
    new = {int(old): k for k, old in enumerate(kept)}
    stays = tuple(on[old] in new for old in kept)
    following = tuple(
        tuple(new[k] for k in ([] if on[old] is None else [on[old]]) + leaps[old] if k in new) for old in kept
    )
    return Graph(tuple(int(frames[old]) for old in kept), following, stays)


@dataclass(frozen=True)
class Way:
    """Knots so far, where they lead to (x, y, heading), and what they cost."""

    knots: tuple[int, ...]
    place: Float[np.ndarray, "3"]
    cost: float


class MotionGraph:
    """The prior, of the clips of a library."""

    name = NAME

    def __init__(self, library: Library) -> None:
        self.library = library

    @property
    def labels(self) -> tuple[str, ...]:
        """The categories that a condition may name."""
        return self.library.basis.labels

    def alike(self, text: str) -> list[tuple[str, float]]:
        """The nearest captions."""
        return self.library.basis.alike(text)

    def sample(self, condition: Condition, seed: int, n: int) -> list[Motion]:
        """n motions, each another way through the graph of the clips that a sentence or a label allows."""
        require(condition, self.name)
        features, database = self.library.basis.features, self.library.database
        graph = graph_of(database, self.library.allowed(condition))
        if not graph.frames:
            raise InputError("clips of that kind are too short or too few to go round in; say less, or fit to more")
        seconds = condition.seconds or SECONDS
        if condition.path is not None:
            if len(condition.path) < 2:
                raise InputError("a path needs two points at least; give more")
            way = float(np.linalg.norm(np.diff(condition.path, axis=0), axis=1).sum())
            seconds = condition.seconds or max(1.0, way / PACE)
        count = round(seconds * features.fps)
        out = []
        for number in range(n):
            generator = np.random.default_rng((seed, number))
            stretches = -(-count // STRIDE)
            if condition.path is None:
                knots = wandered(graph, stretches, generator)
            else:
                knots = followed(graph, database, features, condition.path, stretches, count, generator)
            source = f"{self.name}: {condition.text or condition.label or 'anything'}, seed {seed}"
            out.append(motion_of(played(graph, knots, database, features)[: count + 1], features, source))
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


def wandered(graph: Graph, stretches: int, generator: np.random.Generator) -> tuple[int, ...]:
    """A way by chance, that goes over now and then."""
    knots = [int(generator.integers(len(graph.frames)))]
    while len(knots) < stretches:
        following, stays = graph.following[knots[-1]], graph.stays[knots[-1]]
        leaps = following[1:] if stays else following
        leap = bool(leaps) and (not stays or generator.random() < CHANCE)
        knots.append(int(generator.choice(leaps)) if leap else following[0])
    return tuple(knots)


def followed(
    graph: Graph,
    database: Database,
    features: Features,
    path: Float[np.ndarray, "P 2"],
    stretches: int,
    count: int,
    generator: np.random.Generator,
) -> tuple[int, ...]:
    """The way that stays nearest to a path of `count` frames, of those that a beam keeps."""
    times = np.linspace(0.0, count, len(path))

    def error(place: np.ndarray, frame: int) -> float:
        x, y = (np.interp(frame, times, path[:, axis]) for axis in (0, 1))
        return float(np.hypot(place[0] - x, place[1] - y))

    starts = generator.permutation(len(graph.frames))[: 8 * BEAM]
    ways = [Way((int(k),), _onward(np.zeros(3), graph.frames[k], database, features), 0.0) for k in starts]
    ways = [Way(way.knots, way.place, error(way.place, STRIDE)) for way in ways]
    for step in range(2, stretches + 1):
        ways = sorted(ways, key=lambda way: way.cost)[:BEAM]
        ways = [
            Way((*way.knots, knot), place, way.cost + error(place, step * STRIDE) + (LEAP if leap else 0.0))
            for way in ways
            for number, knot in enumerate(graph.following[way.knots[-1]])
            for leap in [number > 0 or not graph.stays[way.knots[-1]]]
            for place in [_onward(way.place, graph.frames[knot], database, features)]
        ]
    return min(ways, key=lambda way: way.cost).knots


def played(graph: Graph, knots: Sequence[int], database: Database, features: Features) -> list[Playing]:
    """The states of a way, a stretch of each knot."""
    state = begun(graph.frames[knots[0]], database)
    states = [state]
    for knot in knots:
        if state.frame != graph.frames[knot]:
            state = jumped(state, graph.frames[knot], database, features)
        for _ in range(STRIDE):
            state = advanced(state, database, features)
            states.append(state)
    return states


def _onward(place: np.ndarray, frame: int, database: Database, features: Features) -> np.ndarray:
    """Where the stretch from a frame leads from a place."""
    x, y, heading = place
    for turn, forward, left in database.rows[frame : frame + STRIDE, :3] / features.fps:
        cos, sin = np.cos(heading), np.sin(heading)
        x, y, heading = x + cos * forward - sin * left, y + sin * forward + cos * left, heading + turn
    return np.array((x, y, heading))


def load(basis: Basis, tensors: Mapping[str, Tensor], settings: Mapping[str, Any]) -> MotionGraph:
    """The prior of a file."""
    return MotionGraph(Library.load(basis, tensors, settings))


def fit_prior(
    dataset: MotionDataset,
    held: MotionDataset | None,
    config: None,
    seed: int = 0,
    advance: Advance = lambda steps, text=None: None,
    kept: Path | None = None,
) -> MotionGraph:
    """The clips themselves; there is nothing to fit."""
    return MotionGraph(Library.of(dataset))
