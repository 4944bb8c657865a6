"""The one transformer that priors are made of: pre-norm blocks on vectors, causal with a cache or seeing everything.

It knows nothing of what the vectors are.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

Cache = list[tuple[Tensor, Tensor]]
"""Keys and values of each block, of the vectors that were seen so far."""


class Layer(nn.Module):
    """x + attention(norm x), then x + MLP(norm x)."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.asked, self.given = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.wide, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(
        self,
        x: Float[Tensor, "n t c"],
        causal: bool,
        seen: Bool[Tensor, "n 1 1 s"] | None = None,
        past: tuple[Tensor, Tensor] | None = None,
    ) -> tuple[Float[Tensor, "n t c"], tuple[Tensor, Tensor]]:
        """The vectors, and keys and values to go on from; `seen` says which vectors may be looked at."""
        n, t, c = x.shape
        query, key, value = self.asked(self.before(x)).view(n, t, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        if past is not None:
            key, value = torch.cat((past[0], key), 2), torch.cat((past[1], value), 2)
        dropped = self.dropout if self.training else 0.0
        mixed = nn.functional.scaled_dot_product_attention(
            query, key, value, attn_mask=seen, is_causal=causal and past is None, dropout_p=dropped
        )
        x = x + self._drop(self.given(mixed.transpose(1, 2).reshape(n, t, c)))
        x = x + self._drop(self.narrow(nn.functional.gelu(self.wide(self.between(x)))))
        return x, (key, value)

    def _drop(self, x: Tensor) -> Tensor:
        return nn.functional.dropout(x, self.dropout, self.training)


class Transformer(nn.Module):
    """Blocks with a norm at the end.

    Args:
        width, layers, heads: its size.
        causal: each vector sees itself and those before it.
        dropout: while it is fitted.
    """

    def __init__(self, width: int, layers: int, heads: int, causal: bool, dropout: float = 0.1) -> None:
        super().__init__()
        self.causal = causal
        self.blocks = nn.ModuleList(Layer(width, heads, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Float[Tensor, "n t c"], seen: Bool[Tensor, "n s"] | None = None) -> Float[Tensor, "n t c"]:
        """All at once; `seen` is False for padding, which nothing looks at (in a causal one it comes last anyway)."""
        mask = None if seen is None or self.causal else seen[:, None, None]
        for block in self.blocks:
            x, _ = block(x, self.causal, mask)
        out: Tensor = self.norm(x)
        return out

    def further(self, x: Float[Tensor, "n t c"], cache: Cache | None) -> tuple[Float[Tensor, "n t c"], Cache]:
        """Of a causal one, vectors after those in the cache: all at once where there is none, else one by one."""
        assert self.causal, "only a causal transformer goes on from what it saw"
        assert cache is None or x.shape[1] == 1, "with a cache, one vector at a time"
        grown = []
        for index, block in enumerate(self.blocks):
            x, kept = block(x, True, None, None if cache is None else cache[index])
            grown.append(kept)
        return self.norm(x), grown
