"""Where a motion came from: the clip behind it, where that is known and still there."""

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from sfv.check.cause import Origin
from sfv.work.mark import origin

if TYPE_CHECKING:
    import numpy as np


def clip_of(motion: Path) -> Path | None:
    """The video that a motion was made from, where that is known and still there."""
    track = origin(motion, "track")
    return origin(track, "clip") if track else None


def origin_of(motion: Path) -> Origin:
    """What a motion in a file comes from: a video, where its mark says so; else a file of others, or one of ours."""
    if origin(motion, "track"):
        return "video"
    if not zipfile.is_zipfile(motion):
        return "file"
    with zipfile.ZipFile(motion) as archive:
        ours = {"kind.npy", "skeleton.npy", "qpos.npy"} <= set(archive.namelist())
    return "motion" if ours else "file"


def source_pictures(motion: Path) -> "list[np.ndarray] | None":
    """Small frames of the clip, 15 a second, that the motion in a file was made from; None where there is none."""
    track, clip = origin(motion, "track"), clip_of(motion)
    if not track or not clip:
        return None
    import numpy as np

    from sfv.clip import Clip
    from sfv.excerpt import Excerpt
    from sfv.pose import PoseTrack
    from sfv.view.rollout import lowered

    times = PoseTrack.load(track).times
    frames = Clip.open(clip, Excerpt(float(times[0]), float(times[-1])))
    moments = np.arange(times[0], times[-1], 1 / 15)
    wanted = np.abs(frames.times[:, None] - moments).argmin(0).tolist()
    small = {index: lowered(frame) for index, frame in enumerate(frames) if index in wanted}
    return [small[index] for index in wanted]
