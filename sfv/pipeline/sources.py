"""Where a motion came from: the clip behind it, where that is known and still there."""

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from sfv.check.cause import Origin
from sfv.excerpt import WHOLE, Excerpt
from sfv.work.mark import origin, origins

if TYPE_CHECKING:
    import numpy as np

    from sfv.clip import Clip


DEMO = "demo"
"""What names the clip that sfv brings."""


def asked_clip(clip: Path) -> Path:
    """The clip of a command line: sfv's own where it says "demo" and nothing here is called so."""
    if str(clip) != DEMO or clip.exists():
        return clip
    from sfv.character import ASSETS

    # of a wheel, or of a checkout
    held = (ASSETS / "demo.mp4", ASSETS.parents[1] / "examples" / "demo.mp4")
    return next((place for place in held if place.is_file()), clip)


def clip_of(motion: Path) -> Path | None:
    """The video, or the folder of pictures, that a motion was made from, where that is known and still there."""
    track = origin(motion, "track")
    if track is None:
        return None
    pictures = [path for name, path in origins(track)[0].items() if name.startswith("picture ")]
    if pictures:
        return pictures[0].parent if all(path.is_file() for path in pictures) else None
    return origin(track, "clip")


def opened(motion: Path, excerpt: Excerpt = WHOLE) -> "Clip | None":
    """That clip, upright; None where there is none."""
    from sfv.clip import Clip
    from sfv.pose import PoseTrack

    track, clip = origin(motion, "track"), clip_of(motion)
    if track is None or clip is None:
        return None
    fps = origins(track)[1].get("fps")
    frames = Clip.of_pictures(clip, fps, excerpt) if fps else Clip.open(clip, excerpt)
    return frames.turned(PoseTrack.load(track).turns)


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
    """Small frames of the clip, 15 in a second of the motion, that the motion in a file was made from; None where there
    is none."""
    source = origin(motion, "track")
    if source is None:
        return None
    import numpy as np

    from sfv.pose import PoseTrack
    from sfv.view.rollout import lowered

    track = PoseTrack.load(source)
    times = track.times
    frames = opened(motion, Excerpt(float(times[0]), float(times[-1])))
    if frames is None:
        return None
    moments = np.arange(times[0], times[-1], track.speed / 15)
    wanted = np.abs(frames.times[:, None] - moments).argmin(0).tolist()
    small = {index: lowered(frame) for index, frame in enumerate(frames) if index in wanted}
    return [small[index] for index in wanted]
