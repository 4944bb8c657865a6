"""What is done with masks over time, whatever they are of."""

import numpy as np
from jaxtyping import Bool


def runs(mask: Bool[np.ndarray, " T"]) -> list[tuple[int, int]]:
    """Start and stop (exclusive) of each uninterrupted run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], mask.astype(np.int8), [0]))))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
