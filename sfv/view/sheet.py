"""Contact sheets: moments of motions next to each other in one PNG, a row for each motion.

It is for documents and for a quick look; it draws what it is given.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from sfv.character import Character
from sfv.motion import Motion
from sfv.view.label import caption
from sfv.view.person import GHOST, PERSON
from sfv.view.render import Renderer, scene
from sfv.view.rollout import watching
from sfv.work.files import replacing


def gallery(
    path: Path | str,
    rows: Mapping[str, Motion],
    character: Character,
    columns: int = 8,
    cell: tuple[int, int] = (180, 240),
) -> None:
    """Write a PNG with a row for each named motion, each by itself: its own camera, and moments spread over it.

    Raises:
        InputError: the file cannot be written.
    """
    pictures = []
    for name, motion in rows.items():
        with Renderer(scene([(character, PERSON)], terrain=motion.ground), *cell) as renderer:
            times = np.linspace(0.0, motion.duration, columns)
            cameras = watching(motion.qpos, motion.fps, motion.ground)
            row = [
                renderer.frame(pose, cameras[round(time * motion.fps)])
                for pose, time in zip(motion.at(times), times, strict=True)
            ]
            row = [caption(frame, f"{time:.2f} s", "bottom right", 12) for frame, time in zip(row, times, strict=True)]
            pictures.append(caption(np.hstack(row), name, size=13))
    with replacing(path) as temporary:
        Image.fromarray(np.vstack(pictures)).save(temporary, format="PNG", optimize=True)


def contact_sheet(
    path: Path | str,
    rows: Mapping[str, Motion],
    character: Character,
    columns: int = 8,
    cell: tuple[int, int] = (180, 240),
) -> None:
    """Write a PNG with a row for each named motion and `columns` moments spread evenly over the first one.

    The first row is drawn as a ghost when there are more, as a reference beside what imitates it. All rows are seen
    from the camera that follows the first; a motion that ends earlier than the first stays in its last pose.

    Raises:
        InputError: the file cannot be written.
    """
    first = next(iter(rows.values()))
    times = np.linspace(0.0, first.duration, columns)
    moments = np.round(times * first.fps).astype(int)
    cameras = [watching(first.qpos, first.fps, first.ground)[moment] for moment in moments]
    pictures = []
    for number, (name, motion) in enumerate(rows.items()):
        look = GHOST if number == 0 and len(rows) > 1 else PERSON
        with Renderer(scene([(character, look)], terrain=first.ground), *cell) as renderer:
            row = [renderer.frame(pose, camera) for pose, camera in zip(motion.at(times), cameras, strict=True)]
        row[0] = caption(row[0], name, size=13)
        if number == 0:
            row = [caption(f, f"{time:.2f} s", "bottom right", 12) for f, time in zip(row, times, strict=True)]
        pictures.append(np.hstack(row))
    with replacing(path) as temporary:
        Image.fromarray(np.vstack(pictures)).save(temporary, format="PNG", optimize=True)
