"""A motion as a planning problem: the simulated character, the states it is to be in, and what leaving them costs.

It plans nothing; `envs.preview.attempt` does. With assistance, six motors at the root push and turn at a price.
"""

from dataclasses import dataclass

import mujoco
import numpy as np
import torch
from jaxtyping import Float

from envs.library import TICKS, MotionLibrary
from envs.preview.config import PreviewConfig
from envs.preview.dynamics import BatchDynamics
from envs.preview.ilqr import Cost, candidates
from envs.sim.scene import build_scene
from sfv.character import Character
from sfv.errors import InputError
from sfv.motion import Motion
from sfv.servos import servo_lag

ROOT_POSITION, ROOT_TURN, JOINTS = (100.0, 1.0), (30.0, 0.3), (10.0, 0.03)
"""Weights of a squared m and m/s, rad and rad/s; the joints' are times the character's pose weights.
Walk, run, cartwheel and backflip are followed with them; nobody has searched further."""
BODIES = 30.0
"""Weight of a squared m between a body and where the motion has it, which is what following is judged by. With 100, a
dance and a walk are lost; with none, a roll and a dance."""
CONTROL = 0.3
"""Weight of a squared rad between a servo's target and the motion's own."""
ASSIST = (450.0, 90.0)
"""N and Nm of one unit of the assisting motors' control."""
ASSIST_PRICE = 1.0
"""Weight of a squared unit of assistance. The force that a motion wants is a measure only while this and the weights
above stay the same."""
FARTHER = 6
"""Control steps that a plan looks farther ahead where the character was lost."""
RETRY_NOISE = 32
"""Noisy candidates per improvement from the third try at one place on."""


@dataclass(frozen=True)
class Task:
    """One motion as a problem for the planner, K control steps long and L >= K of them known.

    Attributes:
        dynamics: the character with ground.
        cost: of leaving the motion.
        start: (x,) the state to start from.
        goal: (L + 1, x) the motion's states.
        base: (L, u) servo targets that lead the motion by the servos' lag, rad.
        xpos: (K + 1, nbody, 3) where the motion has the bodies, m.
    """

    dynamics: BatchDynamics
    cost: Cost
    start: Float[np.ndarray, " x"]
    goal: Float[np.ndarray, "L1 x"]
    base: Float[np.ndarray, "L u"]
    xpos: Float[np.ndarray, "K1 nbody 3"]

    def __len__(self) -> int:
        return len(self.xpos) - 1

    def error(self, x: Float[np.ndarray, " x"], k: int) -> Float[np.ndarray, " b"]:
        """(nbody - 1,) distances (m) of the bodies in state x from the motion after k control steps."""
        places = self.dynamics.outputs(x[None]).reshape(-1, 3)
        return np.linalg.norm(places - self.xpos[k, 1:], axis=-1)


def make_task(motion: Motion, character: Character, config: PreviewConfig, assisted: bool = False) -> Task:
    """The problem of following a motion from its first frame to its end, or for one cycle if it is a loop.

    Raises:
        InputError: the motion is not of this character, the character has no servos, or the control rate does not fit.
    """
    character.check_servos()
    if TICKS % config.control_hz:
        raise InputError(f"{config.control_hz:g} Hz control does not divide {TICKS} Hz; take 20, 30, 40 or 60")
    library = MotionLibrary([motion], character)
    every, ticks = int(TICKS / config.control_hz), int(library.ticks[0])
    steps = -(-ticks // every) if motion.loop else max(1, ticks // every)
    farthest = config.horizon + FARTHER
    known = steps + (farthest if motion.loop else 0)  # no plan looks beyond the end of what does not repeat
    tick = torch.arange(known + 1) * every
    clip = torch.zeros_like(tick)
    now, ahead = library.at(clip, tick), library.at(clip, tick + every + round(servo_lag(character.model) * TICKS))
    base, control = ahead.target.double().numpy()[:-1], np.full(character.model.nu, CONTROL)
    pose = np.repeat(character.pose_weights, [{0: 0, 1: 3, 3: 1}[int(k)] for k in character.model.jnt_type])
    state = [np.concatenate([[ROOT_POSITION[i]] * 3, [ROOT_TURN[i]] * 3, JOINTS[i] * pose]) for i in (0, 1)]
    if assisted:
        base, control = np.pad(base, ((0, 0), (0, 6))), np.append(control, [ASSIST_PRICE] * 6)
        character = with_assistance(character)
    model = build_scene(character, config.control_hz * config.decimation, motion.ground)
    directions = 2 * model.nv + model.nu
    differences = max(config.horizon * 2 * directions, farthest * (directions + 1))
    rows = max(differences, candidates(max(config.noise, RETRY_NOISE)))
    dynamics = BatchDynamics(model, rows, config.decimation, config.threads)
    qpos, qvel = now.qpos.double().numpy(), now.qvel.double().numpy()
    goal = np.concatenate([qpos, qvel, np.zeros((known + 1, model.nv))], 1)
    start = goal[0].copy()
    start[2] += float(library.lift[0])  # out of the ground, as training starts it
    xpos = now.xpos.double().numpy()[: steps + 1]
    cost = Cost(np.concatenate(state), np.full(3 * (model.nbody - 1), BODIES), control)
    return Task(dynamics, cost, start, goal, base, xpos)


def with_assistance(character: Character) -> Character:
    """The same body with three motors that push its root (in the world) and three that turn it (in its frame)."""
    spec = mujoco.MjSpec.from_string(character.xml)
    root = character.skeleton.joint_names[0]
    for axis in range(6):
        gear = [0.0] * 6
        gear[axis] = ASSIST[axis // 3]
        motor = spec.add_actuator(name=f"assist{axis}", target=root, trntype=mujoco.mjtTrn.mjTRN_JOINT, gear=gear)
        motor.set_to_motor()
    spec.compile()
    return Character(f"{character.name}, assisted", spec.to_xml())
