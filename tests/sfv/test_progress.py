"""A bar that ends is full, shows texts as they are, and off a terminal says a line a minute."""

import pytest

from sfv import progress
from sfv.progress import bar


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
    """A quarter is done after 70 s, so three times as long is left: 3.5 minutes; the next line comes after 130 s."""
    clock = 0.0
    monkeypatch.setattr("sfv.progress.time.monotonic", lambda: clock)
    with bar("training", 100.0) as advance:
        for clock, steps in ((59.0, 20.0), (70.0, 5.0), (120.0, 5.0), (131.0, 70.0)):
            advance(steps, f"training {clock:.0f}")
    lines = [line for line in capsys.readouterr().err.splitlines() if "min left" in line]
    assert lines == ["training 70, 25 % done, 4 min left", "training 131, 100 % done, 0 min left"]


def test_hidden(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(progress, "hidden", True)
    with bar("fitting", 10.0) as advance:
        advance(3.0)
    assert capsys.readouterr().err == ""
