"""Files that promise more than they hold, or that never end."""

import gzip
import io
import lzma
import os
import zipfile
import zlib

import numpy as np
import pytest

from sfv.errors import InputError
from sfv.work import contents
from sfv.work.contents import array_of, arrays_of, content_of, require_file, unpacked


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, lzma.compress])
def test_what_is_packed_comes_out_and_what_unpacks_to_too_much_does_not(tmp_path, monkeypatch, pack):
    path = tmp_path / "file"
    path.write_bytes(pack(b"a line\n" * 100))
    assert content_of(path) == b"a line\n" * 100
    monkeypatch.setattr(contents, "LIMIT", 500)  # the line has 7 letters: 700 of them
    with pytest.raises(InputError, match="unpacks to more than"):
        content_of(path)
    path.write_bytes(pack(b"a line\n" * 50)[:-3])
    with pytest.raises(InputError, match="broken archive"):
        content_of(path)


def test_archives_strung_together_are_one():
    assert unpacked(gzip.compress(b"one ") + gzip.compress(b"two") + b"\0\0", "x") == b"one two"


def test_pipes_devices_and_folders_are_no_files(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", "/dev/zero"):
        with pytest.raises(InputError, match="a pipe or a device"):
            require_file(path)
    with pytest.raises(InputError, match="is a folder"):
        require_file(tmp_path)
    with pytest.raises(InputError, match="there is no file"):
        require_file(tmp_path / "absent")
    with pytest.raises(InputError, match="cannot be read"):
        require_file("nul\0in it")


def npy(array, shape=None):
    """As numpy.save writes it, but that it may name another shape."""
    stream = io.BytesIO()
    header = np.lib.format.header_data_from_array_1_0(array)
    np.lib.format.write_array_header_1_0(stream, header | {"shape": array.shape if shape is None else shape})
    return stream.getvalue() + array.tobytes("F" if header["fortran_order"] else "C")


@pytest.mark.parametrize(
    "array", [np.arange(6.0).reshape(2, 3), np.asfortranarray(np.eye(2, 3)), np.array(1), np.zeros((0, 3))]
)
def test_an_array_comes_out_as_it_went_in(array):
    np.testing.assert_array_equal(array_of(npy(array), "x"), array)


@pytest.mark.parametrize("shape", [(10**12,), (2**62, 2**62), (-1,), (7,)])
def test_an_array_that_promises_other_numbers_takes_no_memory(shape):
    with pytest.raises(InputError, match="no readable array"):
        array_of(npy(np.arange(6.0), shape), "x")


def archive(names, method=zipfile.ZIP_DEFLATED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as file:
        for name, content in names.items():
            file.writestr(name, content)
    return stream.getvalue()


def test_an_archive_beyond_the_limits_is_not_unpacked(monkeypatch):
    arrays = {"a.npy": npy(np.zeros(100)), "b.npy": npy(np.ones(3))}
    assert sorted(arrays_of(archive(arrays), "x")) == ["a", "b"]
    assert sorted(arrays_of(archive(arrays), "x", frozenset({"b"}))) == ["b"]
    with pytest.raises(InputError, match="NumPy does not write"):
        arrays_of(archive(arrays, zipfile.ZIP_LZMA), "x")
    with pytest.raises(InputError, match="holds 1001 arrays"):
        arrays_of(archive({f"{i}.npy": b"" for i in range(1001)}), "x")
    monkeypatch.setattr(contents, "LIMIT", 900)  # 100 numbers have 800 bytes, and there are two headers of 128
    with pytest.raises(InputError, match="unpacks to more than"):
        arrays_of(archive(arrays), "x")
