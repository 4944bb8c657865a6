"""The pose overlay: a clip with the people's skeletons drawn on it, to see at a glance what the estimator saw.

Bones are coloured by side, points by confidence, and everybody bears the number that chooses them. It draws tracks and
knows nothing of how they were made.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8

from sfv.clip import Clip
from sfv.pose import PoseTrack
from sfv.progress import bar
from sfv.view.video import write_video
from sfv.work.abreast import ahead

MAX_WIDTH = 960
MAX_FPS = 60.0
MAX_LETTERS = 0.5
"""Size of the lines at the top, over that of OpenCV's letters."""

LEFT, RIGHT, MIDDLE, TEXT = (80, 160, 255), (255, 140, 40), (230, 230, 230), (255, 255, 255)
"""RGB of the bones of each side, and of writing."""
LIMBS = (
    ("shoulder", "elbow"), ("elbow", "wrist"), ("wrist", "index"), ("wrist", "pinky"), ("shoulder", "hip"),
    ("hip", "knee"), ("knee", "ankle"), ("ankle", "heel"), ("heel", "foot_index"), ("ankle", "foot_index"),
    ("ear", "eye"),
)  # fmt: skip
BONES = (
    *((f"left_{a}", f"left_{b}", LEFT) for a, b in LIMBS),
    *((f"right_{a}", f"right_{b}", RIGHT) for a, b in LIMBS),
    ("left_shoulder", "right_shoulder", MIDDLE),
    ("left_hip", "right_hip", MIDDLE),
    ("left_eye", "right_eye", MIDDLE),
)
"""Bones are drawn between those points that a track has."""


def overlay_video(
    clip: Clip, tracks: Sequence[PoseTrack], chosen: int, path: Path | str, lines: Sequence[str] = ()
) -> None:
    """Write `clip` as an mp4 with every track drawn on it, `tracks[chosen]` boldest, and `lines` at the top.

    The video runs at the clip's rate, at most 60 frames/s, in true time: where a phone recorded unevenly, frames are
    held or left out. It is at most 960 px wide.

    Raises:
        InputError: `path` cannot be written.
    """
    fps = min(clip.fps, MAX_FPS)
    with bar("drawing overlay", float(len(clip)), "frames") as advance:

        def drawn() -> Iterator[UInt8[np.ndarray, "H W 3"]]:
            shown = round(clip.times[0] * fps)
            ends = np.append(clip.times[1:], clip.times[0] + clip.duration)
            for image, time, end in zip(clip.narrowed(MAX_WIDTH), clip.times.tolist(), ends.tolist(), strict=True):
                # as many output frames as begin before the next input frame does, half an output frame of slack
                count = max(int(np.ceil(end * fps - 0.5)) - shown, 0)
                if count:
                    frame = draw(image, time, tracks, chosen, lines)
                    yield from (frame for _ in range(count))
                shown += count
                advance(1.0)

        write_video(path, ahead(drawn()), fps, preset="veryfast")


def draw(
    image: UInt8[np.ndarray, "H W 3"],
    time: float,
    tracks: Sequence[PoseTrack],
    chosen: int,
    lines: Sequence[str] = (),
) -> UInt8[np.ndarray, "h w 3"]:
    """A copy of `image`, at most 960 px wide, with the people seen at `time` (s), the time and `lines` drawn on it.

    The image may be smaller than the clip that the tracks are of.
    """
    import cv2

    height, width = image.shape[:2]
    scale = min(1.0, MAX_WIDTH / width)
    size = (2 * round(width * scale / 2), 2 * round(height * scale / 2))  # even: H.264 halves the colours
    canvas: UInt8[np.ndarray, "h w 3"] = np.array(cv2.resize(image, size, interpolation=cv2.INTER_AREA))
    # the chosen one last, so that nobody covers them
    for index in sorted(range(len(tracks)), key=lambda i: i == chosen):
        track = tracks[index]
        frame = int(np.searchsorted(track.times, time - 1e-6))
        if frame < len(track) and abs(track.times[frame] - time) < 1e-6 and track.found[frame]:
            _person(
                canvas,
                track,
                track.points_2d[frame] * size[0] / track.image_size[0],
                track.confidence[frame],
                bold=index == chosen,
            )
    _write(canvas, f"{time:6.2f} s", (8, size[1] - 10), 0.6)
    # as large as fits across the picture
    wide = max((cv2.getTextSize(line, cv2.FONT_HERSHEY_SIMPLEX, 1.0, 1)[0][0] for line in lines), default=1)
    letters = min(MAX_LETTERS, (size[0] - 16) / max(wide, 1))
    for row, line in enumerate(lines):
        _write(canvas, line, (8, round((row + 1) * 40 * letters)), letters)
    return canvas


def _person(
    canvas: UInt8[np.ndarray, "h w 3"],
    track: PoseTrack,
    points: Float[np.ndarray, "K 2"],
    confidence: Float[np.ndarray, " K"],
    bold: bool,
) -> None:
    import cv2

    pixels = [(round(x), round(y)) for x, y in np.clip(points, -1e4, 1e4).tolist()]
    weight = 3 if bold else 1
    for start, end, colour in BONES:
        if start in track.names and end in track.names:
            line = pixels[track.index(start)], pixels[track.index(end)]
            cv2.line(canvas, *line, colour if bold else _dimmed(colour), weight, cv2.LINE_AA)
    for pixel, belief in zip(pixels, confidence.tolist(), strict=True):
        cv2.circle(canvas, pixel, weight, (round(255 * (1 - belief)), round(255 * belief), 0), -1, cv2.LINE_AA)
    top = pixels[int(np.argmin(points[:, 1]))]
    place = (min(max(top[0] - 6, 2), canvas.shape[1] - 40), max(top[1] - 14, 22))
    _write(canvas, f"[{track.person}]" if bold else str(track.person), place, 0.8 if bold else 0.6)


def _dimmed(colour: tuple[int, int, int]) -> tuple[int, int, int]:
    red, green, blue = colour
    return red // 2, green // 2, blue // 2


def _write(canvas: UInt8[np.ndarray, "h w 3"], text: str, place: tuple[int, int], size: float) -> None:
    """White on a dark rim, so that it is read on any picture."""
    import cv2

    for colour, thickness in (((0, 0, 0), 4), (TEXT, 1)):
        cv2.putText(canvas, text, place, cv2.FONT_HERSHEY_SIMPLEX, size, colour, thickness, cv2.LINE_AA)
