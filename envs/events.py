"""What disturbs an episode: a table of events, each with a range; training draws from it, measuring holds values.

What changes the body or the ground is drawn when an episode starts and written to that simulation's own model; pushes,
boxes, delay and noise act at every control step. It knows no rewards and no policies.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import mujoco
import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from envs.config import TrackingConfig
from envs.sim.cpu import CpuSim
from envs.thrown import Thrown
from sfv.character import Character
from sfv.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from envs.sim.gpu import GpuSim

PUSH_SECONDS = 0.2
"""How long a push lasts (DeepMimic, section 7)."""
BETWEEN = 1.0, 3.0
"""s: shortest and longest time from one push or box to the next in training (as in BeyondMimic and mjlab)."""
FASTER = 10.0
"""Noise of what is observed of velocities (m/s, rad/s), as a multiple of that of places and angles (m, rad)."""

HARDER, LEVELS = ("push", "box"), 10
"""Events whose ranges may be raised as episodes last, and in how many steps."""
GRADUAL = "level", "hits"
"""What a state of before ranges were raised lacks."""
BOXES = "box_at", "box_angle", "flies"
"""What a state holds beside all else where boxes are thrown."""


@dataclass(frozen=True)
class Event:
    """A row of the table.

    Attributes:
        low, high: the range that training draws from, evenly.
        least, most: what may be asked for.
        unit: of all these.
        what: in words.
        of_model: whether it changes the simulation's model, which only MuJoCo on the processor has one of each.
    """

    low: float
    high: float
    least: float
    most: float
    unit: str
    what: str
    of_model: bool = False


EVENTS = {
    "friction": Event(0.4, 1.2, 0.02, 5.0, "x", "friction of body and ground", True),
    "mass": Event(0.85, 1.15, 0.2, 5.0, "x", "mass and inertia of the whole body", True),
    "balance": Event(-0.03, 0.03, -0.3, 0.3, "m", "how far forward the heaviest body's centre of mass is moved", True),
    "hands": Event(0.0, 1.0, 0.0, 10.0, "kg", "a weight in each hand", True),
    "strength": Event(0.7, 1.1, 0.0, 5.0, "x", "largest torque of each servo", True),
    "gains": Event(0.85, 1.15, 0.1, 3.0, "x", "stiffness and damping of each servo", True),
    "delay": Event(0.0, 25.0, 0.0, 200.0, "ms", "from a command to the servos, in whole physics steps"),
    "noise": Event(0.0, 0.02, 0.0, 1.0, "m, rad", "standard deviation of what is observed; of speeds ten times that"),
    "start": Event(0.0, 0.1, 0.0, 1.0, "rad", "standard deviation of joint angles at the start"),
    "push": Event(0.0, 150.0, 0.0, 5000.0, "N", "at the root for 0.2 s, level, from any side, every 1 to 3 s"),
    "box": Event(
        3.0, 6.0, 0.0, 20.0, "m/s", "speed of a box of 5 kg that is thrown at the root, from any side, every 1 to 3 s"
    ),
}


def parse_events(texts: Sequence[str]) -> dict[str, tuple[float, float]]:
    """'friction', 'push:100' or 'push:50:200' -> event and range; 'all' is the whole table.

    Raises:
        InputError: no such event, no such range of it, or more than one.
    """
    asked = [text.partition(":")[0] for text in texts]
    for name in asked:
        if asked.count(name) > 1:
            raise InputError(f"{name} is named {asked.count(name)} times; give it one range")
    named = [name for text in texts for name in (EVENTS if text == "all" else (text,))]
    out = {}
    for text in named:
        name, *said = text.split(":")
        if name not in EVENTS:
            raise InputError(f"{name!r} is not an event{did_you_mean(name, [*EVENTS, 'all'])}")
        event = EVENTS[name]
        try:
            low, high = (float(number) for number in ((said * 2)[:2] if said else (event.low, event.high)))
        except ValueError:
            low = high = math.nan
        if len(said) > 2 or not event.least <= low <= high <= event.most:
            raise InputError(
                f"{text!r} is no range of {name}; write {name}:LOW:HIGH within {event.least:g} and {event.most:g} "
                f"({event.unit})"
            )
        out[name] = low, high
    return {name: out[name] for name in EVENTS if name in out}


class Events:
    """The events of num_envs episodes.

    Attributes:
        value: event -> (n,), as drawn for the episode in progress.
        push_at, push_angle: (n,) control step at which the next push begins, and where to, rad from +x to the left.
        box_at, box_angle: (n,) the same of the next box, and where from.
        level: (n,) long, of how many of LEVELS parts of their ranges, from the low end, HARDER events are drawn.
        hits: (n,) long, pushes and boxes of the episode so far.
        once: whether an episode has one push and one box, and not one after another.
        hit: (n,) bool, who is pushed or thrown at in the control step in progress.
    """

    def __init__(
        self,
        ranges: Mapping[str, tuple[float, float]],
        sim: "CpuSim | GpuSim",
        character: Character,
        num_envs: int,
        config: TrackingConfig,
    ) -> None:
        self.ranges, self.sim, self.hz, self.decimation = dict(ranges), sim, config.control_hz, config.decimation
        self.base: mujoco.MjModel = sim.model
        self.value = {name: torch.zeros(num_envs, device=sim.device) for name in ranges}
        self.held: dict[str, Tensor] = {}
        changing = [name for name in ranges if EVENTS[name].of_model]
        if changing and not isinstance(sim, CpuSim):
            raise InputError(
                f"{', '.join(changing)} cannot differ between simulations of --simulator warp; "
                "leave them out, or take --simulator mujoco"
            )
        self.hands = [self.base.body(name).id for name in character.key_bodies if name not in character.feet]
        if "hands" in ranges and not self.hands:
            raise InputError(f"{character.name} has no hands to put a weight in; leave out the event 'hands'")
        self.push_at, self.box_at = (torch.zeros(num_envs, dtype=torch.long, device=sim.device) for _ in range(2))
        self.push_angle, self.box_angle = (torch.zeros(num_envs, device=sim.device) for _ in range(2))
        self.flies = torch.zeros(num_envs, dtype=torch.bool, device=sim.device)
        self._thrown = Thrown(sim) if "box" in ranges else None
        self.push_steps = round(PUSH_SECONDS * self.hz)
        self.level = torch.full_like(self.push_at, 1 if config.gradual else LEVELS)
        self.hits = torch.zeros_like(self.push_at)
        self.once = False
        self.hit = torch.zeros_like(self.flies)
        longest = math.ceil(
            self._delay_steps(torch.tensor(ranges.get("delay", (0.0, 0.0))[1])).item() / self.decimation
        )
        # the last commands, newest first
        self.commands = torch.zeros(longest + 1, num_envs, self.base.nu, dtype=torch.float64, device=sim.device)

    def hold(self, name: str, value: Float[Tensor, "n"]) -> None:
        """From the next start on, give each environment this value instead of a drawn one."""
        assert name in self.value
        assert name != "delay" or float(value.max()) <= self.ranges["delay"][1] + 1e-3, (
            "there is room for so long a delay"
        )
        self.held[name] = value

    def change(self, name: str, value: float) -> None:
        """Give every environment this value from now on, in the episode in progress as well."""
        everyone = torch.full_like(self.value[name], value)
        self.hold(name, everyone)
        self.value[name][:] = everyone
        self._write(torch.arange(len(everyone), device=everyone.device))

    def start(self, ids: Tensor, command: Float[Tensor, "n a"], generator: torch.Generator) -> None:
        """Episodes begin in environments `ids`, whose servos stand at `command`."""
        for name in self.ranges:
            drawn = self._drawn(name, ids, generator)
            self.value[name][ids] = self.held[name][ids] if name in self.held else drawn
        if "push" in self.ranges and not self.once:
            self.push_at[ids], self.push_angle[ids] = self._next(torch.zeros_like(ids), generator)
        if self._thrown:
            self.flies[ids] = False
            if not self.once:
                self.box_at[ids], self.box_angle[ids] = self._next(torch.zeros_like(ids), generator)
        self.hits[ids] = 0
        self.commands[:, ids] = command.to(self.commands.dtype)
        self._write(ids)

    def drive(self, command: Float[Tensor, "n a"], age: Tensor, generator: torch.Generator) -> None:
        """Take the physics steps of one control step, with pushes, and commands as late as they are."""
        self.hit[:] = False
        if "push" in self.ranges:
            self._push(age, generator)
        if self._thrown:
            self._throw(self._thrown, age, generator)
        self.commands = torch.cat((command[None].to(self.commands.dtype), self.commands[:-1]))
        if "delay" not in self.ranges:
            self.sim.ctrl[:] = self.commands[0]
            self.sim.step(self.decimation)
            return
        delay = self._delay_steps(self.value["delay"])
        everyone = torch.arange(len(delay), device=delay.device)
        for step in range(self.decimation):
            # of `delay` physics steps, `step` have passed since the newest command was given
            ago = torch.div(delay - step + self.decimation - 1, self.decimation, rounding_mode="floor").clamp_min(0)
            self.sim.ctrl[:] = self.commands[ago, everyone]
            self.sim.step(1)

    def ended(self, ids: Tensor, lasted: Bool[Tensor, "k"]) -> None:
        """Training episodes are over in environments `ids`: who was hit and `lasted` is hit harder next, who fell after
        a hit or two less hard."""
        hits = self.hits[ids]
        step = torch.where(lasted, (hits > 0).long(), -((hits > 0) & (hits <= 2)).long())
        self.level[ids] = (self.level[ids] + step).clamp(1, LEVELS)

    def noisy(
        self, obs: Float[Tensor, "n o"], speeds: Tensor, ids: Tensor, generator: torch.Generator
    ) -> Float[Tensor, "n o"]:
        """Observations with noise on them; `speeds` (o,) bool says which are of velocities."""
        if "noise" not in self.ranges:
            return obs
        noise = torch.randn(obs.shape, generator=generator, device=generator.device)
        return obs + self.value["noise"][ids, None] * torch.where(speeds, FASTER, 1.0) * noise

    def moved(self, nv: int, ids: Tensor, generator: torch.Generator) -> Float[Tensor, "n v"] | None:
        """How far poses are from the reference's at the start, in the tangent space; None for not at all."""
        if "start" not in self.ranges:
            return None
        move = self.value["start"][ids, None] * torch.randn(len(ids), nv, generator=generator, device=generator.device)
        move[:, :6] = 0.0
        return move

    def state(self) -> dict[str, Tensor]:
        """All that later steps depend on, but what the simulator keeps itself."""
        return {
            "push_at": self.push_at.clone(),
            "push_angle": self.push_angle.clone(),
            **{name: getattr(self, name).clone() for name in GRADUAL},
            **({name: getattr(self, name).clone() for name in BOXES} if self._thrown else {}),
            "commands": self.commands.clone(),
            **{f"value.{name}": value.clone() for name, value in self.value.items()},
        }

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a `state`; each simulation gets its body and ground back."""
        for name in GRADUAL:
            getattr(self, name)[:] = state.get(name, getattr(self, name))
        for name in ("push_at", "push_angle", "commands", *(BOXES if self._thrown else ())):
            getattr(self, name)[:] = state[name]
        for name, value in self.value.items():
            value[:] = state[f"value.{name}"]
        self._write(torch.arange(len(self.push_at)))

    def _drawn(self, name: str, ids: Tensor, generator: torch.Generator) -> Float[Tensor, "k"]:
        low, high = self.ranges[name]
        most = (high - low) * (self.level[ids] / LEVELS if name in HARDER else 1.0)
        return low + most * torch.rand(len(ids), generator=generator, device=generator.device)

    def _delay_steps(self, delay: Tensor) -> Tensor:
        return torch.round(delay * 1e-3 * self.hz * self.decimation).long()

    def _next(self, age: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """When, after episodes of that age, the next push or box comes, and its angle."""
        draw = torch.rand(2, len(age), generator=generator, device=generator.device)
        wait = ((BETWEEN[0] + (BETWEEN[1] - BETWEEN[0]) * draw[0]) * self.hz).long()
        return age + wait, 2.0 * math.pi * draw[1]

    def _push(self, age: Tensor, generator: torch.Generator) -> None:
        """Forces of this control step; who was pushed long enough gets a next push."""
        if not self.once and len(over := (age >= self.push_at + self.push_steps).nonzero()[:, 0]):
            self.value["push"][over] = self._drawn("push", over, generator)
            self.push_at[over], self.push_angle[over] = self._next(age[over], generator)
        now = (age >= self.push_at) & (age < self.push_at + self.push_steps)
        self.hit |= now
        self.hits += age == self.push_at
        force = torch.where(now, self.value["push"], 0.0)
        way = torch.stack((torch.cos(self.push_angle), torch.sin(self.push_angle)), -1)
        self.sim.xfrc_applied[:, 1, :2] = (force[:, None] * way).to(self.sim.xfrc_applied.dtype)

    def _throw(self, thrown: Thrown, age: Tensor, generator: torch.Generator) -> None:
        """Boxes of this control step: who throws gets a next one, which lets this one lie until then."""
        if len(now := (age == self.box_at).nonzero()[:, 0]):
            thrown.throw(now, self.box_angle[now], self.value["box"][now])
            self.flies[now] = self.hit[now] = True
            self.hits[now] += 1
            if not self.once:
                self.value["box"][now] = self._drawn("box", now, generator)
                self.box_at[now], self.box_angle[now] = self._next(age[now], generator)
        if len(waiting := (~self.flies).nonzero()[:, 0]):
            thrown.park(waiting)

    def _write(self, ids: Tensor) -> None:
        """Give the simulations of `ids` the bodies and ground that their values stand for."""
        index = ids.numpy(force=True)
        values = {name: self.value[name][ids].double().numpy(force=True) for name in self.value}
        if not isinstance(self.sim, CpuSim):
            return  # nothing of its models changes, or it had been refused
        for field, rows in models(self.base, values, self.hands).items():
            self.sim.expand(field)[index] = rows
        if values.keys() & {"mass", "balance", "hands"}:
            self.sim.set_const(index)


def models(
    base: mujoco.MjModel, values: Mapping[str, Float[np.ndarray, " n"]], hands: Sequence[int]
) -> dict[str, np.ndarray]:
    """MuJoCo's model fields, (n, ...) each, as n values of each event make them of a model's own."""
    out: dict[str, np.ndarray] = {}

    def field(name: str) -> np.ndarray:
        count = len(next(iter(values.values())))
        return out.setdefault(name, np.repeat(getattr(base, name)[None], count, 0))

    if "friction" in values:
        field("geom_friction")[..., 0] *= values["friction"][:, None]
    if "mass" in values or "hands" in values:
        mass = field("body_mass")
        if "mass" in values:
            mass[:, base.body_rootid == 1] *= values["mass"][:, None]  # of the body, and of no box beside it
        if "hands" in values:
            mass[:, list(hands)] += values["hands"][:, None]
        # as heavy as it is, a body's mass lies where it lay
        share = np.divide(mass, base.body_mass, out=np.ones_like(mass), where=base.body_mass > 0)
        field("body_inertia")[:] *= share[..., None]
    if "balance" in values:
        heaviest = int(np.argmax(np.where(base.body_rootid == 1, base.body_mass, 0.0)))
        field("body_ipos")[:, heaviest, 0] += values["balance"]
    if "strength" in values:
        field("actuator_forcerange")[:] *= values["strength"][:, None, None]
    if "gains" in values:
        gain = values["gains"][:, None]
        field("actuator_gainprm")[..., 0] *= gain
        field("actuator_biasprm")[..., 1:3] *= gain[..., None]
    return out
