"""`sfv distill`: policies of single clips -> one policy of all of them."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from tyro.conf import OmitArgPrefixes, Positional, arg

from policies.config import TrainConfig
from sfv.cli.say import say_outcome
from sfv.errors import InputError
from sfv.limits import Within
from sfv.pipeline.trained import distillation_of
from sfv.work.run_folder import alone_at
from sfv.work.stage import perform


def _learner() -> TrainConfig:
    """A larger network, judged less often, by one that begins near the teachers."""
    return TrainConfig(
        budget="60min", hidden=(1024, 512), learning_rate=1e-3, noise=(0.1, 0.1, 0.05), evaluate_every=500_000
    )


@dataclass(frozen=True)
class Program:
    """Make one policy that does what several can do, each its own clip.

    It acts by itself and hears at every step what the policy of the clip at hand would do. At first it learns only
    that, later more and more from its own success, and in the end as sfv train --together. Motions are called by the
    names of their runs. A training that was stopped goes on from its last checkpoint: type the same command again.
    """

    runs: Annotated[tuple[Path, ...], Positional, arg(metavar="RUN [RUN ...]")]
    """Finished runs, or folders of policies that sfv train made, all of one character and one task."""
    out: Path
    """The folder of the new policy."""
    lessons: Annotated[float, Within(0, 1e12, above=True)] = 3e6
    """Samples over which the teachers' share of what is learnt falls from all to nothing."""
    threads: Annotated[int, Within(0, 256)] = 0
    """Threads that simulate and learn; 0 is one per core."""
    train: OmitArgPrefixes[TrainConfig] = field(default_factory=_learner)


def main(program: Program) -> None:
    """Do the stage, unless it is done."""
    if not program.runs:
        raise InputError("there is no policy to learn from; name two or more finished runs")
    stage = distillation_of(program.runs, program.out, program.train, program.lessons, program.threads)
    with alone_at(program.out):
        say_outcome(perform(stage))
