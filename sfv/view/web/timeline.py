"""What stands along the time of something to look at: curves, and marks where something is to be seen.

It is data for a page, plain enough for JSON. It measures nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from sfv.view.live import Player, Seen

DIGITS = 5
"""That a page is given of a number."""


@dataclass(frozen=True)
class Trace:
    """A curve: values over time.

    Attributes:
        group: the plot that it stands in, one unit each.
        name: its own, unique in the group.
        unit: of the values.
        times: (T,) s.
        values: (T,).
    """

    group: str
    name: str
    unit: str
    times: Float[np.ndarray, " T"]
    values: Float[np.ndarray, " T"]


@dataclass(frozen=True)
class Flag:
    """A mark: a row of the check or of the scorecard where it is of, from when to when, s."""

    start: float
    stop: float
    title: str
    words: str
    failing: bool


@dataclass(frozen=True)
class Timeline:
    """All of it, over so many seconds."""

    seconds: float
    curves: tuple[Trace, ...] = ()
    marks: tuple[Flag, ...] = ()

    def plain(self) -> dict[str, Any]:
        """As JSON holds it; what is no number is null."""
        return {
            "seconds": self.seconds,
            "marks": [vars(mark) for mark in self.marks],
            "curves": [
                {"group": c.group, "name": c.name, "unit": c.unit, "times": _plain(c.times), "values": _plain(c.values)}
                for c in self.curves
            ],
        }


def names_of(players: Sequence[Player]) -> list[tuple[str, str, str]]:
    """Group, name and unit of each of the `values_of` what is seen of players."""
    out = []
    for player in players:
        whose = f"{player.name}: " if len(players) > 1 else ""
        model = player.character.model
        bodies = [model.body(index).name for index in range(1, model.nbody)]
        out += [(ERROR, whose + name, "cm") for name in ("mean of bodies", "worst body", *bodies)]
        out += [(REWARD, whose + name, "0..1") for name in TERMS]
        out += [(FORCE, whose + name, "N") for name in ("all contacts", *player.character.feet)]
        out += [(TORQUE, whose + name, "N m") for name in player.servos]
    return out


def values_of(players: Sequence[Player], seen: Sequence[Seen]) -> list[float]:
    """One moment of these curves."""
    out: list[float] = []
    for player, now in zip(players, seen, strict=True):
        away, force = 100.0 * now.away, np.linalg.norm(now.contacts[:, 1], axis=-1)
        out += [away.mean(), away.max(), *away]
        out += [now.rewards[name] for name in TERMS]
        out += [force.sum(), *(now.touch.get(foot, 0.0) for foot in player.character.feet)]
        out += now.torque.tolist()
    return [float(value) for value in out]


def curves_of(players: Sequence[Player], seen: Sequence[Sequence[Seen]]) -> tuple[Trace, ...]:
    """The curves of moments one after another."""
    times = np.array([row[0].seconds for row in seen])
    table = np.array([values_of(players, row) for row in seen])
    return tuple(
        Trace(group, name, unit, times, table[:, index]) for index, (group, name, unit) in enumerate(names_of(players))
    )


ERROR, REWARD, FORCE, TORQUE = "distance from the reference", "reward terms", "contact force", "torque"
TERMS = ("reward", "pose", "velocity", "end_effectors", "centre_of_mass")


def _plain(values: Float[np.ndarray, " T"]) -> list[float | None]:
    return [float(f"{value:.{DIGITS}g}") if np.isfinite(value) else None for value in values.tolist()]
