"""The clip behind a run's motion: small pictures of it, when in the motion each is, and the camera that took them.

It reads what the first two stages of a run wrote, and draws nothing.
"""

from pathlib import Path
from typing import Any

import numpy as np

from sfv.pose import PoseTrack
from sfv.report import Report
from sfv.view.web.show import Pictures, Shot
from sfv.work.run_folder import RunFolder

RATE, WIDTH = 10.0, 640
"""Pictures a second, px."""
LONGEST = 600
"""Most pictures that are kept: a minute."""


def footage_of(run: RunFolder) -> Pictures | None:
    """The clip of a run, with what was found in it drawn on it; None where there was none.

    Raises:
        InputError: a file of the run is damaged.
    """
    overlay, track, card = run.pose("overlay.mp4"), run.pose("track.npz"), run.motion("scorecard.json")
    if not overlay.is_file():
        return None
    pictures = pictures_of(overlay)
    if not (track.is_file() and card.is_file()):
        return pictures
    return placed(pictures, PoseTrack.load(track), Report.load(card))


def pictures_of(clip: Path) -> Pictures:
    """Small frames of a video, RATE a second, from its own beginning."""
    import cv2

    from sfv.clip import Clip

    opened = Clip.open(clip)
    times: list[float] = []
    files: list[bytes] = []
    begin = float(opened.times[0])
    for frame, time in zip(opened, opened.times - begin, strict=True):
        if (times and time < times[-1] + 1.0 / RATE - 1e-6) or len(files) >= LONGEST:
            continue
        width = min(WIDTH, frame.shape[1])
        height = round(frame.shape[0] * width / frame.shape[1])
        small = cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)
        done, content = cv2.imencode(".jpg", small[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 75])
        assert done
        times.append(float(time))
        files.append(content.tobytes())
    return Pictures(np.array(times), tuple(files))


def placed(pictures: Pictures, track: PoseTrack, card: Report) -> Pictures:
    """Pictures of what was looked at of a clip, at the times of the motion that was found in it, in its camera.

    The motion begins where the scorecard's series does, in the time that passed. Where the camera turned or zoomed each
    picture has a warp: the camera's place is that of the middle frame. One that travelled has no shot, since it is in
    no one place.
    """
    frames = card.series.get("per clip frame", {}).get("time_s", ())
    start = float(frames[0]) if frames else 0.0
    begin = min([float(track.times[0]), *(part.begin for part in track.left_out)])
    seen = begin + pictures.times  # s of the clip
    shot = None if track.shift is not None else _shot(card.provenance.get("camera"))
    warps = None
    if shot is not None and track.homography is not None:
        nearest = np.abs(track.times[:, None] - seen).argmin(0)
        warps = np.linalg.inv(track.homography[nearest])
    return Pictures(track.speed * seen - start, pictures.files, shot, warps)


def _shot(said: Any) -> Shot | None:
    """The camera that a scorecard names; those of before 0.2.0 name none."""
    if not isinstance(said, dict):
        return None
    width, height = said["size"]
    return Shot((width, height), said["focal"], np.array(said["position"]), np.array(said["axes"]))
