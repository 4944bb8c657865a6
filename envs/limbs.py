"""The limbs on which a clip stands, when it stands on them, and how each bends when its end is raised.

A limb is told by the clip's own contacts: a body at the end of a chain of joints that keeps its place on the ground.
How it bends is found once, by inverse kinematics, for every moment of the clip and some lifts. It knows no terrain.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import mujoco
import numpy as np
from jaxtyping import Bool, Float, Int

from envs.config import TICKS
from sfv.character import Character
from sfv.surface import surface_points
from sfv.work.mask import runs

TOUCHING, STILL = 0.03, 0.5
"""m over the clip's floor and m/s: what is lower and slower stands."""
SHORT = TICKS // 20
"""Ticks: what stands or swings for less does not."""
EVERY = 8
"""Ticks between the moments at which limbs are posed; between two, changes are on the line between theirs."""
LOWEST, HIGHEST, DOWN, UP = -0.2, 0.3, 4, 6
"""m that limbs' ends are raised by at least and at most, and between how many steps below and above none."""
LIFTS = np.concatenate((LOWEST * (np.arange(DOWN, 0, -1) / DOWN) ** 2, HIGHEST * (np.arange(UP + 1) / UP) ** 2))
"""m: a knee that is straight bends with the square root of what its foot is raised by."""
ASIDE = 0.05
"""m that ends are moved by to see what changes when they go sideways."""
SWEEPS, CLOSE = 8, 1e-4
"""Most steps of the inverse kinematics, and m from the goal at which it ends."""
SLACK = 0.2
"""rad by which hinges are bent before."""
TURN, EASE, BACK, LONGEST = 0.03, 2e-5, 0.01, 0.3
"""m that a turn of 1 rad of the end counts as; damping, m^2, and the part of it that draws towards the clip's pose; the
most rad that a step turns a joint by."""
ASIDE_TURN, ASIDE_EASE = 0.3, 3e-3
"""The same of going sideways, where a straight leg must not be asked for more than it can."""


@dataclass(frozen=True)
class Limb:
    """A chain of bodies whose end may stand.

    Attributes:
        end: body id of the foot or hand.
        joints, dofs: from the trunk to the end.
        points: which of `surface_points` are on the end and on what hangs on it.
    """

    end: int
    joints: tuple[int, ...]
    dofs: Int[np.ndarray, " d"]
    points: Int[np.ndarray, " p"]


def limbs_of(character: Character) -> tuple[Limb, ...]:
    """What may stand: feet and end effectors, each with its joints up to the body that other limbs hang on too."""
    model = character.model
    children = np.bincount(model.body_parentid[1:], minlength=model.nbody)
    ends = sorted({model.body(name).id for name in (*character.feet, *character.key_bodies)})
    carriers, out = surface_points(model)[0], []
    for end in ends:
        chain, above = [end], int(model.body_parentid[end])
        while above > 1 and children[above] == 1:
            chain, above = [above, *chain], int(model.body_parentid[above])
        below = [body for body in range(1, model.nbody) if end in _line(model, body)]
        dofs = np.flatnonzero(np.isin(model.dof_bodyid, chain) & (np.arange(model.nv) >= 6))
        points = np.flatnonzero(np.isin(carriers, below))
        if len(dofs) >= 3 and len(points):
            out.append(Limb(end, tuple(map(int, np.unique(model.dof_jntid[dofs]))), dofs, points))
    return tuple(out)


def stances(surface: Float[np.ndarray, "T H 3"], limb: Limb, loop: bool, floor: float) -> list[tuple[int, int]]:
    """First and last tick of each stretch for which a limb stands; of a loop the last may go on into the next cycle."""
    paths = surface[:, limb.points]
    speed = np.linalg.norm(np.gradient(paths[..., :2], axis=0), axis=-1) * TICKS
    stands = ((paths[..., 2] < floor + TOUCHING) & (speed < STILL)).any(1)
    if loop:
        stands = stands[:-1]  # the last row is the first of the next cycle
        if stands.all():
            return [(0, len(stands))]
        begin = int(np.flatnonzero(~stands)[0])
        stands = np.roll(stands, -begin)
    else:
        begin = 0
    found = runs(~_without_short(~_without_short(stands)))
    length = len(stands)
    return sorted(((start + begin) % length, (start + begin) % length + stop - 1 - start) for start, stop in found)


def floor_of(heights: Float[np.ndarray, "T H"]) -> float:
    """Height of the clip's floor, m: what its lowest point is above for four fifths of the time, if near z = 0."""
    return float(np.clip(np.quantile(heights.min(1), 0.2), -TOUCHING, TOUCHING))


def bent(model: mujoco.MjModel, limb: Limb, qpos: Float[np.ndarray, "K nq"]) -> Float[np.ndarray, "K l 3 c"]:
    """What changes when a limb's end is raised by each of LIFTS and the root is not; then, per m, when the
    end goes from there along x, and along y.

    Columns: qvel's, in the joints' tangents (rad); places of all bodies, of the centre of mass, and of the middles of
    all balls of `surface_points` (m); lengths of the actuators. The end keeps how it is turned, as far as its joints
    and their ranges allow.
    """
    data, surface = mujoco.MjData(model), surface_points(model)
    width = model.nv + 3 * model.nbody + 3 + 3 * len(surface[0]) + model.nu
    out = np.zeros((len(qpos), len(LIFTS), 3, width))
    for k, rest in enumerate(qpos):
        level = _look(model, data, surface, rest)
        place, turn = data.xpos[limb.end].copy(), data.xquat[limb.end].copy()
        for side in (range(UP + 1), range(-1, -DOWN - 1, -1)):
            pose = _slack(model, limb, rest)
            for number in side:
                goal = place + np.array([0.0, 0.0, LIFTS[DOWN + number]])
                pose = _reached(model, data, limb, rest, pose, goal, turn) if number else rest
                found = out[k, DOWN + number]
                here = _look(model, data, surface, pose)
                mujoco.mj_differentiatePos(model, found[0, : model.nv], 1.0, rest, pose)
                found[0, model.nv :] = here - level
                for axis, step in enumerate(_sideways(model, data, limb)):
                    moved = pose.copy()
                    mujoco.mj_integratePos(model, moved, step, ASIDE)
                    found[1 + axis, : model.nv] = step
                    found[1 + axis, model.nv :] = (_look(model, data, surface, moved) - here) / ASIDE
                pose = _slack(model, limb, rest) if number == 0 else pose
    return out


def _sideways(model: mujoco.MjModel, data: mujoco.MjData, limb: Limb) -> tuple[np.ndarray, np.ndarray]:
    """Velocities (rad/s) at which a limb's end goes along x, and along y, at 1 m/s and turns as little as it can."""
    jacobian = np.zeros((6, model.nv))
    mujoco.mj_jacBody(model, data, jacobian[:3], jacobian[3:], limb.end)
    mine = jacobian[:, limb.dofs]
    mine[3:] *= ASIDE_TURN
    inverse = np.linalg.solve(mine.T @ mine + ASIDE_EASE * np.eye(len(limb.dofs)), mine.T)
    out = np.zeros((2, model.nv))
    out[:, limb.dofs] = inverse[:, :2].T
    return out[0], out[1]


def _reached(
    model: mujoco.MjModel,
    data: mujoco.MjData,
    limb: Limb,
    rest: Float[np.ndarray, " nq"],
    first: Float[np.ndarray, " nq"],
    place: Float[np.ndarray, "3"],
    turn: Float[np.ndarray, "4"],
) -> Float[np.ndarray, " nq"]:
    """The pose, from `first` on, whose end is at a place, by damped least squares; what is free stays near `rest`."""
    pose, best, least = first.copy(), first, np.inf
    jacobian, off, twist = np.zeros((6, model.nv)), np.zeros(6), np.zeros(3)
    step, home = np.zeros(model.nv), np.zeros(model.nv)
    back, difference, same = np.zeros(4), np.zeros(4), np.eye(len(limb.dofs))
    for _ in range(SWEEPS):
        data.qpos[:] = pose
        mujoco.mj_kinematics(model, data)
        mujoco.mj_comPos(model, data)
        off[:3] = place - data.xpos[limb.end]
        mujoco.mju_negQuat(back, data.xquat[limb.end])
        mujoco.mju_mulQuat(difference, turn, back)
        mujoco.mju_quat2Vel(twist, difference, 1.0)
        off[3:] = TURN * twist
        if (square := float(off @ off)) < least:
            best, least = pose.copy(), square
        if square < CLOSE**2:
            break
        mujoco.mj_jacBody(model, data, jacobian[:3], jacobian[3:], limb.end)
        mine = jacobian[:, limb.dofs]
        mine[3:] *= TURN
        mujoco.mj_differentiatePos(model, home, 1.0, pose, rest)
        normal = mine.T @ mine + (EASE + square) * same
        step[limb.dofs] = np.linalg.solve(normal, mine.T @ off + EASE * BACK * home[limb.dofs])
        step *= min(1.0, LONGEST / max(np.abs(step).max(), 1e-9))
        mujoco.mj_integratePos(model, pose, step, 1.0)
        _cut(model, limb, pose)
    return best


def _slack(model: mujoco.MjModel, limb: Limb, rest: Float[np.ndarray, " nq"]) -> Float[np.ndarray, " nq"]:
    """The pose with the limb's hinges nearer to the middle of their ranges: a straight knee knows no way out."""
    pose = rest.copy()
    for joint in limb.joints:
        if model.jnt_limited[joint] and model.jnt_type[joint] == mujoco.mjtJoint.mjJNT_HINGE:
            at, middle = model.jnt_qposadr[joint], model.jnt_range[joint].mean()
            pose[at] += min(max(middle - pose[at], -SLACK), SLACK)
    return pose


def _cut(model: mujoco.MjModel, limb: Limb, pose: Float[np.ndarray, " nq"]) -> None:
    """Cut a limb's joints to their ranges, in place: as `sfv.kinematics.within_limits`, of a few joints in no time."""
    for joint in limb.joints:
        if not model.jnt_limited[joint]:
            continue
        at, (low, high) = model.jnt_qposadr[joint], model.jnt_range[joint]
        if model.jnt_type[joint] == mujoco.mjtJoint.mjJNT_HINGE:
            pose[at] = min(max(pose[at], low), high)
            continue
        sine = math.sqrt(pose[at + 1] ** 2 + pose[at + 2] ** 2 + pose[at + 3] ** 2)
        if math.atan2(sine, abs(pose[at])) > 0.5 * high:
            side = math.copysign(1.0, pose[at])
            pose[at + 1 : at + 4] *= side * math.sin(0.5 * high) / sine
            pose[at] = math.cos(0.5 * high)


def _look(
    model: mujoco.MjModel, data: mujoco.MjData, surface: tuple[np.ndarray, ...], pose: Float[np.ndarray, " nq"]
) -> Float[np.ndarray, " c"]:
    """Places of bodies, centre of mass and surface, and lengths of actuators, in a pose."""
    data.qpos[:] = pose
    mujoco.mj_kinematics(model, data)
    mujoco.mj_comPos(model, data)
    mujoco.mj_transmission(model, data)
    bodies, offsets, _ = surface
    points = data.xpos[bodies] + np.einsum("pij,pj->pi", data.xmat.reshape(-1, 3, 3)[bodies], offsets)
    return np.concatenate((data.xpos.ravel(), data.subtree_com[1], points.ravel(), data.actuator_length))


def _line(model: mujoco.MjModel, body: int) -> Sequence[int]:
    """A body and all that it hangs on."""
    line = [body]
    while line[-1] > 0:
        line.append(int(model.body_parentid[line[-1]]))
    return line


def _without_short(mask: Bool[np.ndarray, " T"]) -> Bool[np.ndarray, " T"]:
    out = mask.copy()
    for start, stop in runs(mask):
        out[start:stop] = stop - start >= SHORT
    return out
