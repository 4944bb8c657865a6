"""`sfv view`: motions or runs -> a page with a timeline, or a moving picture."""

import threading
import webbrowser
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import OmitArgPrefixes, Positional, arg

from sfv.errors import InputError
from sfv.excerpt import Excerpt
from sfv.limits import Within
from sfv.reading import Reading

if TYPE_CHECKING:
    from sfv.pipeline.looking import Thing
    from sfv.view.web.show import Show
    from sfv.view.web.viewer import Viewer

OUT = (".html", ".mp4", ".png")


@dataclass(frozen=True)
class Program:
    """Look at motions, or at runs: the clip, the reference, what the character made of it, and its policy, live.

    They are played in the browser until Ctrl-C. With --out they are written instead: as a page that plays without a
    server, as a video, or as a sheet of moments. With --prior the page asks a generative prior for motions.
    """

    what: Annotated[tuple[Path, ...], Positional, arg(metavar="WHAT [WHAT ...]")]
    """Motion files of any format, or folders of runs; several stand beside each other."""
    excerpt: OmitArgPrefixes[Excerpt] = field(default_factory=Excerpt)
    reading: OmitArgPrefixes[Reading] = field(default_factory=Reading)
    out: Path | None = None
    """The .html, .mp4 or .png to write."""
    prior: str | None = None
    """In place of WHAT, a generative prior to ask in the page: mdm, t2m-gpt, or the file of one that sfv fit made."""
    host: str = "127.0.0.1"
    """Address to serve at; 0.0.0.0 lets other machines look on, who then need the token in the address."""
    port: Annotated[int, Within(1, 65_535)] = 8080
    """Port to serve at; the next free one if it is taken."""
    browser: bool = True
    """Open a browser."""


def main(program: Program) -> None:
    """Play it, or draw it and say where it is."""
    from sfv.pipeline.looking import things_at
    from sfv.work.files import require_place

    if program.prior is not None:
        ask(program)
        return
    if not program.what:
        raise InputError("sfv view wants something to look at: a motion file, or the folder of a run")
    if program.out and program.out.suffix not in OUT:
        raise InputError(
            f"{program.out} should end in .html for a page, .mp4 for a video or .png for a sheet of moments"
        )
    require_place(program.out)
    things = things_at(program.what, program.reading, program.excerpt)
    if program.out is None:
        watch(things, program)
        return
    if program.out.suffix == ".html":
        film(things, program.out)
    else:
        draw(things, program.out)
    print(program.out)


def watch(things: "Sequence[Thing]", program: Program) -> None:
    """Serve the page until Ctrl-C; what takes longer to read comes to it while it is open."""
    from sfv.pipeline.looking import first_show, further_shows

    show = first_show(things)

    def read_on(viewer: "Viewer") -> None:
        for further in further_shows(things, show):
            viewer.update(further)

    serve(show, program, read_on)


def ask(program: Program) -> None:
    """Serve a page in which a generative prior is asked, until Ctrl-C."""
    from sfv.pipeline.wishes import asking

    if program.what or program.out or program.reading.given or not program.excerpt.whole:
        raise InputError("--prior opens a page to ask a prior in; leave out everything else but --host and --port")
    assert program.prior is not None
    serve(asking(program.prior), program, lambda viewer: None)


def serve(show: "Show", program: Program, then: "Callable[[Viewer], None]") -> None:
    """Serve a show until Ctrl-C, and `then`, while it is seen, do what takes longer."""
    from sfv.view.web.viewer import Viewer

    with Viewer(show, program.host, program.port) as viewer:
        print(f"{viewer.address}  (Ctrl-C to stop)", flush=True)
        if program.browser:
            webbrowser.open(viewer.address)
        threading.Thread(target=then, args=(viewer,), daemon=True).start()
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print()


def film(things: "Sequence[Thing]", out: Path) -> None:
    """Write a page that plays without a server."""
    from sfv.pipeline.looking import first_show, further_shows
    from sfv.view.web.film import write_film

    show = first_show(things)
    for further in further_shows(things, show):
        show = further
    write_film(out, show)


def draw(things: "Sequence[Thing]", out: Path) -> None:
    """Write one motion, or a reference and its imitation, as a video or a sheet."""
    from sfv.view.figure import figure
    from sfv.view.motion_video import motion_video
    from sfv.view.rollout import rollout_video
    from sfv.view.sheet import contact_sheet

    motions = {name: motion for thing in things for name, motion in thing.motions.items()}
    first, *others = motions.values()
    body = things[0].body or figure(first.skeleton)
    if out.suffix == ".png":
        contact_sheet(out, motions, body)
    elif others:
        rollout_video(out, first, others[0], body)
    else:
        motion_video(out, first, body=things[0].body)
