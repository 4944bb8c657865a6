"""Intervals and thresholds, against numbers worked out by hand and curves that are known."""

import numpy as np
import pytest

from envs.judge.confidence import thresholds, wilson


def test_wilson_by_hand() -> None:
    # 8 of 10: z^2 = 3.8415; middle (.8 + .19207) / 1.38415 = .71674; half z sqrt(.016 + .0096037) / 1.38415 = .22657
    low, high = wilson(np.array([8.0]), np.array([10.0]))[:, 0]
    assert (low, high) == (pytest.approx(0.4902, abs=1e-3), pytest.approx(0.9433, abs=1e-3))
    # none of 64 says: at most z^2 / (64 + z^2) = .0566
    np.testing.assert_allclose(wilson(np.array([0.0]), np.array([64.0]))[:, 0], [0.0, 0.0566], atol=1e-3)


def test_thresholds_of_a_known_curve() -> None:
    # p = 1 / (1 + (F / 200)^4): half at 200 N, nine tenths at 200 / 9^(1/4) = 115.5 N
    force = np.array([40.0, 60, 90, 130, 200, 300, 450, 700])
    tries = np.full(8, 1000.0)
    half, most = thresholds(force, np.round(1000 / (1 + (force / 200.0) ** 4)), tries)
    assert half.force == pytest.approx(200.0, rel=0.01)
    assert most.force == pytest.approx(115.5, rel=0.02)
    assert 190 < half.low < half.force < half.high < 210


def test_an_interval_is_wider_with_fewer_tries() -> None:
    force = np.array([50.0, 100, 200, 400])
    share = 1 / (1 + (force / 150.0) ** 3)
    widths = []
    for tries in (16.0, 256.0):
        (half,) = thresholds(force, np.round(tries * share), np.full(4, tries), (0.5,))
        widths.append(half.high - half.low)
    assert widths[0] > 2 * widths[1]


def test_what_lies_beyond_the_forces_is_not_made_up() -> None:
    force, tries = np.array([50.0, 100, 200]), np.full(3, 64.0)
    half, _ = thresholds(force, tries, tries)
    assert np.isnan(half.force)
    half, most = thresholds(force, 0.0 * tries, tries)
    assert np.isnan([half.force, most.force]).all()
