"""How a clip's camera turned and zoomed, told from the background: corners are followed past the people.

Each frame's pixels are mapped to those of one frame by a homography, which is exact for a camera that turns and zooms
where it stands, whatever its focal length. One that travels shows near and far things moving differently, or a floor as
no turn shows it; that is noticed, and said.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float, Float32, UInt8

from recon.pose.steady import travelled
from sfv.clip import Clip
from sfv.pose import PoseTrack
from sfv.work.abreast import ahead

WIDTH = 640
"""px across of the pictures in which corners are followed."""
CORNERS = 400
FEWEST = 25
"""Corners below which a frame says nothing about the camera."""
RENEW = 0.5
"""Share of a key frame's corners below which another one takes its place."""
ROUND_TRIP = 0.5
"""px by which a corner may miss itself when it is followed there and back."""
FITS = 1.5
"""px by which the background may miss a homography."""
STAYS, MOST = 0.75, 0.5
"""px that a corner wanders on its own in a still picture, by noise and compression; and the share that must not go
farther for the camera to stand where it was at the key frame. A homography of few corners is free where none are."""
HALO = 0.25
"""Of a person's size: how much around the points seen belongs to the person."""
STILL = 0.004
"""Of the picture's diagonal: a camera that sways less than this stands still. Clips from a stand: up to 0.0025."""
FLAT = 0.6
"""Share of the corners that a homography explains when a camera turns where it stands."""
TRAVELS = 0.012
"""Of the picture's diagonal: homographies farther from those of turns and zooms are of a camera that travels."""
BLIND = 0.2
"""Share of frames without enough background from which the camera is taken to stand still."""

log = logging.getLogger(__name__)

Picture = UInt8[np.ndarray, "h w"]
Points = Float32[np.ndarray, "N 1 2"]


def camera_motion(
    clip: Clip, people: Sequence[PoseTrack], track: PoseTrack, advance: Callable[[float], None] = lambda steps: None
) -> Float[np.ndarray, "T 3 3"] | None:
    """Homographies from each of the track's frames to its middle frame, px to px; None where the camera stands still.

    Args:
        clip: the video that the track is of.
        people: everybody seen in it, who are not background.
        track: whose frames are asked for.
        advance: called with the number of the track's frames done.
    """
    start = int(np.searchsorted(clip.times, track.times[0] - 1e-6))
    small = clip.narrowed(WIDTH).only(np.arange(start, start + len(track)))
    scale = small.size[0] / clip.size[0]
    follower = _Follower()
    for image, time in zip(ahead(small), small.times.tolist(), strict=True):
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        follower.see(grey, _background(grey.shape, people, time, scale))
        advance(1.0)
    seen = follower.seen
    # where nobody is found something else may be shown, such as a title
    if np.mean([not s.found for s, there in zip(seen, track.found, strict=True) if there]) > BLIND:
        log.warning("the background shows too little to tell how the camera moves; it is taken to stand still")
        return None
    to_first = np.stack([s.to_first for s in seen])
    to_middle = np.linalg.inv(to_first[len(seen) // 2]) @ to_first
    if _sway(to_middle, small.size) <= STILL:
        return None
    back = np.diag([scale, scale, 1.0])
    full = np.linalg.inv(back) @ to_middle @ back
    explained = float(np.median([s.share for s in seen if s.found]))
    if explained < FLAT or travelled(full, clip.size) > TRAVELS:
        log.warning(
            "the camera travels, and the background does not tell where to: the person's way through the world will be "
            "wrong. Give the camera's path with --camera-path, or use a clip whose camera turns where it stands"
        )
        return None
    log.warning("the camera moves: its turns and zooms are taken out by the background")
    return full / full[:, 2:, 2:]


@dataclass(frozen=True)
class _Seen:
    """A frame: its homography to the first frame, whether the background showed it, and how much of that agreed."""

    to_first: Float[np.ndarray, "3 3"]
    found: bool
    share: float


class _Follower:
    """Follows corners from a key frame on, and takes another key frame when too few are left."""

    def __init__(self) -> None:
        self.seen: list[_Seen] = []
        self._key = np.eye(3)  # from the key frame to the first
        # in the key frame, and in the last
        self._corners: Points = np.zeros((0, 1, 2), np.float32)
        self._points: Points = self._corners
        self._last: Picture | None = None
        self._many = 0

    def see(self, grey: Picture, background: Bool[np.ndarray, "h w"]) -> None:
        """Take in the next frame."""
        if self._last is not None:
            self._follow(self._last, grey, background)
        before = self.seen[-1].to_first if self.seen else np.eye(3)
        found, share, here = self._last is None, 1.0, before
        if len(self._points) >= FEWEST:
            stays = np.linalg.norm(self._points - self._corners, axis=-1)[:, 0] <= STAYS
            mapped, fitting = cv2.findHomography(self._points, self._corners, cv2.USAC_MAGSAC, FITS)
            if stays.mean() >= MOST:
                found, share, here = True, float(stays.mean()), self._key
            elif mapped is not None and int(fitting.sum()) >= FEWEST:
                found, share, here = True, float(fitting.mean()), self._key @ mapped
                here = here / here[2, 2]
        self.seen.append(_Seen(here, found, share))
        if len(self._points) < max(FEWEST, RENEW * self._many):
            self._renew(grey, background, here)
        self._last = grey

    def _follow(self, last: Picture, grey: Picture, background: Bool[np.ndarray, "h w"]) -> None:
        if not len(self._points):
            return
        there, ok = _flow(last, grey, self._points)
        again, back = _flow(grey, last, there)
        same = np.linalg.norm(again - self._points, axis=-1)[:, 0] < ROUND_TRIP
        column, row = np.round(there[:, 0]).astype(int).T
        height, width = grey.shape
        inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
        clear = background[row.clip(0, height - 1), column.clip(0, width - 1)]
        kept = same & ok & back & inside & clear
        self._points, self._corners = there[kept], self._corners[kept]

    def _renew(self, grey: Picture, background: Bool[np.ndarray, "h w"], here: Float[np.ndarray, "3 3"]) -> None:
        corners = cv2.goodFeaturesToTrack(grey, CORNERS, 0.01, 7, mask=background.astype(np.uint8))
        # OpenCV gives None where it finds none
        self._corners = self._points = np.asarray([] if corners is None else corners, np.float32).reshape(-1, 1, 2)
        self._key, self._many = here, len(self._corners)


def _flow(before: Picture, after: Picture, points: Points) -> tuple[Points, Bool[np.ndarray, " N"]]:
    """Where points are after it, and which were found (Lucas and Kanade 1981, in pyramids)."""
    there, found, _ = cv2.calcOpticalFlowPyrLK(before, after, points, points.copy(), winSize=(21, 21), maxLevel=4)
    return np.asarray(there, np.float32), np.asarray(found)[:, 0] > 0


def _background(
    shape: tuple[int, ...], people: Sequence[PoseTrack], time: float, scale: float
) -> Bool[np.ndarray, "h w"]:
    """Where nobody is at `time` (s); who is unseen for a moment is where he was seen last or is seen next."""
    clear = np.ones(shape, bool)
    for track in people:
        if not track.times[0] - 1e-6 <= time <= track.times[-1] + 1e-6:
            continue
        there = np.flatnonzero(track.found)
        points = scale * track.points_2d[there[np.abs(track.times[there] - time).argmin()]]
        low, high = points.min(0), points.max(0)
        margin = HALO * (high - low).max()
        left, top = np.floor(low - margin).astype(int).clip(0)
        right, bottom = np.ceil(high + margin).astype(int).clip(0)
        clear[top:bottom, left:right] = False
    return clear


def _sway(homographies: Float[np.ndarray, "T 3 3"], size: tuple[int, int]) -> float:
    """How far the picture's corners wander, over its diagonal: the 90th percentile over frames."""
    width, height = size
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]], float)
    moved = corners @ homographies.swapaxes(1, 2)
    moved = moved[..., :2] / moved[..., 2:]
    off = np.linalg.norm(moved - np.median(moved, axis=0), axis=-1).max(1)
    return float(np.percentile(off, 90) / np.hypot(width, height))
