"""Why a row of the physics check fails, and what there is to do about it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Cause:
    """What a failed row means.

    Attributes:
        advice: what to do, in words.
        mends: `sfv repair` addresses it.
    """

    advice: str
    mends: bool = False


GROUND = Cause("sfv repair: the floor (shift, and nothing under it)", mends=True)
STANCE = Cause("sfv repair: what stands is held", mends=True)
SMOOTH = Cause("sfv repair: smoothing", mends=True)
LIMITS = Cause("sfv repair: joint limits", mends=True)
FLIGHT = Cause("sfv repair: balance and flight", mends=True)
APART = Cause("sfv repair: no part in another", mends=True)
SEAMLESS = Cause("sfv repair: the seam", mends=True)
RATE = Cause("give the file's true rate: sfv convert --fps")
READ = Cause("the file was read wrongly: check its axes and sides, then sfv convert")
HARD = Cause("no repair: bodies fall at 1 g, and what falls slower is hard to learn; another take")
NONE = Cause("no repair: another take, or a stronger character")
