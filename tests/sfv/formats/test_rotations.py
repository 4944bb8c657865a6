import numpy as np
from scipy.spatial.transform import Rotation

from sfv.formats import rotations
from sfv.quaternions import apply, matrix

TURNS = Rotation.random(500, rng=np.random.default_rng(0))


def test_rotation_vectors_agree_with_scipy_and_back():
    vectors = np.concatenate((TURNS.as_rotvec(), np.zeros((1, 3)), [[1e-12, 0, 0], [0, np.pi, 0]]))
    quats = rotations.from_rotvec(vectors)
    np.testing.assert_allclose(matrix(quats), Rotation.from_rotvec(vectors).as_matrix(), atol=1e-12)
    np.testing.assert_allclose(rotations.to_rotvec(quats), vectors, atol=1e-9)
    np.testing.assert_allclose(rotations.to_rotvec(-quats[:-1]), vectors[:-1], atol=1e-9)


def test_matrices_agree_with_scipy():
    halves = Rotation.from_rotvec(np.pi * np.concatenate((np.eye(3), -np.eye(3))))
    for turns in (TURNS, halves):
        np.testing.assert_allclose(matrix(rotations.from_matrix(turns.as_matrix())), turns.as_matrix(), atol=1e-9)


def test_the_shortest_turn_between_directions():
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 60, 3))
    b[:20] = -2.0 * a[:20]  # opposite
    b[20:40] = 3.0 * a[20:40]  # the same
    turned = apply(rotations.between(a, b), a / np.linalg.norm(a, axis=1, keepdims=True))
    np.testing.assert_allclose(turned, b / np.linalg.norm(b, axis=1, keepdims=True), atol=1e-6)
    np.testing.assert_allclose(rotations.between(a, b)[20:40], np.tile([1.0, 0, 0, 0], (20, 1)), atol=1e-7)
