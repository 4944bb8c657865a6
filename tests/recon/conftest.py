"""Pose tracks made from known motions through known cameras."""

from pathlib import Path

import numpy as np
import pytest

from recon.camera import Camera, view_rotations
from recon.scorecard import landmark_positions
from sfv.character import load_character
from sfv.motion import Motion
from sfv.pose import PoseTrack


@pytest.fixture(scope="session")
def humanoid():
    return load_character("humanoid")


@pytest.fixture(scope="session")
def jump(root: Path) -> Motion:
    """The demo's motion: crouch, a jump with half a turn, landing; 3 s."""
    return Motion.load(root / "examples" / "demo_truth.npz")


@pytest.fixture(scope="session")
def camera() -> Camera:
    """At chest height, 4.5 m to the front and the side, looking at the middle of the jump."""
    return Camera((1280, 720), 1000.0, np.array([4.0, -2.0, 1.3]), np.pi - np.arctan2(2.0, 4.0), 0.07, 0.0)


@pytest.fixture(scope="session")
def filmed(humanoid):
    """A function: the pose track of a motion seen by a camera, with noise and MediaPipe's lean to the camera.

    The camera may be a list, one for each frame, of the same focal length and picture.
    """

    def film(motion, camera, fps=30.0, pixels=1.5, metres=0.02, lean=0.08, seed=0):
        generator = np.random.default_rng(seed)
        times = np.arange(int(motion.duration * fps) + 1) / fps
        names = tuple(humanoid.keypoints)
        sampled = motion.resampled(fps) if fps != motion.fps else motion
        world = landmark_positions(humanoid, sampled, names)[: len(times)]
        cameras = camera if isinstance(camera, list) else [camera] * len(world)
        camera = cameras[0]
        points_2d = np.stack([c.project(points) for c, points in zip(cameras, world, strict=True)])
        points_2d += pixels * generator.normal(size=points_2d.shape)
        turn = view_rotations(points_2d.mean(1), camera.focal, camera.image_size)
        c, s = np.cos(lean), np.sin(lean)
        seen = np.stack([c.to_camera(points) for c, points in zip(cameras, world, strict=True)])
        seen = seen @ np.array([[1, 0, 0], [0, c, s], [0, -s, c]])
        seen = np.einsum("nji,nkj->nki", turn, seen)
        hips = [names.index("left_hip"), names.index("right_hip")]
        points_3d = 0.9 * (seen - seen[:, hips].mean(1, keepdims=True))
        points_3d += metres * generator.normal(size=points_3d.shape)
        confidence = np.full(points_3d.shape[:2], 0.95)
        return PoseTrack(names, times, points_2d, points_3d, confidence, camera.image_size, "synthetic", 0)

    return film
