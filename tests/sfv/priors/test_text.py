"""Sentences, captions, and what is measured."""

from pathlib import Path

import numpy as np
import pytest

from sfv.errors import InputError
from sfv.priors.captions import measured, read_captions, said_of, swapped
from sfv.priors.text import NEAR, embedded, nearest, words


def cosine(a: str, b: str) -> float:
    x, y = embedded([a, b])
    return float(x @ y)


def test_endings_and_empty_words_do_not_count() -> None:
    assert words("A person walks to the left") == words("someone is walking left") == ["walk", "left"]
    assert words("running") == words("he runs") == ["run"]


def test_a_few_synonyms_are_one_word() -> None:
    assert words("a man strolls, then sprints and leaps") == words("he walks, then runs and jumps")
    assert words("she rotates and hits") == ["turn", "punch"]
    assert "punch" not in words("he carries a box")


def test_left_is_not_right() -> None:
    # three words and two pairs; two words and one pair are shared: 2/3 of the words, none of the pairs with a side
    assert cosine("turn left", "turn right") == pytest.approx(1 / 3, abs=0.01)
    assert cosine("a person turns left", "the person is turning left") == pytest.approx(1.0, abs=1e-6)


def test_the_nearest_caption_says_the_same() -> None:
    known = ["a person jumps high", "someone is walking forward at a normal pace", "a person dances salsa"]
    (best, first), *_ = nearest("a person walks forward", known)
    assert best == known[1]
    assert first > NEAR
    assert nearest("a man plays the violin", known)[0][1] < NEAR


def test_an_empty_sentence_says_nothing() -> None:
    np.testing.assert_array_equal(embedded([""])[0], 0.0)
    assert np.linalg.norm(embedded(["jump"])[0]) == pytest.approx(1.0)


def test_captions_in_a_mirror() -> None:
    caption = "a person turns left, kicks with the right leg and goes clockwise"
    assert swapped(caption) == "a person turns right, kicks with the left leg and goes counterclockwise"
    assert swapped(swapped(caption)) == caption
    assert swapped("bright light") == "bright light"


@pytest.mark.parametrize(
    ("turn", "velocity", "expected"),
    [
        (0.0, (1.2, 0.0), "a person walks forward"),
        (0.0, (-0.6, 0.1), "a person walks backward"),
        (0.0, (0.1, -0.7), "a person walks sideways to the right"),
        # 2 s at 0.5 rad/s are 57 degrees, at 1.5 rad/s 172
        (0.5, (1.0, 0.0), "a person walks forward and turns left"),
        (-1.5, (1.0, 0.0), "a person walks forward and turns around to the right"),
        (0.0, (0.0, 0.0), "a person walks on the spot"),
    ],
)
def test_what_a_part_does_is_measured(turn: float, velocity: tuple[float, float], expected: str) -> None:
    assert measured("walk", np.full(60, turn), np.tile(velocity, (60, 1)), 30.0) == expected


def test_a_file_of_captions(tmp_path: Path) -> None:
    file = tmp_path / "captions.csv"
    file.write_text(
        "file,caption,caption_2,category,subject,split,fps\n"
        "cmu/01.bvh,a person walks,someone walks,walk,CMU 01,val,120\n"
        "02.bvh,a person jumps,,,,,\n"
    )
    said = read_captions(file)
    walk = said_of(tmp_path / "cmu" / "01.bvh", said)
    assert (walk.captions, walk.label, walk.person, walk.split, walk.fps) == (
        ("a person walks", "someone walks"),
        "walk",
        "CMU 01",
        "val",
        120.0,
    )
    assert said_of(tmp_path / "02.bvh", said).split == "train"
    with pytest.raises(InputError, match=r"03\.bvh"):
        said_of(tmp_path / "03.bvh", said)


def test_a_file_without_captions_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "captions.csv"
    file.write_text("name,words\na,b\n")
    with pytest.raises(InputError, match="no columns file and caption"):
        read_captions(file)
    with pytest.raises(InputError, match="cannot be read"):
        read_captions(tmp_path / "none.csv")
