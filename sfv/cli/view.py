"""`sfv view`: motion, policy or run -> a moving picture."""

import webbrowser
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import Positional, arg

from sfv.errors import InputError
from sfv.stages import beside

if TYPE_CHECKING:
    from sfv.motion import Motion


@dataclass(frozen=True)
class Program:
    """Look at a motion, or at what a run came to.

    A motion becomes a video of the character, or, if OUT ends in .png, a sheet of its moments. Of a run the page is
    opened in the browser; with --out, the reference and what the character made of it become the video or the sheet.
    """

    what: Annotated[Path, Positional, arg(metavar="WHAT")]
    """A motion file of any format, or the folder of a run."""
    out: Path | None = None
    """The .mp4 or .png to write; without it, a video beside the motion."""


def main(program: Program) -> None:
    """Draw it and say where it is."""
    what, out = program.what, program.out
    if not what.is_dir():
        draw({what.stem: read(what)}, out or beside(what)("mp4"))
        return
    folder = what / "4-report" if (what / "4-report").is_dir() else what
    if out is None:
        page = folder / "index.html"
        if not page.is_file():
            raise InputError(
                f"{what} has no page to look at; finish the run, or make one with: sfv report {what}"
            )
        webbrowser.open(page.resolve().as_uri())
        print(page)
        return
    names = {"reference": folder / "reference.npz", "simulated": folder / "simulated.npz"}
    if missing := [path for path in names.values() if not path.is_file()]:
        raise InputError(f"{missing[0]} is not there; evaluate the policy first with: sfv evaluate {what}")
    draw({name: read(path) for name, path in names.items()}, out)


def read(path: Path) -> "Motion":
    """A motion file of any format."""
    from sfv.formats.files import read_motion

    return read_motion(path)


def draw(motions: "dict[str, Motion]", out: Path) -> None:
    """Write one motion, or a reference and its imitation, as a video or a sheet."""
    from sfv.view.figure import figure

    first, *others = motions.values()
    body = figure(first.skeleton)
    if out.suffix == ".png":
        from sfv.view.sheet import contact_sheet

        contact_sheet(out, motions, body)
    elif out.suffix == ".mp4":
        if others:
            from sfv.view.rollout import rollout_video

            rollout_video(out, first, others[0], body)
        else:
            motion_video(out, first)
    else:
        raise InputError(f"{out} should end in .mp4 for a video or in .png for a sheet of moments")
    print(out)


def motion_video(out: Path, motion: "Motion", fps: float = 30.0, size: tuple[int, int] = (480, 480)) -> None:
    """Write one motion as a video, seen from a camera that follows it."""
    import numpy as np

    from sfv.progress import bar
    from sfv.view.figure import figure
    from sfv.view.person import PERSON
    from sfv.view.render import Renderer, scene
    from sfv.view.rollout import watching
    from sfv.view.video import VideoWriter

    qpos = motion.at(np.arange(int(motion.duration * fps) + 1) / fps)
    with (
        Renderer(scene([(figure(motion.skeleton), PERSON)]), *size) as renderer,
        VideoWriter(out, fps) as video,
        bar("rendering", len(qpos), "frames") as advance,
    ):
        for pose, camera in zip(qpos, watching(qpos, fps), strict=True):
            video.add(renderer.frame(pose, camera))
            advance(1)
