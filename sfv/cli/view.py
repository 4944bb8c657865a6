"""`sfv view`: motion or run -> a moving picture."""

import webbrowser
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import OmitArgPrefixes, Positional, arg

from sfv.errors import InputError
from sfv.excerpt import Excerpt
from sfv.limits import Within
from sfv.reading import Reading

if TYPE_CHECKING:
    from sfv.motion import Motion


@dataclass(frozen=True)
class Program:
    """Look at a motion, or at the reference of a run and what the character made of it.

    They are played in the browser until Ctrl-C, and can be turned, slowed and laid over each other. With --out they are
    written instead: as a video, or as a sheet of moments.
    """

    what: Annotated[Path, Positional, arg(metavar="WHAT")]
    """A motion file of any format, or the folder of a run."""
    excerpt: OmitArgPrefixes[Excerpt] = field(default_factory=Excerpt)
    reading: OmitArgPrefixes[Reading] = field(default_factory=Reading)
    out: Path | None = None
    """The .mp4 or .png to write."""
    host: str = "127.0.0.1"
    """Address to serve at; 0.0.0.0 lets other machines look on."""
    port: Annotated[int, Within(1, 65_535)] = 8080
    """Port to serve at; the next free one if it is taken."""


def main(program: Program) -> None:
    """Play it, or draw it and say where it is."""
    from sfv.view.web.viewer import Viewer, motions_at

    if program.out and program.out.suffix not in (".mp4", ".png"):
        raise InputError(f"{program.out} should end in .mp4 for a video or in .png for a sheet of moments")
    motions = motions_at(program.what, program.reading, program.excerpt)
    if program.out:
        draw(motions, program.out)
        print(program.out)
        return
    with Viewer(motions, program.host, program.port) as viewer:
        print(f"{viewer.address}  (Ctrl-C to stop)", flush=True)
        webbrowser.open(viewer.address)
        try:
            viewer.play()
        except KeyboardInterrupt:
            print()


def draw(motions: "dict[str, Motion]", out: Path) -> None:
    """Write one motion, or a reference and its imitation, as a video or a sheet."""
    from sfv.view.figure import figure
    from sfv.view.motion_video import motion_video
    from sfv.view.rollout import rollout_video
    from sfv.view.sheet import contact_sheet

    first, *others = motions.values()
    body = figure(first.skeleton)
    if out.suffix == ".png":
        contact_sheet(out, motions, body)
    elif others:
        rollout_video(out, first, others[0], body)
    else:
        motion_video(out, first)
