"""What the policy sees: (n, d) numbers, all in the simulated root's own frame, so that a flip is no special case."""

import mujoco
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from envs.library import Reference
from envs.moment import Joints, joint_difference
from sfv import rotation

LIMIT = 10.0
"""Numbers are cut at this: rad, m, m/s and rad/s alike. Fast joints exceed it for moments; 50 instead made no
difference to the first 1.5 M samples of a backflip (docs/log.md). Otherwise only broken episodes reach it."""


def proprioception(
    joints: Joints,
    rest: Float[Tensor, "1 nq"],
    qpos: Float[Tensor, "n nq"],
    qvel: Float[Tensor, "n nv"],
    height: Float[Tensor, "n 1"],
) -> Tensor:
    """Root height over the ground, gravity, root velocities, joint angles (from the rest pose) and joint velocities."""
    root = qpos[:, 3:7]
    down = torch.zeros_like(qpos[:, :3])
    down[:, 2] = -1.0
    gravity = rotation.quat_apply_inverse(root, down)
    linear = rotation.quat_apply_inverse(root, qvel[:, :3])
    angles = joint_difference(joints, rest.expand(len(qpos), -1), qpos)
    return torch.cat((height, gravity, linear, qvel[:, 3:6], angles, qvel[:, 6:]), -1)


def speeds(model: mujoco.MjModel, device: str) -> Bool[Tensor, "o"]:
    """Which of the observations are velocities."""
    joints, bodies = model.nv - 6, model.nbody - 1
    mine = ((4, False), (6, True), (joints, False), (joints, True))
    theirs = ((3 * bodies, False), (3, True), (6 + joints, False))
    return torch.tensor([flag for width, flag in mine + theirs for _ in range(width)], device=device)


def goal(joints: Joints, qpos: Float[Tensor, "n nq"], nearby: Reference) -> Tensor:
    """A reference frame as seen from the simulated root: where root and bodies, how turned, how fast, which joints."""
    root, position = qpos[:, 3:7], qpos[:, :3]
    offsets = rotation.quat_apply_inverse(root[:, None], nearby.xpos[:, 1:] - position[:, None])
    linear = rotation.quat_apply_inverse(root, nearby.qvel[:, :3])
    turn = rotation.six(rotation.quat_mul(rotation.quat_conj(root), nearby.qpos[:, 3:7]))
    return torch.cat((offsets.flatten(1), linear, turn, joint_difference(joints, qpos, nearby.qpos)), -1)


def pushed(
    root: Float[Tensor, "n 4"], pose: Float[Tensor, "n 7"], speed: Float[Tensor, "n 6"], goal: Float[Tensor, "n 7"]
) -> Float[Tensor, "n 12"]:
    """A box as seen from the root: the way and the turn from it to where it is to be, and how fast it goes and spins.

    All are small where the hands push well, so a policy that knew no box can begin with them.
    """
    offset = goal[:, :3] - pose[:, :3]
    turn = rotation.quat_apply(pose[:, 3:], rotation.difference(pose[:, 3:], goal[:, 3:]))
    spin = rotation.quat_apply(pose[:, 3:], speed[:, 3:])  # MuJoCo has it in the box's own frame
    seen = torch.stack((offset, turn, speed[:, :3], spin), 1)
    return rotation.quat_apply_inverse(root[:, None], seen).flatten(1)
