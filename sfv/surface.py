"""Where the surface of a character is: balls and corners that cover its solid geoms, and the lowest point of all.

It knows the shapes of a model and the poses of its bodies; of the ground it knows only that z = 0 is there.
"""

from itertools import product

import mujoco
import numpy as np
from jaxtyping import Bool, Float, Int

from sfv.kinematics import MotionState


def surface_points(
    model: mujoco.MjModel,
) -> tuple[Int[np.ndarray, " H"], Float[np.ndarray, "H 3"], Float[np.ndarray, " H"]]:
    """Balls that cover the body's geoms: body index, offset in the body's frame (m) and radius (m).

    Spheres and capsules are exact, boxes are their corners with radius 0, other shapes the corners of their bounding
    box.
    """
    bodies: list[int] = []
    offsets: list[np.ndarray] = []
    radii: list[float] = []
    for g in range(model.ngeom):
        body, kind, size = int(model.geom_bodyid[g]), int(model.geom_type[g]), model.geom_size[g]
        if body == 0 or not (model.geom_contype[g] or model.geom_conaffinity[g]):  # the latter are only looked at
            continue
        turn = np.zeros(9)
        mujoco.mju_quat2Mat(turn, model.geom_quat[g])
        if kind == mujoco.mjtGeom.mjGEOM_SPHERE:
            local, radius = np.zeros((1, 3)), float(size[0])
        elif kind == mujoco.mjtGeom.mjGEOM_CAPSULE:
            local, radius = np.array([[0, 0, -size[1]], [0, 0, size[1]]]), float(size[0])
        else:
            centre, half = model.geom_aabb[g, :3], model.geom_aabb[g, 3:]
            local, radius = centre + half * np.array(list(product((-1.0, 1.0), repeat=3))), 0.0
        for point in local @ turn.reshape(3, 3).T + model.geom_pos[g]:
            bodies.append(body)
            offsets.append(point)
            radii.append(radius)
    return np.array(bodies, np.int64), np.array(offsets, np.float64).reshape(-1, 3), np.array(radii, np.float64)


def sitting_bodies(model: mujoco.MjModel) -> Int[np.ndarray, " B"]:
    """Bodies that one sits on: the root and what hangs on it, which are hips, thighs and the lower trunk."""
    bodies = np.arange(1, model.nbody)
    return bodies[(bodies == 1) | (model.body_parentid[bodies] == 1)]


def sitting_points(model: mujoco.MjModel) -> Bool[np.ndarray, " H"]:
    """Which balls of `surface_points` are on them."""
    return np.isin(surface_points(model)[0], sitting_bodies(model))


def surface_track(model: mujoco.MjModel, state: MotionState) -> Float[np.ndarray, "T H 3"]:
    """World positions of the lowest point of each ball of `surface_points`, m."""
    bodies, offsets, radii = surface_points(model)
    q = state.xquat[:, bodies]
    w, u = q[..., :1], q[..., 1:]
    t = 2.0 * np.cross(u, offsets)
    points = state.xpos[:, bodies] + offsets + w * t + np.cross(u, t)
    points[..., 2] -= radii
    return points


def lowest(model: mujoco.MjModel, state: MotionState) -> Float[np.ndarray, " T"]:
    """Height of the body's lowest point above the ground z = 0, m."""
    return surface_track(model, state)[..., 2].min(1)
