"""The policy network: Stable-Baselines3's actor-critic with a running normaliser of the observations inside.

It knows no algorithm and no environment. Files saved with it open in Stable-Baselines3 wherever sfv is installed.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from gymnasium import spaces
from jaxtyping import Float
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from torch import Tensor, nn

CUT = 5.0
"""Normalised observations are cut at this many standard deviations."""


class RunningNorm(BaseFeaturesExtractor):
    """(obs - mean) / std with running moments as buffers, so that they travel with the weights."""

    mean: Tensor
    var: Tensor
    count: Tensor

    def __init__(self, observation_space: spaces.Box) -> None:
        size = int(observation_space.shape[0])
        super().__init__(observation_space, size)
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("var", torch.ones(size))
        self.register_buffer("count", torch.zeros(()))

    def forward(self, obs: Float[Tensor, "n o"]) -> Float[Tensor, "n o"]:
        """Normalised observations."""
        return ((obs - self.mean) * torch.rsqrt(self.var + 1e-5)).clamp(-CUT, CUT)

    @torch.no_grad()
    def merge(self, n: int, mean: Float[Tensor, "o"], var: Float[Tensor, "o"]) -> None:
        """Merge the moments of a batch of n (Chan et al. 1979, parallel variance)."""
        total = self.count + n
        delta = mean - self.mean
        self.var.copy_((self.var * self.count + var * n + delta.square() * self.count * n / total) / total)
        self.mean.add_(delta * n / total)
        self.count.copy_(total)


class TrackingPolicy(ActorCriticPolicy):
    """Separate actor and critic, ELU, on normalised observations; a Gaussian whose width the learner sets."""

    def __init__(self, *args: Any, hidden: Sequence[int] = (256, 256), **kwargs: Any) -> None:
        self.hidden = tuple(hidden)
        kwargs |= {
            "net_arch": {"pi": list(hidden), "vf": list(hidden)},
            "activation_fn": nn.ELU,
            "ortho_init": False,
            "features_extractor_class": RunningNorm,
        }
        super().__init__(*args, **kwargs)
        self.log_std.requires_grad_(False)
        assert isinstance(self.action_net, nn.Linear)
        with torch.no_grad():  # a first action near zero: the reference itself
            self.action_net.weight.mul_(0.01)
            self.action_net.bias.zero_()

    def _get_constructor_parameters(self) -> dict[str, Any]:
        data = super()._get_constructor_parameters()
        for name in ("net_arch", "activation_fn", "ortho_init", "features_extractor_class"):
            data.pop(name, None)
        return data | {"hidden": self.hidden}

    @property
    def normaliser(self) -> RunningNorm:
        """The running moments."""
        assert isinstance(self.features_extractor, RunningNorm)
        return self.features_extractor

    def actor(self, normal: Float[Tensor, "n o"], half: bool = False) -> Float[Tensor, "n a"]:
        """Mean actions for normalised observations; with `half`, hidden layers compute in bfloat16."""
        with _halved(normal, half):
            hidden = self.mlp_extractor.forward_actor(normal)
        mean: Tensor = self.action_net(hidden.float())
        return mean

    def critic(self, normal: Float[Tensor, "n o"], half: bool = False) -> Float[Tensor, "n"]:
        """Values for normalised observations; with `half`, hidden layers compute in bfloat16."""
        with _halved(normal, half):
            hidden = self.mlp_extractor.forward_critic(normal)
        value: Tensor = self.value_net(hidden.float())
        return value[:, 0]


def _halved(like: Tensor, half: bool) -> torch.autocast:
    return torch.autocast(like.device.type, dtype=torch.bfloat16, enabled=half)


def half_pays(device: str) -> bool:
    """Whether the device multiplies bfloat16 in hardware: AMX or AVX512-BF16 on a processor, Ampere or later."""
    if device.startswith("cuda"):
        return torch.cuda.get_device_capability(device)[0] >= 8
    flags = Path("/proc/cpuinfo")
    return flags.is_file() and any(name in flags.read_text() for name in ("amx_bf16", "avx512_bf16"))


def make_policy(obs_size: int, action_size: int, hidden: tuple[int, ...]) -> TrackingPolicy:
    """A fresh policy for unbounded observations and actions."""
    policy = TrackingPolicy(*policy_spaces(obs_size, action_size), lambda _: 0.0, hidden=hidden)
    policy.set_training_mode(False)
    return policy


def policy_spaces(obs_size: int, action_size: int) -> tuple[spaces.Box, spaces.Box]:
    """Gymnasium's description of observations and actions."""
    import numpy as np

    wide, unit = float(np.finfo(np.float32).max), 10.0
    observation = spaces.Box(-wide, wide, (obs_size,), np.float32)
    return observation, spaces.Box(-unit, unit, (action_size,), np.float32)
