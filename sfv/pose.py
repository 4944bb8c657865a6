"""Where one person's body points are in a clip, in pixels and in metres, as a pose estimator saw them.

A `PoseTrack` belongs to one person and one continuous span of the clip. It knows nothing about how the points were
found, nor about a world: the metric points hang on the person's own hips, in the camera's axes.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float

from sfv.errors import InputError, blamed, did_you_mean
from sfv.work.contents import arrays_of, content_of
from sfv.work.files import write_arrays

FORMAT = "sfv.pose_track"
VERSION = 3

LONGEST, WIDEST = 1_000_000, 100_000
"""Frames of a track, and px of an image."""
_MOST = {"points_2d": 1e6, "points_3d": 100.0, "confidence": 1.0, "homography": 1e9, "shift": 1e4}
"""Largest numbers that make sense, in px and m."""
_PER_FRAME = ("times", "points_2d", "points_3d", "confidence", "homography", "shift")


@dataclass(frozen=True)
class LeftOut:
    """A part of a clip that a track does not cover, in seconds since the clip's first frame, and why."""

    begin: float
    end: float
    why: str


@dataclass(frozen=True)
class PoseTrack:
    """K named body points of one person over T frames.

    A frame in which the person was not found is kept: its points are NaN and its confidence is 0.
    """

    names: tuple[str, ...]
    """What the K points are called, such as "left_knee"; left is the person's own left."""
    times: Float[np.ndarray, " T"]
    """Seconds since the clip's first frame, increasing; the frames of the span, not of the whole clip."""
    points_2d: Float[np.ndarray, "T K 2"]
    """Pixels of the upright image, x right, y down; may lie outside the image."""
    points_3d: Float[np.ndarray, "T K 3"]
    """Metres in the camera's axes (x right, y down, z away from the camera), origin midway between the hips."""
    confidence: Float[np.ndarray, "T K"]
    """0 to 1: the estimator's own belief that the point is in the image and not hidden."""
    image_size: tuple[int, int]
    """Width and height of the upright image, px."""
    estimator: str
    """Which estimator made the track, with its variant."""
    person: int
    """The number this person bears in the overlay."""
    homography: Float[np.ndarray, "T 3 3"] | None = None
    """Each frame's pixels to the middle frame's, where the camera turned or zoomed; None: it stood still."""
    shift: Float[np.ndarray, "T 3"] | None = None
    """Metres that the camera had travelled from its place in the middle frame, in that one's axes; None: it did not."""
    turns: int = 0
    """Counterclockwise quarter turns after which the file's pictures are upright, beside what the file says of it."""
    speed: float = 1.0
    """Seconds that passed in one second of the clip: less than 1 in slow motion."""
    left_out: tuple[LeftOut, ...] = ()
    """The rest of what was looked at of the clip, in order."""

    def __post_init__(self) -> None:
        frames, points = len(self.times), len(self.names)
        for field, shape in (("points_2d", (frames, points, 2)), ("points_3d", (frames, points, 3)),
                             ("confidence", (frames, points)), ("homography", (frames, 3, 3)),
                             ("shift", (frames, 3))):  # fmt: skip
            value = getattr(self, field)
            if value is not None and value.shape != shape:
                raise ValueError(f"PoseTrack.{field} has shape {value.shape}, not {shape}")

    def check(self) -> None:
        """Raise ValueError over numbers that no estimator gives."""
        if not (1 <= len(self) <= LONGEST) or not np.isfinite(self.times).all() or not (np.diff(self.times) > 0).all():
            raise ValueError(f"its {len(self)} times do not rise, or are too few or too many")
        if not 0 <= self.turns < 4 or not 0.0 < self.speed <= 1000.0:
            raise ValueError(f"its pictures are turned {self.turns} times and play at {self.speed:g} of the speed")
        if not all(np.isfinite((part.begin, part.end)).all() for part in self.left_out):
            raise ValueError("what it leaves out has no times")
        if not all(0 < side <= WIDEST for side in self.image_size):
            raise ValueError(f"its image is {self.image_size[0]} x {self.image_size[1]} px")
        for field, most in _MOST.items():
            value = getattr(self, field)
            if value is not None and (np.isinf(value).any() or np.nanmax(np.abs(value), initial=0.0) > most):
                raise ValueError(f"its {field} lie beyond {most:g}")

    def __len__(self) -> int:
        return len(self.times)

    @cached_property
    def found(self) -> Bool[np.ndarray, " T"]:
        """Frames in which the person was seen at all."""
        return np.isfinite(self.points_2d).all(axis=(1, 2))

    def index(self, name: str) -> int:
        """The column of the point called `name`; KeyError with a suggestion when there is none."""
        if name not in self.names:
            raise KeyError(f"{name!r} is not a point of this track{did_you_mean(name, self.names)}")
        return self.names.index(name)

    def part(self, frames: "slice | Bool[np.ndarray, ' T']") -> "PoseTrack":
        """Some frames of the track."""
        kept = {name: getattr(self, name) for name in _PER_FRAME}
        return replace(self, **{name: value[frames] for name, value in kept.items() if value is not None})

    def in_true_time(self) -> "PoseTrack":
        """The track at the times (s) at which it happened, where its clip plays slower or faster."""
        return replace(self, times=self.speed * self.times, speed=1.0)

    def save(self, path: Path | str) -> None:
        """Write an `.npz` (never pickled), whole or not at all."""
        moving = {name: getattr(self, name) for name in ("homography", "shift") if getattr(self, name) is not None}
        arrays = {
            "format": np.array(FORMAT),
            "version": np.array(VERSION),
            "units": np.array("seconds, pixels, metres"),
            "axes_3d": np.array("camera: x right, y down, z away; origin mid-hip"),
            "names": np.array(self.names),
            "times": self.times,
            "points_2d": self.points_2d,
            "points_3d": self.points_3d,
            "confidence": self.confidence,
            "image_size": np.array(self.image_size),
            "estimator": np.array(self.estimator),
            "person": np.array(self.person),
            "turns": np.array(self.turns),
            "speed": np.array(self.speed),
            "left_out": np.array([(part.begin, part.end) for part in self.left_out]).reshape(-1, 2),
            "left_out_why": np.array([part.why for part in self.left_out], dtype=np.str_),
        }
        write_arrays(path, arrays | moving)

    @classmethod
    def load(cls, path: Path | str) -> "PoseTrack":
        """Read what `save` wrote.

        Raises:
            InputError: there is no such file, it is not a pose track, or a newer sfv wrote it.
        """
        if not Path(path).exists():
            raise InputError(f"{path} does not exist; make a pose track with `sfv pose CLIP`")
        with blamed(f"{path} is not a readable pose track", "make it again with `sfv pose CLIP`"):
            track = cls._of(arrays_of(content_of(path), str(path)), path)
            track.check()
        return track

    @classmethod
    def _of(cls, content: dict[str, np.ndarray], path: Path | str) -> "PoseTrack":
        if str(content.get("format")) != FORMAT:
            raise InputError(f"{path} is an npz file but not a pose track; make one with `sfv pose CLIP`")
        if int(content["version"]) > VERSION:
            raise InputError(f"{path} has version {content['version']}, this sfv reads up to {VERSION}; update sfv")
        width, height = content["image_size"].tolist()
        # versions 1 and 2 say nothing of these
        parts, reasons = content.get("left_out", np.zeros((0, 2))), content.get("left_out_why", np.zeros(0, np.str_))
        return cls(
            names=tuple(content["names"].tolist()),
            times=content["times"],
            points_2d=content["points_2d"],
            points_3d=content["points_3d"],
            confidence=content["confidence"],
            image_size=(width, height),
            estimator=str(content["estimator"]),
            person=int(content["person"]),
            homography=content.get("homography"),
            shift=content.get("shift"),
            turns=int(content.get("turns", 0)),
            speed=float(content.get("speed", 1.0)),
            left_out=tuple(
                LeftOut(float(begin), float(end), str(why)) for (begin, end), why in zip(parts, reasons, strict=True)
            ),
        )
