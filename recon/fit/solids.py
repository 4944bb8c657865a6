"""The solid parts of a body as capsules, in torch: how deep they are in each other, for a body that must not be."""

import mujoco
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from recon.fit.scaled_body import Placed
from sfv.check.anatomy import solid_pairs


class Solids:
    """The pairs of a character's parts that must stay out of each other, as capsules (double precision).

    Spheres and capsules are exact; other shapes are the capsule along their longest axis with the radius of their
    thinnest. A person's own proportions move the parts and leave their sizes.
    """

    def __init__(self, model: mujoco.MjModel) -> None:
        pairs = solid_pairs(model)
        geoms = sorted({g for pair in pairs for g in pair})
        ends, radii = zip(*(_capsule(model, g) for g in geoms), strict=True) if geoms else ((), ())
        self._bodies = torch.tensor([int(model.geom_bodyid[g]) - 1 for g in geoms], dtype=torch.long)
        self._ends = torch.tensor(np.array(ends).reshape(-1, 2, 3))
        radius = torch.tensor(np.array(radii))
        self._pairs = torch.tensor([[geoms.index(g) for g in pair] for pair in pairs], dtype=torch.long).reshape(-1, 2)
        self._touching = radius[self._pairs].sum(-1)

    def depths(self, placed: Placed) -> Float[Tensor, " N"]:
        """How deep (m, > 0) the parts are in each other in each of the poses `placed` (xpos (..., B, 3) in m).

        One entry per pose and pair that overlaps, N in all, in no order that means anything.
        """
        turned = (placed.xmat[..., self._bodies, None, :, :] * self._ends[:, :, None, :]).sum(-1)
        ends = placed.xpos[..., self._bodies, None, :] + turned
        ends = ends.reshape(-1, *ends.shape[-3:])
        with torch.no_grad():
            middle, half = ends.mean(-2), 0.5 * (ends[..., 1, :] - ends[..., 0, :]).norm(dim=-1)
            first, second = self._pairs.T
            reach = half[:, first] + half[:, second] + self._touching
            near = (middle[:, first] - middle[:, second]).norm(dim=-1) < reach
        frame, pair = torch.nonzero(near, as_tuple=True)
        apart = segment_distance(ends[frame, first[pair]], ends[frame, second[pair]])
        depth = self._touching[pair] - apart
        return depth[depth > 0.0]


def segment_distance(a: Float[Tensor, "N 2 3"], b: Float[Tensor, "N 2 3"]) -> Float[Tensor, " N"]:
    """The least distance (m) between segments given by their ends (Ericson, Real-Time Collision Detection, sec. 5.1.9).

    The nearest points are found without a gradient: to first order they move only along their segments, which does not
    change the distance.
    """
    with torch.no_grad():
        u, v, r = a[:, 1] - a[:, 0], b[:, 1] - b[:, 0], a[:, 0] - b[:, 0]
        uu, vv, uv = (u * u).sum(-1).clamp_min(1e-12), (v * v).sum(-1).clamp_min(1e-12), (u * v).sum(-1)
        ur, vr = (u * r).sum(-1), (v * r).sum(-1)
        slant = uu * vv - uv * uv
        s = torch.where(slant > 1e-9 * uu * vv, (uv * vr - ur * vv) / slant.clamp_min(1e-24), 0.0).clamp(0.0, 1.0)
        t = ((uv * s + vr) / vv).clamp(0.0, 1.0)
        s = ((uv * t - ur) / uu).clamp(0.0, 1.0)
    on_a = a[:, 0] + s[:, None] * (a[:, 1] - a[:, 0])
    on_b = b[:, 0] + t[:, None] * (b[:, 1] - b[:, 0])
    return (on_a - on_b).square().sum(-1).clamp_min(1e-12).sqrt()


def _capsule(model: mujoco.MjModel, geom: int) -> tuple[Float[np.ndarray, "2 3"], float]:
    """Ends in the body's frame (m) and radius (m)."""
    kind, size, turn = int(model.geom_type[geom]), model.geom_size[geom], np.zeros(9)
    mujoco.mju_quat2Mat(turn, model.geom_quat[geom])
    if kind in (mujoco.mjtGeom.mjGEOM_SPHERE, mujoco.mjtGeom.mjGEOM_CAPSULE):
        centre, radius = np.zeros(3), float(size[0])
        reach = np.array([0.0, 0.0, float(size[1]) if kind == mujoco.mjtGeom.mjGEOM_CAPSULE else 0.0])
    else:
        centre, half = model.geom_aabb[geom, :3], model.geom_aabb[geom, 3:]
        radius = float(half.min())
        reach = np.where(np.arange(3) == half.argmax(), half - radius, 0.0)
    ends = np.stack((centre - reach, centre + reach))
    return ends @ turn.reshape(3, 3).T + model.geom_pos[geom], radius
