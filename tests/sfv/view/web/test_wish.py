import numpy as np
import pytest

from sfv.errors import InputError
from sfv.view.web.wish import wish_of

SAID = {"text": " a person  walks ", "seconds": 4, "count": 2, "seed": 3, "mend": False, "path": [[0, 0], [1, 0.5]]}


def test_what_a_page_says_is_a_wish() -> None:
    wish = wish_of(SAID)
    assert (wish.text, wish.seconds, wish.count, wish.seed, wish.mend) == ("a person walks", 4.0, 2, 3, False)
    assert wish.path is not None
    np.testing.assert_array_equal(wish.path, [[0, 0], [1, 0.5]])
    assert wish_of(SAID | {"path": None}).path is None


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"text": "a" * 301}, "at most 300 letters"),
        ({"text": 3}, "letters"),
        ({"count": 7}, "count is 7"),
        ({"count": float("nan")}, "count"),
        ({"seconds": "4"}, "seconds is 4"),
        ({"seed": -1}, "seed"),
        ({"path": [[0, 0]]}, "2 to 400 points"),
        ({"path": [[0, 0], [1e9, 0]]}, "within 100 m"),
        ({"path": [[0, 0], [1]]}, "points"),
        ({"path": [[0, 0], [float("nan"), 1]]}, "points"),
    ],
)
def test_what_is_none_is_refused(other: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        wish_of(SAID | other)


def test_what_is_no_mapping_is_refused() -> None:
    with pytest.raises(InputError, match="no wish"):
        wish_of([1, 2])
