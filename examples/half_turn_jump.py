"""A jump with a half turn in the air, from a few keys, that obeys mechanics.

Standing feet are pinned by inverse kinematics; in the air the centre of mass falls freely and the angular momentum is
constant, so the turn follows from the push. `half_turn_jump` makes the motion; it knows nothing of pictures.
"""

from dataclasses import dataclass

import mujoco
import numpy as np
from scipy.interpolate import BPoly
from scipy.optimize import fsolve
from scipy.spatial.transform import Rotation

from sfv.character import load_character
from sfv.kinematics import GRAVITY

# Times, s.
START, CROUCH, TAKEOFF, FLIGHT, ABSORB, RISE, END = 0.25, 0.95, 1.31, 0.38, 0.36, 0.75, 3.0
TOUCHDOWN = TAKEOFF + FLIGHT
LOW = TOUCHDOWN + ABSORB
UP = LOW + RISE

TURN = np.pi
STAND = 0.886  # height of the centre of mass when standing with knees a little bent, m
WIDTH, TOE_OUT = 0.105, 0.12  # half the distance between the ankles, m; rad
TOE = np.array([0.1335, 0.0, -0.05])  # front edge of the sole in the foot's frame: the heel rises about it, m
THIGH, SHIN, HIP = 0.421546, 0.40987, 0.084887  # m
SIDES = {"left": 1.0, "right": -1.0}

STEPS = 40  # of the integration in the air
STEP = FLIGHT / STEPS  # s


def track(*keys: tuple[float, ...]) -> BPoly:
    """A curve of fifth degree between keys (time, value, velocity, acceleration), at rest where not said."""
    times = [key[0] for key in keys]
    return BPoly.from_derivatives(times, [[*key[1:], *(0.0,) * (4 - len(key))] for key in keys], extrapolate=False)


def about(axis: str, angle: float) -> Rotation:
    """The turn by `angle` (rad) about a coordinate axis."""
    return Rotation.from_euler(axis, angle)


@dataclass
class Jump:
    """Everything that is chosen about the motion, as curves of time.

    Curves in pairs are for the time before the flight and after it; how the body turns as it leaves the ground and
    comes down, `rates`, follows from the flight.
    """

    rates: np.ndarray  # (2, 2, 3): at takeoff and touchdown, first and second derivative of yaw, pitch, roll

    def __post_init__(self) -> None:
        (v0, a0), (v1, a1) = self.rates
        low, off, on, deep = STAND - 0.20, STAND + 0.07, STAND + 0.01, STAND - 0.25
        self.speed = (on - off) / FLIGHT + 0.5 * GRAVITY * FLIGHT  # upwards at lift-off, m/s
        self.height = (
            track((0, STAND), (START, STAND), (CROUCH, low), (TAKEOFF, off, self.speed, -GRAVITY)),
            track((TOUCHDOWN, on, self.speed - GRAVITY * FLIGHT, -GRAVITY), (LOW, deep), (UP, STAND), (END, STAND)),
        )
        # ahead of the middle of the ankles, m: over the middle of the sole when standing, over the toes at lift-off
        self.ahead = (
            track((0, 0.045), (START, 0.045), (CROUCH, 0.06), (TAKEOFF, 0.10)),
            track((TOUCHDOWN, 0.08), (LOW, 0.06), (UP, 0.045), (END, 0.045)),
        )
        # yaw, pitch (forward is positive) and roll of the pelvis, rad
        crouched, leaving = (-0.15, 0.34, 0.0), (0.52, 0.10, 0.0)
        landing, folded, risen = (TURN - 0.50, 0.20, 0.0), (TURN + 0.06, 0.38, 0.0), (TURN, 0.0, 0.0)
        self.turns = tuple(
            (
                track((0, 0), (START, 0), (CROUCH, crouched[i]), (TAKEOFF, leaving[i], v0[i], a0[i])),
                track((TOUCHDOWN, landing[i], v1[i], a1[i]), (LOW, folded[i]), (UP, risen[i]), (END, risen[i])),
            )
            for i in range(3)
        )
        self.heel = (  # how far the foot is tipped over its toes, rad
            track((0, 0), (TAKEOFF - 0.17, 0), (TAKEOFF, 0.7, 6.0)),
            track((TOUCHDOWN, 0.45, -5.0), (TOUCHDOWN + 0.12, 0.0), (END, 0.0)),
        )
        self.pivot = (  # turn of the feet about the toes before they leave, rad
            track((0, 0), (TAKEOFF - 0.15, 0), (TAKEOFF, 0.32, 2.5)),
            track((TOUCHDOWN, 0.0), (END, 0.0)),
        )
        # swing forward, abduction, elbow; rad. The arms go back in the crouch, up in the jump, and down on landing.
        middle = TAKEOFF + 0.55 * FLIGHT
        self.swing = track((0, 0.05), (START, 0.05), (CROUCH - 0.2, -0.7), (CROUCH, -0.25, 4.0), (TAKEOFF, 1.6, 3.0),
                           (middle, 1.9), (TOUCHDOWN, 1.55, -3.0), (LOW, 0.75), (UP, 0.05), (END, 0.05))  # fmt: skip
        self.abduction = track((0, 0.14), (START, 0.14), (CROUCH, 0.30), (TAKEOFF, 0.45), (middle, 0.5),
                               (LOW, 0.55), (UP, 0.14), (END, 0.14))  # fmt: skip
        self.elbow = track((0, 0.25), (START, 0.25), (CROUCH, 0.5), (TAKEOFF, 0.7), (middle, 0.35),
                           (LOW, 0.6), (UP, 0.25), (END, 0.25))  # fmt: skip
        self.bow = track((0, 0), (START, 0), (CROUCH, 0.25), (TAKEOFF, -0.05), (TOUCHDOWN, 0.08),
                         (LOW, 0.30), (UP, 0), (END, 0))  # fmt: skip
        self.twist = track((0, 0), (START, 0), (CROUCH, -0.10), (TAKEOFF, 0.22), (TOUCHDOWN, -0.10),
                           (LOW, 0.0), (UP, 0), (END, 0))  # fmt: skip
        self.look = track((0, 0), (CROUCH, 0.1), (TAKEOFF, 0.35), (TOUCHDOWN, -0.1), (LOW, 0), (END, 0))
        self.nod = track((0, 0), (START, 0), (CROUCH, -0.35), (TAKEOFF, 0), (LOW, -0.3), (UP, 0), (END, 0))


class Body:
    """The humanoid and its inverse kinematics."""

    def __init__(self) -> None:
        self.character = load_character("humanoid")
        self.model = self.character.model
        self.data = mujoco.MjData(self.model)
        self.at = {self.model.joint(i).name: int(self.model.jnt_qposadr[i]) for i in range(self.model.njnt)}

    def turn(self, qpos: np.ndarray, joint: str, rotation: Rotation) -> None:
        qpos[self.at[joint] : self.at[joint] + 4] = rotation.as_quat(canonical=True, scalar_first=True)

    def upper(self, qpos: np.ndarray, jump: Jump, t: float) -> None:
        """Trunk, head and arms at time t."""
        self.turn(qpos, "chest", about("z", jump.twist(t)) * about("y", jump.bow(t)))
        self.turn(qpos, "neck", about("z", jump.look(t)) * about("y", jump.nod(t)))
        for side, sign in SIDES.items():
            arm = about("x", sign * jump.abduction(t)) * about("y", -jump.swing(t))
            self.turn(qpos, f"{side}_shoulder", about("x", -sign * np.pi / 2) * arm)
            qpos[self.at[f"{side}_elbow"]] = jump.elbow(t)

    def leg(self, qpos: np.ndarray, side: str, ankle: np.ndarray, foot: Rotation) -> None:
        """Bend hip, knee and ankle of one leg so that its foot is at `ankle` (m) with the orientation `foot`."""
        root = Rotation.from_quat(qpos[3:7], scalar_first=True)
        hip = qpos[:3] + root.apply([0.0, SIDES[side] * HIP, 0.0])
        down, distance = (ankle - hip) / np.linalg.norm(ankle - hip), np.linalg.norm(ankle - hip)
        bend = np.pi - np.arccos(np.clip((THIGH**2 + SHIN**2 - distance**2) / (2 * THIGH * SHIN), -1, 1))
        forward = root.apply([1.0, 0, 0]) + foot.apply([1.0, 0, 0]) * [1, 1, 0]  # the knee points between hips and toes
        left = np.cross(-down, forward)
        left /= np.linalg.norm(left)
        frame = Rotation.from_matrix(np.stack((np.cross(left, -down), left, -down), 1))
        thigh = frame * about("y", -np.arctan2(SHIN * np.sin(bend), THIGH + SHIN * np.cos(bend)))
        self.turn(qpos, f"{side}_hip", root.inv() * thigh)
        qpos[self.at[f"{side}_knee"]] = bend
        self.turn(qpos, f"{side}_ankle", (thigh * about("y", bend)).inv() * foot)

    def com(self, qpos: np.ndarray) -> np.ndarray:
        self.data.qpos[:] = qpos
        mujoco.mj_kinematics(self.model, self.data)
        mujoco.mj_comPos(self.model, self.data)
        return self.data.subtree_com[1].copy()

    def standing(self, jump: Jump, t: float) -> np.ndarray:
        """qpos at time t, on the ground before the jump or after it."""
        after = int(t > 0.5 * (TAKEOFF + TOUCHDOWN))
        qpos = np.zeros(self.model.nq)
        self.upper(qpos, jump, t)
        yaw, pitch, roll = (curves[after](t) for curves in jump.turns)
        qpos[3:7] = Rotation.from_euler("ZYX", (yaw, pitch, roll)).as_quat(scalar_first=True)
        heading = about("z", after * TURN)
        aim = landing(jump) if after else np.zeros(3)
        goal = aim + heading.apply([jump.ahead[after](t), 0.0, jump.height[after](t)])
        feet = {}
        for side, sign in SIDES.items():
            flat = heading * about("z", sign * TOE_OUT)
            toe = aim + heading.apply([0.0, sign * WIDTH, 0.05]) + flat.apply(TOE)
            foot = about("z", jump.pivot[after](t)) * flat * about("y", jump.heel[after](t))
            feet[side] = (toe - foot.apply(TOE), foot)
        qpos[:3] = goal
        for _ in range(12):  # the legs move the centre of mass, so the root's place is found by repetition
            for side, (ankle, foot) in feet.items():
                self.leg(qpos, side, ankle, foot)
            qpos[:3] += goal - self.com(qpos)
        for side, (ankle, foot) in feet.items():
            self.leg(qpos, side, ankle, foot)
        return qpos


def landing(jump: Jump) -> np.ndarray:
    """Where the middle of the ankles comes down, m: the centre of mass rises and falls over one spot."""
    spot = jump.ahead[0](TAKEOFF)
    return np.array([spot, 0.0, 0.0]) - about("z", TURN).apply([jump.ahead[1](TOUCHDOWN), 0.0, 0.0])


class Air:
    """The flight: leg angles run smoothly between lift-off and landing, and the angular momentum stays what it was."""

    LEGS = tuple(  # joints, left then right
        f"{side}_{joint}" for side in SIDES for joint in ("hip", "knee", "ankle")
    )
    TUCK = np.tile((0.0, -0.45, 0.0, 0.55, 0.0, 0.15, 0.0), 2)  # hip, knee, ankle; most in mid-air, rad
    BRAKE = 0.07  # s in which the legs stop stretching after lift-off, and start to before landing
    SOFT = 0.5  # part of the landing's speed that the legs meet by bending beforehand; the rest is impact

    def __init__(self, body: Body, jump: Jump) -> None:
        self.body, self.jump = body, jump
        h = 2e-3  # s
        ends = []
        for t, way in ((TAKEOFF, -h), (TOUCHDOWN, h)):
            q = [self.legs(body.standing(jump, t + k * way)) for k in range(4)]
            first = (11 * q[0] - 18 * q[1] + 9 * q[2] - 2 * q[3]) / (-6 * way)
            ends.append((q[0], first if t == TAKEOFF else self.SOFT * first))
        (p0, v0), (p1, v1) = ends
        b, zero = self.BRAKE, np.zeros_like(p0)
        self.curve = BPoly.from_derivatives(
            [0.0, b, FLIGHT - b, FLIGHT],
            [[p0, v0], [p0 + 0.5 * b * v0, zero, zero], [p1 - 0.5 * b * v1, zero, zero], [p1, v1]],
        )
        self.orientation = [
            Rotation.from_euler("ZYX", [curves[after](t) for curves in jump.turns])
            for after, t in enumerate((TAKEOFF, TOUCHDOWN))
        ]
        self.steps = self.carried()
        guess = np.array([0.0, 0.0, 4.0])  # kg m2/s
        self.momentum = fsolve(lambda L: (self.orientation[1].inv() * self.turned(L)[-1]).as_rotvec(), guess, xtol=1e-9)
        self.path = self.turned(self.momentum)

    def legs(self, qpos: np.ndarray) -> np.ndarray:
        """Leg angles as rotation vectors and hinge angles, (14,)."""
        parts = []
        for joint in self.LEGS:
            at = self.body.at[joint]
            if joint.endswith("knee"):
                parts.append(qpos[at : at + 1])
            else:
                parts.append(Rotation.from_quat(qpos[at : at + 4], scalar_first=True).as_rotvec())
        return np.concatenate(parts)

    def posed(self, s: float) -> np.ndarray:
        """qpos of everything but the root, s seconds into the flight."""
        qpos = np.zeros(self.body.model.nq)
        qpos[3] = 1.0
        self.body.upper(qpos, self.jump, TAKEOFF + s)
        x = s / FLIGHT
        values, start = self.curve(s) + self.TUCK * 64 * (x * (1 - x)) ** 3, 0
        for joint in self.LEGS:
            at = self.body.at[joint]
            if joint.endswith("knee"):
                qpos[at], start = values[start], start + 1
            else:
                self.body.turn(qpos, joint, Rotation.from_rotvec(values[start : start + 3]))
                start += 3
        return qpos

    def carried(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """For the middle of each step, in the root's frame: inertia (3, 3), and the limbs' angular momentum (3,)."""
        model, data = self.body.model, self.body.data
        poses = [self.posed(k * STEP / 2) for k in range(2 * STEPS + 1)]
        matrix, rate, out = np.zeros((3, model.nv)), np.zeros(model.nv), []
        for before, middle, after in zip(poses[:-2:2], poses[1:-1:2], poses[2::2], strict=True):
            self.body.com(middle)
            mujoco.mj_angmomMat(model, data, matrix, 1)
            mujoco.mj_differentiatePos(model, rate, STEP, before, after)
            out.append((matrix[:, 3:6].copy(), matrix[:, 6:] @ rate[6:]))
        return out

    def turned(self, momentum: np.ndarray) -> list[Rotation]:
        """The root's orientation at every step of the flight, from L = I w + (what the limbs carry) = const."""
        out = [self.orientation[0]]
        for inertia, limbs in self.steps:
            half = out[-1]
            for _ in range(2):  # the orientation halfway needs the rate, and the rate the orientation
                spin = np.linalg.solve(inertia, half.inv().apply(momentum) - limbs)
                half = out[-1] * Rotation.from_rotvec(spin * STEP / 2)
            out.append(out[-1] * Rotation.from_rotvec(spin * STEP))
        return out

    def rates(self) -> np.ndarray:
        """(2, 2, 3) first and second derivative of yaw, pitch, roll at both ends."""
        angles = np.unwrap([turn.as_euler("ZYX") for turn in self.path], axis=0)
        out = np.zeros((2, 2, 3))
        for i, (a, h) in enumerate(((angles, STEP), (angles[::-1], -STEP))):
            out[i, 0] = (-11 * a[0] + 18 * a[1] - 9 * a[2] + 2 * a[3]) / (6 * h)
            out[i, 1] = (2 * a[0] - 5 * a[1] + 4 * a[2] - a[3]) / h**2
        return out

    def flying(self, t: float) -> np.ndarray:
        """qpos at time t in the air."""
        s = t - TAKEOFF
        qpos = self.posed(s)
        k = min(int(s / STEP), len(self.path) - 2)
        between = (self.path[k].inv() * self.path[k + 1]).as_rotvec() * (s / STEP - k)
        qpos[3:7] = (self.path[k] * Rotation.from_rotvec(between)).as_quat(scalar_first=True)
        height = self.jump.height[0](TAKEOFF) + self.jump.speed * s - 0.5 * GRAVITY * s**2
        qpos[:3] = np.array([self.jump.ahead[0](TAKEOFF), 0.0, height]) - self.body.com(qpos)
        return qpos


def half_turn_jump(fps: float) -> tuple[Body, np.ndarray]:
    """The body, and qpos (T, nq) of the whole motion at `fps`."""
    body = Body()
    rates = np.zeros((2, 2, 3))
    rates[:, 0, 0] = 0.8 * TURN / FLIGHT
    for _ in range(14):  # the rates at the flight's ends follow from the flight, and the flight from the poses there
        jump = Jump(rates)
        air = Air(body, jump)
        rates = air.rates()
    times = np.arange(round(END * fps) + 1) / fps
    return body, np.array([air.flying(t) if TAKEOFF < t < TOUCHDOWN else body.standing(jump, t) for t in times])
