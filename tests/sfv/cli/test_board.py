"""What runs side by side say, and when all of them will be done."""

import pytest

from sfv.cli.board import Board, Reporter, Word, outlook, told
from sfv.progress import Standing, bar, heard_by


def test_a_run_says_what_it_is_at_and_how_long_it_still_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    now, board = 100.0, Board()
    monkeypatch.setattr("time.monotonic", lambda: now)
    hear = Reporter(lambda word: board.write("walk", word))
    hear(Standing("training", 20.0, "training 20", 60.0))
    assert board.read() == {"walk": Word("training 20")}
    now = 100.5  # within a second nothing more is said
    hear(Standing("training", 25.0, "training 25", 60.0))
    assert board.read() == {"walk": Word("training 20")}
    now = 110.0  # 10 steps in 10 s, 30 to go
    hear(Standing("training", 30.0, "training 30", 60.0))
    assert board.read() == {"walk": Word("training 30", 30.0)}
    hear(Standing("frames", 0.0, "frames", None))  # another work: said at once, and nobody knows how long
    assert board.read() == {"walk": Word("frames")}


def test_a_bar_tells_its_total() -> None:
    heard: list[Standing] = []
    with heard_by(heard.append), bar("steps", 8) as advance:
        advance(2)
    assert heard == [Standing("steps", 2.0, "steps", 8)]


def test_when_all_will_be_done() -> None:
    words = {"a": Word("training", 60.0), "b": Word("training", 100.0)}
    assert outlook(words, ["a", "b"], [], 2) == 100.0  # side by side: the longer of the two
    # 60 and 100 s of those at work, two more of 200 s: 560 s on two cores
    assert outlook(words, ["a", "b", "c", "d"], [150.0, 250.0], 2) == 280.0
    assert outlook(words, ["a", "b", "c"], [], 2) is None  # nobody knows how long a run takes
    assert outlook({"a": Word("frames")}, ["a"], [9.0], 2) is None
    assert outlook({}, [], [9.0], 2) is None


def test_one_line_of_them() -> None:
    words = {"a": Word("training 1.5M", 125.0), "b": Word("frames")}
    line = told(words, ["a", "b", "c"], 1, 4, 600.0)
    assert line == "1 of 4 runs; a: training 1.5M, 2 min left; b: frames; 1 wait; all of them: 10 min left"
    assert told(words, ["a"], 3, 4, 125.0) == "3 of 4 runs; a: training 1.5M, 2 min left"
    assert told({}, [], 4, 4, None) == "4 of 4 runs"
