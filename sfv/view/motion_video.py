"""A motion as a video, from a camera that follows it."""

from pathlib import Path

import numpy as np

from sfv.character import Character
from sfv.motion import Motion
from sfv.progress import bar
from sfv.view.figure import figure
from sfv.view.person import PERSON
from sfv.view.render import Renderer, scene
from sfv.view.rollout import watching
from sfv.view.video import VideoWriter


def motion_video(
    out: Path, motion: Motion, fps: float = 30.0, size: tuple[int, int] = (480, 480), body: Character | None = None
) -> None:
    """Write one motion as an .mp4 of `size` (width, height) pixels; `body` is who moves, where that is known."""
    qpos = motion.at(np.arange(int(motion.duration * fps) + 1) / fps)
    with (
        Renderer(scene([(body or figure(motion.skeleton), PERSON)], terrain=motion.ground), *size) as renderer,
        VideoWriter(out, fps) as video,
        bar("rendering", len(qpos), "frames") as advance,
    ):
        for pose, camera in zip(qpos, watching(qpos, fps, motion.ground), strict=True):
            video.add(renderer.frame(pose, camera))
            advance(1)
