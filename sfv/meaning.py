"""What the figures of a report mean in plain words, and where good ends and poor begins.

The limits are for people who read a page. No training, test or benchmark decides by them.
"""

from dataclasses import dataclass
from typing import Literal

from sfv.report import Number

Grade = Literal["good", "fair", "poor", ""]


@dataclass(frozen=True)
class Meaning:
    """How to show a number.

    Attributes:
        label: its name for people.
        words: one sentence: what it measures.
        good: from here on it is good (upwards or downwards as the number's `better` says); None: nobody judges it.
        poor: from here on it is poor.
        percent: a share, to be shown in percent.
    """

    label: str
    words: str
    good: float | None = None
    poor: float | None = None
    percent: bool = False


MEANINGS = {
    "success": Meaning(
        "Success",
        "Share of tries from the clip's start that reach its end with the body never half a metre from the reference "
        "on average (PHC's definition).",
        0.95,
        0.5,
        True,
    ),
    "success_random_phase": Meaning(
        "Success from anywhere",
        "The same for tries that begin at a random moment of the clip.",
        0.9,
        0.4,
        True,
    ),
    "strict_success": Meaning(
        "Strict success",
        "Share of tries that reach the end with no part of the body ever 25 cm away from the reference.",
        0.9,
        0.4,
        True,
    ),
    "preview_followed": Meaning(
        "Followed without training",
        "Whether planning ahead brings the simulated character through the motion to its end. If so, the motion can be "
        "done; if not, training may still find how.",
    ),
    "followed": Meaning(
        "Followed without training",
        "Whether planning ahead brings the simulated character through the motion to its end. If so, the motion can be "
        "done; if not, training may still find how.",
    ),
    "preview_time_followed": Meaning("Followed for", "How long it was followed without training."),
    "preview_body_error_max": Meaning(
        "Largest distance without training", "The farthest that any part of the body was from the motion then."
    ),
    "preview_assisting_force_of_weight": Meaning(
        "Help that it wants", "Force from nowhere that the plan would use, as a share of the body's weight."
    ),
    "normalised_return": Meaning(
        "Normalised return",
        "How closely it follows the reference, by the DeepMimic paper's reward: 1 is perfect, a fall scores 0 "
        "from then on.",
        0.7,
        0.4,
    ),
    "normalised_return_random_phase": Meaning(
        "Normalised return from anywhere",
        "The same for tries that begin at a random moment.",
        0.65,
        0.35,
    ),
    "time_to_fall": Meaning("Time on its feet", "Mean time until a fall, or until the end."),
    "horizon": Meaning("Length of a try", "The longest that a try from the start can last."),
    "mpjpe_global": Meaning(
        "Position error",
        "Mean distance of the joints from where they should be in the world (global MPJPE).",
        100.0,
        250.0,
    ),
    "mpjpe_root_relative": Meaning(
        "Pose error",
        "The same with the pelvis laid on the reference's: the error of the pose alone (root-relative MPJPE).",
        60.0,
        150.0,
    ),
    "foot_slide": Meaning("Foot slide", "Mean speed of standing feet over the ground.", 5.0, 20.0),
    "box_moved": Meaning(
        "Box moved",
        "How far the box was pushed along the ground in a try from the clip's start, until a fall or its end.",
    ),
    "box_moved_1m": Meaning(
        "Box moved 1 m",
        "Share of tries from the clip's start that push the box at least 1 m before they fall or lose it.",
        0.8,
        0.4,
        True,
    ),
    "power": Meaning("Power", "Mean mechanical power of all joints."),
    "energy": Meaning("Energy", "Work of all joints in one try."),
    "physics_nan": Meaning("Broken physics", "Tries that ended because the simulation ran into NaN.", 0.0, 1.0),
    "physics_rate": Meaning("Physics rate", "Steps of the simulation per second in these tries."),
    "rollouts": Meaning("Tries", "How many tries the figures are means of."),
    "reprojection error": Meaning(
        "Distance in the picture",
        "Median distance between the character's joints, seen by the camera, and the joints found in the video.",
    ),
    "reprojection error of body": Meaning(
        "Distance in the picture, relative",
        "The same as a share of the person's height in the picture.",
        2.5,
        5.0,
    ),
    "agreement in 3D": Meaning(
        "Agreement in 3D",
        "Mean distance of the joints from the pose estimator's own 3D guess, after the best fit of each frame.",
        50.0,
        100.0,
    ),
    "jerk": Meaning("Jitter", "Mean jerk of the joints; shaking that no body does shows here."),
    "jerk of the estimate": Meaning("Jitter before", "The same for the raw estimate from the video."),
    "peak acceleration": Meaning("Peak acceleration", "99th percentile of the joints' acceleration.", 60.0, 150.0),
    "peak joint speed": Meaning("Peak joint speed", "Fastest turn of any joint."),
    "foot slide of reference": Meaning("Foot slide", "Mean speed of standing feet over the ground.", 1.0, 5.0),
    "penetration, deepest": Meaning(
        "Deepest penetration",
        "How far the body dips below the ground at worst.",
        1.0,
        3.0,
    ),
    "penetration, mean": Meaning("Mean penetration", "How far the body dips below the ground on average.", 0.2, 1.0),
    "floating in stance": Meaning(
        "Floating",
        "Height of the feet over the ground while they are said to stand.",
        1.0,
        3.0,
    ),
    "joint limit violation": Meaning(
        "Beyond joint limits",
        "How far any joint bends beyond its limit at worst.",
        1.0,
        10.0,
    ),
    "amplitude kept": Meaning(
        "Amplitude kept",
        "Swing of the limbs, compared with the raw estimate: smoothing must not shrink the motion.",
        90.0,
        75.0,
    ),
    "stance share": Meaning("Time on the ground", "Share of frames with a foot on the ground.", percent=True),
    "focal length": Meaning("Focal length", "Of the camera: given, told by its turns, or that of a usual one."),
    "camera pitch": Meaning("Camera tilt", "Of the camera, estimated or given."),
    "camera height": Meaning("Camera height", "Above the ground."),
    "frames without the person": Meaning(
        "Frames without the person",
        "Frames in which the pose had to be filled in.",
        0.0,
        15.0,
    ),
    "duration": Meaning("Duration", "Of the motion."),
    "frame rate": Meaning("Frame rate", "Of the motion."),
}


def meaning(number: Number) -> Meaning:
    """What is known of this number; for one that nobody described, its own name."""
    name = "foot slide of reference" if number.name == "foot slide" else number.name
    return MEANINGS.get(name, Meaning(number.name.replace("_", " ").capitalize(), ""))


def grade(number: Number) -> Grade:
    """'good', 'fair' or 'poor' by the limits above; '' where there are none, or no value."""
    known = meaning(number)
    if known.good is None or known.poor is None or number.better == "none" or number.value != number.value:
        return ""
    sign = 1.0 if number.better == "higher" else -1.0
    if sign * number.value >= sign * known.good:
        return "good"
    return "poor" if sign * number.value <= sign * known.poor else "fair"


def shown(number: Number) -> tuple[str, str]:
    """The value and the unit as a person reads them: ('97', '%'), ('31', 'mm'), ('0.96', ''), ('–', '') for NaN."""
    if number.value != number.value:
        return "–", ""
    if meaning(number).percent:
        return f"{100.0 * number.value:.0f}", "%"
    digits = 0 if abs(number.value) >= 10 or float(number.value).is_integer() else 1 if abs(number.value) >= 1 else 2
    unit = number.unit if number.unit not in ("0..1", "1", "share") else ""
    return f"{number.value:.{digits}f}", unit
