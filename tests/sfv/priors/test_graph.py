"""The motion graph: no way ends, knots that are joined are alike, and a path is kept to."""

import numpy as np
import pytest

from sfv.character import Character
from sfv.errors import InputError
from sfv.interfaces import Condition
from sfv.priors.gaits import takes
from sfv.priors.rows import fit_to
from sfv.priors.search.graph import ALIKE, POSE, STRIDE, MotionGraph, graph_of


@pytest.fixture(scope="module")
def prior(humanoid: Character) -> MotionGraph:
    """Of sixteen gaits of 4 s, and their mirror images."""
    made = fit_to("motion-graph", takes(humanoid, 16, 4.0), humanoid)
    assert isinstance(made, MotionGraph)
    return made


def test_no_way_ends_and_every_knot_is_reached(prior: MotionGraph) -> None:
    database = prior.library.database
    graph = graph_of(database, np.ones(len(database.rows), bool))
    assert len(graph.frames) > 50
    assert all(graph.following)
    reached, border = {0}, [0]
    while border:
        border = [k for knot in border for k in graph.following[knot] if k not in reached and not reached.add(k)]  # type: ignore[func-returns-value]
    assert len(reached) == len(graph.frames)


def test_the_first_that_follows_is_in_the_clip_and_others_are_alike(prior: MotionGraph) -> None:
    database = prior.library.database
    graph = graph_of(database, np.ones(len(database.rows), bool))
    keys, frames = database.keys[:, :POSE], np.array(graph.frames)
    jump, other = [], []
    for knot, following in enumerate(graph.following):
        ends = frames[knot] + STRIDE
        if graph.stays[knot]:
            assert frames[following[0]] == ends
        jump += [np.linalg.norm(keys[frames[k]] - keys[ends]) for k in following[int(graph.stays[knot]) :]]
        other.append(np.linalg.norm(keys[frames] - keys[ends], axis=1).mean())
    assert max(jump) < np.mean(other) / ALIKE  # far less than what any two knots are apart


def test_a_way_is_played_without_jerks(prior: MotionGraph) -> None:
    (motion,) = prior.sample(Condition(label="walk", seconds=8.0), 3, 1)
    assert motion.duration == pytest.approx(8.0)
    rows = prior.library.basis.features.encode(motion)[:, 3:-4]
    data = np.abs(np.diff(prior.library.database.rows[:, 3:-4], axis=0))
    assert np.abs(np.diff(rows, axis=0)).max() < 1.5 * data.max()


def test_a_path_is_kept_to(prior: MotionGraph) -> None:
    angle = np.linspace(0.0, np.pi, 40)
    path = np.stack((1.8 * np.sin(angle), 1.8 * (1.0 - np.cos(angle))), 1)
    (motion,) = prior.sample(Condition(path=path, label="walk"), 0, 1)
    moments = np.linspace(0.0, motion.duration, 40)
    there = np.stack([np.interp(motion.times, moments, path[:, axis]) for axis in (0, 1)], 1)
    assert np.linalg.norm(motion.qpos[:, :2] - there, axis=1).mean() < 0.3


def test_too_little_to_go_round_in_is_told(humanoid: Character) -> None:
    prior = fit_to("motion-graph", takes(humanoid, 1, 0.1), humanoid)
    with pytest.raises(InputError, match="fit to more"):
        prior.sample(Condition(), 0, 1)
