"""What networks that read codes begin with: codes that stand for like vectors begin alike."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

LOUD = 0.02
"""Deviation of a first weight."""


@torch.no_grad()
def begin_alike(table: nn.Embedding, vectors: Float[Tensor, "k c"]) -> None:
    """Let the first k rows of a table be the vectors that codes stand for, turned at random, half noise."""
    width = table.embedding_dim
    flat = (vectors - vectors.mean(0)) / vectors.std().clamp_min(1e-6)
    turned = flat @ torch.randn(vectors.shape[1], width) / vectors.shape[1] ** 0.5
    table.weight[: len(vectors)] = LOUD * (turned + torch.randn(len(vectors), width)) / 2**0.5
