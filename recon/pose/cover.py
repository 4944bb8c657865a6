"""Other people painted over, so that whoever is behind them is seen alone: estimators see the one in front.

It knows a picture and where bodies are in it; not who is wanted, nor whether they are behind.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import Bool, UInt8

from recon.pose.people import Sighting
from recon.pose.pose_landmarker import NAMES

LIMBS = {
    ("shoulder", "elbow"): 0.1,
    ("elbow", "wrist"): 0.07,
    ("wrist", "index"): 0.07,
    ("hip", "knee"): 0.1,
    ("knee", "ankle"): 0.1,
    ("ankle", "heel"): 0.07,
    ("ankle", "foot_index"): 0.07,
}
"""What is painted on either side, and its half width in m: clothes and hair included."""
TRUNK, HEAD, NECK = 0.1, 0.15, 0.07
"""m: beyond shoulders and hips; half of a head; and between them."""
BLURRED = 0.7
"""m over which the picture is averaged to paint with: flat grey is taken for clothes."""


def covered(
    image: UInt8[np.ndarray, "H W 3"], people: Sequence[Sighting]
) -> tuple[UInt8[np.ndarray, "H W 3"], Bool[np.ndarray, "H W"]]:
    """The picture with these people painted over, and where that is."""
    mask, size = np.zeros(image.shape[:2], np.uint8), 1.0
    for person in people:
        _paint(mask, person)
        size = max(size, person.scale)
    side = 2 * round(0.5 * BLURRED * size) + 1
    hidden = mask > 0
    return np.where(hidden[..., None], cv2.blur(image, (side, side)), image), hidden


def _paint(mask: UInt8[np.ndarray, "H W"], person: Sighting) -> None:
    """Ones where a person is, in limbs of round ends."""
    metre = min(person.scale, person.extent)  # px; who is seen edge on has hardly any metres across

    def at(*names: str) -> tuple[int, int]:
        x, y = np.mean([person.points_2d[NAMES.index(name)] for name in names], axis=0)
        return round(float(x)), round(float(y))

    def limb(a: tuple[int, int], b: tuple[int, int], half: float) -> None:
        cv2.line(mask, a, b, 1, max(round(2 * half * metre), 1))

    for (upper, lower), half in LIMBS.items():
        for side in ("left", "right"):
            limb(at(f"{side}_{upper}"), at(f"{side}_{lower}"), half)
    corners = [at(name) for name in ("left_shoulder", "right_shoulder", "right_hip", "left_hip")]
    cv2.fillConvexPoly(mask, cv2.convexHull(np.array(corners, np.int32)), 1)
    for a, b in zip(corners, (*corners[1:], corners[0]), strict=True):
        limb(a, b, TRUNK)
    head = at(*NAMES[:11])
    cv2.circle(mask, head, max(round(HEAD * metre), 1), 1, -1)
    limb(at("left_shoulder", "right_shoulder"), head, NECK)
