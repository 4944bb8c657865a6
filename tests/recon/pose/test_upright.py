from collections.abc import Callable

import numpy as np
import pytest

from recon.pose.people import Sighting
from recon.pose.upright import turn_of

Figure = Callable[..., Sighting]
QUARTER = np.pi / 2


@pytest.mark.parametrize("turns", range(4))
def test_a_turned_clip_is_turned_back(figure: Figure, turns: int) -> None:
    """A walk in a picture that was turned clockwise by so many quarters."""
    way = (4, 0) if turns % 2 == 0 else (0, 4)
    seen = {k: figure(300 + k * way[0], 100 + k * way[1], angle=-turns * QUARTER) for k in range(40)}
    assert turn_of([seen]).turns == turns
    assert turn_of([seen]).doubt == ""


def test_an_acrobat_is_not_taken_for_a_turned_clip(figure: Figure) -> None:
    spin = {k: figure(angle=k / 4) for k in range(60)}
    flip = {k: figure(angle=np.pi * float(20 <= k < 35)) for k in range(60)}
    handstand = {k: figure(angle=np.pi, arms=1.0) for k in range(60)}
    assert [turn_of([piece]).turns for piece in (spin, flip, handstand)] == [0, 0, 0]
    assert "upside down all along" in turn_of([handstand]).doubt
    assert "--turn 180" in turn_of([handstand]).doubt


def test_push_ups_and_swimmers_are_not_turned(figure: Figure) -> None:
    # a body 15 degrees off the floor, head up
    press = {k: figure(angle=QUARTER - np.radians(15 + 3 * np.sin(k / 6))) for k in range(60)}
    swim = {k: figure(500 - 5 * k, 200, angle=QUARTER) for k in range(60)}
    for piece in (press, swim):
        assert turn_of([piece]).turns == 0
        assert "lying all along" in turn_of([piece]).doubt


def test_spectators_say_how_the_picture_stands(figure: Figure) -> None:
    dancer = {k: figure(angle=np.pi) for k in range(60)}
    spectators = [{k: figure(x, 200) for k in range(60)} for x in (100, 500)]
    assert turn_of([dancer, *spectators]).turns == 0
