"""Euler angles, as animation files hold them: intrinsic rotations about three axes in a named order.

The order 'ZXY' means R = Rz(a) Rx(b) Ry(c). Angles are in radians here; the files' degrees end with their readers.
"""

import numpy as np
from jaxtyping import Float

from sfv.errors import InputError
from sfv.motion import WOUND
from sfv.quaternions import about, matrix, multiply

AXES = "XYZ"


def from_euler(angles: Float[np.ndarray, "*n k"], order: str) -> Float[np.ndarray, "*n 4"]:
    """The quaternion of rotations by `angles` (rad) about the axes of `order`, one letter for each, first one first.

    Raises:
        InputError: an angle that nothing turns by.
    """
    if angles.size and np.abs(angles).max() > WOUND:
        at = np.unravel_index(int(np.abs(angles).argmax()), angles.shape)
        raise InputError(
            f"a rotation is {np.degrees(angles[at]):.3g} degrees in frame {int(at[0])}, which nothing turns by; "
            "the file is damaged, repair or export it again"
        )
    q = np.zeros((*angles.shape[:-1], 4))
    q[..., 0] = 1.0
    for i, letter in enumerate(order):
        q = multiply(q, about(np.eye(3)[AXES.index(letter)], angles[..., i]))
    return q


def to_euler(q: Float[np.ndarray, "T *n 4"], order: str) -> Float[np.ndarray, "T *n 3"]:
    """Angles (rad) about three different axes, each frame's the nearest to the frame before among its equals.

    With R = R_i(a) R_j(b) R_k(c) and e the sign of the permutation (i, j, k): b = asin(e R_ik),
    a = atan2(-e R_jk, R_kk), c = atan2(-e R_ij, R_ii); where cos b = 0, c = 0 and a = atan2(e R_kj, R_jj).
    """
    i, j, k = (AXES.index(letter) for letter in order)
    e = 1.0 if (j - i) % 3 == 1 else -1.0
    r = matrix(q)
    b = np.arcsin(np.clip(e * r[..., i, k], -1.0, 1.0))
    locked = np.hypot(r[..., i, j], r[..., i, i]) < 1e-7
    a = np.where(locked, np.arctan2(e * r[..., k, j], r[..., j, j]), np.arctan2(-e * r[..., j, k], r[..., k, k]))
    c = np.where(locked, 0.0, np.arctan2(-e * r[..., i, j], r[..., i, i]))
    angles = np.stack((a, b, c), -1)
    other = np.stack((a + np.pi, np.pi - b, c + np.pi), -1)  # the same rotation
    for t in range(1, len(angles)):
        near, far = (x[t] + 2 * np.pi * np.round((angles[t - 1] - x[t]) / (2 * np.pi)) for x in (angles, other))
        cost = [np.abs(x - angles[t - 1]).sum(-1, keepdims=True) for x in (near, far)]
        angles[t] = np.where(cost[1] < cost[0], far, near)
    return angles
