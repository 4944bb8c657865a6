"""The few names by which the rooms know each other: a batch of environments, and a policy that acts in it.

A learner that speaks `VecEnv` never sees the simulator; a viewer or an evaluator that speaks `Policy` never sees the
learner. Everything is a torch tensor on one device.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from jaxtyping import Bool, Float, Int
from torch import Tensor


@dataclass(frozen=True)
class Info:
    """What a step says beside its reward, before resets.

    Attributes:
        age: (num_envs,) long, control steps that each episode has lasted.
        broken: (num_envs,) bool, the physics went to NaN.
        weight: (num_envs,) importance weights of the episodes in progress; None stands for ones.
        terms: reward term -> (num_envs,), each unweighted.
    """

    age: Int[Tensor, "n"]
    broken: Bool[Tensor, "n"]
    weight: Float[Tensor, "n"] | None = None
    terms: Mapping[str, Float[Tensor, "n"]] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """What a step of all environments gives.

    Attributes:
        obs: (num_envs, obs_size) after automatic resets: what the policy sees next.
        reward: (num_envs,).
        terminated: (num_envs,) the episode failed; nothing comes after it.
        truncated: (num_envs,) time or clip ran out; the return bootstraps through it.
        final_obs: (num_envs, obs_size) before resets: the state that `truncated` bootstraps from.
        info: what else is to be said of it.
    """

    obs: Float[Tensor, "n o"]
    reward: Float[Tensor, "n"]
    terminated: Bool[Tensor, "n"]
    truncated: Bool[Tensor, "n"]
    final_obs: Float[Tensor, "n o"]
    info: Info


@runtime_checkable
class VecEnv(Protocol):
    """num_envs environments stepped together."""

    num_envs: int
    obs_size: int
    action_size: int
    device: str

    def reset(self) -> Float[Tensor, "n o"]:
        """Start all episodes anew."""
        ...

    def step(self, action: Float[Tensor, "n a"]) -> Step:
        """Apply one action in each environment; those whose episode ends are reset."""
        ...

    def state(self) -> dict[str, Tensor]:
        """All that a later `restore` needs to go on bit for bit."""
        ...

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a `state`."""
        ...

    def describe(self) -> dict[str, Any]:
        """What a user of an exported policy must know: rates, gains, scales, joint order."""
        ...


@runtime_checkable
class Mirror(Protocol):
    """How a task looks in a mirror."""

    def obs(self, obs: Float[Tensor, "n o"]) -> Float[Tensor, "n o"]:
        """What is observed in the mirror image of what `obs` was observed in."""
        ...

    def action(self, action: Float[Tensor, "n a"]) -> Float[Tensor, "n a"]:
        """The mirror image of an action."""
        ...


@runtime_checkable
class Mirrored(Protocol):
    """What a `VecEnv` is that also knows how it looks in a mirror."""

    def mirror(self) -> Mirror:
        """Its mirror.

        Raises:
            InputError: its left and right are not alike.
        """
        ...


@runtime_checkable
class Policy(Protocol):
    """Observations to actions, deterministically."""

    def __call__(self, obs: Float[Tensor, "n o"]) -> Float[Tensor, "n a"]:
        """The action for each observation."""
        ...
