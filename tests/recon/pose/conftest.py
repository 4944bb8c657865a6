"""People made of numbers: tracks of somebody who stands still, and sightings of a stick figure."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from recon.pose.people import Sighting
from recon.pose.pose_landmarker import NAMES, upright_turns
from sfv.clip import Clip
from sfv.pose import PoseTrack

LEGS = [i for i, name in enumerate(NAMES) if any(word in name for word in ("knee", "ankle", "heel", "foot"))]
STANDING = {
    **dict.fromkeys(NAMES[:11], (0.0, 1.65)),
    **{f"{side}_{joint}": (sign * x, z)
       for side, sign in (("left", 1), ("right", -1))
       for joint, x, z in (("shoulder", 0.2, 1.4), ("elbow", 0.25, 1.15), ("wrist", 0.25, 0.9), ("pinky", 0.25, 0.8),
                           ("index", 0.25, 0.8), ("thumb", 0.25, 0.85), ("hip", 0.12, 0.9), ("knee", 0.12, 0.5),
                           ("ankle", 0.12, 0.08), ("heel", 0.12, 0.02), ("foot_index", 0.12, 0.0))},
}  # fmt: skip
"""Metres to the right in the picture and up."""


@pytest.fixture(scope="session")
def person() -> Callable[..., PoseTrack]:
    """Somebody `height` px tall who stands still from `first` to `last` s; `legs` is the confidence of their legs."""

    def made(first: float, last: float, height: float, legs: float = 0.9, bottom: float = 400.0, x: float = 300.0,
             fps: float = 30.0) -> PoseTrack:  # fmt: skip
        times = np.arange(round(first * fps), round(last * fps)) / fps
        frame = np.stack([np.linspace(x, x + 20, 33), np.linspace(bottom - height, bottom, 33)], axis=1)  # (33, 2)
        confidence = np.full((len(times), 33), 0.9)
        confidence[:, LEGS] = legs
        points_2d = np.repeat(frame[None], len(times), axis=0)
        return PoseTrack(NAMES, times, points_2d, np.zeros((len(times), 33, 3)), confidence, (640, 480), "test", 0)

    return made


@pytest.fixture(scope="session")
def figure() -> Callable[..., Sighting]:
    """Somebody who stands at x, y (px, of the hips), `scale` px per metre, turned counterclockwise by `angle` (rad)."""

    def seen(x: float = 300.0, y: float = 240.0, scale: float = 100.0, angle: float = 0.0,
             colour: tuple[float, float, float] | None = None, arms: float = 0.0) -> Sighting:  # fmt: skip
        metres = np.array([STANDING[name] for name in NAMES]) - (0.0, 0.9)
        hands = [i for i, name in enumerate(NAMES) if any(w in name for w in ("wrist", "pinky", "index", "thumb"))]
        metres[[i for i in hands if "foot" not in NAMES[i]], 1] += arms
        c, s = np.cos(angle), np.sin(angle)
        metres = metres @ np.array([[c, s], [-s, c]])
        metres[:, 1] *= -1  # y down
        points = np.array([x, y]) + scale * metres
        worn = None if colour is None else np.tile(colour, (2, 1))
        three = np.concatenate([metres, np.zeros((33, 1))], axis=1)
        return Sighting(points, three, np.full(33, 0.9), upright_turns(points), worn)

    return seen


class Numbered(Clip):
    """A clip that needs no file: each picture is of its number."""

    def __iter__(self) -> Iterator[np.ndarray]:
        return iter([np.full((480, 640, 3), round(30 * time), np.uint8) for time in self.times])


@pytest.fixture(scope="session")
def numbered() -> Clip:
    """Three seconds of pictures, each of its number."""
    return Numbered(Path("clip.mp4"), (640, 480), np.arange(90) / 30)


@pytest.fixture
def standing() -> PoseTrack:
    """Somebody 200 px tall who stands from 1 to 2 s, arms hanging, face to the camera."""
    metres = np.zeros((33, 3))
    heights = {"nose": -0.6, "shoulder": -0.5, "elbow": -0.25, "wrist": 0.0, "hip": 0.0, "knee": 0.45, "ankle": 0.85}
    for i, name in enumerate(NAMES):
        part = next((word for word in heights if word in name), "nose" if i < 11 else "wrist" if i < 23 else "ankle")
        side = 1.0 if "left" in name else -1.0 if "right" in name else 0.0
        metres[i] = (0.18 * side, heights[part], -0.1 * (i in (29, 30, 31, 32)))
    points = np.repeat((metres[:, :2] * 120 + (320, 240))[None], 30, 0)
    times = np.arange(30, 60) / 30
    deep = np.repeat(metres[None], 30, 0)
    return PoseTrack(NAMES, times, points, deep, np.full((30, 33), 0.9), (640, 480), "test", 0)
