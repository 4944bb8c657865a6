"""`sfv reconstruct`: where the body points are -> motion of the character."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from tyro.conf import OmitArgPrefixes, Positional, arg

from recon.config import ReconstructConfig
from sfv.cli.say import say_failures, say_left_out, say_numbers, say_outcome
from sfv.pipeline.stages import beside, motion_stage
from sfv.work.run_folder import alone_for
from sfv.work.stage import perform


@dataclass(frozen=True)
class Program:
    """Find the motion of the whole clip at once that explains the points, stands on the floor and does not slide.

    Beside the motion goes what is good and bad about it: MOTION.scorecard.json.
    """

    track: Annotated[Path, Positional, arg(metavar="TRACK")]
    """What `sfv pose` wrote."""
    out: Path
    """The motion to write, such as motion.npz."""
    character: str = "humanoid"
    """Whose motion it is to be: one of sfv's characters, or an MJCF file."""
    reconstruct: OmitArgPrefixes[ReconstructConfig] = field(default_factory=ReconstructConfig)
    mend: bool = True
    """Let sfv repair take out of the motion what the physics check fails it for, as far as it can."""
    config: Path | None = None
    """Settings to start from: the config.yaml beside an earlier motion. Flags override it."""


def main(program: Program) -> None:
    """Do the stage, unless it is done, show the scorecard, and say what the physics check finds."""
    place = beside(program.out)
    stage = motion_stage(program.track, program.out, place, program.character, program.reconstruct, program.mend)
    with alone_for(program.out):
        say_outcome(perform(stage))
    say_numbers(place("scorecard.json"))
    say_left_out(place("scorecard.json"))
    say_failures(place("check.json"))
