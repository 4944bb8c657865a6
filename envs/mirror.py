"""The mirror image of a character's states, observations and actions, left for right (y -> -y).

Reflected, positions and velocities change the sign of y, axial vectors (rotation vectors, angular velocities) those of
x and z, and `left_` and `right_` change places. So each map is a permutation with signs, and twice it is the identity.
It knows the layout of `envs.observations` and `envs.foresight`, and nothing of learning.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import mujoco
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from envs.config import TrackingConfig
from envs.foresight import AHEAD, SCAN
from envs.limbs import limbs_of
from sfv.character import Character
from sfv.errors import InputError

POLAR, AXIAL = (1.0, -1.0, 1.0), (-1.0, 1.0, -1.0)
QUAT = (1.0, -1.0, 1.0, -1.0)
SIX = (*POLAR, -1.0, 1.0, -1.0)
"""Columns x and y of M R M, M = diag(1, -1, 1): M x and -M y."""
EVEN = 1e-4
"""How far (m, or as a quaternion) the halves of a character may differ and still be called alike."""


class Reflection:
    """x -> sign * x[..., index]."""

    def __init__(self, index: Sequence[int], sign: Sequence[float], device: str) -> None:
        self.index = torch.tensor(list(index), device=device)
        self.sign = torch.tensor(list(sign), dtype=torch.float32, device=device)

    def __call__(self, x: Float[Tensor, "*n d"]) -> Float[Tensor, "*n d"]:
        """The mirror image."""
        return x[..., self.index] * self.sign


@dataclass(frozen=True)
class Reflections:
    """How the task looks in a mirror: what `TrackingEnv.mirror` gives a learner."""

    qpos: Reflection
    qvel: Reflection
    obs: Reflection
    action: Reflection


class _Layout:
    """A reflection that is put together block by block."""

    def __init__(self, size: int = 0) -> None:
        self.index, self.sign = [0] * size, [1.0] * size

    def add(self, partners: Sequence[int], signs: Sequence[Sequence[float]]) -> None:
        """A block of len(partners) items in a row, each as wide as its signs; partners by place within the block."""
        first, width = len(self.index), len(signs[0])
        for partner, sign in zip(partners, signs, strict=True):
            self.index += [first + width * partner + k for k in range(width)]
            self.sign += list(sign)

    def put(self, here: int, there: int, signs: Sequence[float]) -> None:
        """Columns from `here` on are those from `there` on with these signs; the layout has them already."""
        self.index[here : here + len(signs)] = range(there, there + len(signs))
        self.sign[here : here + len(signs)] = signs

    def on(self, device: str) -> Reflection:
        """Finished."""
        return Reflection(self.index, self.sign, device)


def reflections(
    character: Character, model: mujoco.MjModel, config: TrackingConfig, device: str = "cpu"
) -> Reflections:
    """The reflections of a character in its scene, whose policy observes what the task's config says.

    Raises:
        InputError: its left and right are not alike.
    """
    bodies = _partners([model.body(i).name for i in range(1, character.model.nbody)], character.name)
    joints = _partners([model.joint(i).name for i in range(model.njnt)], character.name)
    _check_even(character, bodies)
    balls = [j for j in range(model.njnt) if model.jnt_type[j] == mujoco.mjtJoint.mjJNT_BALL]
    hinges = [j for j in range(model.njnt) if model.jnt_type[j] == mujoco.mjtJoint.mjJNT_HINGE]

    def hinge_sign(joint: int) -> float:
        """A turn about axis a looks like one about M a, with the sign of an axial vector."""
        return float(np.sign(np.dot(AXIAL * model.jnt_axis[joint], model.jnt_axis[joints[joint]])))

    def within(kind: list[int]) -> list[int]:
        return [kind.index(joints[j]) for j in kind]

    qpos, qvel = _state(model, joints, hinge_sign)
    obs = _Layout()

    def add_angles() -> None:
        obs.add(within(balls), [AXIAL] * len(balls))
        obs.add(within(hinges), [(hinge_sign(j),) for j in hinges])

    obs.add([0], [(1.0,)])  # proprioception: height, gravity, linear and angular velocity, angles, joint velocities
    for signs in (POLAR, POLAR, AXIAL):
        obs.add([0], [signs])
    add_angles()
    obs.add([index - 6 for index in qvel.index[6:]], [(sign,) for sign in qvel.sign[6:]])
    obs.add(bodies, [POLAR] * len(bodies))  # goal: bodies, linear velocity, turn, angles
    obs.add([0], [POLAR])
    obs.add([0], [SIX])
    add_angles()
    if config.scan:
        side = SCAN[0]
        obs.add([row * side + side - 1 - column for row in range(side) for column in range(side)], [(1.0,)] * side**2)
    ends = [limb.end for limb in limbs_of(character)]
    for _ in AHEAD if config.ahead else ():
        obs.add([ends.index(1 + bodies[end - 1]) for end in ends], [POLAR] * len(ends))
    for signs in (POLAR, AXIAL, POLAR, AXIAL) if config.object else ():  # a box: way, turn, velocity and spin
        obs.add([0], [signs])

    action = _Layout()
    actuators = _partners([model.actuator(i).name for i in range(model.nu)], character.name)
    action.add(actuators, [(_servo_sign(model, i, hinge_sign),) for i in range(model.nu)])
    return Reflections(qpos.on(device), qvel.on(device), obs.on(device), action.on(device))


def _state(model: mujoco.MjModel, joints: Sequence[int], hinge_sign: Callable[[int], float]) -> tuple[_Layout, _Layout]:
    """Of qpos and of qvel, whose joints `joints` are the partners of."""
    qpos, qvel = _Layout(model.nq), _Layout(model.nv)
    for joint, partner in enumerate(joints):
        kind = model.jnt_type[joint]
        of_qpos: tuple[float, ...]
        of_qvel: tuple[float, ...]
        if kind == mujoco.mjtJoint.mjJNT_FREE:
            of_qpos, of_qvel = (*POLAR, *QUAT), (*POLAR, *AXIAL)
        elif kind == mujoco.mjtJoint.mjJNT_BALL:
            of_qpos, of_qvel = QUAT, AXIAL
        else:
            of_qpos = of_qvel = (hinge_sign(joint),)
        qpos.put(int(model.jnt_qposadr[joint]), int(model.jnt_qposadr[partner]), of_qpos)
        qvel.put(int(model.jnt_dofadr[joint]), int(model.jnt_dofadr[partner]), of_qvel)
    return qpos, qvel


def _servo_sign(model: mujoco.MjModel, actuator: int, hinge_sign: Callable[[int], float]) -> float:
    """A servo of a ball joint turns it about one axis of the joint's frame, which is an axial vector."""
    joint = int(model.actuator_trnid[actuator, 0])
    if model.jnt_type[joint] == mujoco.mjtJoint.mjJNT_HINGE:
        return hinge_sign(joint)
    return AXIAL[int(np.abs(model.actuator_gear[actuator, :3]).argmax())]


def _partners(names: Sequence[str], character: str) -> list[int]:
    """For each name the place of its other side's: left_x and right_x; what has no side is its own partner."""
    out = []
    for name in names:
        other = name
        for side, opposite in (("left", "right"), ("right", "left")):
            if name.startswith(f"{side}_"):
                other = f"{opposite}_{name.removeprefix(f'{side}_')}"
        if other not in names:
            raise InputError(f"{character}: {name} has no {other}, so it has no mirror image; train with --no-mirror")
        out.append(list(names).index(other))
    return out


def _check_even(character: Character, bodies: Sequence[int]) -> None:
    """That each body is fixed to its parent as the mirror image of its partner, and as heavy."""
    model = character.model
    for here, there in enumerate(bodies):
        a, b = here + 1, there + 1
        gaps = (
            np.abs(POLAR * model.body_pos[a] - model.body_pos[b]).max(),
            1.0 - abs(np.dot(QUAT * model.body_quat[a], model.body_quat[b])),
            abs(model.body_mass[a] - model.body_mass[b]),
        )
        if max(gaps) > EVEN:
            raise InputError(
                f"{character.name}: {model.body(a).name} is not the mirror image of {model.body(b).name}; "
                "train with --no-mirror"
            )
