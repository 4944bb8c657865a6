"""`sfv train`: motion -> policy."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from tyro.conf import OmitArgPrefixes, Positional, arg

from envs.config import TrackingConfig
from policies.config import TrainConfig
from sfv.cli.say import say_outcome
from sfv.folder import alone_in
from sfv.stage import perform
from sfv.stages import policy_stage


@dataclass(frozen=True)
class Program:
    """Train a policy that makes the simulated character follow a motion.

    A training that was stopped goes on from its last checkpoint: type the same command again, or with more --budget.
    """

    motion: Annotated[Path, Positional, arg(metavar="MOTION")]
    """The reference: a motion file of sfv (see sfv convert)."""
    out: Path
    """The folder of the policy."""
    character: str = "humanoid"
    """Who is to do it: one of sfv's characters, or an MJCF file."""
    tracking: OmitArgPrefixes[TrackingConfig] = field(default_factory=TrackingConfig)
    train: OmitArgPrefixes[TrainConfig] = field(default_factory=TrainConfig)
    config: Path | None = None
    """Settings to start from: the config.yaml beside an earlier policy. Flags override it."""


def main(program: Program) -> None:
    """Do the stage, unless it is done."""
    with alone_in(program.out):
        place = program.out.joinpath
        stage = policy_stage(program.motion, place, program.character, program.tracking, program.train)
        say_outcome(perform(stage))
