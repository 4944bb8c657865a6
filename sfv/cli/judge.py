"""`sfv judge`: motions and a policy -> how far it follows each, before any training."""

import math
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import OmitArgPrefixes, Positional, arg

from sfv.errors import InputError, printable
from sfv.excerpt import Excerpt
from sfv.limits import SEED, Within
from sfv.pipeline.named_motions import by_name
from sfv.pipeline.settings import Settings
from sfv.reading import Reading

if TYPE_CHECKING:
    from envs.judge.following import Following

MOST = 0.5
"""The share of tries that must come to the end for a motion to count as followed."""


@dataclass(frozen=True)
class Program:
    """Let a trained policy follow motions that it has not seen: what it follows, a body can do.

    What it loses tells when, which is where to look; it may be the motion or the policy. The policy is best one of many
    clips (sfv train --together). The exit code is 0 if each motion is followed in half of its tries, else 1.
    """

    motions: Annotated[tuple[Path, ...], Positional, arg(metavar="MOTION [MOTION ...]")]
    """Motion files of any format; what is of another body is retargeted."""
    policy: Path
    """A run, the folder of a policy, or a policy.safetensors."""
    excerpt: OmitArgPrefixes[Excerpt] = field(default_factory=Excerpt)
    reading: OmitArgPrefixes[Reading] = field(default_factory=Reading)
    map: Path | None = None
    """Which bodies of a motion file are whose hip, knee or hand, where their names do not say: a YAML file with lines
    such as `left_knee: BODY`."""
    mend: bool = True
    """First let sfv repair take out what the physics check finds, as sfv run does."""
    tries: Annotated[int, Within(1, 1000)] = 8
    """Of each motion, from its first frame with a little noise."""
    seed: Annotated[int, Within(0, SEED)] = 2000
    """Of the noise."""
    threads: Annotated[int, Within(0, 1024)] = 0
    """Threads for the physics; 0 = all cores."""
    json: bool = False
    """Print the answer as JSON, and nothing else, to standard output."""


def main(program: Program) -> None:
    """Judge, show a line a motion, and leave with 1 if one is not followed."""
    from sfv.cli.say import answering
    from sfv.pipeline.judging import judged

    if not program.motions:
        raise InputError("there is no motion to judge; name one or more motion files")
    for path in program.motions:
        if not path.is_file():
            raise InputError(f"there is no file {path}; check the name")
    settings = Settings(
        excerpt=program.excerpt, reading=program.reading, map=program.map, mend=program.mend, anyway=True
    )
    settings = replace(settings, tracking=replace(settings.tracking, threads=program.threads))
    files = by_name(program.motions)
    with answering(program.json) as answer:
        found = dict(judged(program.policy, files, settings, program.tries, program.seed))
        rows = {name: found[name] for name in files}
        _show(rows)
        answer({name: _plain(row) for name, row in rows.items()})
    if any(row.success < MOST for row in rows.values()):
        raise SystemExit(1)


def _show(rows: "dict[str, Following]") -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table()
    table.add_column("motion", overflow="fold")
    for title in ("followed", "tries to its end", "error", "power"):
        table.add_column(title, justify="right")
    for name, row in rows.items():
        table.add_row(
            printable(name),
            f"{row.seconds:.1f} of {row.duration:.1f} s",
            f"{row.success:.2f}",
            "–" if math.isnan(row.error) else f"{row.error:.0f} mm",
            "–" if math.isnan(row.power) else f"{row.power:.0f} W",
        )
    Console(width=80, markup=False).print(table)


def _plain(row: "Following") -> dict[str, float | bool | None]:
    values = asdict(row).items()
    return {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in values}
