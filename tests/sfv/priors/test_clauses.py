"""Sentences of things one after another."""

import pytest

from sfv.priors.clauses import clauses


@pytest.mark.parametrize(
    ("sentence", "parts"),
    [
        ("a person walks forward", ["a person walks forward"]),
        ("a person walks forward and jumps", ["a person walks forward and jumps"]),
        ("a person strengthens an arm", ["a person strengthens an arm"]),
        ("a person walks forward, then jumps", ["a person walks forward", "a person jumps"]),
        ("walks forward and then kicks", ["a person walks forward", "a person kicks"]),
        ("someone runs; finally stands still", ["someone runs", "someone stands still"]),
        ("he runs. After that he jumps.", ["a person runs", "a person jumps"]),
        (
            "A man walks forward and then he kicks with the right leg, then the man stands still.",
            ["A man walks forward", "A man kicks with the right leg", "the man stands still"],
        ),
        ("a person walks and then", ["a person walks and then"]),
    ],
)
def test_then_is_what_comes_after(sentence: str, parts: list[str]) -> None:
    assert clauses(sentence) == parts
