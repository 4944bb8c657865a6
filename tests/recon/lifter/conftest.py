"""Tracks and films of the demo's jump, with all of the estimator's 33 points."""

from dataclasses import replace

import numpy as np
import pytest

from recon.camera import view_rotations
from recon.lifter.acting import FRAMES
from recon.lifter.filming import Film
from recon.lifter.films import Shard
from recon.lifter.points import NAMES, POINTS, RATE
from recon.lifter.sight import HIPS
from recon.scorecard import landmark_positions

NEAR = {"pinky": "index", "thumb": "index", "mouth_left": "nose", "mouth_right": "nose"}
"""Points that the humanoid has no site for -> the one that is taken instead."""


def stand_in(name: str) -> str:
    """The humanoid's landmark that stands for one of the estimator's points."""
    side, _, part = name.partition("_")
    return NEAR.get(name) or (
        f"{side}_{NEAR[part]}" if part in NEAR else name.removesuffix("_inner").removesuffix("_outer")
    )


@pytest.fixture(scope="session")
def seen_whole(filmed):
    """A function: `filmed`, with all 33 points."""

    def film(motion, camera, **kwargs):
        track = filmed(motion, camera, **kwargs)
        columns = [track.index(stand_in(name)) for name in NAMES]
        parts = {name: getattr(track, name)[:, columns] for name in ("points_2d", "points_3d", "confidence")}
        return replace(track, names=NAMES, **parts)

    return film


@pytest.fixture(scope="session")
def shards(humanoid, jump):
    """A function: people who jump before cameras in all directions, whose depth the estimator halves."""

    def make(people, windows=2, depth=0.5):
        rng, out = np.random.default_rng(0), []
        world = landmark_positions(humanoid, jump.resampled(RATE), tuple(stand_in(name) for name in NAMES))[:FRAMES]
        for number in range(people):
            films = []
            for _ in range(windows):
                yaw = rng.uniform(0, 2 * np.pi)
                c, s = np.cos(yaw), np.sin(yaw)
                turned = (world - [0, 0, 1.0]) @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]]).T
                inside = turned[..., [1, 2, 0]] * [1, -1, 1] + [0.4, 0.1, 4.0]
                hips = inside[:, HIPS].mean(1, keepdims=True)
                own = [(NAMES.index(name),) * 2 for name in POINTS[:-1]] + [(7, 8)]
                truth = np.stack([inside[:, list(pair)].mean(1) for pair in own], 1)
                flat = inside[..., :2] / inside[..., 2:]
                # its axes are those of a camera that looks at the person
                turn = view_rotations(flat[:, HIPS].mean(1), 1.0, (0, 0))
                metres = np.einsum("tji,tkj->tki", turn, inside - hips) * [1, 1, depth]
                sure, up = np.full(inside.shape[:2], 0.9), np.tile([0.0, -1.0, 0.0], (FRAMES, 1))
                films.append(Film(flat, metres, sure, truth, up))
            out.append(Shard(tuple(films), ("jump",) * windows, number % 4 == 3))
        return out

    return make
