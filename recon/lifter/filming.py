"""Filming somebody: cameras of many kinds, what cameras and files do to pictures, and what the estimator then says.

A `Film` holds the estimator's points beside the true ones. It knows nothing of networks.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float, UInt8
from scipy.ndimage import gaussian_filter1d
from scipy.spatial.transform import Rotation

from recon.lifter.acting import Performed
from recon.lifter.points import NAMES, POINTS
from recon.lifter.studio import Studio, View
from recon.pose.people import ROOM, Sighting, Window
from recon.pose.pose_landmarker import upright_turns

SEEN = 256
"""px of what the estimator is shown."""
NEAREST = 0.35
"""How far from the true middle, over the window's side, somebody seen is somebody else."""


@runtime_checkable
class Looks(Protocol):
    """Sees people in a window of a picture."""

    def look(self, image: UInt8[np.ndarray, "H W 3"], window: Window) -> list[Sighting]: ...


@dataclass(frozen=True)
class Film:
    """A window of T frames: what the estimator says, and what is so.

    Attributes:
        seen: (T, 33, 2) where the points are in the picture: tangents to the right and down from the camera's axis.
        metres: (T, 33, 3) the estimator's points about the hips, in its axes (x right, y down, z away).
        confidence: (T, 33) 0..1; 0 where nobody was found.
        truth: (T, K, 3) the lifter's POINTS in the camera's axes (x right, y down, z away), m.
        up: (T, 3) away from the ground, in the camera's axes.
    """

    seen: Float[np.ndarray, "T 33 2"]
    metres: Float[np.ndarray, "T 33 3"]
    confidence: Float[np.ndarray, "T 33"]
    truth: Float[np.ndarray, "T K 3"]
    up: Float[np.ndarray, "T 3"]

    @property
    def found(self) -> Bool[np.ndarray, " T"]:
        """Frames in which the person was seen."""
        return np.asarray((self.confidence > 0).any(1))


def film(studio: Studio, act: Performed, estimator: Looks, rng: np.random.Generator) -> tuple[Film, list[np.ndarray]]:
    """The act filmed in another room, and its pictures as the estimator sees them."""
    views = cameras(act, rng)
    studio.refurnish(act.heads[:, 0].mean(0), views[0].eye, act.seat, rng)
    spoil = Spoiling(rng)
    count = len(act.points)
    seen, metres = np.full((count, 33, 2), np.nan), np.full((count, 33, 3), np.nan)
    confidence = np.zeros((count, 33))
    truth = np.stack([view.inside(points) for view, points in zip(views, act.points, strict=True)])
    pictures = []
    for t, view in enumerate(views):
        picture = spoil(studio.picture(act.heads[t], act.turns[t], view))
        pictures.append(picture)
        at = view.pixels(truth[t], SEEN)
        found = estimator.look(picture, Window(0, 0, SEEN, _turns(at)))
        middle = at.mean(0)
        off = [float(np.linalg.norm(one.points_2d.mean(0) - middle)) for one in found]
        if off and min(off) < NEAREST * SEEN:
            best = found[int(np.argmin(off))]
            seen[t], metres[t] = view.tangents(best.points_2d, SEEN), best.points_3d
            confidence[t] = np.maximum(best.confidence, 1e-6)
    up = np.stack([view.turn.T @ [0.0, 0.0, 1.0] * [1.0, -1.0, -1.0] for view in views])
    return Film(seen, metres, confidence, truth, up), pictures


def _turns(points: Float[np.ndarray, "K 2"]) -> int:
    """Quarter turns that bring the lifter's POINTS upright."""
    all33 = np.zeros((len(NAMES), 2))
    for name in ("left_shoulder", "right_shoulder", "left_hip", "right_hip"):
        all33[NAMES.index(name)] = points[POINTS.index(name)]
    return upright_turns(all33)


def cameras(act: Performed, rng: np.random.Generator) -> list[View]:
    """A camera that stands or turns after the person, and its window about them."""
    count, path = len(act.points), act.points.mean(1)
    tall = float(np.ptp(act.points[..., 2], axis=1).max())
    middle = 0.5 * (path.min(0) + path.max(0))
    distance = 1.6 * 5.0 ** rng.random() + 0.5 * np.ptp(path[:, :2], axis=0).max()
    low, high = ((0.6, 1.9), (1.8, 1.2 + 0.6 * distance), (0.2, 0.6))[int(rng.choice(3, p=(0.75, 0.13, 0.12)))]
    angle = rng.uniform(0, 2 * np.pi)
    eye = np.array([*(middle[:2] + distance * np.array([np.cos(angle), np.sin(angle)])), rng.uniform(low, high)])
    # what the camera looks at: they are anywhere in its picture
    aside = distance * rng.normal(0, 0.15, 3) * [1, 1, 0.8]
    aim = np.tile(middle + aside, (count, 1))
    if rng.random() < 0.2:
        sway = gaussian_filter1d(rng.standard_normal((count, 3)), 4, axis=0, mode="nearest")
        aim = gaussian_filter1d(path, 4, axis=0, mode="nearest") + 0.3 * aside + 0.15 * sway
    roll = Rotation.from_euler("z", rng.normal(0, 0.04))
    turns = [_towards(eye, point) @ roll.as_matrix() for point in aim]

    bare = [View(eye, turn, np.zeros(2), 1.0) for turn in turns]
    flat = np.stack([view.inside(points) for view, points in zip(bare, act.points, strict=True)])
    flat = flat[..., :2] / np.maximum(flat[..., 2:], 0.3)
    box = np.stack((flat.min(1), flat.max(1)), 1)
    # the landmarks of face, hands and feet lie beyond the joints
    size = np.maximum((box[:, 1] - box[:, 0]).max(1) * 1.1, 0.3 * tall / distance)
    wander = gaussian_filter1d(rng.standard_normal((count, 3)), 3, axis=0, mode="nearest")
    wide = ROOM * size * np.exp(rng.normal(0.03, 0.12) + 0.05 * wander[:, 0])
    centre = box.mean(1) + wide[:, None] * (rng.normal(0, 0.03, 2) + 0.02 * wander[:, 1:])
    return [View(eye, turn, at, float(side)) for turn, at, side in zip(turns, centre, wide, strict=True)]


def _towards(eye: Float[np.ndarray, " 3"], aim: Float[np.ndarray, " 3"]) -> Float[np.ndarray, "3 3"]:
    back = (eye - aim) / np.linalg.norm(eye - aim)
    right = np.cross((0.0, 0.0, 1.0), back)
    right /= np.linalg.norm(right)
    return np.stack((right, np.cross(back, right), back), 1)


class Spoiling:
    """What lens, sensor, file and things in the way do to the pictures of one window, alike in all of them."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._px = int(rng.choice((256, 256, 256, 192, 144, 112)))
        self._blur = rng.uniform(0, 0.9) if rng.random() < 0.6 else 0.0
        self._noise, self._quality = rng.uniform(0, 7) * rng.random(), int(rng.integers(35, 96))
        self._gamma, self._gain = np.exp(rng.normal(-0.1, 0.18)), rng.uniform(0.85, 1.25)
        self._lift = rng.uniform(-8, 25)
        self._grey = 1.0 if rng.random() < 0.05 else rng.uniform(0.0, 0.4)
        self._edge = rng.uniform(0.68, 0.97) if rng.random() < 0.1 else 1.0
        self._hidden: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None
        if rng.random() < 0.08:
            self._hidden = rng.uniform(0.05, 0.9, 2), rng.uniform(0.08, 0.35, 2), rng.uniform(20, 230, 3)
        levels = np.arange(256) / 255.0
        self._levels = np.clip(255 * self._gain * levels**self._gamma + self._lift, 0, 255).astype(np.uint8)

    def __call__(self, picture: UInt8[np.ndarray, "S S 3"]) -> UInt8[np.ndarray, "s s 3"]:
        """The picture as the estimator gets it."""
        import cv2

        out = np.asarray(cv2.resize(picture, (self._px, self._px), interpolation=cv2.INTER_AREA))
        if self._hidden is not None:
            corner, size = (np.round(part * self._px).astype(int) for part in self._hidden[:2])
            out[corner[1] : corner[1] + size[1], corner[0] : corner[0] + size[0]] = self._hidden[2]
        if self._blur:
            out = np.asarray(cv2.GaussianBlur(out, (0, 0), self._blur * self._px / 200))
        out = self._levels[out]
        grey = out.mean(-1, keepdims=True)
        out = out + self._grey * (grey - out) + self._rng.normal(0, self._noise, out.shape)
        out = np.clip(out, 0, 255).astype(np.uint8)
        out = np.asarray(cv2.imdecode(cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, self._quality])[1], 1))
        if self._px != SEEN:
            out = np.asarray(cv2.resize(out, (SEEN, SEEN), interpolation=cv2.INTER_LINEAR))
        # what lies beyond the picture's edge is black
        out[int(self._edge * SEEN) :] = 0
        return out
