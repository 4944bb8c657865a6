"""A reader of pickles that executes nothing that they name.

A pickle is a program. Here the few names that arrays and containers need are answered by stand-ins of our own, every
other name is refused, and what comes out are dicts, lists, numbers, strings and NumPy arrays. It knows no motions.
"""

import collections
import io
import math
import pickle
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from sfv.errors import InputError

THINGS = 1 << 21
"""Most numbers, strings, lists and dicts in one pickle, each counted wherever it stands: a hundred bytes can say that a
list holds ten lists that hold ten lists, and so on. Arrays count once."""
SCALARS = (str, bytes, int, float, bool, type(None))


class _Dtype:
    """Stands in for numpy.dtype: plain numbers and text only."""

    def __init__(self, text: str, align: bool = False, copy: bool = False) -> None:
        self.dtype = np.dtype(str(text))
        if self.dtype.kind not in "biufcSUO":
            raise ValueError(f"arrays of {text}")

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        if any(part is not None for part in state[2:5]):
            raise ValueError("arrays of records")
        if state[1] in ("<", ">"):
            self.dtype = self.dtype.newbyteorder(state[1])


class _Array:
    """Stands in for numpy.ndarray, without NumPy's own reader of states; objects are kept as a list."""

    value: Any = None

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, kind, fortran, raw = state
        self.fill(raw, kind, shape, "F" if fortran else "C")

    def fill(self, raw: Any, kind: _Dtype, shape: tuple[int, ...], order: str) -> "_Array":
        if kind.dtype.hasobject:
            self.value = list(raw) if shape else next(iter(raw))
        else:
            raw = raw.encode("latin1") if isinstance(raw, str) else bytes(raw)
            flat = np.frombuffer(raw, kind.dtype, count=math.prod(shape))
            self.value = flat.reshape(shape[::-1]).T.copy() if order == "F" else flat.reshape(shape).copy()
        return self


class _Wrapped(_Array):
    """Stands in for joblib's NumpyArrayWrapper: the numbers follow in the stream, behind the opcode of its state."""

    state: dict[str, Any]

    def __setstate__(self, state: Any) -> None:
        self.state = dict(state)

    def read(self, stream: io.BytesIO, name: str) -> None:
        kind: _Dtype = self.state["dtype"]
        if kind.dtype.hasobject:
            self.value = Reader(stream, name).load()
            return
        if self.state.get("numpy_array_alignment_bytes") is not None:
            stream.seek(stream.read(1)[0], io.SEEK_CUR)
        size = math.prod(self.state["shape"]) * kind.dtype.itemsize
        self.fill(stream.read(size), kind, tuple(self.state["shape"]), str(self.state["order"]))


def _reconstruct(kind: Any, shape: tuple[int, ...], typecode: Any) -> _Array:
    return _Array()


def _frombuffer(raw: Any, kind: _Dtype, shape: tuple[int, ...], order: str, axes: Any = None) -> _Array:
    return _Array().fill(raw, kind, shape, order)


def _scalar(kind: _Dtype, raw: Any) -> Any:
    if kind.dtype.hasobject:
        raise ValueError("a scalar that is an object")
    return np.frombuffer(raw.encode("latin1") if isinstance(raw, str) else raw, kind.dtype)[0].item()


def _encode(text: str, encoding: str) -> bytes:
    return text.encode({"latin1": "latin1", "latin-1": "latin1"}[encoding])


def _bytearray(raw: Any = b"", encoding: str = "latin1") -> bytearray:
    return bytearray(_encode(raw, encoding) if isinstance(raw, str) else bytes(memoryview(raw)))


def _mapping(kind: Callable[..., Any]) -> Callable[..., Any]:
    """dict and its like from pairs, with keys that are known to be harmless."""

    def make(pairs: Any = ()) -> Any:
        pairs = list(pairs.items() if isinstance(pairs, dict) else pairs)
        return kind([(_key(key), value) for key, value in pairs])

    return make


def _default(factory: Any = None, pairs: Any = ()) -> Any:
    return _mapping(dict)(pairs)


def _gathered(kind: Callable[..., Any]) -> Callable[..., Any]:
    """set and its like: a list."""
    return lambda things=(): [_key(thing) for thing in things]


def _key(key: Any) -> Any:
    """A key of a dict. Tuples of tuples of tuples would be hashed for ever."""
    if not isinstance(key, SCALARS) and not (isinstance(key, tuple) and all(isinstance(k, SCALARS) for k in key)):
        raise ValueError(f"a key that is a {type(key).__name__}")
    return key


STAND_INS: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy", "dtype"): _Dtype,
    ("numpy", "ndarray"): _Array,
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy.core.multiarray", "scalar"): _scalar,
    ("numpy.core.numeric", "_frombuffer"): _frombuffer,
    ("joblib.numpy_pickle", "NumpyArrayWrapper"): _Wrapped,
    ("_codecs", "encode"): _encode,
    ("builtins", "bytearray"): _bytearray,
    ("collections", "OrderedDict"): _mapping(collections.OrderedDict),
    ("collections", "defaultdict"): _default,
    ("builtins", "dict"): _mapping(dict),
    ("builtins", "set"): _gathered(set),
    ("builtins", "frozenset"): _gathered(frozenset),
    ("builtins", "list"): list,
    ("builtins", "tuple"): tuple,
}


class Reader(pickle._Unpickler):
    """Python's own unpickler in Python, with other answers to names, states for stand-ins only, and harmless keys."""

    stack: list[Any]
    append: Callable[[Any], None]
    read: Callable[[int], bytes]
    names: ClassVar[dict[tuple[str, str], Callable[..., Any]]] = STAND_INS

    def __init__(self, stream: io.BytesIO, name: str) -> None:
        super().__init__(stream)
        self.stream, self.name = stream, name

    def find_class(self, module: str, name: str) -> Any:
        module = module.replace("numpy._core", "numpy.core").replace("__builtin__", "builtins")
        if (module, name) not in self.names:
            raise InputError(
                f"{self.name} is a pickle that names {module}.{name}, which could run code, so it was not opened; "
                "save the motion's arrays alone, for instance with numpy.savez"
            )
        return self.names[module, name]

    def persistent_load(self, pid: Any) -> Any:
        raise InputError(f"{self.name} is a pickle that refers to other files, so it was not opened; save arrays alone")

    def load_build(self) -> None:
        state, target = self.stack.pop(), self.stack[-1]
        if type(target) not in (_Dtype, _Array, _Wrapped):  # a class or a function could be changed for good
            raise ValueError(f"a state for {type(target).__name__}")
        target.__setstate__(state)
        if isinstance(target, _Wrapped):
            target.read(self.stream, self.name)

    def load_setitem(self) -> None:
        _key(self.stack[-2])
        super().load_setitem()  # type: ignore[misc]

    def load_setitems(self) -> None:
        for key in self.stack[::2]:  # above the mark stand keys and values in turn
            _key(key)
        super().load_setitems()  # type: ignore[misc]

    def load_dict(self) -> None:
        for key in self.stack[::2]:
            _key(key)
        super().load_dict()  # type: ignore[misc]

    def load_additems(self) -> None:
        for key in self.stack:
            _key(key)
        super().load_additems()  # type: ignore[misc]

    def load_frozenset(self) -> None:
        for key in self.stack:
            _key(key)
        super().load_frozenset()  # type: ignore[misc]

    def load_bytearray8(self) -> None:
        size = int.from_bytes(self.read(8), "little")
        self.append(bytearray(self.read(size)))  # and not first so much memory as it says

    dispatch: ClassVar[Any] = {
        **pickle._Unpickler.dispatch,
        pickle.BUILD[0]: load_build,
        pickle.SETITEM[0]: load_setitem,
        pickle.SETITEMS[0]: load_setitems,
        pickle.DICT[0]: load_dict,
        pickle.ADDITEMS[0]: load_additems,
        pickle.FROZENSET[0]: load_frozenset,
        pickle.BYTEARRAY8[0]: load_bytearray8,
    }


def plain(value: Any) -> Any:
    """The value with stand-ins replaced by arrays, in dicts, lists and tuples of any depth.

    Raises:
        ValueError: it holds more than THINGS.
    """
    counts: dict[int, int] = {}

    def count(value: Any) -> int:
        """How many things it holds, each container looked at once, wherever else it stands."""
        if isinstance(value, _Array):
            return 1 + count(value.value)
        if not isinstance(value, dict | list | tuple | set | frozenset):
            return 1
        if id(value) not in counts:
            counts[id(value)] = THINGS  # what it counts for within itself
            items = value.values() if isinstance(value, dict) else value
            counts[id(value)] = min(1 + sum(map(count, items)), THINGS + 1)
        return counts[id(value)]

    def walk(value: Any) -> Any:
        if isinstance(value, _Array):
            return walk(value.value)
        if isinstance(value, dict):
            return {key: walk(item) for key, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [walk(item) for item in value]
        return value

    if count(value) > THINGS:
        raise ValueError(f"it holds more than {THINGS} things")
    return walk(value)
