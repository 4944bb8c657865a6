"""Gaits that go straight ahead, bent into curves: of mocap, many takes walk straight and few walk on and turn.

A foot that stands keeps where it points, so the hips turn over it. The body leans inward by as much as its way asks,
tan a = v w / g, which decides whether anybody can follow it. It knows no sentences: those of a bent take are measured.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Bool, Float
from scipy.ndimage import gaussian_filter1d

from sfv.interfaces import Take
from sfv.motion import Motion
from sfv.priors.captions import AROUND
from sfv.priors.features import SOLES, Features, headings
from sfv.priors.standing import TOUCHES, stood
from sfv.quaternions import about, conjugate, multiply
from sfv.work.mask import runs

SLOWEST = {"walk": 0.6, "run": 1.0}
"""Categories that are bent, and to what share of its speed each may be slowed for it: flights last as long as ever."""
ANGLES = tuple(np.radians((75.0, 180.0)))
"""rad by which a take turns from its first frame to its last: that turns, and turns around."""
STRAIGHT, LASTING = np.radians(20.0), 4.0
"""rad and s: what turns by more, or does not last so long, is left as it is."""
TURNED = "turn"
"""The category of who walks and turns around, so that it is not lost among those who walk."""
LATERAL = 1.1
"""m/s^2 of a curve: what would be more goes slower, and what would have to go too slow is not bent."""
GRAVITY = 9.81
EASE = 1.0
"""Frames, the deviation of a normal curve by which turns of the hips are averaged."""
UP = np.array((0.0, 0.0, 1.0))


def curved(takes: Sequence[Take], features: Features) -> list[Take]:
    """What is to be learnt from besides the takes: those of straight gaits, bent to the left.

    The mirror makes those that go to the right. None where the character's hips are no ball joints.
    """
    hips = _hips(features)
    if hips is None:
        return []
    return [
        replace(take, motion=bent, captions=(), label=TURNED if angle > AROUND else take.label)
        for take in takes
        if take.label in SLOWEST and take.motion.duration >= LASTING and _is_straight(take.motion)
        for angle in ANGLES
        for bent in _slower(take, float(angle), hips, features)
    ]


def _is_straight(motion: Motion) -> bool:
    heading = headings(motion.qpos[:, 3:7])
    return bool(np.ptp(gaussian_filter1d(heading, motion.fps / 2, mode="nearest")) < STRAIGHT)


def _slower(take: Take, angle: float, hips: tuple[int, int], features: Features) -> Iterator[Motion]:
    """The take's motion bent, as slow as it has to be; nothing where that is too slow."""
    motion = take.motion
    speed = float(np.linalg.norm(motion.qpos[-1, :2] - motion.qpos[0, :2])) / motion.duration
    rate = angle / motion.duration
    share = min(1.0, LATERAL / max(speed * rate, 1e-6))
    if share >= SLOWEST[take.label]:
        slow = replace(motion, qpos=motion.at(motion.times * share), contacts=None, contact_names=())
        yield bent(slow, angle, speed * share * rate, hips, features)


def bent(motion: Motion, angle: float, lateral: float, hips: tuple[int, int], features: Features) -> Motion:
    """A motion whose way turns evenly by an angle to the left.

    Args:
        motion: of a straight gait.
        angle: rad.
        lateral: m/s^2 by which it is to be drawn inward.
        hips: where the joints of the left and of the right hip begin in qpos.
        features: those of its character.
    """
    turn = np.linspace(0.0, angle, len(motion))
    qpos, root = motion.qpos.copy(), motion.qpos[:, 3:7]
    step = np.diff(motion.qpos[:, :2], axis=0)
    middle = (turn[1:] + turn[:-1]) / 2
    cos, sin = np.cos(middle), np.sin(middle)
    step = np.stack((cos * step[:, 0] - sin * step[:, 1], sin * step[:, 0] + cos * step[:, 1]), 1)
    qpos[1:, :2] = qpos[0, :2] + np.cumsum(step, 0)
    touching = features.encode(motion)[:, features.groups["contacts"]] > TOUCHES
    for side, at in zip(("left", "right"), hips, strict=True):
        stands = np.asarray(touching[:, [name.startswith(side) for name in SOLES]].any(1))
        over = multiply(multiply(conjugate(root), about(UP, _held(turn, stands))), root)
        qpos[:, at : at + 4] = multiply(over, motion.qpos[:, at : at + 4])
    qpos[:, 3:7] = multiply(about(UP, turn), root)
    qpos = _leant(qpos, float(np.arctan2(lateral, GRAVITY)))
    rows = torch.tensor(features.encode(replace(motion, qpos=qpos)))
    source = f"{motion.source}, turned by {np.degrees(angle):.0f} degrees"
    return features.decode(stood(rows, features).numpy(), source=source)


def _held(turn: Float[np.ndarray, " T"], stands: Bool[np.ndarray, " T"]) -> Float[np.ndarray, " T"]:
    """Turns of a hip, rad, that hold a foot's heading while it stands, evenly from one stance to the next."""
    if not stands.any():
        return np.zeros(len(turn))
    held = np.zeros(len(turn))
    for first, stop in runs(stands):
        held[first:stop] = turn[first:stop].mean() - turn[first:stop]
    frames = np.flatnonzero(stands)
    eased: Float[np.ndarray, " T"] = gaussian_filter1d(
        np.interp(np.arange(len(turn)), frames, held[frames]), EASE, mode="nearest"
    )
    return eased


def _leant(qpos: Float[np.ndarray, "T nq"], lean: float) -> Float[np.ndarray, "T nq"]:
    """All of the body turned to the left about where its heading meets the ground under it, by an angle (rad)."""
    out, heading = qpos.copy(), headings(qpos[:, 3:7])
    left = np.stack((-np.sin(heading), np.cos(heading)), 1)
    out[:, :2] += left * (qpos[:, 2:3] * np.sin(lean))
    out[:, 2] *= np.cos(lean)
    yaw = about(UP, heading)
    roll = multiply(multiply(yaw, about(np.array((1.0, 0.0, 0.0)), np.array(-lean))), conjugate(yaw))
    out[:, 3:7] = multiply(roll, qpos[:, 3:7])
    return out


def _hips(features: Features) -> tuple[int, int] | None:
    """Where in qpos the joints begin by which the left and the right leg hang from the root."""
    model, marks, found = features.skeleton.model, features.character.keypoints, []
    for side in ("left", "right"):
        body = int(model.body(marks[f"{side}_heel"][0]).id)
        while int(model.body_parentid[body]) != 1:
            body = int(model.body_parentid[body])
        joint = int(model.body_jntadr[body])
        if joint < 0 or features.skeleton.joint_kinds[joint] != "ball":
            return None
        found.append(int(model.jnt_qposadr[joint]))
    return found[0], found[1]
