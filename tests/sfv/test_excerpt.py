import numpy as np
import pytest

from sfv.errors import InputError
from sfv.excerpt import WHOLE, Excerpt

TIMES = np.arange(11) / 10.0


def test_the_whole_leaves_nothing_out() -> None:
    assert WHOLE.whole
    assert TIMES[WHOLE.frames(TIMES, "clip.mp4")].tolist() == TIMES.tolist()
    assert not Excerpt(end=1.0).whole


@pytest.mark.parametrize(
    ("excerpt", "expected"),
    [
        (Excerpt(0.3), [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]),
        (Excerpt(0.25, 0.55), [0.3, 0.4, 0.5]),
        (Excerpt(0.3, 0.6), [0.3, 0.4, 0.5, 0.6]),  # both ends belong to it
        (Excerpt(end=0.1), [0.0, 0.1]),
        (Excerpt(0.9, 60.0), [0.9, 1.0]),  # up to the clip's end
    ],
)
def test_frames(excerpt: Excerpt, expected: list[float]) -> None:
    np.testing.assert_allclose(TIMES[excerpt.frames(TIMES, "clip.mp4")], expected)
    assert [excerpt.over(time) for time in (0.0, expected[-1])] == [False, False]


@pytest.mark.parametrize(
    ("excerpt", "said"),
    [
        (Excerpt(-0.5), "--begin -0.5 is before the clip's start"),
        (Excerpt(float("nan")), "--begin nan is before"),
        (Excerpt(0.5, 0.5), "--end 0.5 is not after --begin 0.5"),
        (Excerpt(3.0), r"clip.mp4 lasts 1.0 s, and --begin is 3"),
    ],
)
def test_no_such_part(excerpt: Excerpt, said: str) -> None:
    with pytest.raises(InputError, match=said):
        excerpt.frames(TIMES, "clip.mp4")
