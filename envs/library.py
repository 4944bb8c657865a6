"""The reference motions of a task, as flat tensors that a batch of environments reads by clip and tick.

A tick is 1/240 s; every rate of the task (120 Hz physics, 30 Hz control) is a whole number of ticks, so a lookup is one
gather and never an interpolation. The library knows the model's kinematics and nothing of simulation.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import mujoco
import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from envs.config import TICKS as TICKS
from sfv.character import Character
from sfv.errors import InputError
from sfv.kinematics import motion_state
from sfv.motion import Motion
from sfv.surface import surface_track

AFTER, HALT = 0.7, 0.15
"""s: what is no loop goes on for so long after its end, slowing down with this time constant. Nobody is judged by it,
but in training it shows what a body is about to do at the end of a clip: stay, or fall."""
STOPPABLE = 0.5
"""m/s of the centre of mass at the end, along the ground, above which nothing follows it: the capture point is
v sqrt(z / g) ahead (Pratt et al. 2006), 15 cm here, and from farther a body stops only by a step that no clip shows."""
SEAM = 0.4
"""The part of a cycle over which a loop's last frame is drawn onto its first: without it a 5 cm seam of a run clip
makes false velocities of 19 rad/s there."""


@dataclass(frozen=True)
class Reference:
    """What the reference does at one moment in each of n environments.

    Attributes:
        qpos, qvel: (n, nq) and (n, nv), as MuJoCo's.
        xpos, com: (n, nbody, 3) and (n, 3), m, in the world.
        target: (n, nu) servo targets, rad.
    """

    qpos: Float[Tensor, "n nq"]
    qvel: Float[Tensor, "n nv"]
    xpos: Float[Tensor, "n nbody 3"]
    com: Float[Tensor, "n 3"]
    target: Float[Tensor, "n nu"]


class MotionLibrary:
    """Several clips of one character in one table, (rows, columns).

    Attributes:
        ticks: (clips,) length of each, in ticks.
        last: (clips,) tick of its last row: its length, or AFTER later for what is no loop and ends slowly.
        loop: (clips,) bool, whether it repeats itself.
        surface: (rows, H, 3) m, the lowest points of the balls that cover the body.
    """

    def __init__(self, motions: Sequence[Motion], character: Character, device: str = "cpu") -> None:
        if not motions:
            raise InputError("there is no motion to track; give at least one motion file")
        model = character.model
        tables, surfaces, starts, counts, lasts, shifts, turns = [], [], [0], [], [], [], []
        for motion in motions:
            if (gap := character.skeleton.difference_to(motion.skeleton)) is not None:
                raise InputError(
                    f"the motion {motion.source or 'given'} is not of the character {character.name!r} ({gap}); "
                    f"retarget it to {character.name!r} first"
                )
            turn, shift = motion.cycle() if motion.loop else (0.0, np.zeros(2))
            dense = _dense(motion, model)
            end = len(dense) - 1
            if not motion.loop and _end_speed(dense, model) < STOPPABLE:
                dense = _halting(dense, model)
            state = motion_state(dense, model)
            target = _targets(model, dense.qpos)
            columns = (dense.qpos, _velocities(model, dense), state.xpos.reshape(len(dense), -1), state.com, target)
            tables.append(np.concatenate(columns, 1))
            surfaces.append(surface_track(model, state))
            starts.append(starts[-1] + len(dense))
            counts.append(end)
            lasts.append(len(dense) - 1)
            shifts.append(shift)
            turns.append(turn)

        def tensor(array: object, dtype: torch.dtype = torch.float32) -> Tensor:
            return torch.as_tensor(np.asarray(array), dtype=dtype, device=device)

        self.num_clips = len(motions)
        self.table = tensor(np.concatenate(tables))
        surface = np.concatenate(surfaces)
        self.surface = tensor(surface)
        self.lift = tensor(np.maximum(0.0, -surface[..., 2].min(1)))
        self.start, self.ticks = tensor(starts[:-1], torch.long), tensor(counts, torch.long)
        self.last = tensor(lasts, torch.long)
        self.loop = tensor([m.loop for m in motions], torch.bool)
        self.shift, self.turn = tensor(np.array(shifts)), tensor(turns)
        self._loops, self._turns = any(m.loop for m in motions), any(turns)
        self._split = (model.nq, model.nv, 3 * model.nbody, 3, model.nu)
        # columns of x and y of all that turns with a loop about z, a quaternion's two planes by half of the angle; and
        # of it what is a place, and so is moved on as well
        velocity, places = model.nq, model.nq + model.nv + 3 * torch.arange(model.nbody + 1)
        self._x = torch.cat((torch.tensor([4, 3, velocity, 0]), places)).to(device)
        self._y = torch.cat((torch.tensor([5, 6, velocity + 1, 1]), places + 1)).to(device)
        self._turning = tensor([0.5, 0.5] + [1.0] * (len(self._x) - 2))
        self._placed = tensor([0.0, 0.0, 0.0] + [1.0] * (len(self._x) - 3))

    def row(self, clip: Int[Tensor, "n"], tick: Int[Tensor, "n"]) -> Int[Tensor, "n"]:
        """Rows of the table; loops wrap, other clips (come to a halt and) hold."""
        count = self.ticks.index_select(0, clip)
        held = torch.minimum(tick.clamp_min(0), self.last.index_select(0, clip))
        return self.start.index_select(0, clip) + torch.where(self.loop.index_select(0, clip), tick % count, held)

    def target(self, clip: Int[Tensor, "n"], tick: Int[Tensor, "n"]) -> Float[Tensor, "n nu"]:
        """Servo targets (rad) alone, which are the same in every cycle."""
        return self.table.index_select(0, self.row(clip, tick))[:, -self._split[-1] :]

    def at(self, clip: Int[Tensor, "n"], tick: Int[Tensor, "n"]) -> Reference:
        """The reference of each environment; a loop's later cycles are moved on (and turned) by its displacement."""
        packed = self.table.index_select(0, self.row(clip, tick))
        if self._loops:  # `packed` is a copy, so what is moved on may be written to it
            angle, move = self._carry(clip, self.cycle(clip, tick))
            x, y = packed.index_select(1, self._x), packed.index_select(1, self._y)
            if self._turns:
                angles = angle[:, None] * self._turning
                c, s = torch.cos(angles), torch.sin(angles)
                x, y = c * x - s * y, s * x + c * y
            packed.index_copy_(1, self._x, x + move[:, :1] * self._placed)
            packed.index_copy_(1, self._y, y + move[:, 1:] * self._placed)
        qpos, qvel, xpos, com, target = packed.split(self._split, -1)
        return Reference(qpos, qvel, xpos.unflatten(-1, (-1, 3)), com, target)

    def cycle(self, clip: Int[Tensor, "n"], tick: Int[Tensor, "n"]) -> Int[Tensor, "n"]:
        """How many cycles of a loop are over; 0 of other clips."""
        ticks = self.ticks.index_select(0, clip)
        return torch.where(self.loop.index_select(0, clip), torch.div(tick, ticks, rounding_mode="floor"), 0)

    def carried(
        self, clip: Int[Tensor, "n"], tick: Int[Tensor, "n"], places: Float[Tensor, "n p 2"]
    ) -> Float[Tensor, "n p 2"]:
        """Places of the clip's first cycle (m, x and y), where they are in the cycle of a tick."""
        if not self._loops:
            return places
        angle, move = self._carry(clip, self.cycle(clip, tick))
        return about_z(angle, places) + move[:, None]

    def heading(self, clip: Int[Tensor, "n"], tick: Int[Tensor, "n"]) -> Float[Tensor, "n"] | None:
        """How far (rad) a loop has turned about z in the cycles before a tick; None where no clip turns."""
        return self._carry(clip, self.cycle(clip, tick))[0] if self._turns else None

    def _carry(self, clip: Tensor, cycle: Tensor) -> tuple[Tensor, Tensor]:
        """Angle (n,) and displacement (n, 2) after `cycle` cycles: x -> R(turn) x + shift, applied that often.

        The sum of R(k turn) over k < m is sin(m turn / 2) / sin(turn / 2) R((m - 1) turn / 2): a chord of the circle.
        """
        turn, shift = self.turn.index_select(0, clip), self.shift.index_select(0, clip)
        angle = turn * cycle
        still = turn.abs() < 1e-6
        length = torch.where(still, cycle, torch.sin(0.5 * angle) / torch.sin(torch.where(still, 1.0, 0.5 * turn)))
        along = 0.5 * (angle - turn)
        c, s = length * torch.cos(along), length * torch.sin(along)
        x, y = shift.unbind(-1)
        return angle, torch.stack((c * x - s * y, s * x + c * y), -1)


def about_z(angle: Float[Tensor, "n"], ways: Float[Tensor, "n p 2"]) -> Float[Tensor, "n p 2"]:
    """Ways along the ground, turned."""
    c, s = torch.cos(angle)[:, None], torch.sin(angle)[:, None]
    x, y = ways.unbind(-1)
    return torch.stack((c * x - s * y, s * x + c * y), -1)


def _dense(motion: Motion, model: mujoco.MjModel) -> Motion:
    """The motion at TICKS per second, a loop's seam closed."""
    if motion.loop:
        motion = _close_seam(motion, model)
    count = max(1, round(motion.duration * TICKS))
    fitted = Motion(motion.skeleton, (len(motion) - 1) * TICKS / count, motion.qpos, loop=motion.loop)
    if motion.loop:
        inside = fitted.at(np.arange(count) / TICKS)
        qpos = np.concatenate([inside, fitted.qpos[-1:]])
    else:
        qpos = fitted.at(np.arange(count + 1) / TICKS)
    return Motion(motion.skeleton, float(TICKS), qpos, loop=motion.loop, source=motion.source)


def _end_speed(dense: Motion, model: mujoco.MjModel) -> float:
    """Horizontal speed of the centre of mass over the last 0.1 s, m/s."""
    span = min(len(dense) - 1, TICKS // 10)
    com = motion_state(replace(dense, qpos=dense.qpos[[-1 - span, -1]], contacts=None, contact_names=()), model).com
    return float(np.linalg.norm(com[1, :2] - com[0, :2])) * TICKS / span


def _halting(dense: Motion, model: mujoco.MjModel) -> Motion:
    """A motion at TICKS per second that goes on for AFTER: t later by v HALT (1 - e^(-t / HALT)), v that of its end."""
    span = min(len(dense) - 1, TICKS // 10)
    velocity = np.zeros(model.nv)
    mujoco.mj_differentiatePos(model, velocity, span / TICKS, dense.qpos[-1 - span], dense.qpos[-1])
    rows = np.repeat(dense.qpos[-1:], round(AFTER * TICKS), 0)
    for t, row in enumerate(rows):
        mujoco.mj_integratePos(model, row, velocity, HALT * (1.0 - np.exp(-(t + 1) / TICKS / HALT)))
    return replace(dense, qpos=np.concatenate((dense.qpos, rows)), contacts=None, contact_names=())


def _close_seam(motion: Motion, model: mujoco.MjModel) -> Motion:
    """Draw the last frames of a loop onto its first frame, moved on by one cycle; smoothstep over SEAM of the cycle."""
    qpos = motion.qpos.copy()
    turn, shift = motion.cycle()
    goal = qpos[0].copy()
    c, s = np.cos(turn), np.sin(turn)
    goal[:2] = np.array([c * goal[0] - s * goal[1], s * goal[0] + c * goal[1]]) + shift
    about = np.array([np.cos(turn / 2), 0, 0, np.sin(turn / 2)])
    mujoco.mju_mulQuat(goal[3:7], about, qpos[0, 3:7])
    gap = np.zeros(model.nv)
    mujoco.mj_differentiatePos(model, gap, 1.0, qpos[-1], goal)
    first = int((1 - SEAM) * (len(qpos) - 1))
    for t in range(first, len(qpos)):
        u = (t - first) / (len(qpos) - 1 - first)
        mujoco.mj_integratePos(model, qpos[t], gap, u * u * (3 - 2 * u))
    return Motion(motion.skeleton, motion.fps, qpos, loop=True, source=motion.source)


def _velocities(model: mujoco.MjModel, dense: Motion) -> np.ndarray:
    """Central differences over +-1/60 s: shorter ones see the corners that interpolation leaves between frames."""
    reach, count = TICKS // 60, len(dense)
    times = np.arange(count) / TICKS
    if dense.loop:
        before, after = dense.at(times - 1 / 60), dense.at(times + 1 / 60)
        spans = np.full(count, 2 / 60)
    else:
        index = np.arange(count)
        first, last = np.maximum(index - reach, 0), np.minimum(index + reach, count - 1)
        before, after, spans = dense.qpos[first], dense.qpos[last], (last - first) / TICKS
    out = np.zeros((count, model.nv))
    for t in range(count):
        mujoco.mj_differentiatePos(model, out[t], spans[t], before[t], after[t])
    return out


def _targets(model: mujoco.MjModel, qpos: np.ndarray) -> np.ndarray:
    """Servo targets of poses: the transmission length of each actuator, (T, nu)."""
    data = mujoco.MjData(model)
    out = np.zeros((len(qpos), model.nu))
    for t, pose in enumerate(qpos):
        data.qpos[:] = pose
        mujoco.mj_kinematics(model, data)
        mujoco.mj_comPos(model, data)
        mujoco.mj_transmission(model, data)
        out[t] = data.actuator_length
    return out
