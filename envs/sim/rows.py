"""Many tensors of one row per simulation, side by side in one table; it knows no simulator."""

from collections.abc import Sequence

from torch import Tensor


def restore_rows(table: Tensor, parts: Sequence[Tensor]) -> None:
    """Write the columns of a table, (num_envs, n), back into the tensors that they were made of, (num_envs, ...)."""
    sizes = [part[0].numel() for part in parts]
    for part, columns in zip(parts, table.split(sizes, 1), strict=True):
        part.copy_(columns.reshape(part.shape))
