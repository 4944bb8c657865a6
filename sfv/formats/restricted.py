"""Pickles, PyTorch files and NumPy archives, read without executing anything that they name.

A pickle is a program. Here the few names that arrays and containers need are answered by stand-ins of our own, every
other name is refused, and what comes out are dicts, lists, numbers, strings and NumPy arrays. It knows no motions.
"""

import bz2
import collections
import io
import lzma
import math
import pickle
import zipfile
import zlib
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from sfv.errors import InputError

ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
"""How zlib streams begin, by level; joblib writes them with `compress=`."""


def unpacked(content: bytes, name: str) -> bytes:
    """What joblib's compressors (zlib, bz2, xz, lzma) packed; anything else as it is.

    Raises:
        InputError: a broken archive.
    """
    try:
        if content[:2] in ZLIB:
            return zlib.decompress(content)
        if content[:3] == b"BZh":
            return bz2.decompress(content)
        if content[:6] == b"\xfd7zXZ\x00" or content[:3] == b"\x5d\x00\x00":
            return lzma.decompress(content)
    except (zlib.error, OSError, EOFError, lzma.LZMAError) as error:
        raise InputError(f"{name} is a broken archive ({error}); copy or make it again") from error
    return content


def is_pickle(content: bytes) -> bool:
    """Whether it begins as pickles of protocol 2 and later do."""
    return content[:1] == b"\x80" and content[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05")


def load_pickle(content: bytes, name: str) -> Any:
    """Containers, numbers, strings and arrays out of a pickle or a joblib file, packed or not; `name` is for errors.

    Raises:
        InputError: it names anything but arrays and containers, or it is broken.
    """
    return _load(io.BytesIO(unpacked(content, name)), name)


def load_npy(content: bytes, name: str) -> Any:
    """The array of an .npy file; where that is a pickled object, the object, read as `load_pickle` does.

    Raises:
        InputError: as `load_pickle`, or not an .npy file.
    """
    stream = io.BytesIO(content)
    try:
        version = np.lib.format.read_magic(stream)
        header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        _, _, dtype = header(stream)
        if dtype.hasobject:
            return _load(stream, name)
        return np.load(io.BytesIO(content), allow_pickle=False)
    except InputError:
        raise
    except Exception as error:  # NumPy raises many kinds on broken files
        raise InputError(f"{name} is no readable .npy file ({error}); make it again") from error


def load_npz(content: bytes, name: str) -> dict[str, np.ndarray]:
    """The arrays of an .npz archive; those that are pickled are left out.

    Raises:
        InputError: a broken archive.
    """
    arrays = {}
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            for key in archive.files:
                try:
                    arrays[key] = archive[key]
                except ValueError as error:
                    if "allow_pickle" not in str(error):
                        raise
    except Exception as error:  # zipfile and NumPy raise many kinds on broken archives
        raise InputError(f"{name} is no readable .npz archive ({error}); make it again") from error
    return arrays


def npz_keys(content: bytes) -> frozenset[str]:
    """The names of the arrays in an .npz archive; none when it is no such archive."""
    if content[:2] != b"PK":
        return frozenset()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return frozenset(entry.removesuffix(".npy") for entry in archive.namelist())
    except zipfile.BadZipFile:
        return frozenset()


def load_torch(content: bytes, name: str) -> Any:
    """What `torch.save` wrote, tensors as NumPy arrays, by PyTorch's own reader of weights.

    Raises:
        InputError: it names anything but tensors and containers, or it is broken.
    """
    import torch

    try:
        return _plain(torch.load(io.BytesIO(content), map_location="cpu", weights_only=True))
    except pickle.UnpicklingError as error:
        raise InputError(
            f"{name} holds more than tensors and containers, and what it names could run code, so it was not opened; "
            "save the motion's arrays alone"
        ) from error
    except Exception as error:  # torch raises many kinds on broken files
        raise InputError(f"{name} is no readable PyTorch file ({error}); make it again") from error


def _load(stream: io.BytesIO, name: str) -> Any:
    try:
        return _plain(_Reader(stream, name).load())
    except InputError:
        raise
    except Exception as error:  # a broken program can fail in any way
        raise InputError(f"{name} is a broken pickle ({type(error).__name__}: {error}); make it again") from error


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
    """Stands in for joblib's NumpyArrayWrapper: the numbers follow in the stream, behind the pickle's next opcode."""

    state: dict[str, Any]

    def __setstate__(self, state: Any) -> None:
        self.state = dict(state)

    def read(self, stream: io.BytesIO, name: str) -> None:
        kind: _Dtype = self.state["dtype"]
        if kind.dtype.hasobject:
            self.value = _load(stream, name)
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


def _tensor(storage: Any, offset: int, size: Any, stride: Any, *rest: Any) -> np.ndarray:
    """A tensor out of its storage, which has its bounds checked by torch."""
    import torch

    if not isinstance(storage, torch.storage.TypedStorage):
        raise ValueError("a tensor without storage")
    # its public accessor warns that the class will go
    tensor = torch.empty(0, dtype=storage.dtype).set_(storage._untyped_storage, offset, tuple(size), tuple(stride))
    return tensor.numpy().copy()


def _storage(raw: bytes) -> Any:
    import torch

    return torch.load(io.BytesIO(raw), map_location="cpu", weights_only=True)


_STAND_INS: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy", "dtype"): _Dtype,
    ("numpy", "ndarray"): _Array,
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy.core.multiarray", "scalar"): _scalar,
    ("numpy.core.numeric", "_frombuffer"): _frombuffer,
    ("joblib.numpy_pickle", "NumpyArrayWrapper"): _Wrapped,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch.storage", "_load_from_bytes"): _storage,
    ("_codecs", "encode"): _encode,
    ("builtins", "bytearray"): _bytearray,
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("collections", "defaultdict"): collections.defaultdict,
    **{("builtins", kind.__name__): kind for kind in (dict, list, set, frozenset, tuple)},
}


class _Reader(pickle._Unpickler):
    """Python's own unpickler in Python, with other answers to names, and states for stand-ins only."""

    stack: list[Any]

    def __init__(self, stream: io.BytesIO, name: str) -> None:
        super().__init__(stream)
        self.stream, self.name = stream, name

    def find_class(self, module: str, name: str) -> Any:
        module = module.replace("numpy._core", "numpy.core").replace("__builtin__", "builtins")
        if (module, name) not in _STAND_INS:
            raise InputError(
                f"{self.name} is a pickle that names {module}.{name}, which could run code, so it was not opened; "
                "save the motion's arrays alone, for instance with numpy.savez"
            )
        return _STAND_INS[module, name]

    def persistent_load(self, pid: Any) -> Any:
        raise InputError(f"{self.name} is a pickle that refers to other files, so it was not opened; save arrays alone")

    def load_build(self) -> None:
        state, target = self.stack.pop(), self.stack[-1]
        if type(target) not in (_Dtype, _Array, _Wrapped):  # a class or a function could be changed for good
            raise ValueError(f"a state for {type(target).__name__}")
        target.__setstate__(state)
        if isinstance(target, _Wrapped):
            target.read(self.stream, self.name)

    dispatch: ClassVar[Any] = {**pickle._Unpickler.dispatch, pickle.BUILD[0]: load_build}


def _plain(value: Any) -> Any:
    """The value with stand-ins and tensors replaced by arrays, in dicts, lists and tuples of any depth."""
    if isinstance(value, _Array):
        return _plain(value.value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if type(value).__module__.partition(".")[0] == "torch" and hasattr(value, "detach"):
        return value.detach().float().numpy() if value.dtype.is_floating_point else value.detach().numpy()
    return value
