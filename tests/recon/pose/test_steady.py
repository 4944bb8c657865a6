"""A camera that turns, zooms or travels, undone."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from recon.camera import view_rotations
from recon.pose.steady import along_path, camera_turns, focal_from_turns, steadied, travelled
from sfv.errors import InputError
from sfv.pose import PoseTrack

SIZE, FOCAL, FRAMES = (640, 480), 700.0, 21
CENTRE = np.array(SIZE) / 2


def lens(focal: float) -> np.ndarray:
    return np.array([[focal, 0, CENTRE[0]], [0, focal, CENTRE[1]], [0, 0, 1]])


def turns(widest: float) -> np.ndarray:
    """Rotations to the middle frame's axes from each frame's: a pan over 2 `widest` degrees, some tilt, some roll."""
    part = np.linspace(-1, 1, FRAMES)
    return Rotation.from_euler("yxz", np.stack((widest * part, 3 * part**2, 4 * part), 1), degrees=True).as_matrix()


def homographies(widest: float, zoom: float = 1.0) -> np.ndarray:
    zooms = np.linspace(1 / zoom, zoom, FRAMES)
    all_ = [lens(FOCAL) @ r @ np.linalg.inv(lens(FOCAL * z)) for r, z in zip(turns(widest), zooms, strict=True)]
    return np.stack([h / h[2, 2] for h in all_])


def seen_by(camera_turns: np.ndarray, shift: np.ndarray | None = None) -> tuple[PoseTrack, np.ndarray, np.ndarray]:
    """What a perfect estimator sees of somebody who walks; and the middle frame's camera: pixels, points."""
    generator = np.random.default_rng(0)
    body = generator.uniform(-0.5, 0.5, (8, 3)) * [1, 2, 0.5]
    body[:2] = [[-0.1, 0.0, 0.05], [0.1, 0.0, -0.05]]  # the hips
    way = np.stack((np.linspace(-1, 1, FRAMES), np.full(FRAMES, 0.2), np.linspace(4, 5, FRAMES)), 1)
    points = way[:, None] + body
    there = points if shift is None else points - shift[:, None]
    own = np.einsum("tji,tkj->tki", camera_turns, there)
    pixels = CENTRE + FOCAL * own[..., :2] / own[..., 2:]
    look = view_rotations(pixels.mean(1), FOCAL, SIZE)
    hung = np.einsum("tji,tkj->tki", look, own - own[:, :2].mean(1, keepdims=True))
    track = PoseTrack(
        tuple("abcdefgh"), np.arange(FRAMES) / 30, pixels, hung, np.ones(pixels.shape[:2]), SIZE, "perfect", 0
    )
    return track, CENTRE + FOCAL * there[..., :2] / there[..., 2:], points - points[:, :2].mean(1, keepdims=True)


def test_turns_are_taken_out_of_pixels_and_points() -> None:
    track, pixels, points = seen_by(turns(20))
    still = steadied(replace(track, homography=homographies(20)), FOCAL)
    np.testing.assert_allclose(still.points_2d, pixels, atol=1e-6)
    look = view_rotations(still.points_2d.mean(1), FOCAL, SIZE)
    np.testing.assert_allclose(np.einsum("tij,tkj->tki", look, still.points_3d), points, atol=1e-6)
    assert still.homography is None
    assert steadied(track, FOCAL) is track


def test_turns_and_zooms_tell_the_focal_length_unless_they_are_small() -> None:
    for zoom in (1.0, 1.3):
        found = homographies(10, zoom)
        focal = focal_from_turns(found, SIZE)
        assert focal == pytest.approx(FOCAL, rel=1e-3)
        np.testing.assert_allclose(camera_turns(found, SIZE, FOCAL), turns(10), atol=1e-6)
        assert travelled(found, SIZE) < 1e-3
    assert focal_from_turns(homographies(2), SIZE) is None


def test_a_travelling_camera_is_no_turning_one() -> None:
    """A floor seen from a camera that goes along it: a homography, but none of a turn."""
    normal = np.array([0.0, 1.0, 0.0]) / 1.5
    away = np.linspace(-1, 1, FRAMES)[:, None] * [1.0, 0.0, 0.0]
    found = np.stack([lens(FOCAL) @ (np.eye(3) + np.outer(t, normal)) @ np.linalg.inv(lens(FOCAL)) for t in away])
    assert travelled(found, SIZE) > 0.05


def test_who_turns_too_far_is_told_when() -> None:
    track, _, _ = seen_by(turns(20))
    with pytest.raises(InputError, match=r"at 0\.0 s the camera looks"):
        steadied(replace(track, homography=homographies(75)), FOCAL)


def test_a_given_path_undoes_turns_and_keeps_travels(tmp_path) -> None:
    shift = np.linspace(-0.5, 0.5, FRAMES)[:, None] * [1.0, 0.1, 0.3]
    track, pixels, _ = seen_by(turns(15), shift)
    world = Rotation.from_euler("xyz", [100, 20, -30], degrees=True).as_matrix()
    quats = Rotation.from_matrix(world @ turns(15)).as_quat()
    rows = np.concatenate([track.times[:, None], shift @ world.T + [3, 2, 1], quats], 1)
    path = tmp_path / "path.txt"
    np.savetxt(path, rows, header="seconds x y z qx qy qz qw")
    still = steadied(along_path(track, path, FOCAL), FOCAL)
    np.testing.assert_allclose(still.shift, shift, atol=1e-6)
    np.testing.assert_allclose(still.points_2d, pixels, atol=1e-6)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("0 0 0 0 0 0 0 1\n10 0 0 0 0 0 0 1\n", "frame numbers"),
        ("0 0 0 0 0 0 0 1\n0.3 0 0 0 0 0 0 1\n", r"goes from 0\.00 to 0\.30"),
        ("0 0 0 0 0 0 0 2\n1 0 0 0 0 0 0 2\n", "off length 1"),
        ("1 0 0 0 0 0 0 1\n0 0 0 0 0 0 0 1\n", "do not increase"),
        ("0 0 0 0\n1 0 0 0\n", "no camera path"),
        ("time x\n", "no table of numbers"),
    ],
)  # fmt: skip
def test_a_wrong_path_is_refused(tmp_path, rows, said) -> None:
    track, _, _ = seen_by(turns(5))
    (tmp_path / "path.txt").write_text(rows)
    with pytest.raises(InputError, match=said):
        along_path(track, tmp_path / "path.txt", FOCAL)
