"""A side that a sentence leaves open is chosen; one that it names stays."""

import pytest

from sfv.priors.sides import with_side


@pytest.mark.parametrize(
    ("sentence", "first", "second"),
    [
        ("a person kicks", "a person kicks with the right leg", "a person kicks with the left leg"),
        ("A man punches twice", "A man punches with the right arm twice", "A man punches with the left arm twice"),
        ("walks and turns around", "walks and turns around to the right", "walks and turns around to the left"),
        ("someone is turning", "someone is turning right", "someone is turning left"),
        ("kicks, then turns left", "kicks, then turns left", "kicks, then turns left"),
        ("walks in the returning rain", "walks in the returning rain", "walks in the returning rain"),
    ],
)
def test_what_is_open_is_another_in_each_sample(sentence: str, first: str, second: str) -> None:
    assert [with_side(sentence, number) for number in (0, 1, 2)] == [first, second, first]
