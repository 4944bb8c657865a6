"""Runs of a mask."""

import numpy as np
import pytest

from sfv.work.mask import runs


@pytest.mark.parametrize(
    ("mask", "found"),
    [("", []), ("0000", []), ("1111", [(0, 4)]), ("0110", [(1, 3)]), ("1011", [(0, 1), (2, 4)])],
)
def test_runs(mask: str, found: list[tuple[int, int]]) -> None:
    assert runs(np.array([bit == "1" for bit in mask], bool)) == found
