"""`sfv pose`: clip -> where the person's body points are."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from tyro.conf import OmitArgPrefixes, Positional, arg

from recon.config import PoseConfig
from sfv.cli.say import say_outcome
from sfv.excerpt import Excerpt
from sfv.pipeline.stages import beside, pose_stage
from sfv.work.run_folder import alone_for
from sfv.work.stage import perform


@dataclass(frozen=True)
class Program:
    """Find the people in a clip, follow one of them, and write 33 named points in pixels and in metres.

    Beside the track goes a video with everybody's points, confidences and numbers: TRACK.overlay.mp4.
    """

    clip: Annotated[Path, Positional, arg(metavar="CLIP")]
    """A video of a person."""
    out: Path
    """The track to write, such as track.npz."""
    excerpt: OmitArgPrefixes[Excerpt] = field(default_factory=Excerpt)
    pose: OmitArgPrefixes[PoseConfig] = field(default_factory=PoseConfig)
    config: Path | None = None
    """Settings to start from: the config.yaml beside an earlier track. Flags override it."""


def main(program: Program) -> None:
    """Do the stage, unless it is done."""
    place = beside(program.out)
    with alone_for(program.out):
        say_outcome(perform(pose_stage(program.clip, program.out, place, program.pose, program.excerpt)))
