"""The episodes in which the physics went to NaN: how many, and the state before the first of them did."""

from collections.abc import Mapping

import mujoco
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from sfv.judged import Broken

NAMES = "broken", "broken_state"
"""What a state calls the count and the state; of the latter there is none before something broke."""


class Breakage:
    """What broke so far.

    Attributes:
        count: episodes that ended so.
        state: (s,) MuJoCo's full state before the first one's last step, controls included.
    """

    def __init__(self) -> None:
        self.count = 0
        self.state: Tensor | None = None

    def note(self, broken: Bool[Tensor, "n"], before: Float[Tensor, "n s"]) -> None:
        """Count those that broke in a step, which had these states before it."""
        count = int(broken.sum())
        if count and self.state is None:
            self.state = before[broken][0]
        self.count += count

    def found(self, scene: mujoco.MjModel) -> Broken | None:
        """What is told of it, with the scene it happened in; None where nothing broke."""
        return None if self.state is None else Broken(self.count, self.state, scene)

    def kept(self) -> dict[str, Tensor]:
        """As tensors, to go on from."""
        count, state = NAMES
        return {count: torch.tensor(self.count)} | ({} if self.state is None else {state: self.state.clone()})

    def restore(self, kept: Mapping[str, Tensor]) -> None:
        """Go on from them; they may stand among others."""
        count, state = NAMES
        self.count, self.state = int(kept[count]), kept.get(state)
