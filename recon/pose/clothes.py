"""What somebody wears, in two colours: by these people are told apart who pass each other, and known again.

It takes the colours of the trunk and of the thighs from the picture, and knows neither faces nor time.
"""

import cv2
import numpy as np
from jaxtyping import Float, UInt8

ACROSS, DOWN = np.linspace(0.25, 0.75, 5), np.linspace(0.15, 0.85, 6)
"""Where on the trunk, from the right side to the left and from the shoulders to the hips; its rim is background."""
ALONG = np.linspace(0.1, 0.7, 6)
"""Where on the thighs, from hip to knee: shorts end below."""
AROUND = 0.04
"""Of the trunk's length: half of the side of the square about each of these places whose mean is its colour. Pixels of
a GIF, whose colours are few and scattered, are as unlike within one person as between two."""
LIGHT = 0.5
"""What a difference in lightness counts beside one in colour: the light changes as people walk and turn."""
OTHER = 13.0
"""Of `unlike`: more, and it is somebody else. Within one person nine of ten sightings are within 11 of the person's
median; between two people with dark trousers it is 25."""
FEWEST = 4
"""Places in the picture below which nothing is said."""


def clothes(
    image: UInt8[np.ndarray, "H W 3"],
    shoulders: Float[np.ndarray, "2 2"],
    hips: Float[np.ndarray, "2 2"],
    knees: Float[np.ndarray, "2 2"],
) -> Float[np.ndarray, "2 3"]:
    """Median colours of trunk and thighs in CIE Lab, of 100 each at most; NaN for what is outside of the picture.

    Args:
        image: RGB.
        shoulders: px, of the two sides, as are hips and knees.
        hips: px.
        knees: px.
    """
    u, v = ACROSS[:, None, None], DOWN[None, :, None]
    trunk = (1 - v) * ((1 - u) * shoulders[0] + u * shoulders[1]) + v * ((1 - u) * hips[0] + u * hips[1])
    thighs = hips + ALONG[:, None, None] * (knees - hips)
    around = round(AROUND * float(np.linalg.norm(shoulders.mean(0) - hips.mean(0))))
    return np.stack([_colour(image, places.reshape(-1, 2), around) for places in (trunk, thighs)])


def unlike(a: Float[np.ndarray, "2 3"], b: Float[np.ndarray, "2 3"]) -> float:
    """How far apart two people's colours are, on average over what is known of both; 0 where nothing is."""
    apart = np.linalg.norm((a - b) * (LIGHT, 1.0, 1.0), axis=-1)
    known = np.isfinite(apart)
    return float(apart[known].mean()) if known.any() else 0.0


def usual(worn: Float[np.ndarray, "N 2 3"]) -> Float[np.ndarray, "2 3"]:
    """The median colours of several sightings; NaN for what none shows."""
    known = np.isfinite(worn).all(axis=2)
    parts = [np.median(worn[known[:, k], k], axis=0) if known[:, k].any() else np.full(3, np.nan) for k in range(2)]
    return np.stack(parts)


def _colour(image: UInt8[np.ndarray, "H W 3"], places: Float[np.ndarray, "N 2"], around: int) -> Float[np.ndarray, "3"]:
    height, width = image.shape[:2]
    column, row = np.round(places).astype(int).T
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    if inside.sum() < FEWEST:
        return np.full(3, np.nan)
    column, row = column[inside], row[inside]
    left, top = max(int(column.min()) - around, 0), max(int(row.min()) - around, 0)
    part = image[top : int(row.max()) + around + 1, left : int(column.max()) + around + 1]
    pixels = cv2.blur(part, (2 * around + 1, 2 * around + 1))[row - top, column - left][None].astype(np.float32) / 255.0
    return np.median(cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB)[0], axis=0).astype(np.float64)
