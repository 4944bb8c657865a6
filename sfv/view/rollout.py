"""The video of a result: the reference and what the physics made of it, side by side and in step.

It is given motions and draws them; it runs no policy and measures nothing.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from sfv.character import Character
from sfv.judged import Pushed, Shown
from sfv.motion import Motion
from sfv.progress import bar
from sfv.quaternions import heading
from sfv.terrain.terrain import FLAT, Terrain
from sfv.view.label import caption
from sfv.view.person import CARDBOARD, GHOST, PERSON, Look
from sfv.view.render import Renderer, scene
from sfv.view.video import VideoWriter
from sfv.view.viewpoint import Viewpoint, following

PANEL = (336, 420)
"""Width and height of a panel, px."""
SECONDS = 10.0
"""Longest video: what comes after is left out."""

Picture = UInt8[np.ndarray, "H W 3"]


def rollout_video(
    path: Path | str,
    reference: Motion,
    simulated: Motion,
    character: Character,
    source: Sequence[Picture] | None = None,
    fps: float = 30.0,
    panel: tuple[int, int] = PANEL,
    terrain: Terrain = FLAT,
    pushed: Pushed | None = None,
) -> None:
    """Write an mp4: the clip's own frames if given, the reference as a ghost, and the simulated character.

    All panels show the same moment, and both figures are seen from one camera that follows the reference. The video
    lasts as long as the reference (at most 10 s); a simulation that ended earlier stays in its last pose, and the
    caption says so.

    Args:
        path: the mp4 file.
        reference: the motion to imitate.
        simulated: what the character did, from the same moment on.
        character: whose motions both are.
        source: frames of the clip, spread over the reference's duration.
        fps: of the video.
        panel: width and height of a panel, px.
        terrain: the ground that both are on.
        pushed: a box before both, at the rate of `simulated`; they are then seen from the side.

    Raises:
        InputError: the file cannot be written.
    """
    with VideoWriter(path, fps) as video:
        for picture in _frames(reference, simulated, character, source, fps, panel, terrain, pushed):
            video.add(picture)


def cases_video(
    path: Path | str,
    cases: Sequence[tuple[str, Shown]],
    character: Character,
    fps: float = 30.0,
    panel: tuple[int, int] = PANEL,
) -> None:
    """Write an mp4 of several rollouts one after another, each as in `rollout_video` and under its own words.

    Raises:
        InputError: the file cannot be written.
    """
    with VideoWriter(path, fps) as video:
        for words, shown in cases:
            frames = _frames(shown.reference, shown.simulated, character, None, fps, panel, shown.terrain, shown.pushed)
            for picture in frames:
                video.add(caption(picture, words, "bottom right"))


def _frames(
    reference: Motion,
    simulated: Motion,
    character: Character,
    source: Sequence[Picture] | None,
    fps: float,
    panel: tuple[int, int],
    terrain: Terrain,
    pushed: Pushed | None,
) -> Iterator[Picture]:
    """The pictures of a `rollout_video`."""
    times = np.arange(int(min(reference.duration, SECONDS) * fps + 1e-6) + 1) / fps
    cameras = watching(reference.at(times), fps, terrain, beside=pushed is not None)
    beside = panel
    if source:  # the clip's picture may be wider, to a limit
        height, width = source[0].shape[:2]
        beside = (min(round(panel[1] * width / height), 5 * panel[0] // 3), panel[1])
    actors, to_be, was = [(character, GHOST)], reference.at(times), simulated.at(times)
    if pushed:
        actors.append((Character(pushed.parcel.name, pushed.parcel.xml), CARDBOARD))
        to_be = np.hstack((to_be, _at(pushed.reference, simulated.fps, times)))
        was = np.hstack((was, _at(pushed.simulated, simulated.fps, times)))
    wanted = _pictures(actors, to_be, cameras, panel, terrain)
    done = _pictures([(character, PERSON), *actors[1:]], was, cameras, panel, terrain)
    with bar("rendering", len(times), "frames") as advance:
        for time, left, right in zip(times, wanted, done, strict=True):
            ended = time > simulated.duration + 1.5 / fps
            panels = [
                caption(left, "reference"),
                caption(right, f"simulated, ended at {simulated.duration:.1f} s" if ended else "simulated"),
            ]
            if source:
                frame = source[min(int(time / reference.duration * len(source)), len(source) - 1)]
                panels.insert(0, caption(fitted(frame, beside), "video"))
            panels[0] = caption(panels[0], f"{time:.2f} s", "bottom left")
            yield np.hstack(panels)
            advance(1)


def watching(
    qpos: Float[np.ndarray, "T nq"], fps: float, terrain: Terrain = FLAT, beside: bool = False
) -> list[Viewpoint]:
    """A camera for each frame, in front and to the right of the way the figure faces at the start; `beside` it, where
    something stands before it, on the side from which it turns away."""
    c, s = np.cos(faces := heading(qpos[0, 3:7])), np.sin(faces)
    ahead, aside = np.array([c, s]), np.array([s, -c])
    if not beside:
        east, north = (3.0 * ahead + 1.7 * aside).tolist()
        return following(qpos[:, :3], fps, away=(east, north, 0.55), terrain=terrain)
    side = 1.0 if np.sin(heading(qpos[-1, 3:7]) - faces) > 0 else -1.0
    path = qpos[:, :3] + [*(0.6 * ahead), 0.0]
    east, north = (-1.2 * ahead + 4.6 * side * aside).tolist()
    return following(path, fps, away=(east, north, 0.55), terrain=terrain)


def fitted(frame: Picture, size: tuple[int, int]) -> UInt8[np.ndarray, "h w 3"]:
    """The picture as large as fits into `size` (W, H), on dark bars."""
    width, height = size
    scale = min(width / frame.shape[1], height / frame.shape[0])
    inner = (max(1, round(frame.shape[1] * scale)), max(1, round(frame.shape[0] * scale)))
    small = np.asarray(Image.fromarray(frame).resize(inner, Image.Resampling.BILINEAR))
    out = np.full((height, width, 3), 24, np.uint8)
    top, left = (height - inner[1]) // 2, (width - inner[0]) // 2
    out[top : top + inner[1], left : left + inner[0]] = small
    return out


def lowered(frame: Picture, height: int = PANEL[1]) -> UInt8[np.ndarray, "h w 3"]:
    """The picture at the panels' height in its own proportions: as `rollout_video` wants the frames of a clip."""
    return fitted(frame, (max(1, round(height * frame.shape[1] / frame.shape[0])), height))


def _at(poses: Float[np.ndarray, "k 7"], fps: float, times: Float[np.ndarray, " T"]) -> Float[np.ndarray, "T 7"]:
    """The poses nearest to some times, the last of them after their end."""
    return poses[np.minimum(np.round(times * fps).astype(int), len(poses) - 1)]


def _pictures(
    actors: Sequence[tuple[Character, Look]],
    qpos: Float[np.ndarray, "T nq"],
    cameras: Sequence[Viewpoint],
    size: tuple[int, int],
    terrain: Terrain,
) -> Iterator[Picture]:
    with Renderer(scene(actors, terrain=terrain), *size) as renderer:
        for pose, camera in zip(qpos, cameras, strict=True):
            yield renderer.frame(pose, camera)
