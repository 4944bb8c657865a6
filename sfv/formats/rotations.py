"""Rotation vectors and matrices, as foreign files hold them, to quaternions (wxyz) and back."""

import numpy as np
from jaxtyping import Float


def from_rotvec(v: Float[np.ndarray, "*n 3"]) -> Float[np.ndarray, "*n 4"]:
    """The quaternion of a rotation by |v| (rad) about v."""
    angle = np.linalg.norm(v, axis=-1, keepdims=True)
    # sin(angle / 2) / angle, which is 1/2 at 0
    return np.concatenate((np.cos(0.5 * angle), 0.5 * np.sinc(angle / (2.0 * np.pi)) * v), -1)


def to_rotvec(q: Float[np.ndarray, "*n 4"]) -> Float[np.ndarray, "*n 3"]:
    """The rotation vector of a unit quaternion, no longer than pi."""
    q = np.where(q[..., :1] < 0, -q, q)
    length = np.linalg.norm(q[..., 1:], axis=-1, keepdims=True)
    angle = 2.0 * np.arctan2(length, q[..., :1])
    return q[..., 1:] * np.where(length > 1e-9, angle / np.maximum(length, 1e-9), 2.0)


def from_matrix(r: Float[np.ndarray, "*n 3 3"]) -> Float[np.ndarray, "*n 4"]:
    """The quaternion of a rotation matrix; of the four formulas the one that divides by the largest part is taken."""
    xx, yy, zz = r[..., 0, 0], r[..., 1, 1], r[..., 2, 2]
    a, b, c = r[..., 2, 1] - r[..., 1, 2], r[..., 0, 2] - r[..., 2, 0], r[..., 1, 0] - r[..., 0, 1]
    d, e, f = r[..., 1, 0] + r[..., 0, 1], r[..., 0, 2] + r[..., 2, 0], r[..., 2, 1] + r[..., 1, 2]
    rows = np.stack(  # row i is 4 q_i q
        [
            np.stack([1 + xx + yy + zz, a, b, c], -1),
            np.stack([a, 1 + xx - yy - zz, d, e], -1),
            np.stack([b, d, 1 - xx + yy - zz, f], -1),
            np.stack([c, e, f, 1 - xx - yy + zz], -1),
        ],
        -2,
    )
    best = np.argmax(np.stack([rows[..., i, i] for i in range(4)], -1), -1)
    q = np.take_along_axis(rows, best[..., None, None], -2)[..., 0, :]
    return q / np.linalg.norm(q, axis=-1, keepdims=True)


def between(a: Float[np.ndarray, "*#n 3"], b: Float[np.ndarray, "*#n 3"]) -> Float[np.ndarray, "*n 4"]:
    """The shortest rotation that turns the direction of a into that of b."""
    a, b = (v / np.linalg.norm(v, axis=-1, keepdims=True).clip(1e-12) for v in (a, b))
    real = 1.0 + (a * b).sum(-1, keepdims=True)
    # opposite directions: half a turn about any axis across a
    across = np.cross(a, np.where(np.abs(a[..., :1]) < 0.9, [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]))
    q = np.where(
        real > 1e-8,
        np.concatenate((real, np.cross(a, b)), -1),
        np.concatenate((np.zeros_like(real), np.broadcast_to(across, (*real.shape[:-1], 3))), -1),
    )
    return q / np.linalg.norm(q, axis=-1, keepdims=True)
