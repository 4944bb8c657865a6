"""Figures of distributions, on numbers that can be worked out."""

import numpy as np
import pytest

from sfv.priors.measures import covariance, diversity, fid, kid, novelty, npss, precision_recall, r_precision


def normal(mean: float, count: int = 4000, size: int = 4, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, size)) + mean


def test_fid_of_normals() -> None:
    # mean apart by (1, 1, 1, 1): 4; and N(0, 1) against N(0, 4): 4 (1 + 4 - 2 * 2) = 4
    assert fid(normal(0.0), normal(0.0)) == pytest.approx(0.0, abs=1e-6)
    assert fid(normal(0.0), normal(1.0, seed=1)) == pytest.approx(4.0, abs=0.2)
    assert fid(normal(0.0), 2.0 * normal(0.0, seed=1)) == pytest.approx(4.0, abs=0.25)


def test_few_samples_shrink_to_the_identity() -> None:
    few, many = covariance(normal(0.0, 6)), covariance(normal(0.0, 4000))
    assert np.abs(few - np.diag(np.diag(few))).max() < 0.5
    np.testing.assert_allclose(many, np.eye(4), atol=0.08)
    assert np.linalg.eigvalsh(few).min() > 0  # singular without


def test_kid_is_unbiased() -> None:
    same = [kid(normal(0.0, 60, seed=2 * k), normal(0.0, 60, seed=2 * k + 1)) for k in range(40)]
    assert abs(np.mean(same)) < 2.0 * np.std(same) / np.sqrt(40) + 0.02
    assert kid(normal(0.0, 200), normal(1.0, 200, seed=1)) > 1.0


def test_precision_and_recall_tell_quality_from_coverage() -> None:
    real = np.concatenate((normal(0.0, 200), normal(20.0, 200, seed=1)))
    half, noise = normal(0.0, 200, seed=2), normal(60.0, 200, seed=3)
    precision, recall = precision_recall(real, half)
    assert precision > 0.9
    assert recall == pytest.approx(0.5, abs=0.1)  # one of two modes
    assert precision_recall(real, noise) == (0.0, 0.0)


def test_r_precision_between_chance_and_certainty() -> None:
    vectors = normal(0.0, 300, 16)
    assert r_precision(vectors, vectors, 32, 0) == (1.0, 1.0, 1.0)
    first, second, third = r_precision(vectors, normal(0.0, 300, 16, seed=9), 10, 0)
    # by chance 1/10, 2/10, 3/10; of 300 draws a standard deviation is .017 to .026
    assert (first, second, third) == pytest.approx((0.1, 0.2, 0.3), abs=0.08)


def test_diversity_and_novelty() -> None:
    # the distance of two draws of N(0, 1) in 4 dimensions: sqrt(2) times the mean of a chi of 4, 1.88
    assert diversity(normal(0.0), 0) == pytest.approx(np.sqrt(2) * 1.88, abs=0.15)
    known = normal(0.0, 50)
    assert novelty(known[:5], known) == 0.0
    assert novelty(known[:5] + np.array((3.0, 0.0, 0.0, 0.0)), known) > 0.5


def test_npss_is_how_far_power_moves() -> None:
    t = np.arange(60) / 60
    slow, fast = (np.stack((np.sin(2 * np.pi * f * t), np.zeros(60)), 1) for f in (3, 8))
    assert npss(slow, slow) == pytest.approx(0.0, abs=1e-9)
    # all of the power is at 3 and goes to 8, five steps on; the column at rest does not count
    assert npss(slow, fast) == pytest.approx(5.0, abs=1e-6)
    # later in its phase, and higher by a constant, it is as fast
    assert npss(slow, np.roll(slow, 7, 0) + 4.0) == pytest.approx(0.0, abs=1e-9)
    # two columns of the same power: both move by 5, or one of them does
    both = np.stack((np.sin(2 * np.pi * 3 * t), np.sin(2 * np.pi * 8 * t)), 1)
    assert npss(both, both[:, ::-1]) == pytest.approx(5.0, abs=1e-6)
    assert npss(both, both[:, [0, 0]]) == pytest.approx(2.5, abs=1e-6)
