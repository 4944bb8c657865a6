"""What a page asks of a generative prior, and what it is told of each sample.

It knows no prior: whoever makes a `Show` of a wish is given with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from sfv.errors import InputError
from sfv.limits import SEED

WORDS, MOST, LONGEST, POINTS, FAR = 300, 6, 12.0, 400, 100.0
"""Letters of a sentence, samples, s of one, points of a path, m that it may lead away."""


@dataclass(frozen=True)
class Wish:
    """What is asked for.

    Attributes:
        text: a sentence; "" leaves it to the prior.
        seconds: how long each sample is to be.
        count: how many.
        seed: of chance.
        mend: whether what the check finds is repaired.
        path: (P, 2) where the root is to go, m, evenly spaced in time.
        label: a category of the mocap that the prior knows, in place of a sentence; "" for none.
    """

    text: str = ""
    seconds: float = 4.0
    count: int = 3
    seed: int = 0
    mend: bool = True
    path: Float[np.ndarray, "P 2"] | None = None
    label: str = ""


@dataclass(frozen=True)
class Sample:
    """What a page says beside one: its name, whether the check passes it, why not, and how to train on it."""

    name: str
    passes: bool
    words: str
    commands: tuple[str, ...]


def wish_of(said: Any) -> Wish:
    """The wish that a page sent.

    Raises:
        InputError: it is none.
    """
    if not isinstance(said, Mapping):
        raise InputError("what came from the page is no wish; load it again")
    text, label, path = said.get("text", ""), said.get("label", ""), said.get("path")
    for words in (text, label):
        if not isinstance(words, str) or len(words) > WORDS:
            raise InputError(f"a sentence has at most {WORDS} letters; make it shorter")
    return Wish(
        " ".join(text.split()),
        _number(said, "seconds", 0.5, LONGEST),
        int(_number(said, "count", 1, MOST)),
        int(_number(said, "seed", 0, SEED)),
        bool(said.get("mend", True)),
        None if path is None else _path(path),
        label,
    )


def _number(said: Mapping[str, Any], name: str, low: float | int, high: float | int) -> float:
    value = said.get(name)
    number = float(value) if isinstance(value, int | float) else float("nan")
    if not low <= number <= high:
        raise InputError(f"{name} is {value} but should be between {low:g} and {high:g}")
    return number


def _path(said: Any) -> Float[np.ndarray, "P 2"]:
    try:
        points = np.array(said, np.float64)
    except (TypeError, ValueError):
        points = np.zeros(0)
    near = points.ndim == 2 and points.shape[1] == 2 and bool((np.abs(points) <= FAR).all())
    if not near or not 2 <= len(points) <= POINTS:
        raise InputError(f"a path has 2 to {POINTS} points x,y within {FAR:g} m; draw another")
    return points
