"""Words on pictures: a caption in a corner, readable on any background.

It knows nothing of what the picture shows.
"""

from functools import cache
from typing import Literal

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw, ImageFont

Corner = Literal["top left", "top right", "bottom left", "bottom right"]


def caption(
    frame: UInt8[np.ndarray, "H W 3"], text: str, corner: Corner = "top left", size: int = 16
) -> UInt8[np.ndarray, "H W 3"]:
    """A copy of the picture with `text` (`size` px high) on a dark rounded field in a corner."""
    picture = Image.fromarray(frame)
    draw = ImageDraw.Draw(picture, "RGBA")
    left, top, right, bottom = draw.textbbox((0, 0), text, font=_font(size))
    pad, margin = size // 2, size // 2
    width, height = right - left + 2 * pad, size + pad
    x = margin if "left" in corner else frame.shape[1] - margin - width
    y = margin if "top" in corner else frame.shape[0] - margin - height
    draw.rounded_rectangle((x, y, x + width, y + height), radius=height // 2, fill=(20, 24, 31, 190))
    draw.text((x + pad - left, y + (height - (top + bottom)) / 2), text, font=_font(size), fill=(255, 255, 255, 255))
    return np.asarray(picture)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
