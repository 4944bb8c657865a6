"""Tables for people and spreadsheets: .csv with a header, time (s) and every number of qpos by name.

Names are `Skeleton.qpos_columns` ('root.x', 'neck.qw', 'right_knee'): metres, radians, wxyz, z up. The skeleton is not
in the file: it is the humanoid's, or that of the character given.
"""

import csv
from pathlib import Path

import numpy as np

from sfv.character import Character, load_character
from sfv.errors import InputError
from sfv.formats.robots import robot_skeleton
from sfv.formats.text import read_text, write_text
from sfv.motion import Motion
from sfv.quaternions import continuous, whole_rate


def read_table(path: Path | str, character: Character | Path | str | None) -> Motion:
    """Such a table as a Motion of the character (None: the humanoid); columns are matched by name, in any order.

    Raises:
        InputError: columns that do not fit, something that is no number, or uneven times.
    """
    rows = [row for row in csv.reader(read_text(path).splitlines()) if row]
    header = [name.strip() for name in rows[0]] if rows else []
    skeleton = load_character("humanoid").skeleton if character is None else robot_skeleton(character, path)
    wanted = ("time", *skeleton.qpos_columns)
    if sorted(header) != sorted(wanted):
        strange = sorted(set(header) ^ set(wanted)) or ["twice the same"]
        raise InputError(
            f"{path}: its columns and the skeleton's disagree about {', '.join(strange[:6])}; "
            "name the body that the motion is of with --character"
        )
    try:
        table = np.array(rows[1:], np.float64).reshape(len(rows) - 1, len(header))
    except ValueError as error:
        raise InputError(f"{path}: {error}; every row needs {len(header)} numbers") from error
    table = table[:, [header.index(name) for name in wanted]]
    steps = np.diff(table[:, 0])
    if len(table) < 2 or not (steps > 0).all() or np.ptp(steps) > 0.01 * steps.mean():
        raise InputError(f"{path}: the times must rise evenly, over at least 2 rows; correct the column time")
    fps = whole_rate((len(table) - 1) / float(table[-1, 0] - table[0, 0]))
    return Motion(skeleton, fps, continuous(skeleton, table[:, 1:]), source=f"{Path(path).name} (table)")


def write_table(motion: Motion, path: Path | str) -> None:
    """Write a motion of any skeleton; the skeleton itself, contacts and the loop flag are lost."""
    rows = np.column_stack((motion.times, motion.qpos))
    lines = [",".join(("time", *motion.skeleton.qpos_columns))]
    lines += [",".join(f"{value:.9g}" for value in row) for row in rows.tolist()]
    write_text(path, "\n".join(lines) + "\n")


def is_table(content: bytes) -> bool:
    """Whether the first line names a time and a root."""
    first = content[:4096].decode("utf-8", "replace").split("\n")[0]
    return "time" in first.split(",") and ".qw" in first
