"""Rotations as unit quaternions (wxyz), rotation vectors, matrices and 6-D features, on torch tensors.

Functions map (..., d) to (..., d') and are differentiable; near the identity the series, not the quotient, is used. It
knows nothing of bodies or motions. NumPy callers use MuJoCo's or SciPy's rotations instead.
"""

import torch
from jaxtyping import Float
from torch import Tensor


def quat_mul(a: Float[Tensor, "*#n 4"], b: Float[Tensor, "*#n 4"]) -> Float[Tensor, "*n 4"]:
    """Hamilton product a b: first b, then a."""
    aw, ax, ay, az = a.unbind(-1)
    bw, bx, by, bz = b.unbind(-1)
    return torch.stack(
        (
            aw * bw - ax * bx - ay * by - az * bz,
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw,
        ),
        -1,
    )


def quat_conj(q: Float[Tensor, "*n 4"]) -> Float[Tensor, "*n 4"]:
    """The inverse of a unit quaternion."""
    return torch.cat((q[..., :1], -q[..., 1:]), -1)


def quat_apply(q: Float[Tensor, "*#n 4"], v: Float[Tensor, "*#n 3"]) -> Float[Tensor, "*n 3"]:
    """Rotate v by q: v + 2 w (u x v) + 2 u x (u x v), q = (w, u)."""
    w, u = q[..., :1], q[..., 1:]
    u, v = torch.broadcast_tensors(u, v)
    t = 2.0 * torch.linalg.cross(u, v)
    return v + w * t + torch.linalg.cross(u, t)


def quat_apply_inverse(q: Float[Tensor, "*#n 4"], v: Float[Tensor, "*#n 3"]) -> Float[Tensor, "*n 3"]:
    """Rotate v by the inverse of q: world to body."""
    return quat_apply(quat_conj(q), v)


def exp(w: Float[Tensor, "*n 3"]) -> Float[Tensor, "*n 4"]:
    """The quaternion of the rotation vector w (rad)."""
    square = (w * w).sum(-1, keepdim=True)
    small = square < 1e-8
    angle = torch.where(small, torch.ones_like(square), square).sqrt()
    real = torch.where(small, 1.0 - square / 8.0, torch.cos(0.5 * angle))
    factor = torch.where(small, 0.5 - square / 48.0, torch.sin(0.5 * angle) / angle)
    return torch.cat((real, factor * w), -1)


def log(q: Float[Tensor, "*n 4"]) -> Float[Tensor, "*n 3"]:
    """The rotation vector (rad, length at most pi) of a unit quaternion."""
    w, x, y, z = q.unbind(-1)  # sums of columns are much faster than sums over a short last dimension
    square = x * x + y * y + z * z
    small = square < 1e-12
    length, real = torch.where(small, 1.0, square).sqrt(), w.abs()
    factor = torch.where(small, 2.0 / real.clamp_min(0.5), 2.0 * torch.atan2(length, real) / length)
    return torch.where(w < 0, -factor, factor)[..., None] * q[..., 1:]


def difference(a: Float[Tensor, "*#n 4"], b: Float[Tensor, "*#n 4"]) -> Float[Tensor, "*n 3"]:
    """The rotation vector w with b = a exp(w): b minus a, in a's frame, as MuJoCo's mju_subQuat."""
    return log(quat_mul(quat_conj(a), b))


def matrix(q: Float[Tensor, "*n 4"]) -> Float[Tensor, "*n 3 3"]:
    """The rotation matrix of a unit quaternion."""
    w, x, y, z = q.unbind(-1)
    rows = (
        *(1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        *(2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        *(2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
    )
    return torch.stack(rows, -1).unflatten(-1, (3, 3))


def six(q: Float[Tensor, "*n 4"]) -> Float[Tensor, "*n 6"]:
    """The first two columns of the rotation matrix: continuous features (Zhou et al. 2019, arXiv:1812.07035)."""
    return matrix(q)[..., :, :2].transpose(-1, -2).flatten(-2)


def from_six(x: Float[Tensor, "*n 6"]) -> Float[Tensor, "*n 4"]:
    """The unit quaternion, w >= 0, whose `six` is nearest to x: by Gram and Schmidt, the first column leading."""
    a, b = x[..., :3], x[..., 3:]
    a = torch.nn.functional.normalize(a, dim=-1)
    b = torch.nn.functional.normalize(b - (a * b).sum(-1, keepdim=True) * a, dim=-1)
    (r00, r10, r20), (r01, r11, r21) = a.unbind(-1), b.unbind(-1)
    r02, r12, r22 = torch.linalg.cross(a, b).unbind(-1)
    # each row is q times four times one of its parts; the row of the largest part is exact, and smooth around it
    rows = torch.stack(
        (
            torch.stack((1 + r00 + r11 + r22, r21 - r12, r02 - r20, r10 - r01), -1),
            torch.stack((r21 - r12, 1 + r00 - r11 - r22, r01 + r10, r02 + r20), -1),
            torch.stack((r02 - r20, r01 + r10, 1 - r00 + r11 - r22, r12 + r21), -1),
            torch.stack((r10 - r01, r02 + r20, r12 + r21, 1 - r00 - r11 + r22), -1),
        ),
        -2,
    )
    largest = rows.diagonal(dim1=-2, dim2=-1).argmax(-1)
    q = rows.gather(-2, largest[..., None, None].expand(*largest.shape, 1, 4)).squeeze(-2)
    q = torch.nn.functional.normalize(q, dim=-1)
    return torch.where(q[..., :1] < 0, -q, q)


def heading(q: Float[Tensor, "*n 4"]) -> Float[Tensor, "*n"]:
    """The turn (rad) about z: the twist of q = swing twist, defined for every q but a half turn about x or y."""
    return 2.0 * torch.atan2(q[..., 3], q[..., 0])
