"""Inverse kinematics, frame by frame: a body whose parts are near given places and turned in given ways.

It is the first guess of retargeting, and knows neither floor nor contacts, nor the frames to come.
"""

from collections.abc import Callable

import mujoco
import numpy as np
from jaxtyping import Float

from recon.joint_maps import Parts
from recon.keys import Keys
from sfv.character import Character

NEAR, ALIKE, TWIST = 0.02, 0.3, 1.0
"""m, rad: size of a misfit of a key place, of a trunk's or foot's turn, and of a limb's, whose ends say the most."""
DAMPING = 0.1
"""Of the inverse kinematics, beside misfits of 1 per NEAR: a joint that moves nothing stays."""


def pose_frames(
    solid: Character, parts: Parts, goal: Keys, advance: Callable[[float], None] = lambda steps: None
) -> Float[np.ndarray, "T nq"]:
    """The body posed frame by frame: damped least squares on key places and turns, each frame from the one before.

    dq = (J^T J + l I)^-1 J^T e (Nakamura and Hanafusa 1986), then joints are put back into their ranges.
    """
    model = solid.model
    data, rest = mujoco.MjData(model), turns_at(model, parts.t_pose, parts)
    pose, frames = parts.t_pose.copy(), len(goal.points["pelvis"])
    out = np.zeros((frames, model.nq))
    points = [(model.site(p).id, goal.points[p]) for p in goal.points]
    turns = [(model.body(parts.frames[p]).id, g @ rest[p], misfit_size(p)) for p, g in goal.frames.items()]
    jac, error = np.zeros((3 * (len(points) + len(turns)), model.nv)), np.zeros(3 * (len(points) + len(turns)))
    posture, step = np.zeros(model.nv), np.zeros(model.nv)
    hinges = np.flatnonzero(model.jnt_type == mujoco.mjtJoint.mjJNT_HINGE)
    angles, hinge_dofs = model.jnt_qposadr[hinges], model.jnt_dofadr[hinges]
    low, high = model.jnt_range[hinges].T
    for t in range(frames):
        mujoco.mju_mat2Quat(pose[3:7], (goal.frames["pelvis"][t] @ rest["pelvis"]).ravel())
        for i in range(100 if t == 0 else 12):
            data.qpos[:] = pose
            mujoco.mj_kinematics(model, data)
            mujoco.mj_comPos(model, data)
            if i == 0:
                pose[:3] += goal.points["pelvis"][t] - data.site("pelvis").xpos
                continue
            for k, (site, where) in enumerate(points):
                rows = slice(3 * k, 3 * k + 3)
                mujoco.mj_jacSite(model, data, jac[rows], None, site)
                jac[rows] /= NEAR
                error[rows] = (where[t] - data.site_xpos[site]) / NEAR
            for k, (body, turn, size) in enumerate(turns, len(points)):
                rows = slice(3 * k, 3 * k + 3)
                mujoco.mj_jacBody(model, data, None, jac[rows], body)
                jac[rows] /= size
                error[rows] = _rotvec(turn[t] @ data.xmat[body].reshape(3, 3).T) / size
            mujoco.mj_differentiatePos(model, posture, 1.0, pose, model.qpos0)
            posture[:6] = 0.0
            step[:] = _damped(jac, error, posture)
            # a hinge at its limit that would go on gives way to the others, and every other time tries to come back
            angle, ahead = pose[angles], step[hinge_dofs]
            stuck = ((angle >= high) & (ahead > 0)) | ((angle <= low) & (ahead < 0))
            if stuck.any() and i % 2:
                jac[:, hinge_dofs[stuck]] = 0.0
                posture[hinge_dofs[stuck]] = 0.0
                step[:] = _damped(jac, error, posture)
            mujoco.mj_integratePos(model, pose, step, 1.0)
            pose[:] = within_limits(model, pose[None])[0]
            if np.abs(step).max() < 3e-3:
                break
        out[t] = pose
        advance(0.1)
    return out


def _damped(jac: np.ndarray, error: np.ndarray, posture: np.ndarray) -> np.ndarray:
    """The step (nv,) of damped least squares, which leans to the zero pose where nothing else asks."""
    return np.linalg.solve(jac.T @ jac + DAMPING * np.eye(jac.shape[1]), jac.T @ error + 0.02 * posture)


def misfit_size(part: str) -> float:
    """How far (rad) a part may be turned otherwise and count 1."""
    limb = part.removeprefix("left_").removeprefix("right_") in ("upper_arm", "forearm", "thigh", "shin")
    return TWIST if limb else ALIKE


def turns_at(model: mujoco.MjModel, qpos: np.ndarray, parts: Parts) -> dict[str, Float[np.ndarray, "3 3"]]:
    """Part -> its body's axes in the world in a pose."""
    data = mujoco.MjData(model)
    data.qpos[:] = qpos
    mujoco.mj_kinematics(model, data)
    return {part: data.body(body).xmat.reshape(3, 3).copy() for part, body in parts.frames.items()}


def _rotvec(turn: Float[np.ndarray, "3 3"]) -> Float[np.ndarray, "3"]:
    quat, out = np.zeros(4), np.zeros(3)
    mujoco.mju_mat2Quat(quat, turn.ravel())
    mujoco.mju_quat2Vel(out, quat, 1.0)
    return out


def within_limits(model: mujoco.MjModel, qpos: Float[np.ndarray, "T nq"]) -> Float[np.ndarray, "T nq"]:
    """qpos with every hinge's angle and every ball's rotation cut to its range."""
    out, limited = qpos.copy(), model.jnt_limited.astype(bool)
    hinges = np.flatnonzero(limited & (model.jnt_type == mujoco.mjtJoint.mjJNT_HINGE))
    at = model.jnt_qposadr[hinges]
    out[:, at] = np.clip(out[:, at], model.jnt_range[hinges, 0], model.jnt_range[hinges, 1])
    balls = np.flatnonzero(limited & (model.jnt_type == mujoco.mjtJoint.mjJNT_BALL))
    columns = model.jnt_qposadr[balls, None] + np.arange(4)
    quat = out[:, columns] * np.where(out[:, columns[:, :1]] < 0, -1.0, 1.0)
    sine = np.sqrt((quat[..., 1:] ** 2).sum(-1, keepdims=True))
    half = np.minimum(np.arctan2(sine, quat[..., :1]), 0.5 * model.jnt_range[balls, 1, None])
    cut = np.concatenate((np.cos(half), np.sin(half) * quat[..., 1:] / np.maximum(sine, 1e-12)), -1)
    out[:, columns] = np.where(sine > np.sin(half) + 1e-12, cut, out[:, columns])
    return out
