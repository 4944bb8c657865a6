"""One figure of the physics check, and where in the motion it is."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """A value, and in words the part and the time that it is of; "" where it is of the whole motion."""

    value: float
    where: str = ""


NOTHING = Finding(float("nan"))
"""The motion has nothing to measure it by."""


def measured(value: float, unit: str) -> str:
    """A figure in words: '5 cm', and for a share the number alone."""
    return f"{value:.3g} {unit}" if unit not in ("", "1") else f"{value:.3g}"


def place(part: str, seconds: float) -> str:
    """A part of the body at a time: 'left knee at 1.23 s'."""
    return f"{part.replace('_', ' ')} at {seconds:.2f} s"


def stretches(spans: list[tuple[float, float]], most: int = 3) -> str:
    """Times in words: 'from 2.1 to 5.0 s, from 7.0 to 7.6 s, and 4 more'."""
    shown = [f"from {start:.1f} to {stop:.1f} s" for start, stop in spans[:most]]
    return ", ".join(shown) + (f", and {len(spans) - most} more" if len(spans) > most else "")


def moments(where: str) -> list[tuple[float, float]]:
    """From when to when (s) what is said in words is of: `place` and `stretches` read back."""
    found = [(float(start), float(stop)) for start, stop in re.findall(r"from ([\d.]+) to ([\d.]+) s", where)]
    return found + [(float(at), float(at)) for at in re.findall(r"at ([\d.]+) s", where)]
