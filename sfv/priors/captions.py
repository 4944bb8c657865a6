"""What is said of motions: a file of captions, captions in a mirror, and captions that are measured.

A caption of a whole take ("with three full spins") is not true of a part of it; what a part does is measured: where it
goes and how it turns. It knows nothing of models.
"""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from sfv.errors import InputError

SIDES = {"left": "right", "clockwise": "counterclockwise"}
SPOT = 0.25
"""m/s: who is slower than this on average is on the spot."""
TURNED, AROUND = np.radians(45.0), np.radians(135.0)
"""Turns from which one has turned, and has turned around."""
DOING = {
    "walk": "walks", "run": "runs", "turn": "walks", "jump": "jumps", "dance": "dances", "kick": "does karate",
    "punch": "punches", "sport": "plays", "gesture": "stands and gestures", "acrobatics": "does acrobatics",
}  # fmt: skip
"""What a person does in a category; a category that is not here is "moves"."""


@dataclass(frozen=True)
class Said:
    """What a file of captions says of one motion file."""

    captions: tuple[str, ...]
    label: str
    person: str
    split: str
    fps: float | None = None
    """The true rate, where the file names a wrong one or none."""


def read_captions(path: Path) -> dict[str, Said]:
    """Captions by file name, from a CSV file with the columns file, caption, and where they are known caption_2,
    caption_3, category, subject, split and fps (the true rate).

    Raises:
        InputError: no such file, or a column is missing.
    """
    try:
        with open(path, encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} cannot be read as captions ({error}); give a CSV file") from error
    if not rows or not {"file", "caption"} <= set(rows[0]):
        raise InputError(f"{path} has no columns file and caption; write them in its first line, then a row per motion")
    try:
        return {row["file"]: _said(row) for row in rows}
    except ValueError as error:
        raise InputError(f"{path} has an fps that is no number ({error}); correct it") from error


def said_of(path: Path, captions: Mapping[str, Said]) -> Said:
    """What is said of a motion file: of the name in `captions` that its path ends in.

    Raises:
        InputError: none does.
    """
    parts = path.resolve().parts
    for start in range(max(0, len(parts) - 4), len(parts)):
        if (name := "/".join(parts[start:])) in captions:
            return captions[name]
    raise InputError(f"no row of the captions is about {path.name}; add one whose file is {path.name}")


def swapped(caption: str) -> str:
    """The caption of the motion in a mirror."""
    both = SIDES | {right: left for left, right in SIDES.items()}
    return re.sub(r"\b(" + "|".join(both) + r")\b", lambda match: both[match.group()], caption)


def measured(
    label: str, turn: Float[np.ndarray, " T"], velocity: Float[np.ndarray, "T 2"], fps: float, happens: str = ""
) -> str:
    """A caption of a part of a motion: what its category does or what happens, where it goes and how it turns.

    Args:
        label: the category.
        turn: rate of the heading, rad/s.
        velocity: of the root in the heading frame, m/s.
        fps: frames per second.
        happens: what happens in it, as "jumps" and "kicks with the left leg"; a dance is one even so.
    """
    forward, left = velocity.mean(0)
    turned = float(turn.sum() / fps)
    does = DOING.get(label, "moves")
    parts = [f"a person {(f'{does} and {happens}' if label == 'dance' else happens) if happens else does}"]
    if max(abs(forward), abs(left)) < SPOT:
        parts.append("on the spot")
    elif abs(left) > abs(forward):
        parts.append(f"sideways to the {'left' if left > 0 else 'right'}")
    else:
        parts.append("forward" if forward > 0 else "backward")
    side = "left" if turned > 0 else "right"
    if abs(turned) > AROUND:
        parts.append(f"and turns around to the {side}")
    elif abs(turned) > TURNED:
        parts.append(f"and turns {side}")
    return " ".join(parts)


def _said(row: Mapping[str, str]) -> Said:
    captions = tuple(row[name] for name in ("caption", "caption_2", "caption_3") if row.get(name))
    fps = float(row["fps"]) if row.get("fps") else None
    return Said(captions, row.get("category") or "", row.get("subject") or "", row.get("split") or "train", fps)
