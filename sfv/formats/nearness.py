"""Who is who in keypoint files that do not number their people: each is followed to the nearest in the next frame.

It knows pixels and frame numbers, and nothing of bodies or files.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

REACH = 0.5
"""Of a person's height, how far the points' middle may be from where it was last: more than anybody runs in a frame."""
PATIENCE = 30
"""Frames that somebody may be unseen and still be followed."""


@dataclass
class _Person:
    """Somebody on the way: points by frame, and where they were seen last."""

    points: dict[int, np.ndarray] = field(default_factory=dict)
    last: int = 0
    middle: np.ndarray = field(default_factory=lambda: np.zeros(2))
    height: float = 1.0

    def see(self, number: int, table: np.ndarray) -> None:
        self.points[number], self.last = table, number
        self.middle, self.height = _middle(table)


def follow(
    frames: Sequence[tuple[int, int | None, Float[np.ndarray, "K 3"]]],
) -> dict[int, dict[int, Float[np.ndarray, "K 3"]]]:
    """By person, under the number that the file gives them or the next, the points by frame number.

    Args:
        frames: frame number, who it is where that is known, and (x, y, confidence) of each point.
    """
    known: dict[int, dict[int, np.ndarray]] = {}
    people, loose = list[_Person](), dict[int, list[np.ndarray]]()
    for number, person, table in frames:
        if person is None and (table[:, 2] > 0).any():
            loose.setdefault(number, []).append(table)
        elif person is not None:
            known.setdefault(person, {})[number] = table
    for number in sorted(loose):
        _advance(people, number, loose[number])
    new = max(known, default=-1) + 1
    return known | {new + i: person.points for i, person in enumerate(people)}


def _advance(people: list[_Person], number: int, tables: list[np.ndarray]) -> None:
    """Give each table of a frame to the person nearest to it, nearest pairs first; what is left is somebody new."""
    pairs = []
    for i, table in enumerate(tables):
        middle, height = _middle(table)
        for person in people:
            gap = number - person.last
            away = float(np.linalg.norm(middle - person.middle)) / max(height, person.height, 1.0)
            if gap <= PATIENCE and away < REACH * np.sqrt(gap):
                pairs.append((away, i, person))
    taken: set[int] = set()
    for _, i, person in sorted(pairs, key=lambda pair: pair[0]):
        if i not in taken and person.last != number:
            person.see(number, tables[i])
            taken.add(i)
    for i, table in enumerate(tables):
        if i not in taken:
            people.append(_Person())
            people[-1].see(number, table)


def tall(table: Float[np.ndarray, "K 3"]) -> float:
    """How many pixels somebody takes up, upright or lying."""
    seen = table[table[:, 2] > 0, :2]
    return float(max(np.ptp(seen[:, 1]), np.ptp(seen[:, 0]))) if len(seen) else 0.0


def _middle(table: Float[np.ndarray, "K 3"]) -> tuple[np.ndarray, float]:
    """The median of the points that were seen, px, and how tall they stand."""
    return np.median(table[table[:, 2] > 0, :2], axis=0), tall(table)
