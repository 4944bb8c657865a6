"""Where a clip's hard cuts are, told from its pixels while its frames go by.

A cut puts other edges everywhere between two frames, and the frames about it change far less. A lamp that goes on
leaves edges where they are, and a fast pan changes them in every frame. A scene that is shown again after an
interruption is the same scene. Fades are not found, nor leaps in time within one scene.
"""

from collections import deque
from collections.abc import Iterable, Iterator

import cv2
import numpy as np
from jaxtyping import Float, Int, UInt8

SIDE = 48
"""px of the small pictures that are compared: a person's limbs hardly show in them."""
LARGE = 8 * SIDE
"""px of the shorter side from which a picture is halved first: means of four pixels take a fifth of the time of other
means."""
EDGES = 9
"""px of the mean that is taken from a small picture, so that its edges remain."""
AROUND = 3
"""Frames to either side that a cut is compared with; films of 24 frames/s stored at 30 repeat every fourth."""
CHANGE = 9.0
"""Grey levels of 255 by which the picture changes at a cut, on average. Between eleven clips 42 and more, but for two
of one scene."""
OTHER = 0.7
"""One minus the correlation of the edges at a cut. Between the same clips .86 and more; within them .3 at most, and .6
where a camera pans along with a runner."""
STANDS_OUT = 2.0
"""How many times as large as the largest about it that is."""
CALM = 3.0
"""Grey levels by which a picture must change before its edges are compared: those of noise agree with nothing."""
RETURNS, NEARLY = 0.45, 0.35
"""The same number up to which two scenes are one, interrupted; and where little but a person has edges, the change
between them over that at their cuts."""

Small = Float[np.ndarray, "S S 3"]


class Scenes:
    """The cuts of a clip; complete when `watch` has come to its end."""

    def __init__(self) -> None:
        self.cuts: list[int] = []
        """Indices of the frames with which another scene begins; a frame's is there before `watch` gives it."""
        self._sides: list[tuple[Small, Small]] = []  # the pictures before and after each cut
        self._others: list[float] = []
        self._small: deque[Small] = deque(maxlen=AROUND + 2)

    def watch(self, frames: Iterable[UInt8[np.ndarray, "H W 3"]]) -> Iterator[UInt8[np.ndarray, "H W 3"]]:
        """The frames, unchanged, AROUND of them held back."""
        waiting: deque[UInt8[np.ndarray, "H W 3"]] = deque()
        for image in frames:
            self._see(image)
            waiting.append(image)
            if len(waiting) > AROUND:
                self._decide(len(self._others) - len(waiting))
                yield waiting.popleft()
        while waiting:
            self._decide(len(self._others) - len(waiting))
            yield waiting.popleft()

    def of_frames(self, count: int) -> Int[np.ndarray, " T"]:
        """The number of the scene that each of `count` frames shows, from 0."""
        edges, labels = [0, *self.cuts, count], [0]
        for k in range(len(self._sides)):
            # the last picture of piece j stands before cut j
            alike = [labels[j] for j in range(k) if self._returns(j, k)]
            labels.append(alike[-1] if alike else max(labels) + 1)
        return np.repeat(labels, np.diff(edges))

    def _returns(self, left: int, back: int) -> bool:
        """Whether the scene before one cut is that after another."""
        before, after = self._sides[left][0], self._sides[back][1]
        least = min(_change(*self._sides[left]), _change(*self._sides[back]))
        return _other(before, after) <= RETURNS or _change(before, after) <= NEARLY * least

    def _see(self, image: UInt8[np.ndarray, "H W 3"]) -> None:
        height, width = image.shape[:2]
        if min(height, width) >= LARGE:
            image = _shrunk(image, width // 2, height // 2)
        small = _shrunk(image, SIDE, SIDE).astype(np.float64)
        calm = not self._small or _change(self._small[-1], small) < CALM
        self._others.append(0.0 if calm else _other(self._small[-1], small))
        self._small.append(small)

    def _decide(self, index: int) -> None:
        other = self._others[index]
        about = self._others[max(index - AROUND, 0) : index] + self._others[index + 1 : index + 1 + AROUND]
        if other < max(OTHER, STANDS_OUT * max(about, default=0.0)):
            return
        newest = len(self._others) - 1
        before, after = self._small[index - newest - 2], self._small[index - newest - 1]
        if _change(before, after) >= CHANGE:
            self.cuts.append(index)
            self._sides.append((before, after))


def _shrunk(image: UInt8[np.ndarray, "H W 3"], width: int, height: int) -> UInt8[np.ndarray, "h w 3"]:
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA))


def _change(a: Small, b: Small) -> float:
    return float(np.abs(a - b).mean())


def _other(a: Small, b: Small) -> float:
    """One minus the correlation of the edges in two pictures."""
    left, right = (grey - cv2.blur(grey, (EDGES, EDGES)) for grey in (a.mean(2), b.mean(2)))
    return 1.0 - float((left * right).sum() / max(np.sqrt((left**2).sum() * (right**2).sum()), 1e-9))
