"""What follows from a Motion by kinematics alone: velocities, body poses, centre of mass, joints cut to their ranges.

`motion_state` asks MuJoCo, frame by frame; `TorchKinematics` walks the same tree in torch, batched and differentiable,
and agrees with MuJoCo to 1e-5.
"""

from dataclasses import dataclass

import mujoco
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from sfv import rotation
from sfv.motion import Motion

GRAVITY = 9.81
"""m/s^2, along -z."""


@dataclass(frozen=True)
class MotionState:
    """A Motion with everything derived from it, (T, ...); bodies as in MuJoCo, 0 is the world.

    Attributes:
        qpos: (T, nq).
        qvel: (T, nv) by mj_differentiatePos over the frames before and after (one-sided at the ends).
        xpos: (T, nbody, 3) body origins in the world, m.
        xquat: (T, nbody, 4) body orientations.
        com: (T, 3) centre of mass in the world, m, with the masses of the model that was given.
    """

    qpos: Float[np.ndarray, "T nq"]
    qvel: Float[np.ndarray, "T nv"]
    xpos: Float[np.ndarray, "T nbody 3"]
    xquat: Float[np.ndarray, "T nbody 4"]
    com: Float[np.ndarray, "T 3"]


def velocities(model: mujoco.MjModel, qpos: Float[np.ndarray, "T nq"], fps: float) -> Float[np.ndarray, "T nv"]:
    """Central differences of qpos in the tangent space, per second."""
    out = np.zeros((len(qpos), model.nv))
    last = len(qpos) - 1
    for t in range(len(qpos)):
        a, b = max(t - 1, 0), min(t + 1, last)
        mujoco.mj_differentiatePos(model, out[t], (b - a) / fps, qpos[a], qpos[b])
    return out


def motion_state(motion: Motion, model: mujoco.MjModel | None = None) -> MotionState:
    """MuJoCo's kinematics of every frame; `model` (with the skeleton's tree) supplies masses for the centre of mass."""
    model = motion.skeleton.model if model is None else model
    data = mujoco.MjData(model)
    count = len(motion)
    xpos, xquat, com = np.zeros((count, model.nbody, 3)), np.zeros((count, model.nbody, 4)), np.zeros((count, 3))
    for t, qpos in enumerate(motion.qpos):
        data.qpos[:] = qpos
        mujoco.mj_kinematics(model, data)
        mujoco.mj_comPos(model, data)
        xpos[t], xquat[t], com[t] = data.xpos, data.xquat, data.subtree_com[1]
    return MotionState(motion.qpos, velocities(model, motion.qpos, motion.fps), xpos, xquat, com)


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


class TorchKinematics:
    """Forward kinematics of a MuJoCo tree in torch: batched over any leading dimensions, differentiable.

    Joint positions other than the body's origin are honoured. Bodies are numbered as in the model, 0 is the world.
    """

    def __init__(self, model: mujoco.MjModel, dtype: torch.dtype = torch.float32, device: str = "cpu") -> None:
        def tensor(array: np.ndarray) -> Tensor:
            return torch.tensor(np.array(array), dtype=dtype, device=device)

        self.model = model
        self._pos, self._quat = tensor(model.body_pos), tensor(model.body_quat)
        self._axis, self._anchor = tensor(model.jnt_axis), tensor(model.jnt_pos)
        self._qpos0 = tensor(model.qpos0)
        self._off_centre = [bool(np.abs(p).max() > 0) for p in model.jnt_pos]

    def quaternions(
        self, qpos: Float[Tensor, "*n nq"]
    ) -> tuple[Float[Tensor, "*n nbody 3"], Float[Tensor, "*n nbody 4"]]:
        """Body origins (m) and orientations (wxyz) in the world. Quaternions in qpos are normalised first."""
        model, lead = self.model, qpos.shape[:-1]
        pos = [self._pos[0].expand(*lead, 3)]
        quat = [self._quat[0].expand(*lead, 4)]
        for body in range(1, model.nbody):
            parent = int(model.body_parentid[body])
            p = pos[parent] + rotation.quat_apply(quat[parent], self._pos[body])
            q = rotation.quat_mul(quat[parent], self._quat[body])
            start = int(model.body_jntadr[body])
            for joint in range(start, start + int(model.body_jntnum[body])):
                address, kind = int(model.jnt_qposadr[joint]), int(model.jnt_type[joint])
                if kind == mujoco.mjtJoint.mjJNT_FREE:
                    p = qpos[..., address : address + 3]
                    q = torch.nn.functional.normalize(qpos[..., address + 3 : address + 7], dim=-1)
                    continue
                anchor = p + rotation.quat_apply(q, self._anchor[joint]) if self._off_centre[joint] else p
                if kind == mujoco.mjtJoint.mjJNT_BALL:
                    turn = torch.nn.functional.normalize(qpos[..., address : address + 4], dim=-1)
                else:
                    angle = qpos[..., address : address + 1] - self._qpos0[address]
                    turn = torch.cat((torch.cos(0.5 * angle), torch.sin(0.5 * angle) * self._axis[joint]), -1)
                q = rotation.quat_mul(q, turn)
                p = anchor - rotation.quat_apply(q, self._anchor[joint]) if self._off_centre[joint] else anchor
            pos.append(p)
            quat.append(q)
        return torch.stack(pos, -2), torch.stack(quat, -2)

    def points(
        self, qpos: Float[Tensor, "*n nq"], bodies: list[int], offsets: Float[Tensor, "p 3"]
    ) -> Float[Tensor, "*n p 3"]:
        """World positions (m) of points fixed on bodies, `offsets` in the body frames."""
        pos, quat = self.quaternions(qpos)
        return pos[..., bodies, :] + rotation.quat_apply(quat[..., bodies, :], offsets)
