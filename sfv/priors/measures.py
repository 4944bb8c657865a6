"""The figures by which priors are measured: plain numpy on vectors of motions and sentences.

Each says what it is of and which way is good; floors and ceilings are for the caller to give. It knows no network.
"""

import numpy as np
from jaxtyping import Float
from scipy.linalg import sqrtm


def covariance(x: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "d d"]:
    """Ledoit and Wolf's (2004): the sample's, drawn to a multiple of the identity by as much as it is uncertain."""
    count, size = x.shape
    centred = x - x.mean(0)
    sample = centred.T @ centred / count
    target = np.trace(sample) / size * np.eye(size)
    spread = ((sample - target) ** 2).sum()
    squares = np.einsum("ni,nj->ij", centred**2, centred**2) / count - sample**2
    share = 0.0 if spread == 0.0 else min(1.0, float(squares.sum()) / count / spread)
    return share * target + (1.0 - share) * sample


def fid(a: Float[np.ndarray, "n d"], b: Float[np.ndarray, "m d"]) -> float:
    """Frechet's distance between the normal distributions of two samples (Heusel et al. 2017); 0 for the same one."""
    mean = a.mean(0) - b.mean(0)
    first, second = covariance(a), covariance(b)
    root = np.real(sqrtm(first @ second))
    return float(mean @ mean + np.trace(first + second - 2.0 * root))


def kid(a: Float[np.ndarray, "n d"], b: Float[np.ndarray, "m d"]) -> float:
    """The unbiased squared maximum mean discrepancy with the kernel (x.y / d + 1)^3 (Binkowski et al. 2018); 0 is best,
    and by chance it may be under 0."""

    def kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        out: np.ndarray = (x @ y.T / x.shape[1] + 1.0) ** 3
        return out

    n, m = len(a), len(b)
    aa, bb = kernel(a, a), kernel(b, b)
    within = (aa.sum() - np.trace(aa)) / (n * (n - 1)) + (bb.sum() - np.trace(bb)) / (m * (m - 1))
    return float(within - 2.0 * kernel(a, b).mean())


def precision_recall(
    real: Float[np.ndarray, "n d"], made: Float[np.ndarray, "m d"], neighbours: int = 5
) -> tuple[float, float]:
    """Shares of made samples near a real one, and of real ones near a made one (Kynkaanniemi et al. 2019), 0..1: near
    is nearer than the fifth neighbour of its own kind."""

    def covered(of: np.ndarray, by: np.ndarray) -> float:
        radius = np.sort(np.linalg.norm(by[:, None] - by, axis=-1), 1)[:, min(neighbours, len(by) - 1)]
        return float((np.linalg.norm(of[:, None] - by, axis=-1) <= radius).any(1).mean())

    return covered(made, real), covered(real, made)


def r_precision(
    motions: Float[np.ndarray, "n d"], texts: Float[np.ndarray, "n d"], pool: int, seed: int, top: int = 3
) -> tuple[float, ...]:
    """How often a motion's own sentence is the nearest, among the two, the three nearest, of `pool` sentences drawn
    from all, 0..1; by chance k / pool."""
    generator = np.random.default_rng(seed)
    distance = np.linalg.norm(motions[:, None] - texts, axis=-1)
    rank = []
    for i in range(len(motions)):
        others = generator.choice(np.delete(np.arange(len(texts)), i), pool - 1, replace=False)
        rank.append(int((distance[i, others] < distance[i, i]).sum()))
    return tuple(float((np.array(rank) < k).mean()) for k in range(1, top + 1))


def diversity(vectors: Float[np.ndarray, "n d"], seed: int, pairs: int = 300) -> float:
    """Mean distance between two samples, drawn at random; as much as real ones' is best."""
    a, b = np.random.default_rng(seed).integers(len(vectors), size=(2, pairs))
    return float(np.linalg.norm(vectors[a] - vectors[b], axis=-1)[a != b].mean())


def novelty(made: Float[np.ndarray, "n d"], known: Float[np.ndarray, "m d"]) -> float:
    """Mean distance to the nearest sample that was fitted to; 0 is a copy."""
    return float(np.linalg.norm(made[:, None] - known, axis=-1).min(1).mean())


def npss(truth: Float[np.ndarray, "t d"], made: Float[np.ndarray, "u d"]) -> float:
    """How far power is to be moved along the spectrum, in steps of 1 / t, until one motion's is the other's
    (Gopalakrishnan et al. 2019); 0 is best, and it does not matter when something happens, only how fast it goes.

    Each number counts by its power in the truth; its mean, which is no movement, is left out.
    """
    count = min(len(truth), len(made))
    true, other = (np.abs(np.fft.rfft(x[:count] - x[:count].mean(0), axis=0)) ** 2 for x in (truth, made))
    weight = true.sum(0)
    share = [power / np.maximum(power.sum(0), 1e-12) for power in (true, other)]
    moved = np.abs(np.cumsum(share[0] - share[1], 0)).sum(0)
    return float((moved * weight).sum() / max(weight.sum(), 1e-12))
