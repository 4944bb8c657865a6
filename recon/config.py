"""What the two stages of reconstruction can be told: light to import, so that the command line can show it at once."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import arg

from sfv.errors import InputError
from sfv.limits import COMMON, Within
from sfv.work.config import Before

LARGEST = 1e6
"""px and s of a clip."""


@dataclass(frozen=True)
class PoseConfig:
    """How people are found in a clip, and which of them is followed."""

    person: Annotated[Literal["auto"] | int, Within(0, 1000), COMMON] = "auto"
    """Whom to follow: "auto" is the largest who is visible longest; a number is that of the list and the overlay."""
    person_at: Annotated[str | None, COMMON] = None
    """Whom to follow, by where they are: X,Y,T is who is there, in px of the upright picture, at T seconds of the
    clip."""
    turn: Annotated[Literal["auto", 0, 90, 180, 270], COMMON] = "auto"
    """Degrees counterclockwise by which the pictures are turned before anything else; "auto" turns those in which
    everybody lies or stands on the head all along and would stand upright."""
    model: Literal["lite", "full", "heavy"] = "full"
    """Pose Landmarker variant. "heavy" is nearer and slower; where only package indexes are reachable, "full" needs
    pip's, "lite" and "heavy" npm's."""
    max_people: Annotated[int, Within(1, 32)] = 4
    """People looked for at once in any one part of the picture."""
    max_gap: Annotated[float, Within(0, 60)] = 1.5
    """Seconds a person may be away and be taken up again; the pose of meanwhile is filled in. After longer, what lasts
    longest is taken."""
    background: Literal["auto", "still"] = "auto"
    """Whether the camera moved: "auto" follows the background, "still" says that it did not."""

    def check(self) -> None:
        """Raise InputError unless one person is meant."""
        if self.place_and_time is not None and self.person != "auto":
            raise InputError("--person and --person-at both say whom to follow; leave one of them out")

    @property
    def place_and_time(self) -> tuple[float, float, float] | None:
        """The place (px) and the time (s) at which the person is, where they were given.

        Raises:
            InputError: they are no such numbers.
        """
        if self.person_at is None:
            return None
        try:
            x, y, time = (float(word) for word in self.person_at.replace(";", ",").split(","))
        except ValueError as error:
            raise InputError(
                f"--person-at {self.person_at} is no place and time; give px across, px down and seconds: 640,360,1.5"
            ) from error
        if not all(abs(number) < LARGEST for number in (x, y, time)):
            raise InputError(f"--person-at {self.person_at} is out of bounds; give px and seconds of the clip")
        return x, y, time


@dataclass(frozen=True)
class TermWeights:
    """How much each term of the objective counts; 0 drops it."""

    reprojection: Annotated[float, Within(0, 1_000_000)] = 10.0
    """Landmarks project onto the points seen."""
    bones: Annotated[float, Within(0, 1_000_000)] = 15.0
    """Bones point where the estimator's metric points say."""
    smooth: Annotated[float, Within(0, 1_000_000)] = 1.5
    """Accelerations change slowly."""
    twist: Annotated[float, Within(0, 1_000_000), Before(0.0)] = 0.5
    """A straight arm or leg does not turn at once about itself, nor a foot against its leg."""
    limits: Annotated[float, Within(0, 1_000_000)] = 1.0
    """Joints stay in their ranges."""
    rest: Annotated[float, Within(0, 1_000_000)] = 0.02
    """What nothing shows stays near the zero pose."""
    solid: Annotated[float, Within(0, 1_000_000)] = 0.0
    """No part of the body is in another. Off: with 1 a demo's training swung more (docs/log.md)."""
    ground: Annotated[float, Within(0, 1_000_000)] = 1.0
    """Nothing is under the floor."""
    stance: Annotated[float, Within(0, 1_000_000)] = 1.0
    """Standing feet neither slide nor float."""
    friction: Annotated[float, Within(0, 1_000_000)] = 1.0
    """What touches the floor does not slide."""
    balance: Annotated[float, Within(0, 1_000_000)] = 0.6
    """The ground's force acts under the standing feet."""
    sway: Annotated[float, Within(0, 1_000_000), Before(0.0)] = 0.6
    """Who walks does not fall aside."""
    poise: Annotated[float, Within(0, 1_000_000)] = 1.0
    """At the clip's ends a standing body is about to stay, not to fall."""
    flight: Annotated[float, Within(0, 1_000_000)] = 3.0
    """In the air the centre of mass falls freely."""
    camera: Annotated[float, Within(0, 1_000_000)] = 0.3
    """Gravity stays near the first estimate."""
    proportions: Annotated[float, Within(0, 1_000_000)] = 1.0
    """The person is built about as the character."""


@dataclass(frozen=True)
class ReconstructConfig:
    """How a pose track becomes a reference motion."""

    fps: Annotated[float, Within(1, 240), arg(name="motion-fps")] = 30.0
    """Frames per second of the motion: the control rate, whatever the clip's."""
    height: Annotated[float | None, Within(0.3, 3), COMMON] = None
    """The person's height in metres; unknown: as tall as the character."""
    fov: Annotated[float | None, Within(5, 170)] = None
    """Degrees that the camera sees from corner to corner, as data sheets say; unknown: what its turns tell, else 63."""
    focal: Annotated[float | None, Within(1, 1_000_000)] = None
    """The same as a focal length, in pixels of the upright image."""
    pitch: Annotated[float | None, Within(-90, 90)] = None
    """How far the camera looks down, in degrees (in the middle frame, if it moves); unknown: estimated."""
    camera_path: Path | None = None
    """Where the camera was, if it is known: a text file of rows as SLAM programs write it. A row is seconds x y z qx qy
    qz qw (metres; camera axes x right, y down, z away). Unknown: as the pose track says."""
    lifter: Annotated[Path | None, COMMON] = Path("auto")
    """What corrects the estimator's depth: "auto" is sfv's own, "none", or a file of sfv fit."""
    gaps: Path | None = Path("auto")
    """What makes up the motion where nobody saw the person for 0.25 to 2 s. "auto" is sfv's own prior, "none" the fit,
    and a file one of sfv fit --prior mdm."""
    iterations: Annotated[int, Within(1, 10_000)] = 200
    """Most steps of the optimiser in its longest pass; the others take a fixed share of it."""
    weights: TermWeights = field(default_factory=TermWeights)
    """Weights of the objective's terms."""

    def check(self) -> None:
        """Raise InputError if the lens is told twice."""
        if self.fov is not None and self.focal is not None:
            raise InputError("--fov and --focal both say how wide the camera sees; leave one of them out")
