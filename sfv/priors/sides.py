"""Sides that a sentence leaves open: who "kicks" does so with one leg, and captions say with which.

A prior that is asked for neither makes what lies between the two, which is no kick. So a side is chosen, another one
for each sample. It knows no prior.
"""

import re

SIDES = ("right", "left")
OPEN = (
    (re.compile(r"\b(kick(?:s|ing|ed)?)\b", re.IGNORECASE), r"\1 with the {} leg"),
    (re.compile(r"\b(punch(?:es|ing|ed)?)\b", re.IGNORECASE), r"\1 with the {} arm"),
    (re.compile(r"\b(turn(?:s|ing|ed)?) around\b", re.IGNORECASE), r"\1 around to the {}"),
    (re.compile(r"\b(turn(?:s|ing|ed)?)\b", re.IGNORECASE), r"\1 {}"),
)
"""What has sides, and how captions say which; of these the first that a sentence has counts."""


def with_side(sentence: str, number: int) -> str:
    """A sentence whose kick, blow or turn has a side, by a sample's number; as it is where it names one itself."""
    if re.search(rf"\b({'|'.join(SIDES)})\b", sentence, re.IGNORECASE):
        return sentence
    for what, said in OPEN:
        if what.search(sentence):
            return what.sub(said.format(SIDES[number % len(SIDES)]), sentence, count=1)
    return sentence
