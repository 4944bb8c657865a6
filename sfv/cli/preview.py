"""`sfv preview`: motion -> what physics makes of it, before any training."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

from tyro.conf import OmitArgPrefixes, Positional, arg

from envs.preview.config import PreviewConfig
from sfv.cli.say import say_numbers
from sfv.errors import InputError
from sfv.excerpt import Excerpt
from sfv.pipeline.stages import beside
from sfv.reading import Reading


@dataclass(frozen=True)
class Program:
    """Let a simulated character perform a motion by planning ahead, without training.

    A character that follows to the end shows that the motion can be done; one that is lost shows nothing. Beside the
    simulated motion go the servo targets that replay it, OUT.targets.npz, and the figures, OUT.preview.json.
    """

    motion: Annotated[Path, Positional, arg(metavar="MOTION")]
    """A motion file of any format."""
    out: Path
    """The simulated motion to write, such as preview.npz."""
    video: Path | None = None
    """Also write an .mp4: the motion and what physics made of it, side by side."""
    excerpt: OmitArgPrefixes[Excerpt] = field(default_factory=Excerpt)
    reading: OmitArgPrefixes[Reading] = field(default_factory=Reading)
    preview: OmitArgPrefixes[PreviewConfig] = field(default_factory=PreviewConfig)
    config: Path | None = None
    """Settings to start from. Flags override it."""


def main(program: Program) -> None:
    """Preview, write and say how it went."""
    if program.out.suffix != ".npz":
        raise InputError(f"{program.out} should end in .npz; sfv convert makes other formats of it")
    if program.video and program.video.suffix != ".mp4":
        raise InputError(f"{program.video} should end in .mp4")
    from envs.preview.preview import preview, save_targets
    from sfv.character import load_character
    from sfv.formats.files import read_asked
    from sfv.progress import bar
    from sfv.work.files import require_place
    from sfv.work.provenance import provenance

    for file in (program.out, program.video):
        require_place(file)
    character = load_character(program.reading.character or "humanoid")
    motion = read_asked(program.motion, program.reading, program.excerpt, body=True)
    steps = motion.duration * program.preview.control_hz
    with bar("following", steps, "steps") as advance:
        shown = preview(motion, character, program.preview, advance)
    place = beside(program.out)
    shown.simulated.save(program.out)
    save_targets(place("targets.npz"), shown, character, program.preview)
    report = replace(shown.report, provenance=provenance(program, program.preview.seed))
    report.save(place("preview.json"))
    if program.video:
        from sfv.view.rollout import rollout_video

        rollout_video(program.video, shown.reference, shown.simulated, character)
    say_numbers(place("preview.json"))
    print(f"\n{shown.verdict}")
