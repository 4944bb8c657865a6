"""Copies of one clip, as people send them: turned, cut, letterboxed, small, grey. Is the motion in them the same?

    python benchmarks/copies.py CLIP --other OTHER --work runs/copies [--begin 2 --end 4.5] [--kinds turned90 gif]

Every copy goes through `sfv pose` and `sfv reconstruct` by itself, and its motion is set beside that of the original:
the twelve limb joints after each frame's own alignment (PA), and the largest angle between the two trunks, by which an
upside-down motion shows, since PA does not see it. A copy that sfv refuses has its sentence instead.
"""

import argparse
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from recon.scorecard import LIMBS, at_times, landmark_positions
from sfv import metrics
from sfv.character import load_character
from sfv.clip import Clip
from sfv.excerpt import Excerpt
from sfv.motion import Motion
from sfv.pose import PoseTrack

Made = Callable[[list[np.ndarray], list[np.ndarray]], list[np.ndarray]]
"""Frames of the original, and of another clip -> of the copy."""
SIDES = ("left", "right")
LOW = 46
"""kB of the copy of very low bitrate."""


@dataclass(frozen=True)
class Copy:
    """How a copy is made: what becomes of the frames and their rate, and how they are written.

    Attributes:
        frames: of the copy.
        rate: of the copy over the original's.
        suffix: of the file.
        mirrored: whether left is right in it.
        low: whether it is squeezed into LOW kB.
    """

    frames: Made
    rate: float = 1.0
    suffix: str = ".mp4"
    mirrored: bool = False
    low: bool = False


def turned(quarters: int) -> Copy:
    """Turned counterclockwise in its pixels."""
    return Copy(lambda own, other: [np.ascontiguousarray(np.rot90(frame, quarters)) for frame in own])


def cut(own: list[np.ndarray], other: list[np.ndarray]) -> list[np.ndarray]:
    """The clip, then without a break half as much of another."""
    height, width = own[0].shape[:2]
    return [*own, *(cv2.resize(frame, (width, height)) for frame in other[: len(own) // 2])]


def letterboxed(frame: np.ndarray) -> np.ndarray:
    """Black bars of a sixth above and below."""
    bar = frame.shape[0] // 6
    return np.pad(frame, ((bar, bar), (0, 0), (0, 0)))


def small(frame: np.ndarray) -> np.ndarray:
    """160 x 120 px."""
    return np.asarray(cv2.resize(frame, (160, 120), interpolation=cv2.INTER_AREA))


def grey(frame: np.ndarray) -> np.ndarray:
    """Without colour."""
    return np.repeat(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)


def each(
    change: Callable[[np.ndarray], np.ndarray],
) -> Callable[[list[np.ndarray], list[np.ndarray]], list[np.ndarray]]:
    """A change of one frame, made in all."""
    return lambda own, other: [change(frame) for frame in own]


def same(own: list[np.ndarray], other: list[np.ndarray]) -> list[np.ndarray]:
    """The frames as they are."""
    return own


COPIES: dict[str, Copy] = {
    "original": Copy(same),
    "turned90": turned(1),
    "turned180": turned(2),
    "turned270": turned(3),
    "cut": Copy(cut),
    "letterboxed": Copy(each(letterboxed)),
    "mirrored": Copy(each(lambda frame: np.ascontiguousarray(frame[:, ::-1])), mirrored=True),
    "10fps": Copy(lambda own, other: own[::3], 1 / 3),
    "240fps": Copy(lambda own, other: [frame for frame in own for _ in range(8)], 8.0),
    "160x120": Copy(each(small)),
    "grey": Copy(each(grey)),
    "46kB": Copy(same, low=True),
    "gif": Copy(same, suffix=".gif"),
    "webm": Copy(same, suffix=".webm"),
    "mov": Copy(same, suffix=".mov"),
}
CODECS = {".mp4": ("libx264", "yuv420p"), ".mov": ("libx264", "yuv420p"), ".gif": ("gif", "rgb8"),
          ".webm": ("libvpx-vp9", "yuv420p")}  # fmt: skip


def write(path: Path, frames: list[np.ndarray], fps: float, low: bool) -> None:
    """A video of these frames."""
    codec, pixels = CODECS[path.suffix]
    height, width = (side // 2 * 2 for side in frames[0].shape[:2])
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, Fraction(fps).limit_denominator(1000))
        stream.width, stream.height, stream.pix_fmt = width, height, pixels
        if low:
            stream.bit_rate = round(0.9 * LOW * 8000 / (len(frames) / fps))
        elif codec != "gif":
            stream.options = {"crf": "20"}
        for frame in frames:
            shown = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame[:height, :width]), format="rgb24")
            out.mux(stream.encode(shown.reformat(format=pixels)))
        out.mux(stream.encode())


def sfv(*arguments: str) -> str:
    """What a verb says on failure; nothing if it went well."""
    done = subprocess.run([sys.executable, "-m", "sfv", *arguments], capture_output=True, text=True)
    said = [line for line in done.stderr.splitlines() if line.strip() and not line.startswith(("W0", "I0", "E0"))]
    return "" if done.returncode == 0 else " ".join(said[-3:]) or f"exit {done.returncode}"


def compared(motion: Path, track: Path, original: tuple[Motion, PoseTrack], mirrored: bool) -> tuple[float, float, int]:
    """PA (mm), the largest angle between the trunks (deg), and frames that both have."""
    character = load_character("humanoid")
    own, seen = Motion.load(motion), PoseTrack.load(track)
    limbs, names = [], list(LIMBS)
    for moved, known in ((original[0], original[1]), (own, seen)):
        limbs.append((landmark_positions(character, moved, LIMBS), float(known.times[0])))
    (a, start_a), (b, start_b) = limbs
    begin, end = max(start_a, start_b), min(start_a + (len(a) - 1) / own.fps, start_b + (len(b) - 1) / own.fps)
    times = np.arange(begin, end, 1 / own.fps)
    a, b = at_times(a, own.fps, times - start_a), at_times(b, own.fps, times - start_b)
    if mirrored:
        other = dict(zip(SIDES, SIDES[::-1], strict=True))
        columns = [names.index(f"{other[n.split('_')[0]]}_{n.split('_')[1]}") for n in names]
        b = b[:, columns] * (1, -1, 1)

    def trunk(points: np.ndarray) -> np.ndarray:
        up = sum(
            points[:, names.index(f"{s}_shoulder")] - points[:, names.index(f"{s}_hip")] for s in ("left", "right")
        )
        return np.asarray(up / np.linalg.norm(up, axis=-1, keepdims=True))

    # about the vertical the two worlds are turned by their own headings
    tilt = np.degrees(np.abs(np.arccos(trunk(a)[:, 2].clip(-1, 1)) - np.arccos(trunk(b)[:, 2].clip(-1, 1))))
    return metrics.pa_mpjpe(b, a), float(tilt.max()), len(times)


def main() -> None:
    """Make the copies, run them and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--other", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--begin", type=float, default=0.0)
    parser.add_argument("--end", type=float)
    parser.add_argument("--kinds", nargs="*", default=list(COPIES))
    asked = parser.parse_args()
    clip, other = Clip.open(asked.clip, Excerpt(asked.begin, asked.end)), Clip.open(asked.other)
    asked.work.mkdir(parents=True, exist_ok=True)
    frames, others = list(clip), list(replace(other, times=other.times[: len(clip)]))
    original: tuple[Motion, PoseTrack] | None = None
    print("| copy | kB | PA mm | trunk off, deg | frames | |\n| --- | --- | --- | --- | --- | --- |", flush=True)
    for kind in ["original", *(kind for kind in asked.kinds if kind != "original")]:
        copy, place = COPIES[kind], asked.work / kind
        video, track, motion = (
            place.with_suffix(copy.suffix),
            place.with_suffix(".track.npz"),
            place.with_suffix(".npz"),
        )
        if not video.exists():
            write(video, copy.frames(frames, others), clip.fps * copy.rate, copy.low)
        said = sfv("pose", str(video), "--out", str(track)) or sfv("reconstruct", str(track), "--out", str(motion))
        size = f"{video.stat().st_size / 1000:.0f}"
        if said:
            print(f"| {kind} | {size} | | | | {said} |", flush=True)
            continue
        original = original or (Motion.load(motion), PoseTrack.load(track))
        pa, off, count = compared(motion, track, original, copy.mirrored)
        print(f"| {kind} | {size} | {pa:.0f} | {off:.0f} | {count} | |", flush=True)


if __name__ == "__main__":
    main()
