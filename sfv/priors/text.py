"""Sentences as numbers, without any package and without a trained model.

A sentence becomes a vector of hashed words and pairs of words, of length 1. Sentences that share words are near each
other, "turn left" and "turn right" are not the same, and a word that was never seen moves nothing that was learnt much.
Of synonyms it knows a few: each prior learns a projection of its own from the captions that it is fitted to.
"""

import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
from jaxtyping import Float

SIZE = 512
"""Numbers of a sentence."""
EMPTY = frozenset(
    word
    for row in (
        "a an the and of is are in on at to with while about for then his her their its he she they it being",
        "person someone man woman human",
    )
    for word in row.split()
)
ENDINGS = ("ing", "ed", "es", "s", "e")
ALIKE = {
    other: stem
    for stem, others in {
        "walk": "ambl hik march saunter strol strid wander",
        "run": "dash jog rac sprint",
        "jump": "leap",
        "punch": "hit",
        "turn": "pivot rotat",
    }.items()
    for other in others.split()
}
"""Stems that are taken for another. A word that is a thing as well, as "box" is, stays itself."""
NEAR = 0.4
"""Cosine between sentences below which one says something else than the other: "a person walks forward" has .65
with "a person is walking forward at a normal pace", and 0 with "a person dances salsa"."""


def is_strange(alike: Sequence[tuple[str, float]]) -> bool:
    """Whether not even the nearest of some captions, each with its cosine, is like a sentence."""
    return not alike or alike[0][1] < NEAR


def strange(prior: str) -> str:
    """What is said of a sentence that is like nothing a prior was fitted to."""
    return f"{prior} was fitted to nothing like that; what it makes may have little to do with the sentence"


def words(sentence: str) -> list[str]:
    """The words that carry something, without their endings: walks, walked, walking and strolls are one word."""
    found = re.findall(r"[a-z]+|\d+(?:\.\d+)?", sentence.lower().replace("-", " "))
    return [ALIKE.get(stem := _stem(word), stem) for word in found if word not in EMPTY]


@lru_cache(maxsize=4096)
def _embedded(sentence: str) -> np.ndarray:
    vector = np.zeros(SIZE, np.float32)
    stems = words(sentence)
    for part in (*stems, *(f"{a} {b}" for a, b in pairwise(stems))):
        digest = hashlib.blake2b(part.encode(), digest_size=8).digest()
        vector[int.from_bytes(digest[:4], "little") % SIZE] += 1.0 if digest[4] % 2 else -1.0
    length = np.linalg.norm(vector)
    return vector / length if length > 0 else vector


def embedded(sentences: Sequence[str]) -> Float[np.ndarray, "n 512"]:
    """A vector of length 1 for each sentence; all zeros for one without words, which says nothing."""
    return np.stack([_embedded(sentence) for sentence in sentences])


def nearest(sentence: str, known: Sequence[str], count: int = 3) -> list[tuple[str, float]]:
    """The known sentences that are most alike, with their cosines."""
    cosine = embedded(known) @ embedded([sentence])[0]
    return [(known[i], float(cosine[i])) for i in np.argsort(-cosine, kind="stable")[:count]]


def _stem(word: str) -> str:
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            root = word.removesuffix(ending)
            return root[:-1] if len(root) > 3 and root[-1] == root[-2] else root  # running, run
    return word
