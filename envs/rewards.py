"""Reward terms of motion imitation: each maps a `Moment` to (n,) in 0..1; a task is a table of them.

The letters are those of Peng et al. 2018 (DeepMimic, arXiv:1804.02717, section 5): q joint rotations, e end effectors,
c centre of mass, hats for the reference.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from envs.moment import Moment, ball_difference, columns
from sfv import rotation


@dataclass(frozen=True)
class Reward:
    """One row of the table: weight * function(moment, scale)."""

    name: str
    function: Callable[[Moment, float], Tensor]
    weight: float
    scale: float


def pose(moment: Moment, scale: float) -> Float[Tensor, "n"]:
    """exp(-scale sum_j w_j |q^_j - q_j|^2), rad; sum_j w_j = 1, the root included.

    The paper writes a plain sum over joints; its released code weights them so that the weights sum to one, which is
    what its published returns were made with and what is computed here.
    """
    b = moment.joints
    root = rotation.difference(moment.qpos[:, 3:7], moment.ref.qpos[:, 3:7]).square().sum(-1)
    balls = ball_difference(b, moment.qpos, moment.ref.qpos).square().sum(-1)
    hinges = (columns(moment.ref.qpos, b.hinges) - columns(moment.qpos, b.hinges)).square()
    return torch.exp(-scale * (b.root_weight * root + balls @ b.ball_weights + hinges @ b.hinge_weights))


def velocity(moment: Moment, scale: float) -> Float[Tensor, "n"]:
    """exp(-scale sum_j w_j |w^_j - w_j|^2), rad/s, weights as in `pose`."""
    b, error = moment.joints, (moment.ref.qvel - moment.qvel).square()
    balls = columns(error, b.ball_dofs).sum(-1) @ b.ball_weights
    root = error[:, 3:6].sum(-1)
    return torch.exp(-scale * (b.root_weight * root + balls + columns(error, b.hinge_dofs) @ b.hinge_weights))


def end_effectors(moment: Moment, scale: float) -> Float[Tensor, "n"]:
    """exp(-scale mean_e |p^_e - p_e|^2), m; p_e from the root in the heading's frame, its height in the world's."""
    keys = moment.joints.key_bodies
    mine, theirs = columns(moment.xpos, keys), columns(moment.past.xpos, keys)
    mine = _local(mine, moment.xpos[:, 1], moment.qpos[:, 3:7])
    theirs = _local(theirs, moment.past.xpos[:, 1], moment.past.qpos[:, 3:7])
    return torch.exp(-scale * (theirs - mine).square().sum(-1).mean(-1))


def centre_of_mass(moment: Moment, scale: float) -> Float[Tensor, "n"]:
    """exp(-scale |c^ - c|^2), m, in the world."""
    return torch.exp(-scale * (moment.past.com - moment.com).square().sum(-1))


def body_positions(moment: Moment, scale: float) -> Float[Tensor, "n"]:
    """exp(-scale mean_b |p^_b - p_b|^2), m, all bodies in the world (as in BeyondMimic, arXiv:2508.08241)."""
    return torch.exp(-scale * (moment.past.xpos - moment.xpos)[:, 1:].square().sum(-1).mean(-1))


def box_place(moment: Moment, scale: float) -> Float[Tensor, "n"]:
    """exp(-scale |b^ - b|^2), m, along the ground, of the box that is pushed."""
    assert moment.box is not None
    mine, theirs = moment.box
    return torch.exp(-scale * (theirs - mine)[:, :2].square().sum(-1))


DEEPMIMIC = (
    Reward("pose", pose, 0.65, 2.0),
    Reward("velocity", velocity, 0.10, 0.1),
    Reward("end_effectors", end_effectors, 0.15, 40.0),
    Reward("centre_of_mass", centre_of_mass, 0.10, 10.0),
)
"""The paper's weights and scales; normalised return is always computed with this table."""

TRACKING = (
    Reward("pose", pose, 0.40, 2.0),
    Reward("velocity", velocity, 0.10, 0.1),
    Reward("end_effectors", end_effectors, 0.15, 40.0),
    Reward("centre_of_mass", centre_of_mass, 0.10, 10.0),
    Reward("body_positions", body_positions, 0.25, 50.0),
)
"""DeepMimic's terms with a share for where the bodies are in the world, narrow enough to pull at 5 cm (docs/log.md)."""

PUSHING = (Reward("box", box_place, 0.20, 20.0),)
"""What is added to either table where there is a box: at 22 cm from its place a third is left."""

TABLES = {"deepmimic": DEEPMIMIC, "tracking": TRACKING}


def total(table: tuple[Reward, ...], moment: Moment) -> tuple[Float[Tensor, "n"], dict[str, Tensor]]:
    """The weighted sum and each unweighted term."""
    terms = {row.name: row.function(moment, row.scale) for row in table}
    weighted = torch.stack([row.weight * terms[row.name] for row in table])
    return weighted.sum(0) / sum(row.weight for row in table), terms


def _local(points: Tensor, root: Tensor, quat: Tensor) -> Tensor:
    """Points (n, k, 3) from the root, turned by minus its heading; heights stay as they are."""
    angle = -0.5 * rotation.heading(quat)
    zero = torch.zeros_like(angle)
    about = torch.stack((torch.cos(angle), zero, zero, torch.sin(angle)), -1)
    flat = points - torch.cat((root[:, :2], zero[:, None]), -1)[:, None]
    return rotation.quat_apply(about[:, None], flat)
