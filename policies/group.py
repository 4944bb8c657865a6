"""Learners that work as one: processes with environments of their own and one policy (torch.distributed).

Gradients, and whatever else is a mean over samples, are averaged over all of them. A learner that is alone pays
nothing: `Group` itself does nothing to what it is given. It knows no algorithm.

    torchrun --nproc-per-node 4 -m sfv.cli.main train walk.npz --out runs/walk
"""

import atexit
import os
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import torch
from torch import Tensor

from sfv.errors import InputError

PATIENCE = timedelta(hours=2)
"""How long the others wait for the first, which also evaluates and writes checkpoints."""


class Group:
    """One learner alone.

    Attributes:
        rank: which one this is; 0 logs, evaluates and saves.
        size: how many.
    """

    rank, size = 0, 1

    def share(self, count: int) -> int:
        """This one's part of `count` environments or samples.

        Raises:
            InputError: they cannot be shared out evenly.
        """
        if count % self.size:
            raise InputError(
                f"{count} cannot be shared out among {self.size} processes; "
                f"make --num-envs and --minibatch multiples of {self.size}"
            )
        return count // self.size

    def average(self, tensors: Iterable[Tensor]) -> None:
        """Replace each tensor by its mean over the group."""

    def moments(self, x: Tensor) -> tuple[int, Tensor, Tensor]:
        """How many rows all have of `x`, with their mean and variance (without correction) per column."""
        var, mean = torch.var_mean(x, 0, correction=0)
        return len(x), mean, var

    def standardised(self, x: Tensor) -> Tensor:
        """(x - mean) / std, both over all samples of the group."""
        return (x - x.mean()) / (x.std() + 1e-8)

    def told(self, word: Any) -> Any:
        """What rank 0 says; the others' `word` is not heard."""
        return word

    def gathered(self, part: Any) -> list[Any]:
        """Everyone's `part` by rank, on rank 0; an empty list elsewhere."""
        return [part]

    def handed(self, parts: list[Any]) -> Any:
        """This one's of the `parts` by rank that rank 0 has."""
        return parts[0]


class Team(Group):
    """Several learners, one in each process; see `Group`. All must call the same methods in the same order."""

    def __init__(self) -> None:
        from torch import distributed

        self.world = distributed
        self.rank, self.size = distributed.get_rank(), distributed.get_world_size()

    def average(self, tensors: Iterable[Tensor]) -> None:
        tensors = list(tensors)
        flat = torch.cat([tensor.flatten() for tensor in tensors])
        self.world.all_reduce(flat)
        flat /= self.size
        for tensor, mean in zip(tensors, flat.split([tensor.numel() for tensor in tensors]), strict=True):
            tensor.copy_(mean.view_as(tensor))

    def moments(self, x: Tensor) -> tuple[int, Tensor, Tensor]:
        count, own, var = super().moments(x)  # everyone has as many rows
        mean = own.clone()
        self.average([mean])
        var = var + (own - mean).square()
        self.average([var])
        return count * self.size, mean, var

    def standardised(self, x: Tensor) -> Tensor:
        count, mean, var = self.moments(x.flatten()[:, None])
        return (x - mean) / ((var * count / (count - 1)).sqrt() + 1e-8)

    def told(self, word: Any) -> Any:
        words = [word]
        self.world.broadcast_object_list(words, src=0)
        return words[0]

    def gathered(self, part: Any) -> list[Any]:
        parts: list[Any] | None = [None] * self.size if self.rank == 0 else None
        self.world.gather_object(part, parts, dst=0)
        return parts or []

    def handed(self, parts: list[Any]) -> Any:
        mine = [None]
        self.world.scatter_object_list(mine, parts if self.rank == 0 else None, src=0)
        return mine[0]


def joined() -> Group:
    """The group that torchrun put this process in, or one of its own: gloo between processors, nccl between GPUs."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return Group()
    from torch import distributed

    if not distributed.is_initialized():
        backend = "cpu:gloo"
        if torch.cuda.is_available():
            torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
            backend += ",cuda:nccl"
        distributed.init_process_group(backend, timeout=PATIENCE)
        atexit.register(distributed.destroy_process_group)  # gloo's threads may abort an interpreter that just exits
    return Team()
