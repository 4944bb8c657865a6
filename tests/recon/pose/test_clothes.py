import numpy as np

from recon.pose.clothes import OTHER, clothes, unlike, usual

SHOULDERS, HIPS, KNEES = (np.array([[40.0, y], [60.0, y]]) for y in (20.0, 60.0, 90.0))


def picture(shirt: tuple[int, int, int], trousers: tuple[int, int, int]) -> np.ndarray:
    image = np.full((120, 100, 3), 128, np.uint8)
    image[15:60, 35:65], image[60:110, 35:65] = shirt, trousers
    return image


def test_shirt_and_trousers_are_seen_apart() -> None:
    worn = clothes(picture((255, 255, 255), (0, 0, 0)), SHOULDERS, HIPS, KNEES)
    np.testing.assert_allclose(worn, [[100, 0, 0], [0, 0, 0]], atol=0.5)  # white and black in Lab


def test_colour_counts_more_than_light() -> None:
    red, dark_red, blue = (clothes(picture(c, (20, 20, 20)), SHOULDERS, HIPS, KNEES)
                           for c in ((200, 30, 30), (150, 20, 20), (30, 30, 200)))  # fmt: skip
    assert unlike(red, red) == 0.0
    assert unlike(red, dark_red) < 0.2 * unlike(red, blue)


def test_few_scattered_colours_are_seen_as_their_mean() -> None:
    """A dark shirt as a GIF shows it: each channel is 0 or 85, at random, so that its mean stays what it was."""
    generator = np.random.default_rng(0)
    plain = picture((40, 20, 30), (20, 20, 20)).repeat(4, 0).repeat(4, 1)
    scattered = [(generator.uniform(0, 85, plain.shape) < plain).astype(np.uint8) * 85 for _ in range(5)]
    seen = [clothes(image, 4 * SHOULDERS, 4 * HIPS, 4 * KNEES) for image in scattered]
    assert max(unlike(a, b) for a in seen for b in seen) < 0.5 * OTHER


def test_what_is_outside_of_the_picture_is_unknown() -> None:
    image = picture((255, 0, 0), (0, 0, 255))
    outside = clothes(image, SHOULDERS, HIPS, KNEES) * np.nan
    below = clothes(image, *(points + np.array([0, 80]) for points in (SHOULDERS, HIPS, KNEES)))
    assert np.isnan(below[1]).all()
    assert unlike(below, outside) == 0.0
    np.testing.assert_array_equal(usual(np.stack([below, below * np.nan])), below)
