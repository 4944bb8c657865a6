"""A bar that ends is full, shows texts as they are, and off a terminal says a line a minute."""

import pytest

from sfv import progress
from sfv.progress import Standing, bar, heard_by


def test_work_that_ends_is_all_done(capsys: pytest.CaptureFixture[str]) -> None:
    with bar("fitting [bold]x[/bold]", 10.0, "steps") as advance:
        advance(3.0)
    said = capsys.readouterr()
    assert "100 %" in said.err
    assert "fitting [bold]x[/bold]" in said.err, "a text is no markup"
    assert said.out == ""


def test_work_that_fails_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        with bar("fitting", 10.0) as advance:
            advance(3.0)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert "30 %" in capsys.readouterr().err


def test_a_line_a_minute_off_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A fifth was done before, which says nothing of the pace. At 70 s 25 of 100 more are done, 55 take 2.6 minutes."""
    clock = 0.0
    monkeypatch.setattr("sfv.progress.time.monotonic", lambda: clock)
    with bar("training", 100.0) as advance:
        for clock, steps in ((0.0, 20.0), (70.0, 25.0), (120.0, 5.0), (131.0, 50.0)):
            advance(steps, f"training {clock:.0f}")
    lines = [line for line in capsys.readouterr().err.splitlines() if "min left" in line]
    assert lines == ["training 70, 45 % done, 3 min left", "training 131, 100 % done, 0 min left"]


def test_hidden(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(progress, "hidden", True)
    with bar("fitting", 10.0) as advance:
        advance(3.0)
    assert capsys.readouterr().err == ""


def test_who_listens_is_told_and_nothing_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    heard: list[Standing] = []
    with heard_by(heard.append), bar("walking", 10) as advance:
        advance(3)
        advance(1, "nearly there")
    assert heard == [Standing("walking", 3.0, "walking", 10), Standing("walking", 4.0, "nearly there", 10)]
    assert capsys.readouterr().err == ""


def test_steps_may_be_whole_numbers_and_none(capsys: pytest.CaptureFixture[str]) -> None:
    with bar("measuring", 10) as advance:
        advance(0, "measuring first")
        advance(1)
    assert "100 %" in capsys.readouterr().err
