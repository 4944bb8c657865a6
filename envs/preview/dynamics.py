"""One control step of a MuJoCo model as a function of many states and controls: what `envs.preview.ilqr` plans with.

A state row is qpos, qvel and the solver's warm start, so that a rollout here equals mj_step from the same state to the
last bit. It knows no task.
"""

import mujoco
import mujoco.batch
import numpy as np
import torch
from jaxtyping import Float

from sfv import rotation


class BatchDynamics:
    """A model under piecewise constant controls, on `mujoco.batch`. An `envs.preview.ilqr.Dynamics`.

    Args:
        model: with free, ball, hinge and slide joints; its automatic reset is switched off in place.
        rows: most states of one call.
        substeps: physics steps per control step.
        threads: 0 = one per core.
    """

    def __init__(self, model: mujoco.MjModel, rows: int, substeps: int, threads: int = 1) -> None:
        model.opt.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_AUTORESET)  # what diverges is to show it
        self.model, self.substeps = model, substeps
        self.tangent = 2 * model.nv
        self._batch = mujoco.batch.Batch(model, rows, threads)
        names = ("qpos", "qvel", "qacc_warmstart")
        self._qpos, self._qvel, self._warm = (self._batch.bind(name) for name in names)
        self._ctrl = self._batch.bind("ctrl")
        self._ids = np.arange(rows, dtype=np.int32)
        self._ends = (model.nq, model.nq + model.nv)
        free, ball = mujoco.mjtJoint.mjJNT_FREE, mujoco.mjtJoint.mjJNT_BALL
        turning = [j for j in range(model.njnt) if int(model.jnt_type[j]) in (int(free), int(ball))]
        lead = [3 if model.jnt_type[j] == free else 0 for j in turning]  # a free joint's position comes first
        quats = [int(model.jnt_qposadr[j]) + o for j, o in zip(turning, lead, strict=True)]
        spins = [int(model.jnt_dofadr[j]) + o for j, o in zip(turning, lead, strict=True)]
        self._quats = np.array([[a + i for i in range(4)] for a in quats], int).reshape(-1, 4)
        self._spins = np.array([[a + i for i in range(3)] for a in spins], int).reshape(-1, 3)
        self._data = mujoco.MjData(model)  # for the kinematics of one state
        self._plain = np.setdiff1d(np.arange(model.nq), self._quats)
        self._rates = np.setdiff1d(np.arange(model.nv), self._spins)

    def row(self, qpos: Float[np.ndarray, " nq"], qvel: Float[np.ndarray, " nv"]) -> Float[np.ndarray, " x"]:
        """The state with a cold start of the solver."""
        return np.concatenate([qpos, qvel, np.zeros(self.model.nv)])

    def step(self, x: Float[np.ndarray, "n x"], u: Float[np.ndarray, "n u"]) -> Float[np.ndarray, "n x"]:
        """The states after one control step."""
        n, (q, v) = len(x), self._ends
        self._qpos[:n], self._qvel[:n], self._warm[:n] = x[:, :q], x[:, q:v], x[:, v:]
        self._ctrl[:n] = u
        self._batch.step(self._ids[:n], self.substeps)
        return np.concatenate([self._qpos[:n], self._qvel[:n], self._warm[:n]], 1)

    def difference(self, a: Float[np.ndarray, "n x"], b: Float[np.ndarray, "n x"]) -> Float[np.ndarray, "n d"]:
        """b minus a: mj_differentiatePos, then velocities."""
        n, nv, (q, v) = len(a), self.model.nv, self._ends
        out = np.empty((n, 2 * nv))
        out[:, self._rates] = b[:, self._plain] - a[:, self._plain]
        turn = rotation.difference(_torch(a[:, self._quats]), _torch(b[:, self._quats]))
        out[:, self._spins] = turn.numpy()
        out[:, nv:] = b[:, q:v] - a[:, q:v]
        return out

    def moved(self, x: Float[np.ndarray, "n x"], d: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n x"]:
        """x plus d: mj_integratePos over one second, then velocities."""
        nv, (q, v) = self.model.nv, self._ends
        out = x.copy()
        out[:, self._plain] += d[:, self._rates]
        turned = rotation.quat_mul(_torch(x[:, self._quats]), rotation.exp(_torch(d[:, self._spins])))
        out[:, self._quats] = turned.numpy()
        out[:, q:v] += d[:, nv:]
        return out

    def outputs(self, x: Float[np.ndarray, "n x"]) -> Float[np.ndarray, "n p"]:
        """(n, 3 (nbody - 1)) places of the bodies in the world, m."""
        out = np.empty((len(x), self.model.nbody - 1, 3))
        for row, places in zip(x, out, strict=True):
            self._data.qpos[:] = row[: self.model.nq]
            mujoco.mj_kinematics(self.model, self._data)
            places[:] = self._data.xpos[1:]
        return out.reshape(len(x), -1)

    def slopes(self, x: Float[np.ndarray, "n x"]) -> Float[np.ndarray, "n p d"]:
        """(n, 3 (nbody - 1), 2 nv) derivatives of the bodies' places: m per m or rad of position, 0 for velocities."""
        model, data = self.model, self._data
        out = np.zeros((len(x), model.nbody - 1, 3, 2 * model.nv))
        jacobian = np.empty((3, model.nv))
        for row, slopes in zip(x, out, strict=True):
            data.qpos[:] = row[: model.nq]
            mujoco.mj_kinematics(model, data)
            mujoco.mj_comPos(model, data)
            for body in range(1, model.nbody):
                mujoco.mj_jacBody(model, data, jacobian, None, body)
                slopes[body - 1, :, : model.nv] = jacobian
        return out.reshape(len(x), -1, 2 * model.nv)


def _torch(array: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(array))
