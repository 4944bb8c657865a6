import bz2
import collections
import io
import lzma
import os
import pickle
import zipfile
import zlib

import numpy as np
import pytest
import torch

from sfv.errors import InputError
from sfv.formats import restricted
from sfv.formats.files import read_motion
from sfv.work.contents import array_names, arrays_of


class Bomb:
    """Makes a file when it is unpickled as pickles are meant to be."""

    def __reduce__(self):
        return os.system, ("touch executed",)


class Getter:
    """Reaches for what the allowed names are made of."""

    def __init__(self, *path):
        self.path = path

    def __reduce__(self):
        return getattr, self.path


@pytest.fixture(autouse=True)
def nothing_is_executed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    yield
    assert not (tmp_path / "executed").exists()


CONTENT = {
    "poses": np.arange(12, dtype=np.float32).reshape(3, 4),
    "columns": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "big": np.arange(4, dtype=">i4"),
    "names": np.array(["a", "bcd"]),
    "flags": np.array([True, False]),
    "mixed": np.array([1, "x", None], dtype=object),
    "scalar": np.float32(3.5),
    "deep": [({"k": (1, 2.5, b"raw", None)},)],
    7: collections.OrderedDict(a=1),
    "lazy": collections.defaultdict(dict, {0: {"x": np.zeros(2)}}),
    "bytes": bytearray(b"abc"),
}


def check(found):
    for name in ("poses", "columns", "big", "flags"):
        np.testing.assert_array_equal(found[name], CONTENT[name])
        assert found[name].dtype == CONTENT[name].dtype
    assert list(found["names"]) == ["a", "bcd"]
    assert found["mixed"] == [1, "x", None]
    assert found["scalar"] == 3.5
    assert found["deep"] == [[{"k": [1, 2.5, b"raw", None]}]]
    assert found[7] == {"a": 1}
    np.testing.assert_array_equal(found["lazy"][0]["x"], np.zeros(2))
    assert found["bytes"] == b"abc"


@pytest.mark.parametrize("protocol", range(6))
def test_arrays_and_containers_come_out(protocol):
    check(restricted.load_pickle(pickle.dumps(CONTENT, protocol), "x"))


class NumpyArrayWrapper:
    """What joblib writes for an array before its bytes; its pickles name joblib.numpy_pickle."""


NumpyArrayWrapper.__module__ = "joblib.numpy_pickle"


def joblib_like(content, monkeypatch):
    """joblib's stream: arrays' bytes stand behind the opcode that sets the wrapper's state, after a padding."""
    import sys
    import types

    module = types.ModuleType("joblib.numpy_pickle")
    module.NumpyArrayWrapper = NumpyArrayWrapper
    monkeypatch.setitem(sys.modules, "joblib", types.ModuleType("joblib"))
    monkeypatch.setitem(sys.modules, "joblib.numpy_pickle", module)
    stream = io.BytesIO()

    class Pickler(pickle._Pickler):
        def save(self, thing, save_persistent_id=True):
            if type(thing) is not np.ndarray or thing.dtype.hasobject:
                return super().save(thing, save_persistent_id)
            wrapper = NumpyArrayWrapper()
            fortran = thing.flags.f_contiguous and not thing.flags.c_contiguous
            wrapper.__dict__ |= {
                "subclass": np.ndarray, "shape": thing.shape, "order": "F" if fortran else "C", "dtype": thing.dtype,
                "allow_mmap": True, "numpy_array_alignment_bytes": 16,
            }  # fmt: skip
            super().save(wrapper)
            self.framer.commit_frame(force=True)
            padding = 16 - (stream.tell() + 1) % 16
            stream.write(bytes([padding]) + b"\xff" * padding + thing.tobytes("F" if fortran else "C"))

    Pickler(stream, protocol=4).dump(content)
    return stream.getvalue()


def test_joblibs_files_packed_or_not(monkeypatch):
    plain = joblib_like(CONTENT, monkeypatch)
    for content in (plain, zlib.compress(plain, 3), bz2.compress(plain), lzma.compress(plain)):
        check(restricted.load_pickle(content, "x"))
    with pytest.raises(InputError, match="broken"):
        restricted.load_pickle(plain[:-40], "x")
    with pytest.raises(InputError, match="broken archive"):
        restricted.load_pickle(zlib.compress(plain)[:-40], "x")


def test_tensors_inside_of_pickles():
    tensors = {"a": torch.arange(12.0).reshape(3, 4), "part": torch.arange(10)[2:8:2]}
    found = restricted.load_pickle(pickle.dumps(tensors), "x")
    np.testing.assert_array_equal(found["a"], tensors["a"].numpy())
    np.testing.assert_array_equal(found["part"], [2, 4, 6])


def torch_file(content, legacy=False):
    stream = io.BytesIO()
    torch.save(content, stream, _use_new_zipfile_serialization=not legacy)
    return stream.getvalue()


def object_array(content):
    stream = io.BytesIO()
    np.save(stream, np.array(content, dtype=object), allow_pickle=True)
    return stream.getvalue()


WORDS = {"pose_world": 0, "trans_world": 0, "global_orient": 0, "body_pose": 0, "tid": 0, "fps": 0, "frames": 0,
         "loop_mode": 0, "pred_rotmat": 0, "smpl_params_global": 0}  # fmt: skip
"""Keys for which a file goes to one of the readers."""


@pytest.mark.parametrize("protocol", range(6))
def test_a_malicious_pickle_executes_nothing(tmp_path, protocol):
    for content in (Bomb(), {**WORDS, "bomb": Bomb()}, [[Bomb()]], {Bomb: 1}, {**WORDS, "frames": Bomb()}):
        pickled = pickle.dumps(content, protocol)
        for packed in (pickled, zlib.compress(pickled)):
            with pytest.raises(InputError):
                restricted.load_pickle(packed, "x")
            (tmp_path / "m.pkl").write_bytes(packed)
            for format in (None, "wham", "humans4d", "mimickit", "tram", "gvhmr"):
                with pytest.raises(InputError):
                    read_motion(tmp_path / "m.pkl", format)
    with pytest.raises(InputError, match=r"names (posix|nt)\.system, which could run code, so it was not opened"):
        restricted.load_pickle(pickle.dumps(Bomb()), "x")


@pytest.mark.parametrize("legacy", [False, True])
def test_a_malicious_pt_executes_nothing(tmp_path, legacy):
    for content in (Bomb(), {"smpl_params_global": {"transl": torch.zeros(2), "bomb": Bomb()}}):
        (tmp_path / "m.pt").write_bytes(torch_file(content, legacy))
        with pytest.raises(InputError, match="not opened"):
            restricted.load_torch((tmp_path / "m.pt").read_bytes(), "x")
        for format in (None, "gvhmr"):
            with pytest.raises(InputError):
                read_motion(tmp_path / "m.pt", format)


def test_malicious_arrays_execute_nothing(tmp_path):
    (tmp_path / "m.npy").write_bytes(object_array({"pred_rotmat": Bomb()}))
    archive = io.BytesIO()
    np.savez(archive, poses=np.array([Bomb()], dtype=object), trans=np.zeros((2, 3)), fps=30)
    (tmp_path / "m.npz").write_bytes(archive.getvalue())
    for name in ("m.npy", "m.npz"):
        with pytest.raises(InputError):
            read_motion(tmp_path / name)
    assert sorted(arrays_of(archive.getvalue(), "x")) == ["fps", "trans"]
    # a pickle inside of a tensor's storage
    stored = pickle.dumps(Bomb())
    inner = b"\x80\x02ctorch.storage\n_load_from_bytes\nB" + len(stored).to_bytes(4, "little") + stored + b"\x85R."
    with pytest.raises(InputError):
        restricted.load_pickle(inner, "x")


@pytest.mark.parametrize(
    "thing",
    [
        Getter(dict, "__class__"),
        Getter("a", "upper"),
        np.array([(1, 2.0)], dtype=[("a", int), ("b", float)]),
        np.ma.masked_array([1]),
        io.StringIO,
        print,
    ],
)
def test_other_names_are_refused(thing):
    with pytest.raises(InputError):
        restricted.load_pickle(pickle.dumps(thing), "x")


def test_stand_ins_cannot_be_changed():
    # GLOBAL _reconstruct, a state for it: {"__code__": 1}; as a class: _Array
    for name in (b"cnumpy.core.multiarray\n_reconstruct\n", b"cnumpy\nndarray\n", b"ccollections\nOrderedDict\n"):
        with pytest.raises(InputError, match="broken pickle"):
            restricted.load_pickle(b"\x80\x02" + name + b"N}X\x04\x00\x00\x00evil\x4b\x01s\x86b.", "x")
    assert not hasattr(collections.OrderedDict, "evil")
    with pytest.raises(InputError, match="other files"):
        restricted.load_pickle(b"\x80\x02K\x01Q.", "x")


def test_broken_files_are_told(tmp_path):
    good = pickle.dumps(CONTENT)
    for content in (good[:50], b"\x80\x04", b"\x80\x04.", good[:-1], b"\x80\x05" + bytes(range(256))):
        with pytest.raises(InputError):
            restricted.load_pickle(content, "x")
    for load in (restricted.load_npy, arrays_of, restricted.load_torch):
        with pytest.raises(InputError):
            load(b"\x93NUMPY\x01\x00v\x00{nothing", "x")
    with pytest.raises(InputError, match="broken archive"):
        restricted.load_torch(torch_file({"a": torch.zeros(9)})[:300], "x")


def test_what_an_archive_holds():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("poses.npy", b"")
    assert array_names(stream.getvalue()) == {"poses"}
    assert array_names(b"PK\x03\x04") == frozenset()
    assert array_names(b"text") == frozenset()


def laughs(levels, of=10):
    """A list of ten lists of ten lists ..., by a few bytes for each level."""
    content = b"\x80\x02]q\x00" + b"(" + b"K\x00" * of + b"e"
    for level in range(1, levels):
        content += b"]" + b"q" + bytes([level]) + b"(" + (b"h" + bytes([level - 1])) * of + b"e"
    return content + b"."


def test_a_pickle_that_says_more_than_it_holds_ends(tmp_path):
    assert restricted.load_pickle(laughs(2), "x") == [[0] * 10] * 10
    with pytest.raises(InputError, match="more than 2097152 things"):
        restricted.load_pickle(laughs(12), "x")
    (tmp_path / "m.pkl").write_bytes(laughs(12))
    for format in (None, "wham", "humans4d", "mimickit"):
        with pytest.raises(InputError):
            read_motion(tmp_path / "m.pkl", format)


def test_keys_that_are_hashed_for_ever_are_refused():
    # (), then 40 times a pair of what was before: 2^40 things to hash, of 40 that are there; each is stored and popped
    pairs = b")q\x000" + b"".join(b"h%ch%c\x86q%c0" % (i, i, i + 1) for i in range(40)) + b"h\x28"
    for content in (
        b"}" + pairs + b"K\x01s.",
        b"}(" + pairs + b"K\x01u.",
        b"c__builtin__\nset\n(" + pairs + b"l\x85R.",
    ):
        with pytest.raises(InputError, match="a key that is a tuple"):
            restricted.load_pickle(b"\x80\x02" + content, "x")


def test_a_tensor_beyond_its_storage_is_refused():
    # a tensor of a million elements that are all one number, with strides of 0
    content = torch_file({"a": torch.arange(4.0)})
    np.testing.assert_array_equal(restricted.load_torch(content, "x")["a"], np.arange(4.0))
    with pytest.raises(InputError, match="beyond its storage"):
        restricted.load_torch(torch_file({"a": torch.zeros(1).expand(1000)}), "x")
    half = torch.tensor([1.0, -2.5, 3e38], dtype=torch.bfloat16)
    np.testing.assert_array_equal(restricted.load_torch(torch_file({"h": half}), "x")["h"], half.float().numpy())
