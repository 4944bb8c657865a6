"""Somebody painted over in a picture."""

from collections.abc import Callable

import numpy as np

from recon.pose.cover import covered
from recon.pose.people import Sighting


def test_who_is_painted_over_is_gone_and_nothing_else_is_touched(figure: Callable[..., Sighting]) -> None:
    """Somebody 165 px tall, white on black: what is left of them is the mean about them, and the rest is as it was."""
    person = figure(300, 240, scale=100.0)
    image = np.zeros((480, 640, 3), np.uint8)
    columns, rows = np.round(person.points_2d).astype(int).T
    image[rows, columns] = 255
    painted, hidden = covered(image, [person])
    assert hidden[rows, columns].all()
    assert painted[rows, columns].max() < 20  # 33 white pixels among 71 x 71 are 1.7 of 255
    np.testing.assert_array_equal(painted[~hidden], image[~hidden])
    down, across = np.nonzero(hidden)
    apart = np.linalg.norm(np.stack([across, down], 1)[:, None] - person.points_2d, axis=-1).min(1)
    assert apart.max() < 0.4 * person.scale  # half of a thigh lies between two points


def test_two_are_painted_over(figure: Callable[..., Sighting]) -> None:
    image = np.full((480, 640, 3), 90, np.uint8)
    left, right = figure(150, 240), figure(450, 240)
    _, both = covered(image, [left, right])
    np.testing.assert_array_equal(both, covered(image, [left])[1] | covered(image, [right])[1])
