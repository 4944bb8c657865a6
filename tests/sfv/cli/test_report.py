"""`sfv report`: what a comparison calls its runs."""

from pathlib import Path

import pytest

from sfv.cli.report import told_apart


@pytest.mark.parametrize(
    ("runs", "names"),
    [
        (["runs/walk", "runs/jog"], ["walk", "jog"]),
        (["before/walk", "after/walk"], ["before/walk", "after/walk"]),
        (["a/x/walk", "b/x/walk", "b/x/jog"], ["a/x/walk", "b/x/walk", "b/x/jog"]),
        (["walk", "walk"], ["walk", "walk"]),
        (["/walk", "/a/walk"], ["//walk", "a/walk"]),
    ],
)
def test_runs_of_one_name_are_told_apart(runs: list[str], names: list[str]) -> None:
    assert told_apart([Path(run) for run in runs]) == names
