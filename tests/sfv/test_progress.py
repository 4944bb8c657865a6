"""What is said of work in progress, where no terminal is."""

import itertools

import pytest

from sfv import progress
from sfv.progress import Standing, bar, duration, heard_by


def test_a_line_a_minute_and_one_at_the_end(monkeypatch, capsys):
    clock = itertools.count(0.0, 30.0)  # half a minute between any two looks at it
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    with bar("walking", 10) as advance:  # looks at 0 s
        for _ in range(5):  # and at 30, 60, ... 150 s
            advance(1, "still walking")
    # at 60 s 2 of 10 are done, 1 of them since the first look; so 60 s per step: 8 more take 480 s. At 120 s 4 are
    # done, 3 in 120 s: 6 more take 240 s. The bar ends full at 180 s, which is another minute on
    said = capsys.readouterr().err.splitlines()
    assert said == [
        "still walking: 20 %, 8 min left",
        "still walking: 40 %, 4 min left",
        "still walking: 100 %, 0 s left",
        "still walking: done in 4 min",
    ]


def test_who_listens_is_told_and_the_end_is_full(capsys):
    heard: list[Standing] = []
    with heard_by(heard.append), bar("walking", 10) as advance:
        advance(3)
        advance(1, "nearly there")
    assert [(s.done, s.text) for s in heard] == [(3.0, "walking"), (4.0, "nearly there"), (10.0, "nearly there")]
    assert capsys.readouterr().err == ""


def test_work_that_fails_is_not_said_to_be_done(capsys):
    with pytest.raises(ZeroDivisionError), bar("walking", 10):
        _ = 1 / 0
    assert "done" not in capsys.readouterr().err


@pytest.mark.parametrize(("seconds", "words"), [(12.4, "12 s"), (250.0, "4 min"), (3900.0, "1 h 05 min")])
def test_durations(seconds, words):
    assert duration(seconds) == words
