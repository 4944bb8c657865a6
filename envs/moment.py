"""One moment of the task as its terms see it: the simulated bodies beside the reference, in float32.

Rewards, observations and terminations are functions of this record and of nothing else.
"""

from dataclasses import dataclass

import mujoco
import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from envs.library import Reference
from sfv import rotation
from sfv.character import Character


@dataclass(frozen=True)
class Joints:
    """What the terms need to know of the character's joints, once.

    Attributes:
        balls: (nball, 4) long, qpos columns of each ball joint; ball_dofs (nball, 3) its qvel columns.
        hinges, hinge_dofs: (nhinge,) columns of the hinges.
        ball_weights, hinge_weights: weights in pose errors; with root_weight they sum to 1.
        key_bodies: (k,) body ids of the end effectors.
    """

    balls: Tensor
    ball_dofs: Tensor
    hinges: Tensor
    hinge_dofs: Tensor
    ball_weights: Tensor
    hinge_weights: Tensor
    root_weight: float
    key_bodies: Tensor


@dataclass(frozen=True)
class Moment:
    """The simulation and the reference at the same moment, n environments.

    Attributes:
        qpos, qvel: (n, nq), (n, nv) the simulated state; xpos (n, nbody, 3) m and com (n, 3) m, one physics step older.
        ref: the reference at the state's time.
        past: the reference one physics step earlier, to compare with xpos and com.
        joints: the character's columns and weights.
        box: (n, 7) place and quaternion of the box that is pushed, and where it is to be; None where there is none.
    """

    qpos: Float[Tensor, "n nq"]
    qvel: Float[Tensor, "n nv"]
    xpos: Float[Tensor, "n nbody 3"]
    com: Float[Tensor, "n 3"]
    ref: Reference
    past: Reference
    joints: Joints
    box: tuple[Float[Tensor, "n 7"], Float[Tensor, "n 7"]] | None = None


def joints_of(character: Character, model: mujoco.MjModel, device: str) -> Joints:
    """Columns and weights of the character's joints in the scene's model."""
    weights = torch.as_tensor(character.pose_weights / character.pose_weights.sum(), dtype=torch.float32).to(device)
    ball = [j for j in range(model.njnt) if model.jnt_type[j] == mujoco.mjtJoint.mjJNT_BALL]
    hinge = [j for j in range(model.njnt) if model.jnt_type[j] == mujoco.mjtJoint.mjJNT_HINGE]

    def places(addresses: np.ndarray, joints: list[int], width: int) -> Tensor:
        starts = torch.as_tensor(addresses[joints].astype(np.int64))
        return (starts[:, None] + torch.arange(width) if width > 1 else starts).to(device)

    return Joints(
        balls=places(model.jnt_qposadr, ball, 4),
        ball_dofs=places(model.jnt_dofadr, ball, 3),
        hinges=places(model.jnt_qposadr, hinge, 1),
        hinge_dofs=places(model.jnt_dofadr, hinge, 1),
        ball_weights=weights[ball],
        hinge_weights=weights[hinge],
        root_weight=float(weights[0]),
        key_bodies=torch.tensor([model.body(name).id for name in character.key_bodies], device=device),
    )


def columns(values: Float[Tensor, "n d *k"], index: Int[Tensor, "*i"]) -> Tensor:
    """values[:, index], of shape (n, *i, *k), which PyTorch does four times as fast this way on a processor."""
    return values.index_select(1, index.flatten()).unflatten(1, index.shape)


def joint_difference(joints: Joints, a: Float[Tensor, "n nq"], b: Float[Tensor, "n nq"]) -> Float[Tensor, "n d"]:
    """b minus a over all joints but the root, as rotation vectors and angles (rad): balls first, then hinges."""
    return torch.cat(
        (ball_difference(joints, a, b).flatten(1), columns(b, joints.hinges) - columns(a, joints.hinges)), -1
    )


def ball_difference(joints: Joints, a: Float[Tensor, "n nq"], b: Float[Tensor, "n nq"]) -> Float[Tensor, "n nball 3"]:
    """b minus a of each ball joint, rotation vectors in a's frame (rad)."""
    return rotation.difference(columns(a, joints.balls), columns(b, joints.balls))
