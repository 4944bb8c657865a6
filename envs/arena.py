"""One character that acts while it is watched: a tracking task of one environment, under conditions that can be changed
as it runs, that can be pushed and thrown at.

It starts nothing anew by itself: who falls lies there until told to begin. It knows no policy and no picture.
"""

from copy import copy
from dataclasses import fields, replace

import mujoco
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from envs import rewards, terminations
from envs.config import TICKS, TrackingConfig
from envs.events import EVENTS, PUSH_SECONDS, models
from envs.judge.rollouts import FAILURE
from envs.moment import Moment
from envs.sim.cpu import CpuSim
from envs.sim.scene import THROWN
from envs.thrown import Thrown
from envs.tracking import TrackingEnv
from sfv import rotation
from sfv.character import Character
from sfv.errors import InputError
from sfv.kinematics import GRAVITY
from sfv.motion import Motion
from sfv.terrain.world import Tile
from sfv.view.live import Conditions, Seen

HELD = tuple(field.name for field in fields(Conditions) if field.name in EVENTS)
"""Conditions that are events of the task."""
SECONDS = 20.0
"""How long a walk has ground ahead of it that is not level."""


class Arena:
    """A motion's task for one character that is watched."""

    def __init__(self, motion: Motion, character: Character, config: TrackingConfig) -> None:
        held = tuple(f"{name}:{EVENTS[name].least}:{EVENTS[name].most}" for name in HELD)
        self.config = replace(
            config.in_place(),
            terrain=(),
            randomise=held,
            start="fixed",
            velocity_noise=0.0,
            simulator="mujoco",
            threads=1,
        )
        self.motion, self.character, self.conditions = motion, character, Conditions()
        self._build()

    def arrange(self, conditions: Conditions) -> None:
        """Put it under these conditions; on other ground it must begin anew.

        Raises:
            InputError: it pushes a box, which is done on level ground.
        """
        if self.config.object and conditions.terrain != "flat":
            raise InputError("who pushes a box acts on level ground alone; choose flat")
        before, self.conditions = self.conditions, conditions
        if _ground(conditions) != _ground(before):
            self._build()
        self._hold()

    def begin(self, seconds: float) -> Seen:
        """Stand where the reference is at a time of the clip."""
        env, clip = self.env, torch.zeros(1, dtype=torch.long)
        last = int(env.library.ticks[0])
        tick = round(seconds * TICKS / env.control_ticks) * env.control_ticks
        tick = tick % last if self.motion.loop else min(max(tick, 0), last - env.control_ticks)
        env.reset_to(clip, torch.tensor([tick]))
        self._fell: float | None = None
        self._force, self._body, self._left = np.zeros(3), 1, 0
        self._park()
        env.sim.forward()
        return self._seen(env.moment())

    @property
    def over(self) -> bool:
        """Whether the clip has come to its end, or the ground that was made for it."""
        env = self.env
        if self.motion.loop:
            return env.ground is not None and int(env.age) >= SECONDS * self.config.control_hz
        return int(env.tick) >= int(env.library.last[0])

    def observe(self) -> Float[Tensor, "1 o"]:
        """What its policy sees."""
        return self.env.observe()

    def step(self, action: Float[Tensor, "1 a"]) -> Seen:
        """One control step."""
        env = self.env
        env.sim.xfrc_applied[0, :, :3] = 0.0
        if self._left:
            env.sim.xfrc_applied[0, self._body, :3] = torch.from_numpy(self._force)
            self._left -= 1
        if not self._flies:
            self._park()
        env.advance(action)
        return self._seen(env.moment())

    def push(self, body: str, force: float, degrees: float) -> None:
        """Push a body for PUSH_SECONDS, level, N, so many degrees to the left of where the root faces."""
        angle = self._facing() + np.radians(degrees)
        self._body = self.env.model.body(body).id
        self._force = force * np.array([np.cos(angle), np.sin(angle), 0.0])
        self._left = round(PUSH_SECONDS * self.config.control_hz)

    def throw(self, speed: float, degrees: float) -> None:
        """Throw the box at the root, m/s, from so many degrees to the left of where it faces."""
        angle = torch.tensor([self._facing() + np.radians(degrees)])
        self._thrown.throw(torch.tensor([0]), angle, torch.tensor([speed]))
        self._flies = True

    def _build(self) -> None:
        said = self.conditions
        level = said.terrain == "flat"
        tiles = [] if level else [Tile(said.terrain, said.difficulty, said.seed)]
        self.env = TrackingEnv([self.motion], self.character, self.config, 1, 0, tiles, SECONDS, thrown=True)
        assert isinstance(self.env.sim, CpuSim)
        self._sim, self._thrown = self.env.sim, Thrown(self.env.sim)
        # what the batch does not tell, such as contacts, is computed again for the moment that is shown
        self._drawn = copy(self._sim.model)
        self._data = mujoco.MjData(self._drawn)
        pushed = self.env.box
        self._boxes = {self._drawn.body(parcel.name).id for parcel in ([pushed.parcel] if pushed else []) + [THROWN]}
        self._hold()
        self.begin(0.0)

    def _hold(self) -> None:
        """Let simulation and picture have the conditions that are events."""
        assert self.env.events is not None
        for name in HELD:
            self.env.events.change(name, getattr(self.conditions, name))
        values = {name: np.array([getattr(self.conditions, name)]) for name in HELD}
        for field, rows in models(self._sim.model, values, self.env.events.hands).items():
            getattr(self._drawn, field)[:] = rows[0]

    def _park(self) -> None:
        self._flies = False
        self._thrown.park(torch.tensor([0]))

    def _facing(self) -> float:
        return float(rotation.heading(self.env.sim.qpos[:, 3:7])[0])

    def _seen(self, moment: Moment) -> Seen:
        env, data, model = self.env, self._data, self._drawn
        seconds = int(env.age) / self.config.control_hz
        away = terminations.body_errors(moment)[0].nan_to_num(1e3).double().numpy()
        if self._fell is None and (away.mean() > FAILURE or bool(terminations.box_away(moment, FAILURE))):
            self._fell = seconds
        reward, terms = rewards.total(rewards.DEEPMIMIC, moment)
        mujoco.mj_setState(model, data, env.sim.state()[0].numpy(), mujoco.mjtState.mjSTATE_INTEGRATION)
        mujoco.mj_forward(model, data)
        mujoco.mj_subtreeVel(model, data)
        com = data.subtree_com[1].copy()
        floor = float(env.terrain.height(com[:1], com[1:2])[0])
        capture = com + data.subtree_linvel[1] * np.sqrt(max(com[2] - floor, 0.0) / GRAVITY)
        capture[2] = floor
        torque = data.actuator_force.copy()
        contacts, touch = self._contacts()
        return Seen(
            seconds=seconds,
            phase=float(env.tick) / TICKS % self.motion.duration if self.motion.loop else float(env.tick) / TICKS,
            qpos=moment.qpos[0].double().numpy(),
            wanted=moment.ref.qpos[0].double().numpy(),
            away=away,
            rewards={"reward": float(reward), **{name: float(term) for name, term in terms.items()}},
            torque=torque,
            effort=np.abs(torque) / np.maximum(model.actuator_forcerange[:, 1], 1e-9),
            contacts=contacts,
            touch=touch,
            com=com,
            capture=capture,
            boxes=self._shown(data.qpos),
            fell=self._fell,
        )

    def _shown(self, qpos: Float[np.ndarray, " nq"]) -> tuple[Float[np.ndarray, "8"], ...]:
        """The boxes that are about, the pushed one first."""
        pushed, own = self.env.box, self.env.model.nq
        found = [np.append(qpos[own : own + 7], pushed.parcel.half)] if pushed else []
        return (*found, np.append(qpos[-7:], THROWN.half)) if self._flies else tuple(found)

    def _contacts(self) -> tuple[Float[np.ndarray, "k 2 3"], dict[str, float]]:
        """Where the body is touched and the force on it there; and how much of it each of its parts takes."""
        model, data, found = self._drawn, self._data, []
        touch: dict[str, float] = {}
        for index in range(data.ncon):
            contact, wrench = data.contact[index], np.zeros(6)
            first, second = (int(model.geom_bodyid[geom]) for geom in contact.geom)
            others = {0, *self._boxes}
            if {first, second} <= others:
                continue  # boxes and the ground
            mujoco.mj_contactForce(model, data, index, wrench)
            force = contact.frame.reshape(3, 3).T @ wrench[:3]  # of the first on the second
            part = second if second not in others else first
            found.append((contact.pos.copy(), force if part == second else -force))
            name = model.body(part).name
            touch[name] = touch.get(name, 0.0) + float(np.linalg.norm(force))
        return np.array(found).reshape(-1, 2, 3), touch


def _ground(conditions: Conditions) -> tuple[str, float, int]:
    """What of the conditions makes the ground; nothing of a plane is hard."""
    if conditions.terrain == "flat":
        return "flat", 0.0, 0
    return conditions.terrain, conditions.difficulty, conditions.seed
