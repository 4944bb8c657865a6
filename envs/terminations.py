"""When an episode has failed: each function maps a `Moment` to (n,) bool."""

import torch
from jaxtyping import Bool
from torch import Tensor

from envs.moment import Moment


def not_finite(moment: Moment) -> Bool[Tensor, "n"]:
    """The physics diverged: a position or velocity is NaN, infinite, or beyond any body's reach (1e6)."""
    sane = (moment.qpos.abs().amax(-1) < 1e6) & (moment.qvel.abs().amax(-1) < 1e6)  # NaN is the largest, and not below
    return ~sane if moment.box is None else ~(sane & (moment.box[0].abs().amax(-1) < 1e6))


def any_body_away(moment: Moment, distance: float) -> Bool[Tensor, "n"]:
    """Some body is farther than `distance` (m) from where the reference has it, in the world."""
    return ((moment.xpos - moment.past.xpos)[:, 1:].square().sum(-1) > distance**2).any(-1)


def box_away(moment: Moment, distance: float) -> Bool[Tensor, "n"]:
    """The box that is pushed, where there is one, is farther than `distance` (m) from where it is to be."""
    if moment.box is None:
        return torch.zeros(len(moment.qpos), dtype=torch.bool, device=moment.qpos.device)
    mine, theirs = moment.box
    return (theirs - mine)[:, :2].square().sum(-1) > distance**2


def body_errors(moment: Moment) -> Tensor:
    """(n, nbody - 1) distances (m) of the bodies from the reference in the world."""
    return torch.linalg.vector_norm((moment.xpos - moment.past.xpos)[:, 1:], dim=-1)
