"""What a sentence says that happens one after another: "walks forward, then jumps" is two sentences.

Priors read a sentence as a bag of words and of pairs of words, in which there is no first and no last.
"""

import re

THEN = re.compile(r"\s*(?:[,;.]\s*|\band\s+)*\b(?:and then|then|after that|afterwards|finally)\b[\s,]*", re.IGNORECASE)
"""Words by which one thing follows another; "and" alone joins things that happen at once."""
SUBJECT = re.compile(r"^\s*((?:an?|the|some)\s+\w+|someone|somebody|he|she|it|they)\s+", re.IGNORECASE)
"""Who does it, at the beginning of a sentence."""
ANYBODY = frozenset({"he", "she", "it", "they"})
"""Words for somebody who was named before."""


def clauses(sentence: str) -> list[str]:
    """The sentences that a sentence is made of, in order; who does the first thing does the others too."""
    parts = [part.strip(" ,;.") for part in THEN.split(sentence)]
    parts = [part for part in parts if part]
    if len(parts) < 2:
        return [sentence]
    named = SUBJECT.match(parts[0])
    who = named.group(1) if named and named.group(1).lower() not in ANYBODY else "a person"
    return [_said_of(part, who) for part in parts]


def _said_of(part: str, who: str) -> str:
    """A part with a subject: that which it has, or the one of the sentence."""
    own = SUBJECT.match(part)
    if own is None:
        return f"{who} {part}"
    return f"{who} {part[own.end() :]}" if own.group(1).lower() in ANYBODY else part
