"""The camera's motion, told from the background of small clips made here."""

import logging

import cv2
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.spatial.transform import Rotation

from recon.pose.background import camera_motion
from sfv.clip import Clip
from sfv.pose import PoseTrack
from sfv.view.video import write_video

SIZE, FOCAL, FRAMES = (320, 240), 350.0, 24
LENS = np.array([[FOCAL, 0, 160], [0, FOCAL, 120], [0, 0, 1.0]])
WIDE = np.array([[FOCAL, 0, 600], [0, FOCAL, 400], [0, 0, 1.0]])
"""Of the large picture that the clips show parts of."""


def clip(path, to_middle: np.ndarray, walker: bool = True) -> tuple[Clip, PoseTrack]:
    """A textured wall through a camera with these homographies, and somebody with his own texture who walks past."""
    generator = np.random.default_rng(0)
    wall = gaussian_filter(generator.uniform(0, 255, (800, 1200, 3)), (3, 3, 0))
    wall = np.clip((wall - 127) * 8 + 127, 0, 255).astype(np.uint8)
    person = generator.uniform(0, 255, (120, 60, 3)).astype(np.uint8)
    frames, boxes = [], []
    for t, h in enumerate(to_middle):
        image = cv2.warpPerspective(wall, np.linalg.inv(WIDE @ np.linalg.inv(LENS) @ h), SIZE)
        left = 60 + 6 * t
        if walker:
            image[90:210, left : left + 60] = person
        frames.append(image)
        boxes.append([[left, 90], [left + 60, 90], [left, 210], [left + 60, 210]])
    write_video(path, frames, 24.0, crf=12)
    points = np.array(boxes, float)
    track = PoseTrack(
        tuple("abcd"), np.arange(FRAMES) / 24, points, np.zeros((FRAMES, 4, 3)), np.ones((FRAMES, 4)), SIZE, "none", 0
    )
    return Clip.open(path), track


def pan(degrees: float) -> np.ndarray:
    part = np.linspace(-1, 1, FRAMES) - np.linspace(-1, 1, FRAMES)[FRAMES // 2]
    turns = Rotation.from_euler("yx", np.stack((degrees * part, 0.2 * degrees * part), 1), degrees=True).as_matrix()
    all_ = LENS @ turns @ np.linalg.inv(LENS)
    return all_ / all_[:, 2:, 2:]


def mapped(homographies: np.ndarray) -> np.ndarray:
    points = np.array([[40, 30, 1], [280, 30, 1], [40, 210, 1], [280, 210, 1.0]]) @ homographies.swapaxes(1, 2)
    return points[..., :2] / points[..., 2:]


def test_a_pan_is_found_past_a_person(tmp_path) -> None:
    film, track = clip(tmp_path / "pan.mp4", pan(12))
    found = camera_motion(film, [track], track)
    assert found is not None
    assert np.abs(mapped(found) - mapped(pan(12))).max() < 1.5  # px; the pan goes over 150
    assert np.abs(mapped(pan(12)) - mapped(pan(0))).max() > 70


def test_a_still_camera_is_still_however_the_person_moves(tmp_path) -> None:
    film, track = clip(tmp_path / "still.mp4", pan(0))
    assert camera_motion(film, [track], track) is None


def test_a_travelling_camera_is_named(tmp_path, caplog) -> None:
    away = np.linspace(-1, 1, FRAMES)[:, None] * [0.5, 0.0, 0.0]
    floor = LENS @ (np.eye(3) + away[:, :, None] * (np.array([0, 1.0, 0.4]) / 1.5)) @ np.linalg.inv(LENS)
    film, track = clip(tmp_path / "dolly.mp4", floor / floor[:, 2:, 2:])
    with caplog.at_level(logging.WARNING):
        assert camera_motion(film, [track], track) is None
    assert "--camera-path" in caplog.text


def test_a_bare_background_says_nothing(tmp_path, caplog) -> None:
    film, track = clip(tmp_path / "bare.mp4", pan(12), walker=True)
    everywhere = PoseTrack(
        track.names, track.times, np.tile([[0, 0], [320, 0], [0, 240], [320, 240.0]], (FRAMES, 1, 1)), track.points_3d,
        track.confidence, SIZE, "none", 1,
    )  # fmt: skip
    with caplog.at_level(logging.WARNING):
        assert camera_motion(film, [track, everywhere], track) is None
    assert "too little" in caplog.text


@pytest.mark.parametrize("zoom", [1.25])
def test_a_zoom_is_found(tmp_path, zoom) -> None:
    factor = zoom ** (np.linspace(-1, 1, FRAMES) - np.linspace(-1, 1, FRAMES)[FRAMES // 2])
    lenses = np.array([[[FOCAL * f, 0, 160], [0, FOCAL * f, 120], [0, 0, 1.0]] for f in factor])
    zooms = LENS @ np.linalg.inv(lenses)
    film, track = clip(tmp_path / "zoom.mp4", zooms)
    found = camera_motion(film, [track], track)
    assert found is not None
    assert np.abs(mapped(found) - mapped(zooms)).max() < 1.5


def test_a_still_camera_is_still_though_little_of_the_picture_has_corners(tmp_path, caplog) -> None:
    """Corners in a patch of a tenth of the picture, and noise: a homography of them is free everywhere else."""
    generator = np.random.default_rng(0)
    patch = generator.uniform(0, 255, (50, 130, 3)).astype(np.uint8)
    frames = []
    for _ in range(FRAMES):
        image = np.full((SIZE[1], SIZE[0], 3), 128.0)
        image[20:70, 20:150] = patch
        frames.append(np.clip(image + generator.normal(0, 12, image.shape), 0, 255).astype(np.uint8))
    write_video(tmp_path / "bare.mp4", frames, 24.0, crf=26)
    film, track = clip(tmp_path / "still.mp4", pan(0))
    film = Clip.open(tmp_path / "bare.mp4")
    with caplog.at_level(logging.WARNING):
        assert camera_motion(film, [track], track) is None
    assert caplog.text == ""
