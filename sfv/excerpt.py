"""Which part of a clip is used: settings of every verb that reads one, and the frames that they name.

Light to import, since the command line shows it at once. It knows neither videos nor motions, only times.
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from jaxtyping import Float

from sfv.errors import InputError
from sfv.limits import COMMON, Within

SLACK = 1e-6
"""Seconds: a frame that is shown just when the part begins or ends belongs to it."""


@dataclass(frozen=True)
class Excerpt:
    """Which part of the clip is used."""

    begin: Annotated[float, Within(0, 1e9), COMMON] = 0.0
    """Seconds into the clip; before is left out."""
    end: Annotated[float | None, Within(0, 1e9, above=True), COMMON] = None
    """Seconds into the clip; what is after is not looked at. None: to the clip's end."""

    def check(self) -> None:
        """Raise InputError unless it begins in the clip and ends after that."""
        if not self.begin >= 0.0:
            raise InputError(f"--begin {self.begin:g} is before the clip's start; give seconds from there, 0 on")
        if self.end is not None and not self.end > self.begin:
            raise InputError(f"--end {self.end:g} is not after --begin {self.begin:g}; give a later --end")

    @property
    def whole(self) -> bool:
        """Whether it leaves nothing out."""
        return self.begin == 0.0 and self.end is None

    def over(self, time: float) -> bool:
        """Whether a frame at this time (s) lies after the part."""
        return self.end is not None and time > self.end + SLACK

    def frames(self, times: Float[np.ndarray, " T"], name: str) -> slice:
        """The frames of this part among those at increasing `times` (s, from 0); `name` is the clip's, for the error.

        Raises:
            InputError: the part begins before the clip or after it, or ends before it begins.
        """
        self.check()
        first = int(np.searchsorted(times, self.begin - SLACK))
        if first >= len(times):
            raise InputError(f"{name} lasts {times[-1]:.1f} s, and --begin is {self.begin:g}; give an earlier one")
        last = len(times) if self.end is None else int(np.searchsorted(times, self.end + SLACK))
        return slice(first, last)


WHOLE = Excerpt()
