"""What motion files need on their way to qpos: quaternion arithmetic on NumPy arrays, other axes, continuous signs.

Everything is wxyz and unit length unless it says otherwise. It knows no file format.
"""

import numpy as np
from jaxtyping import Float

from sfv.errors import InputError
from sfv.skeleton import Skeleton

SHORTEST = 1e-6
"""Length of a quaternion that still has a direction."""

Y_UP_TO_Z_UP = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
"""Maps (x, y, z) of a world with y up to (x, -z, y) of ours: a quarter turn about x."""


def multiply(a: Float[np.ndarray, "*#n 4"], b: Float[np.ndarray, "*#n 4"]) -> Float[np.ndarray, "*n 4"]:
    """Hamilton product a b: first b, then a."""
    aw, au, bw, bu = a[..., :1], a[..., 1:], b[..., :1], b[..., 1:]
    real = aw * bw - (au * bu).sum(-1, keepdims=True)
    return np.concatenate((real, aw * bu + bw * au + np.cross(au, bu)), -1)


def conjugate(q: Float[np.ndarray, "*n 4"]) -> Float[np.ndarray, "*n 4"]:
    """The inverse of a unit quaternion."""
    return q * np.array([1.0, -1.0, -1.0, -1.0])


def apply(q: Float[np.ndarray, "*#n 4"], v: Float[np.ndarray, "*#n 3"]) -> Float[np.ndarray, "*n 3"]:
    """Rotate v by q."""
    t = 2.0 * np.cross(q[..., 1:], v)
    return v + q[..., :1] * t + np.cross(q[..., 1:], t)


def matrix(q: Float[np.ndarray, "*n 4"]) -> Float[np.ndarray, "*n 3 3"]:
    """The rotation matrix."""
    return np.stack([apply(q, axis) for axis in np.eye(3)], -1)


def about(axis: Float[np.ndarray, "3"], angle: Float[np.ndarray, "*n"]) -> Float[np.ndarray, "*n 4"]:
    """The rotation by `angle` (rad) about the unit vector `axis`."""
    half = 0.5 * np.asarray(angle, np.float64)[..., None]
    return np.concatenate((np.cos(half), np.sin(half) * axis), -1)


def heading(q: Float[np.ndarray, "*n 4"]) -> Float[np.ndarray, "*n"]:
    """The turn (rad) about z: the twist of q = swing twist, defined for every q but a half turn about x or y."""
    return np.asarray(2.0 * np.arctan2(q[..., 3], q[..., 0]))


def turned(q: Float[np.ndarray, "*n 4"], axes: Float[np.ndarray, "3 3"]) -> Float[np.ndarray, "*n 4"]:
    """The same rotations written in other axes: `axes` is the rotation matrix that maps old coordinates to new."""
    return np.concatenate((q[..., :1], q[..., 1:] @ axes.T), -1)


def continuous(skeleton: Skeleton, qpos: Float[np.ndarray, "T nq"]) -> Float[np.ndarray, "T nq"]:
    """qpos with every quaternion normalised and on the side of the one before it (the first with w >= 0)."""
    qpos = qpos.copy()
    joints = zip(skeleton.joint_names, skeleton.model.jnt_qposadr, skeleton.joint_kinds, strict=True)
    for name, start, kind in joints:
        if kind == "hinge":
            continue
        start = int(start) + (3 if kind == "free" else 0)
        q = qpos[:, start : start + 4]
        length = np.linalg.norm(q, axis=1, keepdims=True)
        if not (length > SHORTEST).all():
            frame = int(np.argmin(length > SHORTEST))
            raise InputError(f"a quaternion of {name!r} has the length 0 in frame {frame}; repair the file")
        q = q / length
        flips = np.concatenate(([q[0, 0] < 0], (q[1:] * q[:-1]).sum(1) < 0))
        qpos[:, start : start + 4] = q * np.where(np.cumsum(flips) % 2, -1.0, 1.0)[:, None]
    return qpos


def whole_rate(fps: float) -> float:
    """A frame rate without the rounding of a printed frame time: 60.0024 (0.016666 s) is 60."""
    return float(round(fps)) if round(fps) and abs(fps / round(fps) - 1.0) < 1e-4 else float(fps)
