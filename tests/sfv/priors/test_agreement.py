"""A motion agrees with a sentence by what can be measured of it."""

import pytest

from sfv.character import Character
from sfv.priors.agreement import agreement
from sfv.priors.features import Features
from sfv.priors.gaits import STYLES, gait


@pytest.mark.parametrize(
    ("style", "sentence", "expected"),
    [
        (0, "a person walks forward", 1.0),
        (1, "a person walks forward", 0.0),
        # of forward, turn and left: who turns right by .6 rad/s in 4 s, 137 degrees, shows the first two
        (2, "a person walks forward and turns left", 1.0),
        (3, "a person walks forward and turns left", 2 / 3),
        # nobody asked for a turn: one word of one, and one that is idle
        (3, "a person walks forward", 1 / 2),
        (7, "a person walks forward and jumps", 0.0),
        (7, "somebody dances", 1.0),
    ],
)
def test_words_that_can_be_measured(humanoid: Character, style: int, sentence: str, expected: float) -> None:
    motion = gait(humanoid, STYLES[style], 4.0).motion
    assert agreement(sentence, motion, Features(humanoid)) == pytest.approx(expected)
