import numpy as np
import pytest

from recon.pose.scenes import Scenes

RNG = np.random.default_rng(0)


def scene(seed: int) -> np.ndarray:
    """A picture of rectangles, as rooms and streets are."""
    rng = np.random.default_rng(seed)
    image = np.full((120, 200, 3), rng.integers(60, 200), np.uint8)
    for _ in range(30):
        x, y = rng.integers(0, 180), rng.integers(0, 100)
        image[y : y + rng.integers(10, 50), x : x + rng.integers(10, 60)] = rng.integers(0, 255, 3)
    return image


def filmed(image: np.ndarray, count: int, pan: int = 0) -> list[np.ndarray]:
    """`count` noisy frames of it, moved on by `pan` px a frame."""
    return [
        np.clip(np.roll(image, -pan * k, 1) + RNG.normal(0, 3, image.shape), 0, 255).astype(np.uint8)
        for k in range(count)
    ]


def cuts(frames: list[np.ndarray]) -> tuple[list[int], list[int]]:
    """Where cuts are found, and the scene of each frame; each cut is known when its frame is given."""
    scenes, seen = Scenes(), 0
    for index, image in enumerate(scenes.watch(frames)):
        assert image is frames[index]
        assert all(cut <= index for cut in scenes.cuts)
        seen += 1
    assert seen == len(frames)
    return scenes.cuts, scenes.of_frames(len(frames)).tolist()


def test_joined_clips_are_two_scenes() -> None:
    found, scenes = cuts(filmed(scene(1), 20) + filmed(scene(2), 30, pan=1) + filmed(scene(3), 10))
    assert found == [20, 50]
    assert scenes == [0] * 20 + [1] * 30 + [2] * 10


def test_large_pictures_are_cut_where_small_ones_are() -> None:
    # from 384 px of height on pictures are halved first: 5 x 120 = 600
    frames = [np.repeat(np.repeat(frame, 5, 0), 5, 1) for frame in filmed(scene(1), 8) + filmed(scene(2), 8, pan=1)]
    assert cuts(frames) == ([8], [0] * 8 + [1] * 8)


@pytest.mark.parametrize("between", [scene(9), np.full((120, 200, 3), 10, np.uint8)], ids=["a title", "black"])
def test_a_scene_that_is_shown_again_is_the_same(between: np.ndarray) -> None:
    found, scenes = cuts(filmed(scene(1), 20) + filmed(between, 15) + filmed(scene(1), 20))
    assert found == [20, 35]
    assert scenes == [0] * 20 + [1] * 15 + [0] * 20


def test_light_pans_and_flashes_are_no_cuts() -> None:
    dark = [(frame * 0.5).astype(np.uint8) for frame in filmed(scene(1), 20)]
    flash = [np.full((120, 200, 3), 250, np.uint8)]
    assert cuts(filmed(scene(1), 20) + dark)[0] == []
    assert cuts(filmed(scene(1), 20) + flash + filmed(scene(1), 20))[0] == []
    assert cuts(filmed(scene(1), 30, pan=12))[0] == []


def test_a_clip_of_one_frame_has_one_scene() -> None:
    assert cuts([scene(1)]) == ([], [0])
