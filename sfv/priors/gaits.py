"""Gaits made by formula, of which phase, contacts, label and caption are known: what tests are fitted to, without data.

Legs swing as sines; the root goes where the standing foot, which does not slide, leaves it. It is for tests and first
looks, not a model of how people walk.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float

from sfv import rotation
from sfv.character import Character
from sfv.interfaces import Take
from sfv.kinematics import TorchKinematics, motion_state
from sfv.motion import Motion
from sfv.surface import lowest


@dataclass(frozen=True)
class Style:
    """How a gait goes.

    Attributes:
        label, caption: what is said of it.
        pace: cycles per second.
        swing: rad, of the hips about the standing pose.
        lift: rad, of the knee that swings.
        turn: rad/s, to the left.
        arms: rad, of the shoulders, against the legs.
        raised: rad, of the right arm that waves; 0 hangs.
        bend: rad, by which both knees bend and stretch once a cycle, feet together.
    """

    label: str
    caption: str
    pace: float = 0.9
    swing: float = 0.0
    lift: float = 0.0
    turn: float = 0.0
    arms: float = 0.0
    raised: float = 0.0
    bend: float = 0.0


STYLES = (
    Style("walk", "a person walks forward", 0.9, 0.38, 0.7, 0.0, 0.35),
    Style("walk", "a person walks backward", 0.8, -0.3, 0.6, 0.0, 0.25),
    Style("walk", "a person walks forward and turns left", 0.9, 0.35, 0.7, 0.6, 0.35),
    Style("walk", "a person walks forward and turns right", 0.9, 0.35, 0.7, -0.6, 0.35),
    Style("run", "a person runs forward", 1.4, 0.65, 1.5, 0.0, 0.8),
    Style("squat", "a person squats down and stands up again", 0.5, bend=0.9),
    Style("wave", "a person stands and waves with the right arm", 1.2, raised=2.2),
    Style("stand", "a person stands still", 0.3, bend=0.04),
)


@dataclass(frozen=True)
class Gait:
    """A motion and what is known of it.

    Attributes:
        motion: of the humanoid.
        phase: (T,) cycles, from 0; the left foot stands in the first half of each.
        stands: (T, 2) whether the left and the right foot bear weight.
        style: how it goes.
    """

    motion: Motion
    phase: Float[np.ndarray, " T"]
    stands: Bool[np.ndarray, "T 2"]
    style: Style


def gait(character: Character, style: Style, seconds: float, phase: float = 0.0, fps: float = 30.0) -> Gait:
    """A gait of the humanoid, from a phase (cycles) on."""
    count = int(seconds * fps) + 1
    cycles = phase + style.pace * np.arange(count) / fps
    angle = 2.0 * np.pi * cycles
    skeleton = character.skeleton
    qpos = np.repeat(skeleton.qpos0[None], count, 0)

    def put(joint: str, about: tuple[float, float, float], turn: np.ndarray) -> None:
        at, kind = int(skeleton.model.joint(joint).qposadr[0]), skeleton.joint_kinds[skeleton.joint_names.index(joint)]
        if kind == "hinge":
            qpos[:, at] = turn
            return
        vector = torch.tensor(turn[:, None] * np.array(about))
        before = torch.tensor(qpos[:, at : at + 4])
        qpos[:, at : at + 4] = rotation.quat_mul(rotation.exp(vector), before).numpy()

    for side, shift in (("left", 0.0), ("right", np.pi)):
        crouch = style.bend * (0.5 - 0.5 * np.cos(angle))
        # the leg is in front when its half of the cycle begins, and behind when it ends; then the knee lifts it on
        hip = -style.swing * np.cos(angle + shift) - crouch
        knee = style.lift * np.clip(-np.sin(angle + shift), 0.0, None) ** 1.5 + 2.0 * crouch
        put(f"{side}_hip", (0.0, 1.0, 0.0), hip)
        put(f"{side}_knee", (0.0, 1.0, 0.0), knee)
        put(f"{side}_ankle", (0.0, 1.0, 0.0), -(hip + knee))
    # the shoulders' zero is the T-pose: arms hang by a quarter turn about the chest's x, written in the joint's frame
    for side, sign in (("left", -1.0), ("right", 1.0)):
        hang = np.full(count, sign * 1.4)
        if side == "right" and style.raised:
            hang = hang - sign * style.raised * (0.8 + 0.2 * np.sin(angle))
        put(f"{side}_shoulder", (1.0, 0.0, 0.0), hang)
        put(f"{side}_shoulder", (0.0, 0.0, sign), -sign * style.arms * np.cos(angle))
    stands = np.stack((np.sin(angle) >= 0, np.sin(angle) < 0), 1)
    if not style.swing:
        stands[:] = True
    _carried(character, qpos, stands, style.turn / fps)
    motion = Motion(skeleton, fps, qpos, source=f"gait: {style.caption}")
    return Gait(motion, cycles, stands, style)


def takes(character: Character, count: int, seconds: float = 3.0, seed: int = 0) -> list[Take]:
    """`count` gaits of all styles in turn, each with a pace, a swing and a phase of its own."""
    generator = np.random.default_rng(seed)
    out = []
    for number in range(count):
        style = STYLES[number % len(STYLES)]
        pace, swing, turn = generator.uniform(0.9, 1.1, 3)
        varied = Style(**vars(style) | {"pace": style.pace * pace, "swing": style.swing * swing,
                                        "turn": style.turn * turn})  # fmt: skip
        made = gait(character, varied, seconds, float(generator.uniform()))
        out.append(Take(made.motion, (style.caption,), style.label, f"formula {number}"))
    return out


def _carried(
    character: Character, qpos: Float[np.ndarray, "T nq"], stands: Bool[np.ndarray, "T 2"], turn: float
) -> None:
    """Put the root where the standing foot leaves it, and the lower sole on the floor; in place."""
    heading = turn * np.arange(len(qpos))
    qpos[:, :3] = 0.0
    qpos[:, 3:7] = np.stack((np.cos(heading / 2), 0 * heading, 0 * heading, np.sin(heading / 2)), 1)
    names = ("left_heel", "left_foot_index", "right_heel", "right_foot_index")
    bodies, offsets = zip(*(character.keypoints[name] for name in names), strict=True)
    tree = TorchKinematics(character.skeleton.model, torch.float64)
    at = [character.skeleton.body_names.index(name) + 1 for name in bodies]
    points = tree.points(torch.tensor(qpos), at, torch.tensor(offsets, dtype=torch.float64)).numpy()
    feet = points.reshape(len(qpos), 2, 2, 3).mean(2)
    standing = np.where(stands[:-1, 0], 0, 1)
    t = np.arange(len(qpos) - 1)
    step = feet[t, standing] - feet[t + 1, standing]
    qpos[1:, :2] = np.cumsum(step[:, :2], 0)
    model = character.model
    qpos[:, 2] -= lowest(model, motion_state(Motion(character.skeleton, 30.0, qpos), model))
