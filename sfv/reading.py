"""How a motion file is to be read, where it does not say or says something wrong.

Settings of every verb that reads one; light to import, since the command line shows it at once. It knows no format.
"""

import math
from dataclasses import dataclass
from typing import Annotated, Literal

from sfv.errors import InputError, did_you_mean
from sfv.limits import COMMON, Within

Up = Literal["y", "z", "-y"]
UNITS = {"m": 1.0, "cm": 0.01, "mm": 0.001, "inches": 0.0254}
"""Metres in what --unit may name; beside these it takes a number."""
SLOWEST, FASTEST = 1.0, 1000.0
"""Frames per second of a motion: below, it is a series of pictures; above, a unit was mistaken."""
SPEEDS = (0.01, 100.0)


@dataclass(frozen=True)
class Reading:
    """How the file is read. What is not given is taken from the file, or found in it and said."""

    up: Up | None = None
    """The file's axis that points up; without it, the bones, the feet and the root's height tell."""
    unit: str | None = None
    """What the file measures in: m, cm, mm, inches, or metres as a number; without it, the bones' length tells."""
    fps: Annotated[float | None, Within(SLOWEST, FASTEST), COMMON] = None
    """Frames per second of the file, where it names none or a wrong rate."""
    speed: Annotated[float, Within(*SPEEDS), COMMON] = 1.0
    """How fast the file plays what happened: 0.25 for a slow motion that takes four times as long."""
    format: Annotated[str | None, COMMON] = None
    """The file's format, where its content does not tell (docs/formats.md)."""
    character: str | None = None
    """Whose motion the file holds, where it has joint angles and no bones, as a robot's csv does: an MJCF file, or one
    of sfv's characters. To check, repair, preview and train it is also who is to do it."""

    def check(self) -> None:
        """Raise InputError unless every setting makes sense by itself."""
        if self.up not in (None, "y", "z", "-y"):
            raise InputError(f"--up {self.up} is no axis that can point up; give y, z or -y")
        if self.fps is not None and not SLOWEST <= self.fps <= FASTEST:
            raise InputError(f"--fps {self.fps:g} is no rate of a motion; give {SLOWEST:g} to {FASTEST:g}")
        if not SPEEDS[0] <= self.speed <= SPEEDS[1]:
            raise InputError(f"--speed {self.speed:g} is out of bounds; give {SPEEDS[0]:g} to {SPEEDS[1]:g}")
        _ = self.metres

    @property
    def metres(self) -> float | None:
        """Metres per unit of the file, where it was given.

        Raises:
            InputError: it is no unit.
        """
        if self.unit is None or self.unit in UNITS:
            return None if self.unit is None else UNITS[self.unit]
        try:
            metres = float(self.unit)
        except ValueError as error:
            raise InputError(f"--unit {self.unit!r} is not a unit{did_you_mean(self.unit, UNITS)}") from error
        if not (math.isfinite(metres) and 1e-5 <= metres <= 1e3):
            raise InputError(f"--unit {self.unit} is no length of a unit; give metres from 0.00001 to 1000")
        return metres

    @property
    def given(self) -> tuple[str, ...]:
        """Names of the settings that were given."""
        return tuple(name for name, value in vars(self).items() if value is not None and (name, value) != ("speed", 1))


AS_IT_SAYS = Reading()
