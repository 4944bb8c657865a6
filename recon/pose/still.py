"""The one person in a photograph, or why it shows none of whom a motion could go on.

It knows the estimator as a function that looks at a window of a picture, and no motions.
"""

import numpy as np
from jaxtyping import UInt8

from recon.pose.cast import LEGS, VISIBLE
from recon.pose.people import Look, Sighting, follow_people
from recon.pose.pose_landmarker import NAMES
from sfv.errors import InputError

SMALL = 0.35
"""Of the largest person: whoever is smaller stands behind and is nobody's subject."""


def person_in(picture: UInt8[np.ndarray, "H W 3"], look: Look, name: str) -> Sighting:
    """The person in a picture that is called `name`.

    The picture is looked at twice, as a clip of two frames: all over, and then near whom was found.

    Raises:
        InputError: nobody is there, several are, or the legs are not in view.
    """
    people = [seen[max(seen)] for seen in follow_people([picture, picture], np.array([0.0, 0.1]), look, 1.0)]
    if not people:
        raise InputError(f"nobody is seen in {name}; give a photograph that shows one person from head to feet")
    largest = max(people, key=lambda person: person.extent)
    subjects = [person for person in people if person.extent > SMALL * largest.extent]
    if len(subjects) > 1:
        raise InputError(
            f"{len(subjects)} people are seen in {name}, and one of them is to go on; cut the picture to that person"
        )
    legs = [NAMES.index(leg) for leg in LEGS]
    height, width = picture.shape[:2]
    x, y = largest.points_2d[legs].T
    seen = (x >= 0) & (x < width) & (y >= 0) & (y < height) & (largest.confidence[legs] >= VISIBLE)
    if seen.sum() < len(LEGS) / 2:
        raise InputError(
            f"the legs are not in view in {name}, and without them nobody knows what comes next; give a photograph "
            "that shows the person from head to feet"
        )
    return largest
