"""Who is the subject of a photograph, and why there is none."""

from dataclasses import replace

import numpy as np
import pytest

from recon.pose.people import Sighting, Window
from recon.pose.pose_landmarker import NAMES
from recon.pose.still import person_in
from sfv.errors import InputError

PICTURE = np.zeros((400, 400, 3), np.uint8)


def somebody(x: float, height: float = 300.0) -> Sighting:
    """A person of 33 points in a column, head first."""
    points = np.stack((np.full(len(NAMES), x), 200.0 + height * np.linspace(-0.5, 0.5, len(NAMES))), 1)
    points[::2, 0] += 0.2 * height
    return Sighting(points, np.zeros((len(NAMES), 3)), np.full(len(NAMES), 0.9))


def asked(*people: Sighting) -> Sighting:
    def look(image: np.ndarray, window: Window) -> list[Sighting]:
        return [person for person in people if window.x <= person.centre[0] < window.x + window.side]

    return person_in(PICTURE, look, "photo.jpg")


def test_one_person_is_the_subject() -> None:
    assert asked(somebody(200.0)).extent == pytest.approx(300.0)


def test_whoever_stands_far_behind_is_nobody_s_subject() -> None:
    assert asked(somebody(100.0), somebody(330.0, 80.0)).extent == pytest.approx(300.0)


def test_nobody_two_people_and_a_portrait_are_refused() -> None:
    with pytest.raises(InputError, match=r"nobody is seen in photo\.jpg"):
        asked()
    with pytest.raises(InputError, match="2 people are seen"):
        asked(somebody(80.0), somebody(300.0))
    sure = np.where(np.arange(len(NAMES)) < NAMES.index("left_knee"), 0.9, 0.05)
    with pytest.raises(InputError, match="the legs are not in view"):
        asked(replace(somebody(200.0), confidence=sure))
