"""Robots' .csv files: a row per frame of root position, root quaternion and hinge angles in the MJCF's order.

Without a header: metres and radians, 7 + n columns (36 for the G1), quaternion xyzw in Unitree's LAFAN1 retargeting (as
mjlab's csv_to_npz.py reads it) and wxyz from Kimodo (NVlabs/ProtoMotions, convert_g1_csv_to_proto.py), 30 fps. With the
header Frame, root_translateX, ..., root_rotateZ, NAME_dof: centimetres, degrees, extrinsic XYZ angles (same source).
"""

import csv
import io
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float

from sfv.character import Character
from sfv.errors import InputError, did_you_mean
from sfv.formats.conventions import rate
from sfv.formats.euler import from_euler
from sfv.formats.robots import heights, hinges, robot_skeleton
from sfv.formats.text import read_text, write_text
from sfv.motion import Motion
from sfv.quaternions import apply, continuous
from sfv.reading import Reading
from sfv.skeleton import Skeleton

RATE = 30.0
ROOT = ("root_translateX", "root_translateY", "root_translateZ", "root_rotateX", "root_rotateY", "root_rotateZ")
Order = Literal["wxyz", "xyzw"]


def read_robot_csv(
    path: Path | str,
    character: Character | Path | str | None,
    order: Order | None = None,
    fps: float | None = None,
) -> Motion:
    """Such a file as a Motion of the robot.

    Args:
        path: the file.
        character: the robot, as `robot_skeleton` takes it.
        order: of the root's quaternion; None finds the one with which the robot stands on its feet.
        fps: frames per second, which the file does not say; None takes 30.

    Raises:
        InputError: no robot given, columns that do not fit it, no unit quaternions, or an order that is not clear.
    """
    text = read_text(path)
    skeleton = robot_skeleton(character, path)
    if is_dof_csv(text):
        qpos, notes = _named(path, text, skeleton), ["cm and degrees"]
    else:
        qpos, notes = _bare(path, text, skeleton, order)
    if not np.isfinite(qpos).all():
        frame = int(np.argwhere(~np.isfinite(qpos))[0, 0])
        raise InputError(f"{path}: NaN or infinity in row {frame + 1}; repair the file")
    pace, note = rate(Reading(fps=fps), RATE)
    source = f"{Path(path).name} (robot csv, {', '.join([*notes, note])})"
    return Motion(skeleton, pace, continuous(skeleton, qpos), source=source)


def write_robot_csv(motion: Motion, path: Path | str, order: Order) -> None:
    """Write root position, quaternion in the given order and hinge angles, without a header; the rate is lost.

    Raises:
        InputError: the skeleton has joints other than hinges.
    """
    hinges(motion.skeleton)
    table = motion.qpos.copy()
    if order == "xyzw":
        table[:, 3:7] = motion.qpos[:, [4, 5, 6, 3]]
    text = io.StringIO()
    np.savetxt(text, table, delimiter=",", fmt="%.9g")
    write_text(path, text.getvalue())


def is_robot_csv(content: bytes) -> bool:
    """Whether it is a table of numbers with at least 8 columns, or has the header described above."""
    first = content[:4096].decode("utf-8", "replace").split("\n")[0]
    try:
        return len([float(word) for word in first.split(",")]) >= 8
    except ValueError:
        return is_dof_csv(first)


def is_dof_csv(text: str) -> bool:
    """Whether the first line is the header of centimetres and degrees."""
    return "root_translateX" in text.split("\n", 1)[0] and "_dof" in text.split("\n", 1)[0]


def _bare(
    path: Path | str, text: str, skeleton: Skeleton, order: Order | None
) -> tuple[Float[np.ndarray, "T nq"], list[str]]:
    table = _numbers(path, text.splitlines(), skeleton.nq, f"7 for the root and {len(hinges(skeleton))} joints")
    norms = np.linalg.norm(table[:, 3:7], axis=1)
    if not np.abs(norms - 1.0).max() < 0.05:
        raise InputError(
            f"{path}: columns 4 to 7 have the length {np.median(norms):.3g} where a quaternion has 1, so they are "
            "something else (angles, or times before them). Export x, y, z, quaternion, joint angles"
        )
    if np.abs(table[:, 7:]).max() > 4 * np.pi:
        raise InputError(
            f"{path}: a joint angle is {np.abs(table[:, 7:]).max():.0f}, so these are degrees; export radians"
        )
    if np.median(np.abs(table[:, 2])) > 10:
        raise InputError(
            f"{path}: the root is at a height of {np.median(table[:, 2]):.0f}, so these are centimetres; export metres"
        )
    wxyz = {"wxyz": table, "xyzw": table[:, [0, 1, 2, 6, 3, 4, 5, *range(7, skeleton.nq)]]}
    if order is not None:
        return wxyz[order], [f"quaternion {order}"]
    order, why = _order(path, skeleton, wxyz["wxyz"], wxyz["xyzw"])
    return wxyz[order], [f"quaternion taken for {order}: {why}"]


def _order(
    path: Path | str, skeleton: Skeleton, wxyz: Float[np.ndarray, "T nq"], xyzw: Float[np.ndarray, "T nq"]
) -> tuple[Order, str]:
    """The order with which the robot is upright; where both are, that in which its lowest point keeps its height.

    A robot that faces x reads in the wrong order as turned over (wxyz as xyzw) or as facing -x (xyzw as wxyz); in the
    second case its leaning is turned too, and its feet go up and down.
    """
    tilt = {}
    for name, qpos in (("wxyz", wxyz), ("xyzw", xyzw)):
        tilt[name] = float((apply(qpos[:, 3:7], np.array([[0.0, 0.0, 1.0]]))[:, 2] > 0.3).mean())
    if abs(tilt["wxyz"] - tilt["xyzw"]) > 0.25:
        return ("wxyz" if tilt["wxyz"] > tilt["xyzw"] else "xyzw"), "so it is upright"
    some = np.linspace(0, len(wxyz) - 1, min(len(wxyz), 40)).astype(int)
    waver = [float(heights(skeleton, qpos[some]).std()) for qpos in (wxyz, xyzw)]
    if max(waver) > 1.5 * min(waver) and max(waver) > 0.003:
        return ("wxyz" if waver[0] < waver[1] else "xyzw"), "so its feet stay on the ground"
    ahead = [float(apply(qpos[:, 3:7], np.array([[1.0, 0.0, 0.0]]))[:, 0].mean()) for qpos in (wxyz, xyzw)]
    if abs(ahead[0] - ahead[1]) > 1.0:
        return ("wxyz" if ahead[0] > ahead[1] else "xyzw"), "so it faces forward"
    raise InputError(
        f"{path} does not show its quaternion's order; name it: --format kimodo-csv (wxyz) or unitree (xyzw)"
    )


def _named(path: Path | str, text: str, skeleton: Skeleton) -> Float[np.ndarray, "T nq"]:
    lines = text.splitlines()
    header = [name.strip() for name in next(csv.reader(lines[:1]))]
    table = _numbers(path, lines[1:], len(header), "those of its header")
    angles = {name.removesuffix("_dof"): table[:, i] for i, name in enumerate(header) if name.endswith("_dof")}
    if set(angles) != set(hinges(skeleton)) or not set(ROOT) <= set(header):
        strange = sorted(set(angles) ^ set(hinges(skeleton))) or sorted(set(ROOT) - set(header))
        raise InputError(f"{path}: column {strange[0]!r} does not fit the robot{did_you_mean(strange[0], angles)}")
    root = table[:, [header.index(name) for name in ROOT]]
    qpos = np.zeros((len(table), skeleton.nq))
    qpos[:, :3] = 0.01 * root[:, :3]
    qpos[:, 3:7] = from_euler(np.radians(root[:, [5, 4, 3]]), "ZYX")  # extrinsic XYZ is intrinsic ZYX
    for name, values in angles.items():
        qpos[:, skeleton.qpos_columns.index(name)] = np.radians(values)
    return qpos


def _numbers(path: Path | str, lines: list[str], width: int, what: str) -> Float[np.ndarray, "T C"]:
    rows = [row for row in csv.reader(lines) if row]
    strange = next((i for i, row in enumerate(rows) if len(row) != width), None)
    if strange is not None or len(rows) < 2:
        found = f"{len(rows[strange])} columns" if strange is not None else f"{len(rows)} rows"
        raise InputError(f"{path} has {found} but needs {width} columns ({what}) and 2 rows; give another --character")
    try:
        return np.array(rows, np.float64)
    except ValueError as error:
        raise InputError(f"{path}: {error}; export the table again") from error
