"""What a person who is filmed does: a stretch of a motion at another tempo, seated or tumbling, on a body of any build.

It knows no pictures: it says where bones and joints are in a world with the ground at z = 0.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import mujoco
import numpy as np
from jaxtyping import Float
from scipy.ndimage import gaussian_filter1d
from scipy.spatial.transform import Rotation

from recon.lifter.human import PARTS
from recon.lifter.points import POINTS, RATE
from sfv.character import Character
from sfv.motion import Motion

FRAMES = 36
"""Of a window, at RATE."""
SEATED, TUMBLING, BACKWARDS = 0.14, 0.09, 0.1
"""Shares of the windows."""
OTHER_ARMS, TURNED = 0.2, 0.35
"""Shares of the windows with another motion's arms, and with limbs turned."""
ARMS, THIGHS = ("left_shoulder", "right_shoulder", "left_elbow", "right_elbow"), ("left_hip", "right_hip")
LEG = 0.831
"""m of the humanoid's leg."""


@runtime_checkable
class Puppet(Protocol):
    """A body on bones that follow the humanoid's parts: a `Human`, or a `Figure`. Metres."""

    @property
    def leg(self) -> float:
        """From hip to ankle."""

    @property
    def soles(self) -> list[int]:
        """Bones by whose beginnings it stands."""

    @property
    def sole(self) -> float:
        """From there to the ground."""

    def posed(
        self, places: Float[np.ndarray, "T 3"], parts: Mapping[str, Float[np.ndarray, "T 3 3"]]
    ) -> tuple[Float[np.ndarray, "T B 3"], Float[np.ndarray, "T B 3 3"]]: ...

    def landmark(
        self, name: str, heads: Float[np.ndarray, "T B 3"], turns: Float[np.ndarray, "T B 3 3"]
    ) -> Float[np.ndarray, "T 3"]: ...


@dataclass(frozen=True)
class Performed:
    """What somebody does in a window. Metres, in a world of z up.

    Attributes:
        heads, turns: (T, B, ...) of the puppet's bones.
        points: (T, K, 3) where the lifter's POINTS are.
        seat: m over the ground, of what they sit on; None: they do not.
        clip: which motion it is of.
    """

    heads: Float[np.ndarray, "T B 3"]
    turns: Float[np.ndarray, "T B 3 3"]
    points: Float[np.ndarray, "T K 3"]
    seat: float | None
    clip: str


def act(
    motions: Sequence[Motion], puppet: Puppet, character: Character, rng: np.random.Generator, turning: float = TUMBLING
) -> Performed:
    """Something that one of the motions of `character` shows, by chance; long ones are taken more often, but not as
    much more. A share turns over."""
    odds = np.array([motion.duration for motion in motions]) ** 0.75
    motion, other = (motions[k] for k in rng.choice(len(motions), 2, p=odds / odds.sum()).tolist())
    qpos = _limbs(_stretch(motion, rng), _stretch(other, rng), character, rng)
    seated, tumbling = rng.random() < SEATED, rng.random() < turning
    if seated:
        qpos = sitting(qpos, character, rng)
    places, parts = _parts(qpos, character)
    ratio = puppet.leg / LEG
    places = (places - places.mean(0) * [1, 1, 0]) * ratio
    if tumbling and not seated:
        turn = _tumble(rng)
        parts = {name: turn @ one for name, one in parts.items()}
    heads, turns = puppet.posed(places, parts)
    low = heads[:, :, 2].min(1) if tumbling and not seated else heads[:, puppet.soles, 2].min(1)
    lift = puppet.sole - np.percentile(low, 15)
    heads[..., 2] += lift
    points = np.stack([puppet.landmark(name, heads, turns) for name in POINTS], 1)
    hips = float(points[:, :2, 2].mean())
    return Performed(heads, turns, points, max(hips - 0.1, 0.1) if seated else None, motion.source)


def _stretch(motion: Motion, rng: np.random.Generator) -> Float[np.ndarray, "T nq"]:
    """FRAMES moments at RATE, at .7 to 1.4 of the tempo, turned about the vertical; past its ends a clip stands."""
    tempo = 0.7 * 2.0 ** rng.random() * (-1.0 if rng.random() < BACKWARDS else 1.0)
    length = abs(tempo) * (FRAMES - 1) / RATE
    first = rng.uniform(-0.1 * length, max(motion.duration - 0.9 * length, 0.0))
    moments = first + abs(tempo) * np.arange(FRAMES) / RATE
    qpos = motion.at(np.clip(moments[:: int(np.sign(tempo))], 0.0, motion.duration))
    turn = Rotation.from_euler("z", rng.uniform(0, 2 * np.pi))
    qpos[:, :3] = turn.apply(qpos[:, :3])
    qpos[:, 3:7] = (turn * Rotation.from_quat(qpos[:, 3:7], scalar_first=True)).as_quat(scalar_first=True)
    return qpos


def _limbs(
    qpos: Float[np.ndarray, "T nq"], other: Float[np.ndarray, "T nq"], character: Character, rng: np.random.Generator
) -> Float[np.ndarray, "T nq"]:
    """Now and then with the arms of the other motion, or with limbs turned a little throughout."""
    model, out = character.model, qpos.copy()
    at = {name: model.jnt_qposadr[model.joint(name).id] for name in (*ARMS, *THIGHS, "neck")}
    if rng.random() < OTHER_ARMS:
        for name in ARMS:
            wide = 4 if name.endswith("shoulder") else 1
            out[:, at[name] : at[name] + wide] = other[:, at[name] : at[name] + wide]
    for names, spread in ((ARMS[:2], 0.3), (THIGHS, 0.15), (("neck",), 0.15)):
        if rng.random() < TURNED:
            for name in names:
                here = slice(at[name], at[name] + 4)
                turn = Rotation.from_rotvec(spread * rng.standard_normal(3))
                out[:, here] = (Rotation.from_quat(out[:, here], scalar_first=True) * turn).as_quat(scalar_first=True)
    return out


def sitting(
    qpos: Float[np.ndarray, "T nq"], character: Character, rng: np.random.Generator
) -> Float[np.ndarray, "T nq"]:
    """The same, of somebody who sits: arms, trunk and head as they move, legs bent, hips where they are."""
    model, out = character.model, qpos.copy()
    moving = gaussian_filter1d(rng.standard_normal((len(qpos), 7)), 12, axis=0, mode="nearest")
    moving = rng.uniform(0.0, 0.25) * moving / max(moving.std(), 1e-9)
    yaw = Rotation.from_quat(qpos[:, 3:7], scalar_first=True).as_euler("ZYX")[:, 0]
    yaw = np.unwrap(yaw)[0] + 0.15 * (np.unwrap(yaw) - np.unwrap(yaw)[0])
    lean = rng.uniform(-0.3, 0.35) + 0.5 * moving[:, 0]
    root = Rotation.from_euler("ZY", np.stack((yaw, lean), 1))
    out[:, 3:7] = root.as_quat(scalar_first=True)
    out[:, :2] = qpos[:1, :2] + 0.1 * (qpos[:, :2] - qpos[:1, :2])
    out[:, 2] = rng.uniform(0.4, 0.6)
    wide, knees = rng.uniform(0.0, 0.35), rng.uniform(0.9, 2.0)
    for k, (side, sign) in enumerate((("left", 1.0), ("right", -1.0))):
        raised = rng.uniform(1.2, 1.75)
        at = model.jnt_qposadr[model.joint(f"{side}_hip").id]
        bent = np.stack((sign * wide + 0.5 * moving[:, 1 + k], -raised - lean + 0.5 * moving[:, 3 + k]), 1)
        out[:, at : at + 4] = Rotation.from_euler("XY", bent).as_quat(scalar_first=True)
        joint = model.joint(f"{side}_knee").id
        low, high = model.jnt_range[joint]
        away = np.sign(high + low) * np.clip(knees * rng.uniform(0.85, 1.15) + moving[:, 5 + k], 0.3, 2.3)
        out[:, model.jnt_qposadr[joint]] = away
    return out


def _parts(qpos: Float[np.ndarray, "T nq"], character: Character) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The middle of the hips, and the turns of the humanoid's parts."""
    model, data = character.model, mujoco.MjData(character.model)
    ids = [model.body(part).id for part in PARTS]
    hips = [model.body(f"{side}_hip").id for side in ("left", "right")]
    places, turns = np.empty((len(qpos), 3)), np.empty((len(qpos), len(ids), 3, 3))
    for t, pose in enumerate(qpos):
        data.qpos[:] = pose
        mujoco.mj_kinematics(model, data)
        places[t], turns[t] = data.xpos[hips].mean(0), data.xmat[ids].reshape(-1, 3, 3)
    return places, {part: turns[:, k] for k, part in enumerate(PARTS)}


def _tumble(rng: np.random.Generator) -> Float[np.ndarray, "T 3 3"]:
    """Held at any angle, or turning over once or so."""
    axis = rng.standard_normal(3) * [1.0, 1.0, 0.3]
    axis /= np.linalg.norm(axis)
    if rng.random() < 0.4:
        angle = np.full(FRAMES, rng.uniform(-np.pi, np.pi))
    else:
        middle, width = FRAMES * rng.uniform(0.2, 0.8), rng.uniform(8.0, 30.0)
        part = np.clip((np.arange(FRAMES) - middle) / width + 0.5, 0.0, 1.0)
        angle = rng.uniform(1.2, 2.4) * np.pi * rng.choice((-1.0, 1.0)) * part**2 * (3 - 2 * part)
    return np.asarray(Rotation.from_rotvec(angle[:, None] * axis).as_matrix())
