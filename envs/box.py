"""The box that the hands of a motion push: how large it is, where it begins, and where it is to be.

It stands on level ground in front of the hands and is to go where the middle between them goes, as the reference has
them; of a loop that turns it turns along. Its joint stands behind the character's in qpos and qvel.
"""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from envs.library import TICKS, MotionLibrary, Reference
from sfv.character import Character
from sfv.errors import InputError
from sfv.joints.joint_map import found_parts
from sfv.surface import surface_points
from sfv.terrain.parcel import Parcel
from sfv.terrain.terrain import Terrain

if TYPE_CHECKING:
    from envs.sim.cpu import CpuSim
    from envs.sim.gpu import GpuSim

FRICTION = 0.4
"""Of the box on the ground and at the hands, as of cardboard: 10 kg begin to slide at 39 N."""
GRIP = 1.0
"""Friction of feet on level ground, which bears what pushes."""
GAP = 0.02
"""m from the foremost that the hands ever are, seen from the middle between them, to the box."""
ABOVE = 0.05
"""m that a box whose size nobody names is higher than the hands ever are."""
MOVED = 1.0
"""m along the ground, from which on a box counts as moved."""
ASTRAY = 0.3
"""m by which the way of the hands may leave its line: the box cannot be led round corners."""
SECONDS = 20.0
"""How long a loop is tried."""
EXAMPLE = "box:10kg"


@dataclass(frozen=True)
class AskedBox:
    """What a user says of a box: its mass, kg, and its side, m, where he says one."""

    mass: float
    side: float | None = None


def parse_object(text: str) -> AskedBox:
    """'box:10kg' or 'box:10kg,1.2m'.

    Raises:
        InputError: it is neither.
    """
    match = re.fullmatch(r"box:([0-9]*\.?[0-9]+)kg(?:,([0-9]*\.?[0-9]+)m)?", text.replace(" ", ""))
    if not match:
        raise InputError(f"{text!r} is no object; write {EXAMPLE}, or with the length of a side {EXAMPLE},1.5m")
    asked = AskedBox(float(match[1]), float(match[2]) if match[2] else None)
    if not 0.1 <= asked.mass <= 1000.0 or not 0.1 <= (asked.side or 1.0) <= 5.0:
        raise InputError(f"{text!r} is no box to push; give it 0.1 to 1000 kg and a side of 0.1 to 5 m")
    return asked


class Box:
    """The box of a task of one motion. Poses are place (m) and quaternion, (n, 7).

    Attributes:
        parcel: what it is.

    Raises:
        InputError: no such box can be pushed by this motion, or not on this ground.
    """

    def __init__(self, text: str, library: MotionLibrary, character: Character, terrain: Terrain) -> None:
        asked = parse_object(text)
        if library.num_clips > 1:
            raise InputError("an object is pushed by one motion, and here are several; train each of them alone")
        if not terrain.flat:
            raise InputError("an object is pushed on level ground; leave out --object, or what makes the ground uneven")
        self._nq, self._nv = character.model.nq, character.model.nv
        self._hands = _hands(character)
        _require_grip(asked.mass, character)
        ticks, turn = int(library.ticks[0]), float(library.turn[0]) if bool(library.loop[0]) else 0.0
        self._turn = turn / ticks  # rad per tick
        tick = torch.arange(ticks + 1, device=library.table.device)
        middle = self._middle(library.at(torch.zeros_like(tick), tick)).double().cpu().numpy()
        # the way from first to last is a chord, along which an arc goes half-way round
        way = middle[-1] - middle[0]
        self._first = float(np.arctan2(way[1], way[0])) - 0.5 * turn
        _require_way(middle, SECONDS * TICKS / ticks if bool(library.loop[0]) else 1.0, character.name)
        angle = self._first + self._turn * np.arange(ticks)
        surface = library.surface[:ticks].double().cpu().numpy()
        reach, top = _reach(surface, middle[:ticks], angle, self._hands, character)
        side = asked.side or float(np.ceil(100.0 * (top + ABOVE)) / 100.0)
        if side < top:
            raise InputError(
                f"the hands are up to {top:.2f} m high and would pass over a box of {side:g} m; give it at least "
                f"{np.ceil(100 * top) / 100:.2f} m, or leave its size out"
            )
        self.parcel = Parcel("box", 0.5 * side, asked.mass, FRICTION)
        self._ahead = reach + GAP + 0.5 * side

    def goal(self, ref: Reference, tick: Int[Tensor, "n"]) -> Float[Tensor, "n 7"]:
        """Where the box is to be as the reference is at a tick; at the start it stands there."""
        angle = self._first + self._turn * tick
        along = torch.stack((torch.cos(angle), torch.sin(angle)), -1)
        zero = torch.zeros_like(angle)
        place = self._middle(ref) + self._ahead * along
        half = torch.full_like(angle, self.parcel.half)
        turn = torch.stack((torch.cos(0.5 * angle), zero, zero, torch.sin(0.5 * angle)), -1)
        return torch.cat((place, half[:, None], turn), -1)

    def begin(self, sim: "CpuSim | GpuSim", ids: Int[Tensor, "k"], pose: Float[Tensor, "k 7"]) -> None:
        """Let it stand still there in simulations `ids`."""
        qpos, qvel = sim.whole("qpos"), sim.whole("qvel")
        qpos[ids, self._nq : self._nq + 7] = pose.to(qpos.dtype)
        qvel[ids, self._nv : self._nv + 6] = 0.0

    def state(self, sim: "CpuSim | GpuSim") -> tuple[Float[Tensor, "n 7"], Float[Tensor, "n 6"]]:
        """Its pose and velocity, as MuJoCo's free joints have them."""
        qpos, qvel = sim.whole("qpos"), sim.whole("qvel")
        return qpos[:, self._nq : self._nq + 7].float(), qvel[:, self._nv : self._nv + 6].float()

    def _middle(self, ref: Reference) -> Float[Tensor, "n 2"]:
        """Between the reference's hands, seen from above."""
        return ref.xpos[:, self._hands, :2].mean(1)


def _hands(character: Character) -> list[int]:
    parts = found_parts(character.skeleton)
    hands = [parts[wrist] for wrist in ("left_wrist", "right_wrist") if wrist in parts]
    if not hands:
        raise InputError(
            f"no body of {character.name} is known for a hand to push with; call them left_hand and right_hand"
        )
    return [int(character.model.body(hand).id) for hand in hands]


def _require_grip(mass: float, character: Character) -> None:
    """Raise InputError where feet slide before the box does."""
    if FRICTION * mass > GRIP * character.mass:
        most = GRIP * character.mass / FRICTION
        raise InputError(
            f"the feet of {character.name}, who weighs {character.mass:.0f} kg, slide before a box of {mass:g} kg "
            f"does; give it at most {np.floor(most):g} kg"
        )


def _require_way(middle: Float[np.ndarray, "k 2"], times: float, name: str) -> None:
    """Raise InputError unless hands that go this way so many times over go far enough, and straight."""
    way = middle[-1] - middle[0]
    long = float(np.linalg.norm(way))
    if long * times < MOVED:
        raise InputError(
            f"the hands of {name} go {long * times:.2f} m in this motion, which moves no box by {MOVED:g} m; "
            "take a motion that goes somewhere"
        )
    aside = float(np.abs((middle - middle[0]) @ np.array([-way[1], way[0]])).max()) / long
    if aside > ASTRAY:
        raise InputError(
            f"the hands of {name} leave their line by {aside:.2f} m, and a box cannot be led round corners; "
            "take a part that goes straight, with --begin and --end"
        )


def _reach(
    surface: Float[np.ndarray, "k h 3"],
    middle: Float[np.ndarray, "k 2"],
    angle: Float[np.ndarray, " k"],
    hands: list[int],
    character: Character,
) -> tuple[float, float]:
    """How far the hands are ever before the middle between them, and how high.

    Raises:
        InputError: something else of the body is.
    """
    model = character.model
    bodies, _, radii = surface_points(model)
    along = np.stack((np.cos(angle), np.sin(angle)), -1)
    ahead = ((surface[..., :2] - middle[:, None]) * along[:, None]).sum(-1).max(0) + radii
    arm = np.isin(bodies, [*hands, *(int(model.body_parentid[hand]) for hand in hands)])
    reach, other = float(ahead[arm].max()), int(np.where(arm, -np.inf, ahead).argmax())
    if ahead[other] > reach:
        raise InputError(
            f"{model.body(int(bodies[other])).name} of {character.name} comes {100 * (ahead[other] - reach):.0f} cm "
            "nearer to a box than the hands do in this motion; take one that holds its arms out to the front"
        )
    hand = np.isin(bodies, hands)
    return reach, float((surface[:, hand, 2] + 2.0 * radii[hand]).max())
