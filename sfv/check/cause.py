"""Why a row of the physics check fails, and what there is to do about it, by where the motion comes from."""

from dataclasses import dataclass
from typing import Literal

Origin = Literal["file", "video", "motion"]
"""A motion file of others, a video, or a motion of sfv's own whose past is unknown."""


@dataclass(frozen=True)
class Cause:
    """What a failed row means, and what to do.

    Attributes:
        file, video, motion: the advice, where the motion is from there; those of video and motion are the file's where
            they are None.
        mends: `sfv repair` addresses it.
        misread: it says that this is no motion of a person: whatever it was made from was read wrongly.
    """

    file: str
    video: str | None = None
    motion: str | None = None
    mends: bool = False
    misread: bool = False

    def advice(self, origin: Origin, repaired: bool = False) -> str:
        """What to do; of what was repaired already, no more of it."""
        if repaired and self.mends:
            return "left by the repair"
        words = {"file": self.file, "video": self.video, "motion": self.motion}[origin]
        return self.file if words is None else words


GROUND = Cause("sfv repair: the floor (shift, and nothing under it)", mends=True)
STANCE = Cause("sfv repair: what stands is held", mends=True)
SMOOTH = Cause("sfv repair: smoothing", mends=True)
LIMITS = Cause("sfv repair: joint limits; or another body, sfv retarget FILE --to humanoid", mends=True)
FLIGHT = Cause("sfv repair: balance and flight", mends=True)
APART = Cause("sfv repair: no part in another", mends=True)
SEAMLESS = Cause("sfv repair: the seam", mends=True)
AXES = Cause(
    "the file was read with a wrong axis up: --up z, y or -y",
    "nobody stands up in this: see who is followed and how in the overlay; give the part that is right, --begin, --end",
    "it was made with a wrong axis up: make it again from its file, with --up",
    misread=True,
)
SIDES = Cause(
    "left and right are exchanged, or the axes mirrored: export it again, right-handed, each limb under its own name",
    "left and right were confused: see the overlay; give the part that is right, --begin, --end",
    "left and right were exchanged, or axes mirrored, when it was made: make it again",
    misread=True,
)
SIZE = Cause("the file's unit was taken for another: --unit m, cm, mm or inches", misread=True)
TEMPO = Cause(
    "quicker or slower than people move: if it plays at a wrong speed, give the file's rate, --fps, or --speed",
    "quicker or slower than people move: the video plays at another speed than life, or the pose jitters",
    "quicker or slower than people move: if a wrong rate is why, make it again from its file, with --fps",
    misread=True,
)
RATE = Cause(
    "too fast for a body, or too slow for its falls: give the file's rate, --fps, or --speed",
    "the video plays at another speed than life, or the pose was misread there: see the overlay",
    "made at a wrong rate, or misread there: make it again from its file, with --fps",
)
CUT = Cause(
    "two takes, or a held pose before one: give a part without it, --begin, --end; sfv run takes the longest",
    "a cut of the video, or another person: see the overlay; give a part without it, --begin, --end",
)
ABSENT = Cause(
    "what it stands or sits on is not in the motion: sfv run --scene auto finds it, and so does sfv scene; or give a "
    "part without it, --begin, --end"
)
HARD = Cause("no repair: bodies fall at 1 g, and what falls slower is hard to learn; another take")
WEAK = Cause("no repair: another take, or a stronger character, sfv retarget FILE --to humanoid")
LOOP = Cause("sfv repair --loop")
