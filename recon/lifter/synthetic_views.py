"""Mocap as simulated cameras and an imperfect estimator see it: what a lifter is fitted to.

Windows of clips are varied (tempo, bones, arms of another clip, turned limbs, tumbling), seen by a random camera, and
spoilt as estimators spoil them: joints that mean something else, errors correlated in time, lost limbs, left for right.
The sizes of errors are from MediaPipe's on rendered clips with known truth. Everything is in statures, at 30 Hz, on
points in the order of `recon.lifter.lifter.POINTS`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from recon.lifter.lifter import POINTS, RATE, REACH
from recon.retarget.keys import keys_of
from recon.retarget.parts import parts_of
from sfv.errors import InputError
from sfv.joints.joint_map import joint_map
from sfv.joints.part_names import SIDES
from sfv.motion import Motion

LENGTH = 60
"""Frames of a window."""
HIPS, SHOULDERS, ELBOWS, WRISTS = (0, 1), (8, 9), (10, 11), (12, 13)
KNEES, ANKLES, TOES, HEAD = (2, 3), (4, 5), (6, 7), 14
MIRRORED = [i ^ 1 if i < HEAD else HEAD for i in range(len(POINTS))]
LIMB_SHARE = 0.779
"""Thigh, shin and trunk (hips to shoulders) over the stature (Winter 2009, fig. 4.1)."""
ROUGH = (0.4, 0.4, 0.9, 0.9, 1.3, 1.3, 1.5, 1.5, 0.8, 0.8, 1.0, 1.0, 1.4, 1.4, 0.9)
"""How much worse than the average each point is seen."""
LOST = ((12,), (13,), (10, 12), (11, 13), (4, 6), (5, 7), (2, 4, 6), (3, 5, 7))
"""Points that are lost together,"""
LOST_SHARE = (0.12, 0.12, 0.06, 0.06, 0.1, 0.1, 0.05, 0.05)
"""and in which share of the windows."""


@dataclass(frozen=True)
class Batch:
    """Windows: what a lifter takes, and the truth (B, LENGTH - 2 REACH, K, 3)."""

    seen: Float[Tensor, "B t K 2"]
    confidence: Float[Tensor, "B t K"]
    nearness: Float[Tensor, "B t"]
    truth: Float[Tensor, "B u K 3"]


def points_of(motion: Motion, name: str) -> Float[np.ndarray, "T K 3"]:
    """(T, K, 3) POINTS of a motion about the middle of its hips, in statures, at RATE, z up; `name` is for the error.

    Raises:
        InputError: no joint map fits its skeleton, or the body has no head.
    """
    parts = parts_of(motion.skeleton, joint_map(motion.skeleton, name), motion.qpos)
    if "head" not in parts.points:
        raise InputError(f"{name} moves a body without a head, from which nobody's can be lifted; leave it out")
    keys = keys_of(motion.skeleton, parts, motion.resampled(RATE).qpos).points
    wanted = (*(f"{side}_{joint}" for joint in ("hip", "knee", "ankle", "toe", "shoulder", "elbow", "wrist")
                for side in SIDES), "head")  # fmt: skip
    points = np.stack([keys[part] for part in wanted], 1)
    points = points - points[:, HIPS].mean(1, keepdims=True)

    def length(a: np.ndarray, b: np.ndarray) -> float:
        return float(np.linalg.norm(a - b, axis=-1).mean())

    leg = length(points[:, HIPS], points[:, KNEES]) + length(points[:, KNEES], points[:, ANKLES])
    trunk = length(points[:, HIPS].mean(1), points[:, SHOULDERS].mean(1))
    return points * LIMB_SHARE / (leg + trunk)


class SyntheticViews:
    """Random windows of clips, (T, K, 3) each, without end; the same seed gives the same ones."""

    def __init__(self, clips: Sequence[Float[np.ndarray, "T K 3"]], seed: int) -> None:
        self.points = torch.tensor(np.concatenate(clips), dtype=torch.float32)
        self.counts = torch.tensor([len(clip) for clip in clips])
        self.starts = self.counts.cumsum(0) - self.counts
        # long clips count for more, but not all
        self.odds = self.counts.double() ** 0.75
        self.generator = torch.Generator().manual_seed(seed)

    def batch(self, size: int) -> Batch:
        """So many windows."""
        x = self._limbs(self._windows(size))
        camera, distance = self._camera(size)
        turn = camera[:, None] @ self._tumble(size)
        x = torch.einsum("blij,blkj->blki", turn, x)
        flip = self._uniform(size, 1, 1, 1) < 0.5
        x = torch.where(flip, x[:, :, MIRRORED] * torch.tensor([-1.0, 1.0, 1.0]), x)
        meant = x + self._other_joints(x)
        meant = meant - meant[:, :, HIPS].mean(2, keepdim=True)
        # the size of a person in the picture is a guess
        guess = torch.exp(0.07 * self._normal(size, 1) + 0.035 * self._wander(15.0, size))[..., None, None]
        seen = meant[..., :2] / (1.0 + meant[..., 2:] / distance[:, None, None, None]) * guess
        seen, confidence = self._spoilt(seen)
        nearness = (torch.exp(0.15 * self._normal(size, 1)) / distance[:, None]).expand(size, LENGTH)
        seen, confidence = self._cut(seen, confidence)
        return Batch(seen, confidence, nearness, (x * guess)[:, REACH : LENGTH - REACH])

    def _uniform(self, *shape: int) -> Tensor:
        return torch.rand(shape, generator=self.generator)

    def _normal(self, *shape: int) -> Tensor:
        return torch.randn(shape, generator=self.generator)

    def _wander(self, frames: float, size: int, *shape: int) -> Tensor:
        """(size, LENGTH, *shape) noise of unit variance that forgets within so many frames."""
        keep = float(np.exp(-1.0 / frames))
        steps = self._normal(LENGTH, size, *shape) * (1.0 - keep**2) ** 0.5
        out = [self._normal(size, *shape)]
        for step in steps[1:]:
            out.append(keep * out[-1] + step)
        return torch.stack(out, 1)

    def _turns(self, size: int, count: int, spread: float, share: float) -> Float[Tensor, "B n 3 3"]:
        """Turns by about `spread` rad about random axes, in a share of the windows."""
        axis = torch.nn.functional.normalize(self._normal(size, count, 3), dim=-1)
        return about(axis, spread * self._normal(size, count) * (self._uniform(size, 1) < share))

    def _windows(self, size: int) -> Float[Tensor, "B L K 3"]:
        """Clips at 0.7 to 1.4 of their tempo, some backwards; past its ends a clip goes back as it came."""
        clip = torch.multinomial(self.odds, size, replacement=True, generator=self.generator)
        count = self.counts[clip]
        tempo = 0.7 * 2.0 ** self._uniform(size) * torch.where(self._uniform(size) < 0.15, -1.0, 1.0)
        first = (1.25 * self._uniform(size) - 0.25) * count
        last = (count - 1).clamp_min(1)[:, None]
        moment = first[:, None] + tempo[:, None] * torch.arange(LENGTH)
        moment = ((moment + last) % (2 * last) - last).abs()
        low = torch.minimum(moment.long(), last - 1)
        part, index = (moment - low)[..., None, None], self.starts[clip][:, None] + low
        return self.points[index] * (1.0 - part) + self.points[(index + 1).clamp_max(len(self.points) - 1)] * part

    def _limbs(self, x: Float[Tensor, "B L K 3"]) -> Float[Tensor, "B L K 3"]:
        """Bones 6 % longer or shorter each, arms of other windows or turned, legs turned."""
        size = len(x)

        def longer() -> Tensor:
            return (1.0 + 0.06 * self._normal(size, 1, 1, 1)).clamp(0.8, 1.2)

        hip, between = x[:, :, HIPS] * longer(), x[:, :, SHOULDERS].mean(2, keepdim=True)
        middle = between * longer()
        shoulder = middle + (x[:, :, SHOULDERS] - between) * longer()
        head = middle + (x[:, :, HEAD : HEAD + 1] - between) * longer()

        lean = self._turns(size, 1, 0.25, 0.25)[:, 0]
        legs = [hip]
        for above, below in ((HIPS, KNEES), (KNEES, ANKLES), (ANKLES, TOES)):
            bone = torch.einsum("bij,blkj->blki", lean, x[:, :, below] - x[:, :, above])
            legs.append(legs[-1] + bone * longer())

        torso, other = torso_of(x), self._uniform(size).argsort()
        taken = self._uniform(size, 1, 1, 1) < 0.3
        turned = self._turns(size, 2, 0.3, 0.4)
        joints = [shoulder]
        for above, below in ((SHOULDERS, ELBOWS), (ELBOWS, WRISTS)):
            bone = torch.einsum("blji,blkj->blki", torso, x[:, :, below] - x[:, :, above])
            theirs = bone[other]
            theirs = theirs * (bone.norm(dim=-1).mean(1) / theirs.norm(dim=-1).mean(1))[:, None, :, None]
            bone = torch.einsum("bkij,blkj->blki", turned, torch.where(taken, theirs, bone))
            joints.append(joints[-1] + torch.einsum("blij,blkj->blki", torso, bone) * longer())
            turned = turned @ self._turns(size, 2, 0.2, 0.4)
        return torch.cat((*legs, *joints, head), 2)

    def _tumble(self, size: int) -> Float[Tensor, "B L 3 3"]:
        """Which way the person faces; an eighth are tilted anyhow, a fifth turn over once or so."""
        axis = self._normal(size, 3) * torch.tensor([1.0, 1.0, 0.2])
        axis = torch.nn.functional.normalize(axis, dim=-1)
        kind, anyhow = self._uniform(size), 2.0 * self._uniform(size) - 1.0
        still = torch.where(kind < 0.12, np.pi * anyhow, 0.12 * self._normal(size))
        whole = torch.where((kind > 0.12) & (kind < 0.32), 2.4 * np.pi * anyhow, torch.zeros(size))
        middle, width = LENGTH * (0.1 + 0.8 * self._uniform(size)), 12.0 + 40.0 * self._uniform(size)
        part = ((torch.arange(LENGTH) - middle[:, None]) / width[:, None] + 0.5).clamp(0.0, 1.0)
        angle = still[:, None] + whole[:, None] * part**2 * (3.0 - 2.0 * part)
        heading = about(torch.tensor([0.0, 0.0, 1.0]).expand(size, 3), 2.0 * np.pi * self._uniform(size))
        return about(axis[:, None].expand(size, LENGTH, 3), angle) @ heading[:, None]

    def _camera(self, size: int) -> tuple[Float[Tensor, "B 3 3"], Float[Tensor, " B"]]:
        """Camera axes (x right, y down, z away) from the world's, and the distance in statures: 2 to 8 m."""
        pitch = torch.where(
            self._uniform(size) < 0.25, -10.0 + 55.0 * self._uniform(size), 5.0 + 8.0 * self._normal(size)
        )
        level = torch.tensor([[0.0, -1.0, 0.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.0]])
        x, z = torch.eye(3)[[0, 2]]
        roll = about(z.expand(size, 3), 0.05 * self._normal(size))
        return roll @ about(x.expand(size, 3), torch.deg2rad(pitch)) @ level, 1.2 * 4.0 ** self._uniform(size)

    def _other_joints(self, x: Float[Tensor, "B L K 3"]) -> Float[Tensor, "B L K 3"]:
        """What an estimator means by a joint lies 1.3 % of a stature elsewhere, mostly alike on both sides."""
        wide = torch.ones(len(POINTS), 1)
        wide[list(TOES)], wide[HEAD] = 1.6, 2.0
        offset, even = (
            0.013 * wide * self._normal(len(x), len(POINTS), 3),
            (torch.arange(len(POINTS)) % 2 == 0)[:, None],
        )
        offset = 0.8 * torch.where(even, offset, offset[:, MIRRORED] * torch.tensor([-1.0, 1.0, 1.0]))
        offset = offset + 0.4 * 0.013 * self._normal(len(x), len(POINTS), 3)
        return torch.einsum("blij,bkj->blki", torso_of(x), offset)

    def _spoilt(self, seen: Float[Tensor, "B L K 2"]) -> tuple[Float[Tensor, "B L K 2"], Float[Tensor, "B L K"]]:
        """Points that wander, limbs that are lost, left taken for right; and confidences that know some of it."""
        size, points = len(seen), len(POINTS)
        error = 0.012 * self._wander(3.0, size, points, 2) + 0.010 * self._wander(12.0, size, points, 2)
        error = error + 0.004 * self._normal(size, LENGTH, points, 2)
        error = error * torch.tensor(ROUGH)[:, None] * 0.8 * torch.exp(0.5 * self._normal(size, 1, 1, 1))
        lost = torch.zeros(size, LENGTH, points)
        for joints, share in zip(LOST, LOST_SHARE, strict=True):
            on = self._spell(size, share, 2.0 + 14.0 * self._uniform(size, 1) ** 2)
            for i, joint in enumerate(joints):
                far = 0.045 * (1.0 + (i + 1) / len(joints))
                error[:, :, joint] += on[..., None] * far * self._normal(size, 1, 2)
                lost[:, :, joint] = torch.maximum(lost[:, :, joint], on)
        seen = seen + error
        for swapped, share in ((list(range(HEAD)), 0.06), (list(range(8)), 0.08)):
            on = self._spell(size, share, 1.0 + 8.0 * self._uniform(size, 1))[..., None, None] > 0
            seen[:, :, swapped] = torch.where(on, seen[:, :, [j ^ 1 for j in swapped]], seen[:, :, swapped])
        seen = seen - seen[:, :, HIPS].mean(2, keepdim=True)
        doubt = 0.15 * self._uniform(size, 1, points) + lost * self._uniform(size, 1, points)
        doubt = doubt + 3.0 * error.norm(dim=-1) * self._uniform(size, 1, points)
        doubt = doubt + 0.1 * self._normal(size, LENGTH, points).abs()
        return seen, 1.0 - doubt.clamp(0.0, 0.98)

    def _spell(self, size: int, share: float, frames: Float[Tensor, "B 1"]) -> Float[Tensor, "B L"]:
        """1 during some frames of a share of the windows."""
        first, frame = LENGTH * self._uniform(size, 1), torch.arange(LENGTH)
        return ((self._uniform(size, 1) < share) & (frame >= first) & (frame < first + frames)).float()

    def _cut(self, *values: Tensor) -> tuple[Tensor, ...]:
        """Windows of which some begin or end as a clip does: what is beyond its end is as its last frame."""
        size = len(values[0])
        kind, frame = self._uniform(size, 1), torch.arange(LENGTH).expand(size, LENGTH)
        frame = torch.where(kind < 0.12, frame.clamp_min(REACH), frame)
        frame = torch.where(kind > 0.88, frame.clamp_max(LENGTH - 1 - REACH), frame)
        return tuple(picked(value, frame) for value in values)


def picked(values: Float[Tensor, "B L *d"], frames: Int[Tensor, "B L"]) -> Float[Tensor, "B L *d"]:
    """The frames of each window in this order."""
    return values[torch.arange(len(values))[:, None], frames]


def torso_of(x: Float[Tensor, "B L K 3"]) -> Float[Tensor, "B L 3 3"]:
    """Axes of the trunk in columns: to the left, up, and forward."""
    up = torch.nn.functional.normalize(x[:, :, SHOULDERS].mean(2), dim=-1)  # from the hips, which are the origin
    across = x[:, :, SHOULDERS[0]] - x[:, :, SHOULDERS[1]]
    left = torch.nn.functional.normalize(across - (across * up).sum(-1, keepdim=True) * up, dim=-1)
    return torch.stack((left, up, torch.linalg.cross(left, up)), -1)


def about(axis: Float[Tensor, "*n 3"], angle: Float[Tensor, " *n"]) -> Float[Tensor, "*n 3 3"]:
    """Rotation matrices about unit vectors (Rodrigues)."""
    x, y, z = axis.unbind(-1)
    none = torch.zeros_like(x)
    cross = torch.stack((none, -z, y, z, none, -x, -y, x, none), -1).reshape(*axis.shape[:-1], 3, 3)
    sine, rest = torch.sin(angle)[..., None, None], 1.0 - torch.cos(angle)[..., None, None]
    return torch.eye(3) + sine * cross + rest * (cross @ cross)
