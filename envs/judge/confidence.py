"""How far shares can be trusted, and at which force half of the tries survive: intervals and one fitted curve.

Plain numbers in and out; it knows no policy and no simulator.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

Z = 1.959964
"""Standard deviations on either side that hold 95 % of a normal distribution."""
RIDGE = 0.02
"""Of a normal prior on the curve's two coefficients: one over its variance."""
RESAMPLES = 200
"""Curves fitted to resampled counts, for the intervals of a threshold."""


def wilson(successes: Float[np.ndarray, " n"], tries: Float[np.ndarray, " n"]) -> Float[np.ndarray, "2 n"]:
    """95 % intervals of shares (Wilson 1927), low and high.

    (p + z^2 / 2n +- z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n), p the share, n the tries.
    """
    share, square = successes / tries, Z**2 / tries
    middle, half = share + square / 2, Z * np.sqrt(share * (1 - share) / tries + square / (4 * tries))
    return np.clip(np.stack((middle - half, middle + half)) / (1 + square), 0.0, 1.0)


@dataclass(frozen=True)
class Threshold:
    """A force (N) that a share of the tries survives, with its 95 % interval; NaN beyond the forces that were tried."""

    force: float
    low: float
    high: float


def thresholds(
    force: Float[np.ndarray, " n"],
    survived: Float[np.ndarray, " n"],
    tries: Float[np.ndarray, " n"],
    shares: tuple[float, ...] = (0.5, 0.9),
    seed: int = 0,
) -> tuple[Threshold, ...]:
    """The forces at which the most likely logistic curve in log force passes shares of survival.

    p(F) = 1 / (1 + (F / F50)^k), so p falls to a share s at F = F50 ((1 - s) / s)^(1 / k). Intervals are percentiles of
    curves fitted to counts drawn from the first one (the parametric bootstrap).
    """
    x = np.log(force)
    best = _fit(x, survived[None], tries)
    rng = np.random.default_rng(seed)
    drawn = rng.binomial(tries.astype(int), _curve(best, x), (RESAMPLES, len(force)))
    again = _fit(x, drawn, tries)
    out = []
    for share in shares:
        edges = np.array([*_at(best, share), *np.percentile(_at(again, share), (2.5, 97.5))])
        inside = (edges >= x[0] - 1e-9) & (edges <= x[-1] + 1e-9)
        out.append(Threshold(*np.where(inside, np.exp(np.clip(edges, x[0], x[-1])), np.nan).tolist()))
    return tuple(out)


def _curve(fit: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Survival at log forces x (n,), of fits (r, 2): r curves."""
    return 1.0 / (1.0 + np.exp(np.clip(fit[:, 1:] * x - fit[:, :1], -50.0, 50.0)))


def _at(fit: np.ndarray, share: float) -> np.ndarray:
    """(r,) log force at which each curve passes a share."""
    return (fit[:, 0] + np.log((1.0 - share) / share)) / np.maximum(fit[:, 1], 1e-3)


def _fit(x: np.ndarray, survived: np.ndarray, tries: np.ndarray) -> np.ndarray:
    """(r, 2): k log F50 and k of the greatest likelihood for each row of counts (r, n), by Newton's method.

    A prior as weak as RIDGE keeps k finite where survival jumps from all to none.
    """
    middle = x.mean()
    design = np.stack((np.ones_like(x), middle - x), -1)
    fit = np.zeros((len(survived), 2))
    for _ in range(40):
        p = 1.0 / (1.0 + np.exp(-np.clip(fit @ design.T, -50.0, 50.0)))
        slope = (survived - tries * p) @ design - RIDGE * fit
        curve = np.einsum("rn,ni,nj->rij", tries * p * (1 - p), design, design) + RIDGE * np.eye(2)
        step = np.linalg.solve(curve, slope[..., None])[..., 0]
        fit += step / np.maximum(1.0, np.linalg.norm(step, axis=1, keepdims=True))
    return np.stack((fit[:, 0] + fit[:, 1] * middle, fit[:, 1]), -1)
