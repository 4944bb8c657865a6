"""Motions by name: what several are called, among themselves and as inputs of a stage. It reads none."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from sfv.errors import InputError

MOTION_INPUT = "motion"
"""What a stage calls the motion that it reads; of several, each with its name after it."""


def motion_inputs(motions: Mapping[str, Path]) -> dict[str, Path]:
    """Motions by name, as inputs of a stage; `motions_among` reads the names again."""
    if len(motions) == 1:
        return dict.fromkeys((MOTION_INPUT,), *motions.values())
    return {f"{MOTION_INPUT} {name}": path for name, path in motions.items()}


def motions_among(inputs: Mapping[str, str]) -> dict[str, Path]:
    """The motions among the inputs that a mark names: name -> path; a single one is called as its file."""
    if MOTION_INPUT in inputs:
        path = Path(inputs[MOTION_INPUT])
        return {path.stem: path}
    prefix = f"{MOTION_INPUT} "
    return {name.removeprefix(prefix): Path(path) for name, path in inputs.items() if name.startswith(prefix)}


def by_name(motions: Sequence[Path]) -> dict[str, Path]:
    """Motion files by their names without folder and suffix, with so many folders before them as tell them apart.

    Raises:
        InputError: one is given twice.
    """
    whole = [path.absolute().with_suffix("").parts[1:] for path in motions]
    out: dict[str, Path] = {}
    for path, parts in zip(motions, whole, strict=True):
        like = [other for other in whole if other[-1] == parts[-1]]
        if like.count(parts) > 1:
            raise InputError(f"{path} is given twice, or as two formats of one name; leave one out")
        depth = next(n for n in range(1, len(parts) + 1) if sum(other[-n:] == parts[-n:] for other in like) == 1)
        out["-".join(parts[-depth:])] = path
    return out
