"""Inverse kinematics, frame by frame: a body whose parts are near given places and turned in given ways.

It is the first guess of retargeting, and knows neither floor nor contacts, nor the frames to come.
"""

from collections.abc import Callable
from dataclasses import dataclass

import mujoco
import numpy as np
from jaxtyping import Float

from recon.retarget.keys import Keys
from recon.retarget.parts import Parts
from sfv.character import Character
from sfv.kinematics import within_limits

NEAR, ALIKE, TWIST = 0.02, 0.3, 1.0
"""m, rad: size of a misfit of a key place, of a trunk's or foot's turn, and of a limb's, whose ends say the most."""
DAMPING = 0.1
"""Of the inverse kinematics, beside misfits of 1 per NEAR: a joint that moves nothing stays."""
GOOD = 0.25
"""Squared misfit per key place, in units of NEAR, that is as good as one frame can be asked to be: 1 cm each."""
REPAIRS, STARTS, SPREAD = 3, 12, 0.7
"""How often other ways are looked for at the worst frame, from how many random poses, how many rad from zero."""
FRAME_STEPS = 0.1
"""What posing a frame counts in progress, beside a step of the optimisation over all frames."""
JUMP = 100.0
"""Misfit that a change of 1 rad between frames counts as: 4 places that are 10 cm off for one frame."""


@dataclass(frozen=True)
class Track:
    """A body posed in every frame.

    Attributes:
        qpos: (T, nq).
        misfit: (T,) squared misfits, summed over places and turns in units of their sizes.
    """

    qpos: Float[np.ndarray, "T nq"]
    misfit: Float[np.ndarray, " T"]


def pose_frames(
    solid: Character, parts: Parts, goal: Keys, advance: Callable[[float], None] = lambda steps: None
) -> Float[np.ndarray, "T nq"]:
    """The body posed frame by frame, each frame from the one before.

    Hinges in a row reach a place in more ways than one, and what follows the wrong one ends at a limit. Where the
    misfit says so, other ways are found from other poses and other ends, and the best sequence of them all is taken.
    """
    solver = _Solver(solid.model, parts, goal)
    frames = len(goal.points["pelvis"])
    first = solver.sweep(0, parts.t_pose, advance)
    if first.misfit.max() <= GOOD * len(goal.points):
        return first.qpos
    tracks = [first, solver.sweep(frames - 1, first.qpos[-1]), solver.sweep(0, solid.model.qpos0)]
    generator = np.random.default_rng(0)
    for _ in range(REPAIRS):
        least = np.min([track.misfit for track in tracks], 0)
        worst = int(least.argmax())
        if least[worst] <= GOOD * len(goal.points):
            break
        tracks.append(solver.sweep(worst, solver.elsewhere(worst, generator)))
    return _best_sequence(solid.model, tracks)


class _Solver:
    """Damped least squares on key places and turns, one frame at a time.

    dq = (J^T J + l I)^-1 J^T e (Nakamura and Hanafusa 1986), then joints are put back into their ranges.
    """

    def __init__(self, model: mujoco.MjModel, parts: Parts, goal: Keys) -> None:
        self.model, self.data, self.goal = model, mujoco.MjData(model), goal
        self.rest = turns_at(model, parts.t_pose, parts)
        self.points = [(model.site(p).id, goal.points[p]) for p in goal.points]
        self.turns = [
            (model.body(parts.frames[p]).id, g @ self.rest[p], misfit_size(p)) for p, g in goal.frames.items()
        ]
        rows = 3 * (len(self.points) + len(self.turns))
        self.jac, self.error = np.zeros((rows, model.nv)), np.zeros(rows)
        hinges = np.flatnonzero(model.jnt_type == mujoco.mjtJoint.mjJNT_HINGE)
        self.angles, self.hinge_dofs = model.jnt_qposadr[hinges], model.jnt_dofadr[hinges]
        self.low, self.high = model.jnt_range[hinges].T

    def sweep(
        self, start: int, pose: Float[np.ndarray, " nq"], advance: Callable[[float], None] = lambda steps: None
    ) -> Track:
        """All frames, from `start` on to both ends, beginning with `pose` there."""
        frames = len(self.goal.points["pelvis"])
        qpos, misfit = np.zeros((frames, self.model.nq)), np.zeros(frames)
        qpos[start], misfit[start] = self.solved(start, pose, 100)
        for order in (range(start + 1, frames), range(start - 1, -1, -1)):
            last = qpos[start]
            for t in order:
                last, misfit[t] = self.solved(t, last, 12)
                qpos[t] = last
                advance(FRAME_STEPS)
        return Track(qpos, misfit)

    def elsewhere(self, t: int, generator: np.random.Generator) -> Float[np.ndarray, " nq"]:
        """The pose of frame t with the least misfit that is found from random poses."""
        model, tries = self.model, []
        for _ in range(STARTS):
            pose = model.qpos0.copy()
            mujoco.mj_integratePos(
                model, pose, generator.normal(0.0, SPREAD, model.nv) * (np.arange(model.nv) > 5), 1.0
            )
            tries.append(self.solved(t, within_limits(model, pose[None])[0], 60))
        return min(tries, key=lambda found: found[1])[0]

    def solved(self, t: int, pose: Float[np.ndarray, " nq"], iterations: int) -> tuple[Float[np.ndarray, " nq"], float]:
        """Frame t from a first guess: the best pose on the way and its misfit."""
        model, data, pose = self.model, self.data, pose.copy()
        posture, step = np.zeros(model.nv), np.zeros(model.nv)
        mujoco.mju_mat2Quat(pose[3:7], (self.goal.frames["pelvis"][t] @ self.rest["pelvis"]).ravel())
        data.qpos[:] = pose
        mujoco.mj_kinematics(model, data)
        pose[:3] += self.goal.points["pelvis"][t] - data.site("pelvis").xpos
        best, least = pose.copy(), np.inf
        for i in range(iterations):
            self._linearise(t, pose)
            if (misfit := float(self.error @ self.error)) < least:
                best, least = pose.copy(), misfit
            mujoco.mj_differentiatePos(model, posture, 1.0, pose, model.qpos0)
            posture[:6] = 0.0
            step[:] = _damped(self.jac, self.error, posture)
            # a hinge at its limit that would go on gives way to the others, and every other time tries to come back
            angle, ahead = pose[self.angles], step[self.hinge_dofs]
            stuck = ((angle >= self.high) & (ahead > 0)) | ((angle <= self.low) & (ahead < 0))
            if stuck.any() and i % 2:
                self.jac[:, self.hinge_dofs[stuck]] = 0.0
                posture[self.hinge_dofs[stuck]] = 0.0
                step[:] = _damped(self.jac, self.error, posture)
            mujoco.mj_integratePos(model, pose, step, 1.0)
            pose[:] = within_limits(model, pose[None])[0]
            if np.abs(step).max() < 3e-3:
                break
        self._linearise(t, pose)
        return (pose, misfit) if (misfit := float(self.error @ self.error)) < least else (best, least)

    def _linearise(self, t: int, pose: Float[np.ndarray, " nq"]) -> None:
        """Misfits of a pose and their derivatives."""
        model, data, jac, error = self.model, self.data, self.jac, self.error
        data.qpos[:] = pose
        mujoco.mj_kinematics(model, data)
        mujoco.mj_comPos(model, data)
        for k, (site, where) in enumerate(self.points):
            rows = slice(3 * k, 3 * k + 3)
            mujoco.mj_jacSite(model, data, jac[rows], None, site)
            jac[rows] /= NEAR
            error[rows] = (where[t] - data.site_xpos[site]) / NEAR
        for k, (body, turn, size) in enumerate(self.turns, len(self.points)):
            rows = slice(3 * k, 3 * k + 3)
            mujoco.mj_jacBody(model, data, None, jac[rows], body)
            jac[rows] /= size
            error[rows] = _rotvec(turn[t] @ data.xmat[body].reshape(3, 3).T) / size


def _best_sequence(model: mujoco.MjModel, tracks: list[Track]) -> Float[np.ndarray, "T nq"]:
    """The poses, each of one of the tracks, with the least sum of misfits and JUMP per squared rad between frames."""
    count, frames = len(tracks), len(tracks[0].qpos)
    total = np.array([track.misfit[0] for track in tracks])
    came = np.zeros((frames, count), int)
    change = np.zeros(model.nv)
    for t in range(1, frames):
        price = np.zeros((count, count))  # from, to
        for i, j in np.ndindex(count, count):
            mujoco.mj_differentiatePos(model, change, 1.0, tracks[i].qpos[t - 1], tracks[j].qpos[t])
            price[i, j] = JUMP * np.square(change[6:]).sum()
        came[t] = (total[:, None] + price).argmin(0)
        total = (total[:, None] + price).min(0) + [track.misfit[t] for track in tracks]
    which = [int(total.argmin())]
    for t in range(frames - 1, 0, -1):
        which.append(int(came[t, which[-1]]))
    return np.array([tracks[i].qpos[t] for t, i in enumerate(reversed(which))])


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
