"""PyTorch's tensors in pickles, as arrays, without PyTorch.

In a pickle a tensor is a view of a storage, which is named by a number; the storages' own numbers stand elsewhere: in
the zip archive around the pickle, or behind it in files of before PyTorch 1.6, as which pickle itself keeps tensors.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from sfv.formats.pickles import STAND_INS, Reader

KINDS = {
    f"{name}Storage": np.dtype(kind)
    for name, kind in (
        *(("Double", "<f8"), ("Float", "<f4"), ("Half", "<f2"), ("BFloat16", "<u2")),  # of a bfloat16 the bits
        *(("Long", "<i8"), ("Int", "<i4"), ("Short", "<i2"), ("Char", "i1"), ("Byte", "u1"), ("Bool", "?")),
    )
}
MAGIC = 0x1950A86A20F9469CFC6C
"""With which files of before PyTorch 1.6 begin."""


def is_torch(names: frozenset[str]) -> bool:
    """Whether an archive that holds these is PyTorch's."""
    return any(name == "data.pkl" or name.endswith("/data.pkl") for name in names)


@dataclass(frozen=True)
class _Kind:
    """Stands in for torch.FloatStorage and its like."""

    name: str

    def array(self, raw: bytes, count: int) -> np.ndarray:
        numbers = np.frombuffer(raw, KINDS[self.name], count)
        # a bfloat16 is the upper half of a float32
        return (numbers.astype("<u4") << 16).view("<f4") if self.name == "BFloat16Storage" else numbers


def _tensor(storage: Any, offset: int, size: Any, stride: Any, *rest: Any) -> np.ndarray:
    """A tensor out of its storage, within its bounds; whether it had a gradient does not matter."""
    if not isinstance(storage, np.ndarray) or len(size) != len(stride) or min([offset, *size, *stride]) < 0:
        raise ValueError("a tensor without storage")
    if 0 in size:
        return np.zeros(tuple(size), storage.dtype)
    last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    # with strides of 0 a single number would be told to be a million
    if last >= len(storage) or np.prod([float(n) for n in size]) > len(storage):
        raise ValueError("a tensor beyond its storage")
    steps = tuple(step * storage.itemsize for step in stride)
    return np.lib.stride_tricks.as_strided(storage[offset:], tuple(size), steps, writeable=False).copy()


def _bytes(raw: Any) -> Any:
    return legacy(io.BytesIO(bytes(memoryview(raw))), "a tensor")


class TensorReader(Reader):
    """The reader of pickles that knows tensors, too; `numbers` are those of the storages, by their names."""

    names: ClassVar[Any] = {
        **STAND_INS,
        ("torch._utils", "_rebuild_tensor_v2"): _tensor,
        ("torch._utils", "_rebuild_parameter"): lambda tensor, *rest: tensor,
        ("torch.storage", "_load_from_bytes"): _bytes,
        **{("torch", name): _Kind(name) for name in KINDS},
    }

    def __init__(self, stream: io.BytesIO, name: str, numbers: Mapping[str, bytes] | None = None) -> None:
        super().__init__(stream, name)
        self.numbers = numbers
        self.seen: dict[str, tuple[_Kind, int]] = {}

    def persistent_load(self, pid: Any) -> Any:
        if self.numbers is None:
            return super().persistent_load(pid)
        _, kind, key, _, count = pid[:5]
        if not isinstance(kind, _Kind):
            raise ValueError("a storage of no kind that is known")
        self.seen[str(key)] = kind, int(count)
        return kind.array(self.numbers[str(key)], int(count))


class _Storages(TensorReader):
    """Finds the storages and leaves the tensors empty."""

    names: ClassVar[Any] = {**TensorReader.names, ("torch._utils", "_rebuild_tensor_v2"): lambda *parts: None}

    def persistent_load(self, pid: Any) -> Any:
        _, kind, key, _, count = pid[:5]
        self.seen[str(key)] = kind, int(count)
        return None


def legacy(stream: io.BytesIO, name: str) -> Any:
    """What PyTorch wrote before 1.6: several pickles, and the numbers of the storages behind the last of them.

    Raises:
        Exception: of many kinds, where it is broken.
    """
    if Reader(stream, name).load() != MAGIC:
        raise ValueError("it does not begin as PyTorch's files do")
    for _ in range(2):  # the version, and what machine it was
        Reader(stream, name).load()
    start = stream.tell()
    found = _Storages(stream, name)
    found.load()
    numbers = {}
    for key in Reader(stream, name).load():
        kind, _ = found.seen[str(key)]
        count = int.from_bytes(stream.read(8), "little")
        numbers[str(key)] = stream.read(count * KINDS[kind.name].itemsize)
    stream.seek(start)
    return TensorReader(stream, name, numbers).load()
