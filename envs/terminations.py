"""When an episode has failed: each function maps a `View` to (n,) bool."""

import torch
from jaxtyping import Bool
from torch import Tensor

from envs.moment import View


def not_finite(view: View) -> Bool[Tensor, "n"]:
    """The physics diverged: a position or velocity is NaN, infinite, or beyond any body's reach (1e6)."""
    sane = (view.qpos.abs().amax(-1) < 1e6) & (view.qvel.abs().amax(-1) < 1e6)  # NaN is the largest, and not below
    return ~sane


def any_body_away(view: View, distance: float) -> Bool[Tensor, "n"]:
    """Some body is farther than `distance` (m) from where the reference has it, in the world."""
    return ((view.xpos - view.past.xpos)[:, 1:].square().sum(-1) > distance**2).any(-1)


def mean_body_away(view: View, distance: float) -> Bool[Tensor, "n"]:
    """The bodies are on average farther than `distance` (m) from the reference (PHC's failure, arXiv:2305.06456)."""
    return body_errors(view).mean(-1) > distance


def body_errors(view: View) -> Tensor:
    """(n, nbody - 1) distances (m) of the bodies from the reference in the world."""
    return torch.linalg.vector_norm((view.xpos - view.past.xpos)[:, 1:], dim=-1)
