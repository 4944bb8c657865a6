"""What the two stages of reconstruction can be told: light to import, so that the command line can show it at once."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import arg


@dataclass(frozen=True)
class PoseConfig:
    """How people are found in a clip, and which of them is followed."""

    person: Literal["auto"] | int = "auto"
    """Whom to follow: "auto" is the largest who is visible longest; a number is that of the overlay video."""
    model: Literal["lite", "full", "heavy"] = "full"
    """Pose Landmarker variant. Only "full" can be had where nothing but a package index is reachable."""
    max_people: int = 4
    """People looked for at once in any one part of the picture."""
    max_gap: float = 0.3
    """Seconds a person may be unseen and still count as continuously visible; the gap's frames are marked absent."""
    background: Literal["auto", "still"] = "auto"
    """Whether the camera moved: "auto" follows the background, "still" says that it did not."""


@dataclass(frozen=True)
class TermWeights:
    """How much each term of the objective counts; 0 drops it."""

    reprojection: float = 10.0
    """Landmarks project onto the points seen."""
    bones: float = 15.0
    """Bones point where the estimator's metric points say."""
    smooth: float = 1.5
    """Accelerations change slowly."""
    limits: float = 1.0
    """Joints stay in their ranges."""
    rest: float = 0.02
    """What nothing shows stays near the zero pose."""
    solid: float = 0.0
    """No part of the body is in another. Off: with 1 a demo's training swung more (docs/log.md)."""
    ground: float = 1.0
    """Nothing is under the floor."""
    stance: float = 1.0
    """Standing feet neither slide nor float."""
    friction: float = 1.0
    """What touches the floor does not slide."""
    balance: float = 0.6
    """The ground's force acts under the standing feet."""
    poise: float = 1.0
    """At the clip's ends a standing body is about to stay, not to fall."""
    flight: float = 3.0
    """In the air the centre of mass falls freely."""
    camera: float = 0.3
    """Focal length and gravity stay near the first estimate."""
    proportions: float = 1.0
    """The person is built about as the character."""


@dataclass(frozen=True)
class ReconstructConfig:
    """How a pose track becomes a reference motion."""

    fps: Annotated[float, arg(name="motion-fps")] = 30.0
    """Frames per second of the motion: the control rate, whatever the clip's."""
    height: float | None = None
    """The person's height in metres; unknown: as tall as the character."""
    focal: float | None = None
    """The camera's focal length in pixels of the upright image; unknown: estimated."""
    pitch: float | None = None
    """How far the camera looks down, in degrees (in the middle frame, if it moves); unknown: estimated."""
    camera_path: Path | None = None
    """Where the camera was, if it is known: a text file with rows of seconds x y z qx qy qz qw (metres; camera axes x
    right, y down, z away), as SLAM programs write it. Unknown: as the pose track says."""
    lifter: Path | None = None
    """A network that tells depth from how the person moves, made by sfv fit. None: depth is as the estimator says."""
    iterations: int = 200
    """Most steps of the optimiser in its longest pass; the others take a fixed share of it."""
    weights: TermWeights = field(default_factory=TermWeights)
    """Weights of the objective's terms."""
