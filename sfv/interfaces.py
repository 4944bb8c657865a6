"""The few names by which the rooms know each other: a batch of environments, a policy that acts in it, and a prior.

A learner that speaks `VecEnv` never sees the simulator; a viewer or an evaluator that speaks `Policy` never sees the
learner; what wants a motion and speaks `MotionPrior` never sees how it is made. What environments and policies exchange
are torch tensors on one device.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float, Int
from torch import Tensor

from sfv.errors import InputError
from sfv.motion import Motion


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
        """What a user of an exported policy must know: rates, gains, scales, joint order, and what is observed."""
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
class Driven(Protocol):
    """What a `VecEnv` is that also knows how its policy is driven where there is no sfv."""

    def driving(self) -> dict[str, Any]:
        """Plain values that tell it all, as JSON holds them: `describe` and more."""
        ...


@runtime_checkable
class Policy(Protocol):
    """Observations to actions, deterministically."""

    def __call__(self, obs: Float[Tensor, "n o"]) -> Float[Tensor, "n a"]:
        """The action for each observation."""
        ...


@dataclass(frozen=True)
class Condition:
    """What a generated motion is to be like; what is None is left to the prior.

    Attributes:
        text: a sentence, "a person walks forward".
        label: a category of the mocap that the prior was fitted to, "walk".
        path: (P, 2) where the root is to go, m, evenly spaced in time; it starts at the origin, facing along x.
        keyframes: times (s) and the qpos to be in at them, in the path's axes.
        prefix: what the motion is to go on from.
        seconds: how long it is to be, prefix included; None lets the prior decide.
    """

    text: str | None = None
    label: str | None = None
    path: Float[np.ndarray, "P 2"] | None = None
    keyframes: Mapping[float, Float[np.ndarray, " nq"]] | None = None
    prefix: Motion | None = None
    seconds: float | None = None

    @property
    def given(self) -> frozenset[str]:
        """Names of what is not left to the prior."""
        return frozenset(field.name for field in fields(self) if getattr(self, field.name) is not None)

    def require(self, able: frozenset[str], name: str, others: Mapping[str, frozenset[str]]) -> None:
        """Check that a prior called `name` heeds all that is given; `others` is what each prior there is heeds.

        Raises:
            InputError: it does not, with those that do.
        """
        for strange in sorted(self.given - able - {"seconds"}):
            can = sorted(other for other, heeds in others.items() if strange in heeds)
            raise InputError(f"{name} heeds no {strange}; those that do: {', '.join(can) or 'none'}")


@dataclass(frozen=True)
class Take:
    """A motion and what is said of it: what priors are fitted to.

    Attributes:
        motion: the movement.
        captions: sentences, each of which describes all of it; the last also any part of it.
        label: its category, "" where there is none.
        person: who moves, so that no person is in two splits.
        split: "train", "val" or "test".
    """

    motion: Motion
    captions: tuple[str, ...]
    label: str = ""
    person: str = ""
    split: str = "train"


@runtime_checkable
class MotionPrior(Protocol):
    """Makes motions of a character, like those that it was fitted to."""

    name: str

    @property
    def labels(self) -> tuple[str, ...]:
        """The categories of what it was fitted to, of which a condition may name one; none, if it heeds no label."""
        ...

    def alike(self, text: str) -> list[tuple[str, float]]:
        """The sentences that it was fitted to and that are nearest to another, with how near, up to 1."""
        ...

    def sample(self, condition: Condition, seed: int, n: int) -> list[Motion]:
        """n motions as the condition says; the same for the same seed."""
        ...

    def fill(self, motion: Motion, keep: Bool[np.ndarray, " T"], condition: Condition, seed: int) -> Motion:
        """The motion with the frames that are not to be kept made anew: in between, extended or repaired."""
        ...

    def save(self, path: Path) -> None:
        """Write all of it into one file."""
        ...


State = TypeVar("State")
Control = TypeVar("Control", contravariant=True)


@runtime_checkable
class MotionController(Protocol[State, Control]):
    """Makes a motion frame by frame, steered while it goes."""

    def start(self, seed: int) -> State:
        """The state of before the first frame."""
        ...

    def step(self, state: State, control: Control) -> State:
        """The state one frame on."""
        ...

    def motion(self, states: Sequence[State]) -> Motion:
        """The motion that went through these states."""
        ...
