"""Pickles, joblib's and PyTorch's files and pickled arrays, read without executing anything that they name.

A pickle is a program. What comes out of it here are dicts, lists, numbers, strings and NumPy arrays; every name but
those of arrays, tensors and containers is refused. It knows no motions.
"""

import io
from typing import Any

from sfv.errors import InputError, blamed
from sfv.formats.pickles import plain
from sfv.formats.tensors import TensorReader, is_torch, legacy
from sfv.work.contents import array_of, members_of, npy_header, unpacked


def is_pickle(content: bytes) -> bool:
    """Whether it begins as pickles of protocol 2 and later do."""
    return content[:1] == b"\x80" and content[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05")


def load_pickle(content: bytes, name: str) -> Any:
    """Containers, numbers, strings and arrays out of a pickle or a joblib file, packed or not; `name` is for errors.

    Raises:
        InputError: it names anything but arrays, tensors and containers, or it is broken.
    """
    with blamed(f"{name} is a broken pickle", "make it again"):
        return plain(TensorReader(io.BytesIO(unpacked(content, name)), name).load())


def load_npy(content: bytes, name: str) -> Any:
    """The array of an .npy file; where that is a pickled object, the object, read as `load_pickle` does.

    Raises:
        InputError: as `load_pickle`, or not an .npy file.
    """
    array = array_of(content, name)
    return array if array is not None else load_pickle(content[npy_header(content)[3] :], name)


def load_torch(content: bytes, name: str) -> Any:
    """What `torch.save` wrote, tensors as arrays: a zip archive of a pickle and the numbers of each tensor.

    Raises:
        InputError: it names anything but tensors and containers, or it is broken.
    """
    with blamed(f"{name} is no readable PyTorch file", "make it again"):
        if content[:2] != b"PK":
            return plain(legacy(io.BytesIO(content), name))
        members = members_of(content, name)
        pickled = next((key for key in members if is_torch(frozenset({key}))), None)
        if pickled is None:
            raise InputError(f"{name} is an archive but not PyTorch's; check the file")
        folder = pickled.removesuffix("data.pkl")
        if members.get(f"{folder}byteorder", b"little") != b"little":
            raise ValueError("its numbers have their bytes in the order of big-endian machines")
        numbers = {key.removeprefix(f"{folder}data/"): raw for key, raw in members.items()}
        return plain(TensorReader(io.BytesIO(members[pickled]), name, numbers).load())
