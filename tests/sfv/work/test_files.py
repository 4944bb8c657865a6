import json
import os
from dataclasses import dataclass

import numpy as np
import pytest

from sfv.errors import InputError
from sfv.work.contents import arrays_of, content_of
from sfv.work.files import fingerprint, read_json, replacing, require_place, write_arrays, write_json


def test_a_file_takes_its_place_when_whole(tmp_path):
    target = tmp_path / "new" / "folder" / "a.txt"
    with replacing(target) as temporary:
        assert temporary.parent == target.parent
        assert temporary.suffix == ".txt"
        temporary.write_text("whole")
        assert not target.exists()
    assert target.read_text() == "whole"
    assert os.listdir(target.parent) == ["a.txt"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, InputError])
def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path, error):
    target = tmp_path / "a.txt"
    target.write_text("old")

    def write():
        with replacing(target) as temporary:
            temporary.write_text("half")
            raise error("stop")

    with pytest.raises(error):
        write()
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_full_disk_is_one_sentence(tmp_path):
    with pytest.raises(InputError, match="No space left on device"), replacing(tmp_path / "a.bin"):
        raise OSError(28, "No space left on device")
    assert os.listdir(tmp_path) == []


def test_a_place_that_is_no_folder_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"), replacing(tmp_path / "file" / "a.txt"):
        pass


def test_a_folder_in_the_place_is_refused(tmp_path):
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(InputError, match="is a folder; name a file in it"), replacing(tmp_path / "a.txt"):
        pass
    assert os.listdir(tmp_path) == ["a.txt"]


def test_permissions_are_those_of_any_new_file(tmp_path):
    with replacing(tmp_path / "a.txt"):
        pass
    (tmp_path / "plain").write_text("")
    assert (tmp_path / "a.txt").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_json_there_and_back(tmp_path):
    content = {"a": [1, 2.5, None], "b": {"c": "ü"}}
    write_json(tmp_path / "a.json", content)
    assert read_json(tmp_path / "a.json") == content


def test_json_never_holds_nan(tmp_path):
    write_json(tmp_path / "a.json", {"a": float("nan"), "b": (1.0, float("-inf"))})
    assert json.loads((tmp_path / "a.json").read_text()) == {"a": None, "b": [1.0, None]}


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe"])
def test_broken_json_is_refused(tmp_path, content):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(InputError, match="not valid JSON"):
        read_json(tmp_path / "a.json")


def test_no_json(tmp_path):
    with pytest.raises(InputError, match="check the name"):
        read_json(tmp_path / "a.json")


@dataclass(frozen=True)
class Config:
    rate: float = 0.1
    name: str = "x"


@dataclass(frozen=True)
class Other:
    rate: float = 0.1
    name: str = "x"


def test_fingerprints_tell_contents_apart(tmp_path):
    (tmp_path / "a").write_bytes(b"1")
    (tmp_path / "b").write_bytes(b"1")
    (tmp_path / "c").write_bytes(b"2")
    assert fingerprint(tmp_path / "a") == fingerprint(tmp_path / "b") != fingerprint(tmp_path / "c")
    assert fingerprint(Config(), 3) == fingerprint(Config(), 3)
    different = [Config(), Config(0.2), Other(), {"rate": 0.1}, ["ab"], ["a", "b"], "ab", None, 1, 1.5, True]
    assert len({fingerprint(x) for x in different}) == len(different)
    assert fingerprint("a", "b") != fingerprint("ab")


@pytest.mark.parametrize("name", ["a.npz", "a", "a.bvh", "a.npz.gz", "é a.gz"])
def test_arrays_are_in_the_file_of_that_name(tmp_path, name):
    write_arrays(tmp_path / name, {"x": np.arange(3)})
    assert os.listdir(tmp_path) == [name]
    assert np.array_equal(arrays_of(content_of(tmp_path / name), name)["x"], np.arange(3))


def test_a_place_where_nothing_can_be_written(tmp_path):
    require_place(None)
    require_place(tmp_path / "new" / "a.txt")
    require_place(tmp_path / "a.HTML", ".html")
    with pytest.raises(InputError, match=r"a\.txt should end in \.html"):
        require_place(tmp_path / "a.txt", ".html")
    (tmp_path / "file").write_text("kept")
    for call in (require_place, lambda path: replacing(path).__enter__()):
        with pytest.raises(InputError, match="is a folder; name a file in it"):
            call(tmp_path)
    with pytest.raises(InputError, match="file is a file; choose another place"):
        require_place(tmp_path / "file" / "below" / "a.txt")
    assert not (tmp_path / "new").exists()
