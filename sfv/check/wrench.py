"""The forces that a motion asks for: inverse dynamics, what the ground can give of it, and what is left over.

It knows equations of motion and friction cones, and no thresholds. Forces in body weights (BW), moments in BW m.
"""

import copy
from dataclasses import dataclass

import mujoco
import numpy as np
from jaxtyping import Bool, Float
from scipy.ndimage import gaussian_filter1d
from scipy.optimize import nnls

from sfv.character import Character
from sfv.kinematics import GRAVITY, motion_state
from sfv.motion import Motion
from sfv.surface import sitting_points, surface_points, surface_track
from sfv.terrain.terrain import height_above

SMOOTHING = 0.027
"""s: standard deviation of the Gaussian that velocities pass, -3 dB at 5 Hz; marker data of movement are filtered at
4 to 8 Hz before they are differentiated twice (Winter 2009, sec. 3.4.4)."""
NEAR = 0.05
"""m above the ground within which a point of the body may bear weight: heels of the DeepMimic clips hover by 3 cm."""
FRICTION = 1.0
"""Coefficient of the ground, as in the characters' files."""
ARM = 0.3
"""m: a moment of 1 BW m that is missing counts as 1 / ARM BW of force: half of the distance between foot and hip."""
EASE = 1e-3
"""Of several ways to share a force among the points, the even one: the cost of a force of 1 BW."""


@dataclass(frozen=True)
class Demand:
    """What every frame of a motion needs, and what the ground can give of it.

    Attributes:
        force: (T, 3) force on the whole body from outside, in world axes, BW.
        moment: (T, 3) its moment about the centre of mass, BW m.
        missing_force: (T, 3) what no contact within the friction cones gives, BW.
        missing_moment: (T, 3) the same of the moment, BW m.
        joint_torque: (T, nv) torques at the joints with those contacts, N m; the root's six columns are 0.
        outside: (T,) how far the zero-moment point is outside the hull of what may bear weight, m; NaN where nothing
            touches or the ground carries less than a third of the weight.
        touching: (T,) something is within NEAR of the ground.
    """

    force: Float[np.ndarray, "T 3"]
    moment: Float[np.ndarray, "T 3"]
    missing_force: Float[np.ndarray, "T 3"]
    missing_moment: Float[np.ndarray, "T 3"]
    joint_torque: Float[np.ndarray, "T nv"]
    outside: Float[np.ndarray, " T"]
    touching: Bool[np.ndarray, " T"]


def derivatives(motion: Motion, model: mujoco.MjModel) -> tuple[Float[np.ndarray, "T nv"], Float[np.ndarray, "T nv"]]:
    """Velocities and accelerations of a motion, per second, smoothed in the tangent space.

    Differences of neighbouring frames (mj_differentiatePos) are velocities between them; these pass a Gaussian of
    SMOOTHING seconds, and their means and differences are velocity and acceleration on the frames.
    """
    steps = np.zeros((len(motion) - 1, model.nv))
    for t in range(len(steps)):
        mujoco.mj_differentiatePos(model, steps[t], 1.0 / motion.fps, motion.qpos[t], motion.qpos[t + 1])
    steps = gaussian_filter1d(steps, SMOOTHING * motion.fps, axis=0, mode="nearest")
    steps = np.concatenate((steps[:1], steps, steps[-1:]))
    return 0.5 * (steps[1:] + steps[:-1]), np.diff(steps, axis=0) * motion.fps


def demand(motion: Motion, character: Character) -> Demand:
    """Inverse dynamics of `character` (mj_inverse) and, per frame, the contact forces that fit it best.

    The least over f >= 0 of |F - A f|^2 + |M - B f|^2 / ARM^2, f along the edges of friction pyramids at all points
    of the body within NEAR of the ground (non-negative least squares; Lawson and Hanson 1974, ch. 23).
    """
    model, frames = _free(character.model), len(motion)
    data = mujoco.MjData(model)
    qvel, qacc = derivatives(motion, model)
    points = surface_track(model, motion_state(motion, model))
    bodies = surface_points(model)[0]
    weight = float(model.body_mass.sum()) * GRAVITY
    force, moment = np.zeros((frames, 3)), np.zeros((frames, 3))
    left, torque = np.zeros((frames, 6)), np.zeros((frames, model.nv))
    outside = np.full(frames, np.nan)
    heights = height_above(points, motion.ground, sitting_points(model))
    touching = heights.min(1) < NEAR
    edges, jacobian = pyramid(FRICTION), np.zeros((3, model.nv))
    for t in range(frames):
        data.qpos[:], data.qvel[:], data.qacc[:] = motion.qpos[t], qvel[t], qacc[t]
        mujoco.mj_inverse(model, data)
        needed = np.array(data.qfrc_inverse)
        com, root = data.subtree_com[1].copy(), data.xpos[1].copy()
        # a free joint's force is in world axes, its moment in the root's
        about_root = data.xmat[1].reshape(3, 3) @ needed[3:6]
        force[t] = needed[:3] / weight
        moment[t] = (about_root + np.cross(root - com, needed[:3])) / weight
        wanted = left[t] = np.concatenate((force[t], moment[t] / ARM))
        near = np.flatnonzero(heights[t] < NEAR)
        if not len(near):
            torque[t, 6:] = needed[6:]
            continue
        # the ground pushes at its own height, however deep a point is in it or above it
        where = on_ground(points[t, near], heights[t, near])
        given = _given(where - com, wanted, edges)
        outside[t] = outside_of(where, com, force[t], moment[t])
        left[t] = wanted - np.concatenate((given.sum(0), np.cross(where - com, given).sum(0) / ARM))
        for index, f in zip(near, given, strict=True):
            if f.any():
                mujoco.mj_jac(model, data, jacobian, None, points[t, index], int(bodies[index]))
                needed = needed - jacobian.T @ (weight * f)
        torque[t, 6:] = needed[6:]
    return Demand(force, moment, left[:, :3], left[:, 3:] * ARM, torque, outside, touching)


def pyramid(friction: float, sides: int = 4) -> Float[np.ndarray, "sides 3"]:
    """Edges of the pyramid inside the friction cone whose weighted sums with weights >= 0 are the forces it allows."""
    angle = np.arange(sides) * 2 * np.pi / sides
    return np.stack((friction * np.cos(angle), friction * np.sin(angle), np.ones(sides)), 1)


def torque_shares(character: Character, torque: Float[np.ndarray, "T nv"]) -> Float[np.ndarray, "T nv"]:
    """Torques as shares of what the actuators can give, NaN for degrees of freedom without a limited actuator."""
    model = character.model
    limit = np.full(model.nv, np.nan)
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    moment = np.zeros((model.nu, model.nv))
    mujoco.mju_sparse2dense(moment, data.actuator_moment, data.moment_rownnz, data.moment_rowadr, data.moment_colind)
    for a in range(model.nu):
        if model.actuator_forcelimited[a]:
            dof = int(np.argmax(np.abs(moment[a])))
            limit[dof] = np.nan_to_num(limit[dof]) + np.abs(model.actuator_forcerange[a]).max() * abs(moment[a, dof])
    return np.abs(torque) / limit


def _free(model: mujoco.MjModel) -> mujoco.MjModel:
    """A copy in the air: gravity, but no contacts, limits, springs or dampers."""
    free = copy.copy(model)
    free.opt.gravity[:] = (0.0, 0.0, -GRAVITY)
    off = mujoco.mjtDisableBit
    free.opt.disableflags |= int(off.mjDSBL_CONSTRAINT | off.mjDSBL_SPRING | off.mjDSBL_DAMPER)
    return free


def _given(arms: np.ndarray, wanted: np.ndarray, edges: np.ndarray) -> Float[np.ndarray, "n 3"]:
    """Forces (BW) at points `arms` from the centre of mass that come nearest to the wrench wanted."""
    columns = [np.concatenate((np.tile(edge, (len(arms), 1)), np.cross(arms, edge) / ARM), 1) for edge in edges]
    a = np.concatenate(columns).T  # (6, edges * n)
    ridge = EASE * np.eye(a.shape[1])
    f, _ = nnls(np.concatenate((a, ridge)), np.concatenate((wanted, np.zeros(a.shape[1]))))
    return np.einsum("en,ed->nd", f.reshape(len(edges), len(arms)), edges)


def on_ground(points: Float[np.ndarray, "n 3"], heights: Float[np.ndarray, " n"]) -> Float[np.ndarray, "n 3"]:
    """The places on the ground below points that are so high (m) above it."""
    return points - heights[:, None] * np.array([0.0, 0.0, 1.0])


def outside_of(places: np.ndarray, com: np.ndarray, force: np.ndarray, moment: np.ndarray) -> float:
    """Distance (m) of the zero-moment point from the hull of `places` on the ground, in xy; 0 inside.

    Where the ground's force acts if it has no horizontal moment: p = c + (z x M - c_z F) / F_z in xy, c_z above the
    ground, at its mean height (Vukobratovic and Borovac 2004, eq. 8). The hull is by its widths in 32 directions.
    """
    if force[2] < 1.0 / 3.0:
        return float("nan")
    high = com[2] - places[:, 2].mean()
    zmp = com[:2] + (np.array([-moment[1], moment[0]]) - high * force[:2]) / force[2]
    angle = np.arange(32) * 2 * np.pi / 32
    ways = np.stack((np.cos(angle), np.sin(angle)))
    return max(0.0, float((zmp @ ways - (places[:, :2] @ ways).max(0)).max()))
