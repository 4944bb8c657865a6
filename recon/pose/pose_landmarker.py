"""MediaPipe's Pose Landmarker (Tasks API): who is in one picture, or in a square window of it.

Every picture is looked at by itself. MediaPipe's own video mode would smooth the points over time, which costs accuracy
(65 mm against 63 mm on measured joints) and lags; smoothing is the fit's business, over the whole clip at once. Nothing
here knows about time, identity or which person matters.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from threading import Lock
from types import TracebackType
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from recon.pose.clothes import clothes
from recon.pose.people import Sighting, Window
from sfv.work.abreast import BESIDE

NAMES = (
    "nose", "left_eye_inner", "left_eye", "left_eye_outer", "right_eye_inner", "right_eye", "right_eye_outer",
    "left_ear", "right_ear", "mouth_left", "mouth_right",
    "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist",
    "left_pinky", "right_pinky", "left_index", "right_index", "left_thumb", "right_thumb",
    "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle",
    "left_heel", "right_heel", "left_foot_index", "right_foot_index",
)  # fmt: skip
"""The 33 points in the model's order; left is the person's own."""
_OTHER_SIDE = {"left": "right", "right": "left"}
MIRRORED = [NAMES.index("_".join(_OTHER_SIDE.get(word, word) for word in name.split("_"))) for name in NAMES]
"""For each point its counterpart on the other side of the body."""
_SHOULDERS, _HIPS, _KNEES = (
    [NAMES.index(f"{side}_{joint}") for side in ("left", "right")] for joint in ("shoulder", "hip", "knee")
)
BETWEEN = 1.2
"""A picture may be shrunk by so much by means between pixels: larger steps leave some of them out."""
LARGEST_INPUT = 640
"""Side, px, to which larger windows are shrunk first: the networks see 224 and 256 px, and copying costs time."""


class PoseLandmarker:
    """A loaded Pose Landmarker; a context manager, because MediaPipe must be closed before Python ends.

    It is there BESIDE times, so that as many threads may look at once: by itself it keeps to one core.
    """

    def __init__(self, weights: Path, max_people: int = 4) -> None:
        with _quiet():
            import mediapipe as mp
            from mediapipe.tasks.python.core.base_options import BaseOptions
            from mediapipe.tasks.python.vision import PoseLandmarker as Landmarker
            from mediapipe.tasks.python.vision import PoseLandmarkerOptions, RunningMode

            self._image: Any = lambda data: mp.Image(image_format=mp.ImageFormat.SRGB, data=data)
            options = PoseLandmarkerOptions(
                base_options=BaseOptions(model_asset_path=str(weights)),
                running_mode=RunningMode.IMAGE,
                num_poses=max_people,
            )
            self._copies: list[Any] = [Landmarker.create_from_options(options) for _ in range(BESIDE)]
            self._idle: SimpleQueue[tuple[Any, bool]] = SimpleQueue()
            for landmarker in self._copies:
                # it also talks on its first picture, and again on the first person
                landmarker.detect(self._image(np.zeros((256, 256, 3), np.uint8)))
                self._idle.put((landmarker, True))
        self._silence = Lock()

    def __enter__(self) -> "PoseLandmarker":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for landmarker in self._copies:
            landmarker.close()

    def look(self, image: UInt8[np.ndarray, "H W 3"], window: Window) -> list[Sighting]:
        """The people in a square `window` of `image`, in the whole image's pixels; in no particular order."""
        crop = np.ascontiguousarray(np.rot90(_crop(image, window), window.turns))
        seen = self._image(_mirrored(crop) if window.mirrored else crop)
        landmarker, talks = self._idle.get()
        try:
            if talks:
                with self._silence, _quiet():
                    result = landmarker.detect(seen)
            else:
                result = landmarker.detect(seen)
            talks = talks and not result.pose_landmarks
        finally:
            self._idle.put((landmarker, talks))
        return [
            _sighting(landmarks, world, window, image)
            for landmarks, world in zip(result.pose_landmarks, result.pose_world_landmarks, strict=True)
        ]


def _crop(image: UInt8[np.ndarray, "H W 3"], window: Window) -> UInt8[np.ndarray, "S S 3"]:
    """The window's pixels, black beyond the image, shrunk where it is large."""
    height, width = image.shape[:2]
    x0, y0, side = window.x, window.y, window.side
    left, right = np.clip((x0, x0 + side), 0, width).tolist()
    top, bottom = np.clip((y0, y0 + side), 0, height).tolist()
    crop = image[top:bottom, left:right]
    if crop.shape[:2] != (side, side):
        inside, crop = crop, np.zeros((side, side, 3), np.uint8)
        crop[top - y0 : top - y0 + len(inside), left - x0 : left - x0 + inside.shape[1]] = inside
    if side > LARGEST_INPUT:
        crop = _shrunk(crop)
    return crop


def _shrunk(crop: UInt8[np.ndarray, "S S 3"]) -> UInt8[np.ndarray, "s s 3"]:
    """A square of LARGEST_INPUT px: brought to a power of two of it, and then halved.

    It is within 1 of 255 of the means over areas, which take twice as long where they cut through pixels.
    """
    import cv2

    side = LARGEST_INPUT
    while BETWEEN * side < len(crop):
        side *= 2
    crop = np.asarray(cv2.resize(crop, (side, side), interpolation=cv2.INTER_LINEAR))
    while side > LARGEST_INPUT:
        side //= 2
        crop = np.asarray(cv2.resize(crop, (side, side), interpolation=cv2.INTER_AREA))
    return crop


def _mirrored(crop: UInt8[np.ndarray, "S S 3"]) -> UInt8[np.ndarray, "S S 3"]:
    import cv2

    return np.asarray(cv2.flip(crop, 1))  # a sixth of the time of a reversed view made whole


def _sighting(landmarks: Any, world: Any, window: Window, image: UInt8[np.ndarray, "H W 3"]) -> Sighting:
    seen = np.array([[point.x, point.y, point.visibility * point.presence] for point in landmarks])  # (33, 3)
    metres = np.array([[point.x, point.y, point.z] for point in world])  # (33, 3)
    if window.mirrored:
        seen[:, 0], metres[:, 0] = 1 - seen[:, 0], -metres[:, 0]
        seen, metres = seen[MIRRORED], metres[MIRRORED]
    # undo the quarter turns: the crop was turned counterclockwise, about its middle
    for _ in range(window.turns):
        seen[:, :2] = np.stack([1 - seen[:, 1], seen[:, 0]], axis=1)
        metres[:, :2] = np.stack([-metres[:, 1], metres[:, 0]], axis=1)
    points_2d: Float[np.ndarray, "33 2"] = seen[:, :2] * window.side + (window.x, window.y)
    return clothed(image, Sighting(points_2d, metres, seen[:, 2], upright_turns(points_2d)))


def clothed(image: UInt8[np.ndarray, "H W 3"], seen: Sighting) -> Sighting:
    """The sighting with the colours of what is worn there in the picture."""
    return replace(seen, clothes=clothes(image, *(seen.points_2d[columns] for columns in (_SHOULDERS, _HIPS, _KNEES))))


def upright_turns(points_2d: Float[np.ndarray, "33 2"]) -> int:
    """Counterclockwise quarter turns of the picture that bring a person's shoulders nearest to straight above the hips.

    Args:
        points_2d: px, x right and y down, in the order of `NAMES`.
    """
    right, down = points_2d[_SHOULDERS].mean(0) - points_2d[_HIPS].mean(0)
    return int(np.round(np.arctan2(right, -down) / (np.pi / 2))) % 4


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what C++ code writes to standard error from the user, unless something fails."""
    with tempfile.TemporaryFile() as said:
        kept = os.dup(2)
        os.dup2(said.fileno(), 2)
        try:
            yield
        except BaseException:
            said.seek(0)
            os.write(kept, said.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
