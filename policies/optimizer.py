"""How a policy's weights move: Muon for the hidden matrices of both nets and Adam for all else, or Adam for everything.

Muon (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/) moves a matrix by the orthogonal matrix nearest to
its momentum, so that rare directions move as far as frequent ones; it halves PPO's samples here (docs/log.md). What
reads observations counts as hidden; what acts or values does not. It knows no loss and no environment.
"""

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn

from policies.config import TrainConfig
from policies.muon import Muon
from policies.networks import TrackingPolicy
from sfv.errors import InputError


class PolicyOptimizer:
    """One or two of torch's optimisers behind one step size.

    Args:
        policy: what is to learn.
        config: which optimisers, and their steps.
        half: whether the device multiplies bfloat16 (`policies.networks.half_pays`).

    Attributes:
        weights: all that learn, in the policy's order; the state is told apart by their places in it.
    """

    def __init__(self, policy: TrackingPolicy, config: TrainConfig, half: bool) -> None:
        self.weights = [p for p in policy.parameters() if p.requires_grad]
        self._parts: dict[str, torch.optim.Optimizer] = {}
        self._ratios = {"adam": 1.0, "muon": config.muon_step}
        matrices: list[nn.Parameter] = []
        if config.optimizer == "muon":
            matrices = [p for p in policy.mlp_extractor.parameters() if p.ndim == 2]
            self._parts["muon"] = Muon(matrices, config.momentum, half)
        self._matrices = {id(p) for p in matrices}
        self._parts["adam"] = torch.optim.Adam([p for p in self.weights if id(p) not in self._matrices])
        self.step_size = config.learning_rate

    @property
    def step_size(self) -> float:
        """Adam's; Muon's is `TrainConfig.muon_step` times as large."""
        size: float = self._parts["adam"].param_groups[0]["lr"]
        return size

    @step_size.setter
    def step_size(self, size: float) -> None:
        for name, part in self._parts.items():
            part.param_groups[0]["lr"] = size * self._ratios[name]

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for part in self._parts.values():
            part.zero_grad()

    def step(self) -> None:
        """Move all weights by their gradients."""
        for part in self._parts.values():
            part.step()

    def state(self) -> dict[str, Tensor]:
        """Momenta, as adam.PLACE.FIELD and muon.PLACE.FIELD; the step size is the learner's to keep."""
        out = {}
        for index, weight, name in self._placed():
            for field, tensor in self._parts[name].state.get(weight, {}).items():
                out[f"{name}.{index}.{field}"] = tensor
        return out

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a `state`, which may stand among other tensors.

        Raises:
            InputError: it is of the other optimiser.
        """
        mine = {f"{name}.{index}" for index, _, name in self._placed()}
        theirs = {key.rpartition(".")[0] for key in state if key.startswith(("adam.", "muon."))}
        if not theirs <= mine:
            now, then = ("muon", "adam") if self._matrices else ("adam", "muon")
            raise InputError(
                f"this training was begun with the optimizer {then} and cannot go on with {now}; "
                f"say --optimizer {then}, or begin anew with another --out"
            )
        for part in self._parts.values():
            part.state.clear()
        for index, weight, name in self._placed():
            start = f"{name}.{index}."
            kept = {key.removeprefix(start): tensor for key, tensor in state.items() if key.startswith(start)}
            if kept:
                # Adam counts its steps on the processor, whatever the device
                places = {field: "cpu" if field == "step" else weight.device for field in kept}
                self._parts[name].state[weight] = {f: tensor.clone().to(places[f]) for f, tensor in kept.items()}

    def _placed(self) -> Iterator[tuple[int, nn.Parameter, str]]:
        """Each weight's place, itself, and whose it is."""
        for index, weight in enumerate(self.weights):
            yield index, weight, "muon" if id(weight) in self._matrices else "adam"
