"""Motion as priors see it: one row of numbers per frame, none of which follows from the others.

A row holds rates (so the frame rate is only a parameter) and the pose seen from the heading; positions of bodies follow
by forward kinematics and are never generated. Z up, metres, radians, seconds. It knows no prior and no statistics.

    row = (turn, velocity, height, tilt, joints, contacts)
"""

from functools import cached_property

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from sfv import rotation
from sfv.character import Character
from sfv.errors import InputError
from sfv.kinematics import TorchKinematics
from sfv.motion import Motion
from sfv.work.files import fingerprint

UPSIDE_DOWN = 0.25
"""Length of the quaternion's (w, z) below which there is no heading: tilted by more than 151 degrees."""
LOW, FALLING = 0.05, 0.25
"""m and m/s: a point of a foot that is lower and slower than these has touched the ground."""
LIFTED, GOING = 0.07, 0.45
"""m and m/s: one that has touched is in contact until it is higher or faster than these."""
SOLES = ("left_heel", "left_foot_index", "right_heel", "right_foot_index")
"""Landmarks whose contacts are in a row."""


class Features:
    """What rows mean for one character at one rate.

    Raises:
        InputError: the character's file does not mark its heels and toes.
    """

    def __init__(self, character: Character, fps: float = 30.0) -> None:
        if missing := [name for name in SOLES if name not in character.keypoints]:
            raise InputError(
                f"{character.name} has no site {missing[0]!r}, by which priors know what touches the ground; "
                "add sites named left_heel, left_foot_index, right_heel and right_foot_index to its MJCF file"
            )
        self.character, self.skeleton, self.fps = character, character.skeleton, fps
        self.groups: dict[str, slice] = {}
        at = 0
        sizes = {"turn": 1, "velocity": 2, "height": 1, "tilt": 6}
        joints = {"ball": 6, "hinge": 2}
        for name, kind in zip(self.skeleton.joint_names[1:], self.skeleton.joint_kinds[1:], strict=True):
            sizes[name] = joints[kind]
        for name, size in (sizes | {"contacts": len(SOLES)}).items():
            self.groups[name] = slice(at, at + size)
            at += size
        self.size = at

    @cached_property
    def identity(self) -> str:
        """A hash of the skeleton and the rate: rows of one do not fit another."""
        return fingerprint(self.skeleton.xml, self.fps)

    # ---- from a motion

    def encode(self, motion: Motion) -> Float[np.ndarray, "T D"]:
        """Rows of a motion, resampled to the rate; the last row's rates are those of the one before.

        Raises:
            InputError: the motion is of another skeleton.
        """
        motion.require(self.skeleton, self.character.name)
        if abs(motion.fps - self.fps) > 1e-9:
            motion = motion.resampled(self.fps)
        qpos = torch.tensor(motion.qpos)
        heading = headings(qpos[:, 3:7].numpy())
        about_z = _about_z(torch.tensor(heading))
        turn = np.diff(heading) * self.fps
        step = torch.nn.functional.pad(qpos[1:, :2] - qpos[:-1, :2], (0, 1)) * self.fps
        velocity = rotation.quat_apply_inverse(about_z[:-1], step)[:, :2].numpy()
        tilt = rotation.six(rotation.quat_mul(rotation.quat_conj(about_z), qpos[:, 3:7]))
        rows = np.zeros((len(motion), self.size))
        rows[:-1, self.groups["turn"]], rows[:-1, self.groups["velocity"]] = turn[:, None], velocity
        rows[-1, :3] = rows[-2, :3]
        rows[:, self.groups["height"]], rows[:, self.groups["tilt"]] = qpos[:, 2:3], tilt
        for name, at, kind in self._joints:
            part = qpos[:, at : at + 4] if kind == "ball" else qpos[:, at]
            circle = (torch.cos(part), torch.sin(part)) if kind == "hinge" else ()
            rows[:, self.groups[name]] = rotation.six(part) if kind == "ball" else torch.stack(circle, -1)
        rows[:, self.groups["contacts"]] = self._touching(qpos)
        return rows

    def start(self, motion: Motion, frame: int = 0) -> tuple[float, float, float]:
        """Where a motion is in a frame: x, y (m) and heading (rad), what rows do not tell."""
        x, y = (float(v) for v in motion.qpos[frame, :2])
        return x, y, float(headings(motion.qpos[:, 3:7])[frame])

    # ---- and back

    def decode(
        self, rows: Float[np.ndarray, "T D"], start: tuple[float, float, float] = (0.0, 0.0, 0.0), source: str = ""
    ) -> Motion:
        """The motion whose rows these are, from a start; rotations are made proper, contacts are those of feet."""
        x = torch.tensor(np.asarray(rows, np.float64))
        qpos = self.poses(x)
        heading = start[2] + np.concatenate(([0.0], np.cumsum(rows[:-1, self.groups["turn"]]) / self.fps))
        about_z = _about_z(torch.tensor(heading))
        step = rotation.quat_apply(about_z, torch.nn.functional.pad(x[:, self.groups["velocity"]], (0, 1)))[:-1, :2]
        qpos[0, :2] = torch.tensor(start[:2])
        qpos[1:, :2] = qpos[0, :2] + torch.cumsum(step, 0) / self.fps
        qpos[:, 3:7] = rotation.quat_mul(about_z, qpos[:, 3:7])
        touching = rows[:, self.groups["contacts"]]
        bodies = [self.character.keypoints[name][0] for name in SOLES]
        feet = tuple(dict.fromkeys(bodies))
        contacts = np.stack([touching[:, [b == foot for b in bodies]].max(1) for foot in feet], 1).clip(0.0, 1.0)
        return Motion(self.skeleton, self.fps, qpos.numpy(), contacts, feet, source=source)

    def poses(self, rows: Float[Tensor, "*n D"]) -> Float[Tensor, "*n nq"]:
        """qpos seen from the heading: the root above the origin; differentiable."""
        height, tilt = rows[..., self.groups["height"]], rows[..., self.groups["tilt"]]
        parts = [torch.zeros_like(tilt[..., :2]), height, rotation.from_six(tilt)]
        for name, _, kind in self._joints:
            part = rows[..., self.groups[name]]
            parts.append(
                rotation.from_six(part) if kind == "ball" else torch.atan2(part[..., 1], part[..., 0])[..., None]
            )
        return torch.cat(parts, -1)

    def places(self, rows: Float[Tensor, "*n D"]) -> tuple[Float[Tensor, "*n B 3"], Float[Tensor, "*n s 3"]]:
        """Places of the bodies, the world left out, and of SOLES, seen from the heading, m; differentiable."""
        pos, quat = self._tree(rows.dtype).quaternions(self.poses(rows))
        bodies, offsets = self._soles
        soles = pos[..., bodies, :] + rotation.quat_apply(quat[..., bodies, :], offsets.to(rows.dtype))
        return pos[..., 1:, :], soles

    def velocities(self, soles: Float[Tensor, "*n T s 3"], rows: Float[Tensor, "*n T D"]) -> Float[Tensor, "*n U s 3"]:
        """Velocities in the world, m/s, of points that are seen from the heading, in all frames but the last."""
        now, after = soles[..., :-1, :, :], soles[..., 1:, :, :]
        turn = rows[..., :-1, self.groups["turn"]][..., None]
        about = torch.cat((-turn * now[..., 1:2], turn * now[..., :1], torch.zeros_like(now[..., :1])), -1)
        root = torch.nn.functional.pad(rows[..., :-1, self.groups["velocity"]], (0, 1))
        return (after - now) * self.fps + about + root[..., None, :]

    def told(self, kept: Bool[Tensor, "n t"]) -> Bool[Tensor, "n t D"]:
        """Which numbers are known where some frames are: a frame's rates and contacts are told with the next frame."""
        numbers = kept[..., None].repeat(1, 1, self.size)
        after = torch.cat((kept[:, 1:], kept[:, -1:]), 1)[..., None]
        for name in ("turn", "velocity", "contacts"):
            numbers[..., self.groups[name]] &= after
        return numbers

    @cached_property
    def _soles(self) -> tuple[list[int], Float[Tensor, "s 3"]]:
        """The bodies that SOLES are on, and where on them."""
        names, offsets = zip(*(self.character.keypoints[name] for name in SOLES), strict=True)
        return [self.skeleton.body_names.index(name) + 1 for name in names], torch.tensor(offsets, dtype=torch.float64)

    @cached_property
    def _joints(self) -> list[tuple[str, int, str]]:
        """Of each joint but the root its name, its place in qpos, and whether it is a ball or a hinge."""
        names, kinds, model = self.skeleton.joint_names, self.skeleton.joint_kinds, self.skeleton.model
        return [(names[j], int(model.jnt_qposadr[j]), kinds[j]) for j in range(1, len(names))]

    @cached_property
    def _trees(self) -> dict[torch.dtype, TorchKinematics]:
        return {dtype: TorchKinematics(self.skeleton.model, dtype) for dtype in (torch.float32, torch.float64)}

    def _tree(self, dtype: torch.dtype) -> TorchKinematics:
        return self._trees[dtype]

    def _touching(self, qpos: Float[Tensor, "T nq"]) -> Float[np.ndarray, "T 4"]:
        """1 where a point of a foot has come low and slow, and has not yet gone."""
        bodies, offsets = self._soles
        points = self._tree(qpos.dtype).points(qpos, bodies, offsets).numpy()
        speed = np.linalg.norm(np.gradient(points, 1.0 / self.fps, axis=0), axis=-1)
        height = points[..., 2]
        comes, stays = (height < LOW) & (speed < FALLING), (height < LIFTED) & (speed < GOING)
        out = np.zeros(height.shape)
        for t in range(len(out)):
            out[t] = comes[t] | (stays[t] & (out[t - 1] > 0 if t else False))
        return out


def headings(quat: Float[np.ndarray, "T 4"]) -> Float[np.ndarray, " T"]:
    """Where the root faces, rad about z, without jumps of whole turns.

    It is the twist about z of swing and twist: a somersault and a cartwheel, which turn about an axis in the plane,
    leave it alone. Upside down there is none, and it goes evenly from where it was lost to where it is found again.
    """
    w, z = quat[:, 0], quat[:, 3]
    known = np.hypot(w, z) > UPSIDE_DOWN
    if not known.any():
        return np.zeros(len(quat))
    frames = np.flatnonzero(known)
    return np.interp(np.arange(len(quat)), frames, np.unwrap(2.0 * np.arctan2(z[frames], w[frames])))


def mirrored(motion: Motion) -> Motion:
    """The motion in a mirror, left for right (y -> -y): the character's halves have to be alike.

    Raises:
        InputError: a joint named left_ or right_ has no partner.
    """
    skeleton, model = motion.skeleton, motion.skeleton.model
    qpos = motion.qpos.copy()
    qpos[:, :7] *= (1.0, -1.0, 1.0, 1.0, -1.0, 1.0, -1.0)
    for j in range(1, model.njnt):
        p = _partner(j, skeleton.joint_names)
        here, there = int(model.jnt_qposadr[j]), int(model.jnt_qposadr[p])
        if skeleton.joint_kinds[j] == "ball":
            qpos[:, there : there + 4] = motion.qpos[:, here : here + 4] * (1.0, -1.0, 1.0, -1.0)
        else:
            # a turn about an axis looks like one about its image, with the sign of an axial vector
            sign = np.sign(np.dot(np.array((-1.0, 1.0, -1.0)) * model.jnt_axis[j], model.jnt_axis[p]))
            qpos[:, there] = sign * motion.qpos[:, here]
    return Motion(skeleton, motion.fps, qpos, source=f"{motion.source}, mirrored")


def _partner(joint: int, names: tuple[str, ...]) -> int:
    name = names[joint]
    other = name.replace("left", "*").replace("right", "left").replace("*", "right")
    if other not in names:
        raise InputError(f"joint {name!r} has no partner {other!r}, so the motion has no mirror image; rename it")
    return names.index(other)


def _about_z(angle: Float[Tensor, "*n"]) -> Float[Tensor, "*n 4"]:
    zero = torch.zeros_like(angle)
    return torch.stack((torch.cos(angle / 2), zero, zero, torch.sin(angle / 2)), -1)
