"""2D keypoints that other programs wrote as .json, as a PoseTrack: OpenPose, COCO results, MediaPipe landmarks.

They are pixels (MediaPipe: shares of the image); the metric points of a PoseTrack are NaN. The files know neither the
rate nor, mostly, the size of the image, so both are given. Where a file does not number its people they are followed by
nearness; the one seen longest is read.
"""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from sfv.errors import InputError, blamed
from sfv.formats.nearness import follow, tall
from sfv.formats.text import read_text
from sfv.pose import PoseTrack


def _sides(*names: str) -> tuple[str, ...]:
    return tuple(name.replace("*", side) for name in names for side in ("left", "right"))


COCO = ("nose", *_sides("*_eye", "*_ear", "*_shoulder", "*_elbow", "*_wrist", "*_hip", "*_knee", "*_ankle"))
"""The 17 points of COCO's annotations (cocodataset.org, keypoints)."""
BODY_25 = (
    *("nose", "neck", "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow", "left_wrist"),
    *("mid_hip", "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle"),
    *("right_eye", "left_eye", "right_ear", "left_ear"),
    *("left_foot_index", "left_small_toe", "left_heel", "right_foot_index", "right_small_toe", "right_heel"),
)
"""OpenPose's 25 points (CMU-Perceptual-Computing-Lab/openpose, doc/02_output.md); its big toe is our foot_index."""
BODY_18 = (
    *("nose", "neck", "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow", "left_wrist"),
    *("right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle"),
    *("right_eye", "left_eye", "right_ear", "left_ear"),
)
"""OpenPose's older 18 points."""
MEDIAPIPE = (
    *("nose", "left_eye_inner", "left_eye", "left_eye_outer", "right_eye_inner", "right_eye", "right_eye_outer"),
    *("left_ear", "right_ear", "mouth_left", "mouth_right"),
    *_sides("*_shoulder", "*_elbow", "*_wrist", "*_pinky", "*_index", "*_thumb"),
    *_sides("*_hip", "*_knee", "*_ankle", "*_heel", "*_foot_index"),
)
"""The 33 landmarks of MediaPipe's pose model, in its order."""
_NAMES = {17: COCO, 18: BODY_18, 25: BODY_25, 33: MEDIAPIPE}

_Frame = tuple[int, int | None, Float[np.ndarray, "K 3"]]
"""Frame number, person where the file says who it is, and (x, y, confidence) of each point."""
LONGEST = 1_000_000
"""Frames from the first number to the last."""


def read_track(path: Path | str, fps: float, size: tuple[int, int]) -> PoseTrack:
    """The person seen longest, from the first frame in which that person is seen to the last; absent frames are NaN.

    Args:
        path: a .json file, or OpenPose's folder of one for each frame.
        fps: frames per second of the video.
        size: width and height of its image, px.

    Raises:
        InputError: no such file, none of the formats, a number of points that none of them has, or nobody in it.
    """
    path = Path(path)
    files = sorted(path.glob("*_keypoints.json")) if path.is_dir() else [path]
    if not files:
        raise InputError(f"{path} is a folder without *_keypoints.json; give OpenPose's --write_json folder, or a file")
    if not (min(size) > 0 and fps > 0):
        raise InputError(f"--size {size[0]},{size[1]} and --fps {fps:g} must be above 0; give the video's own")
    estimator, frames, numbers = "", list[_Frame](), _numbers(files)
    with blamed(f"{path} is broken, or no keypoint file that sfv knows", "export it again"):
        for number, file in zip(numbers, files, strict=True):
            estimator, found = _read(file, number, size)
            frames += found
    if not frames:
        raise InputError(f"{path} has nobody in any frame; run the pose estimator on a clip with a person")
    if any(len(table) != len(frames[0][2]) for *_, table in frames):
        raise InputError(f"{path} has people of different numbers of points; export it again")
    people = follow(frames)
    if not people:
        raise InputError(f"{path} has nobody in any frame; run the pose estimator on a clip with a person")
    person = max(sorted(people), key=lambda p: (len(people[p]), sum(map(tall, people[p].values()))))
    points = people[person]
    first, last = min(points), max(points)
    if last - first > LONGEST:
        raise InputError(f"{path} has frames from {first} to {last}; correct their numbers")
    width = len(next(iter(points.values())))
    if width not in _NAMES or any(len(table) != width for table in points.values()):
        raise InputError(f"{path} has {width} points a person; there are sets of: {', '.join(map(str, _NAMES))}")
    table = np.full((last - first + 1, width, 3), np.nan)
    table[:, :, 2] = 0.0
    for t, values in points.items():
        table[t - first] = values
    table[table[:, :, 2] <= 0.0, :2] = np.nan
    _check_pixels(path, table, size)
    track = PoseTrack(
        names=_NAMES[width],
        times=np.arange(first, last + 1) / fps,
        points_2d=table[:, :, :2],
        points_3d=np.full((len(table), width, 3), np.nan),
        confidence=table[:, :, 2].clip(0.0, 1.0),
        image_size=size,
        estimator=f"{estimator}, from {path.name}",
        person=person,
    )
    with blamed(f"{path} is no person's keypoints", "export it again"):
        track.check()
    return track


def _numbers(files: list[Path]) -> list[int]:
    """The frame of each file, by the last number in its name: frames that are missing are missing."""
    found = [re.findall(r"\d+", file.stem) for file in files]
    if len(files) == 1 or not all(found):
        return list(range(len(files)))
    numbers = [int(words[-1]) for words in found]
    if len(set(numbers)) < len(numbers):
        raise InputError(f"{files[0].parent} has two files of one frame's number; give the files of one video")
    return [number - min(numbers) for number in numbers]


def _check_pixels(path: Path, table: Float[np.ndarray, "T K 3"], size: tuple[int, int]) -> None:
    far = float(np.nanmax(np.abs(table[:, :, :2])))
    if far <= 2.0:
        raise InputError(f"{path}: all points lie within 2 px, so they are shares of the image; write them as pixels")
    outside = float(np.nanmedian(np.maximum(table[:, :, 0] / size[0], table[:, :, 1] / size[1])))
    if outside > 1.0:
        raise InputError(f"{path}: most points lie outside of {size[0]} x {size[1]} px; give the image's own size")


def _read(path: Path, number: int, size: tuple[int, int]) -> tuple[str, list[_Frame]]:
    content = json.loads(read_text(path))
    if isinstance(content, dict) and "people" in content:
        return "OpenPose", list(_openpose(content, number))
    if isinstance(content, dict) and "annotations" in content:
        content = content["annotations"]
    if isinstance(content, list) and content and isinstance(content[0], dict) and "keypoints" in content[0]:
        return "COCO keypoints", list(_coco(content))
    frames = content.get("frames", content.get("landmarks")) if isinstance(content, dict) else content
    if isinstance(frames, list) and frames:
        return "MediaPipe", list(_mediapipe(frames, size))
    raise InputError(f"{path} is neither OpenPose's, COCO's nor MediaPipe's keypoint json; convert it to one of them")


def _openpose(content: dict[str, Any], number: int) -> Iterable[_Frame]:
    """One file per frame; people bear no lasting number (person_id is -1)."""
    for person in content["people"]:
        table = np.array(person["pose_keypoints_2d"], float).reshape(-1, 3)
        if (table[:, 2] > 0).any():
            yield number, None, table


def _coco(content: list[dict[str, Any]]) -> Iterable[_Frame]:
    """Results or annotations: x, y and visibility (0, 1, 2) or score, by the number in image_id."""
    ids = [entry["image_id"] for entry in content]
    numbers = [int(re.findall(r"\d+", str(i))[-1]) for i in ids]
    start = min(numbers)
    told = any("track_id" in entry or "idx" in entry for entry in content)
    best: dict[tuple[int, int], tuple[float, np.ndarray]] = {}
    for entry, number in zip(content, numbers, strict=True):
        table = np.array(entry["keypoints"], float).reshape(-1, 3)
        if table[:, 2].max() > 1.0:
            table[:, 2] /= 2.0
        if not told:
            yield number - start, None, table
            continue
        person = int(entry.get("track_id", entry.get("idx", 0)))
        score = float(entry.get("score", table[:, 2].mean()))
        if score > best.get((number, person), (-1.0, table))[0]:
            best[number, person] = (score, table)
    for (number, person), (_, table) in best.items():
        yield number - start, person, table


def _mediapipe(frames: list[Any], size: tuple[int, int]) -> Iterable[_Frame]:
    """A list over frames of 33 {x, y, z, visibility}, bare or under landmarks or pose_landmarks; [] is nobody.

    x and y are shares of the image's width and height.
    """
    for number, frame in enumerate(frames):
        if isinstance(frame, dict):
            frame = frame.get("landmarks", frame.get("pose_landmarks"))
        if isinstance(frame, list) and len(frame) == 1 and isinstance(frame[0], list):
            frame = frame[0]
        if not frame:
            continue
        rows = [(p["x"] * size[0], p["y"] * size[1], p.get("visibility", 1.0)) for p in frame]
        yield number, None, np.array(rows, float)


def are_keypoints(path: Path) -> bool:
    """Whether a path is that of a .json file, or of a folder with OpenPose's."""
    return path.suffix.lower() == ".json" or (path.is_dir() and next(path.glob("*_keypoints.json"), None) is not None)
