import gzip
import io
import pickle
import zipfile

import numpy as np
import pytest

from sfv.character import load_character
from sfv.errors import InputError
from sfv.formats.files import read_motion, write_motion
from sfv.formats.known import FORMATS
from sfv.kinematics import motion_state
from sfv.motion import Motion

SUFFIXES = {"npz": "npz", "deepmimic": "json", "bvh": "bvh", "csv": "csv"}
"""Formats that hold the humanoid; those of robots and those that are only read have tests of their own."""
ELSEWHERE = {
    *("amc", "robot", "unitree", "kimodo-csv", "mjlab", "locomujoco", "amass", "humanml3d", "gvhmr", "wham", "tram"),
    *("humans4d", "mimickit", "fbx", "kimodo", "isaac-amp", "romp", "poselib", "phc"),
}


@pytest.fixture
def motion():
    skeleton = load_character("humanoid").skeleton
    qpos = np.tile(skeleton.qpos0, (10, 1))
    qpos[:, 0] = np.linspace(0, 1, 10)
    qpos[:, skeleton.qpos_columns.index("left_knee")] = np.linspace(0, 1, 10)
    return Motion(skeleton, 25.0, qpos, source="a test")


def ankle(motion):
    return motion_state(motion).xpos[:, 1 + motion.skeleton.body_names.index("left_ankle")]


def test_every_format_has_a_test_here():
    assert SUFFIXES.keys() | ELSEWHERE == FORMATS.keys()


def test_what_is_only_read_is_not_written(tmp_path, motion):
    for format in ("amc", "amass", "gvhmr", "robot"):
        with pytest.raises(InputError, match=rf"reads {format} but does not write it; there are: \.npz"):
            write_motion(motion, tmp_path / "m", format)
    with pytest.raises(InputError, match=r"reads fbx but does not write it; there are: .*\.bvh.*--out-format unitree"):
        write_motion(motion, tmp_path / "m.fbx")
    with pytest.raises(InputError) as refused:
        write_motion(motion, tmp_path / "m.foo")
    assert ".fbx" not in str(refused.value)


@pytest.mark.parametrize(("name", "format"), [("m.npz.gz", None), ("m.bvh", "npz"), ("m", "npz"), ("m.gz", "npz")])
def test_a_motion_is_whole_whatever_its_file_is_called(tmp_path, motion, name, format):
    write_motion(motion, tmp_path / name, format)
    assert [file.name for file in tmp_path.iterdir()] == [name]
    assert np.array_equal(read_motion(tmp_path / name).qpos, motion.qpos)
    if name.endswith(".gz"):
        assert (tmp_path / name).read_bytes()[:2] == b"\x1f\x8b"


def test_every_format_is_in_the_documentation(root):
    text = (root / "docs" / "formats.md").read_text()
    for name in FORMATS:
        assert f"`{name}`" in text, name


@pytest.mark.parametrize(("format", "suffix"), SUFFIXES.items())
def test_a_file_is_known_by_its_content(tmp_path, motion, format, suffix):
    write_motion(motion, tmp_path / f"m.{suffix}")
    (tmp_path / "named.badly").write_bytes((tmp_path / f"m.{suffix}").read_bytes())
    for again in (read_motion(tmp_path / f"m.{suffix}"), read_motion(tmp_path / "named.badly")):
        np.testing.assert_allclose(ankle(again), ankle(motion), atol=1e-5)
        assert again.fps == 25.0
    assert read_motion(tmp_path / "named.badly", format=format, fps=50.0).fps == 50.0


@pytest.mark.parametrize("suffix", ["bvh.gz", "txt.gz", "JSON"])
def test_gzip_and_capitals(tmp_path, motion, suffix):
    write_motion(motion, tmp_path / f"m.{suffix}")
    np.testing.assert_allclose(ankle(read_motion(tmp_path / f"m.{suffix}")), ankle(motion), atol=1e-5)


def test_the_format_can_be_named_when_writing(tmp_path, motion):
    write_motion(motion, tmp_path / "m.dat", format="bvh")
    assert "BVH" in read_motion(tmp_path / "m.dat").source


class Bomb:
    def __reduce__(self):
        return (open, ("executed", "w"))


def test_a_pickle_is_never_opened(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:  # as torch writes
        file.writestr("archive/data.pkl", pickle.dumps(Bomb()))
    array = io.BytesIO()
    np.savez(array, qpos=np.array([Bomb()], dtype=object))
    contents = [pickle.dumps(Bomb(), protocol) for protocol in range(6)]
    for content in (*contents, gzip.compress(contents[-1]), archive.getvalue(), array.getvalue()):
        for name in ("m.pkl", "m.pt", "m.npz", "m.txt"):
            (tmp_path / name).write_bytes(content)
            with pytest.raises(InputError):
                read_motion(tmp_path / name)
            assert not (tmp_path / "executed").exists()
    (tmp_path / "m.pkl").write_bytes(contents[-1])
    with pytest.raises(InputError, match="is a pickle"):
        read_motion(tmp_path / "m.pkl")


@pytest.mark.parametrize("content", [b"", b"  \n", b"hello", b"{}", b"<mujoco/>", b"PK\x03\x04", b"\x1f\x8b"])
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / "m.txt").write_bytes(content)
    with pytest.raises(InputError, match=r"m\.txt"):
        read_motion(tmp_path / "m.txt")


def test_what_there_is_is_listed(tmp_path, motion):
    (tmp_path / "m.xyz").write_text("hello")
    with pytest.raises(InputError, match=r"npz \(sfv's own, \.npz\), deepmimic \(DeepMimic, \.json or \.txt\), bvh"):
        read_motion(tmp_path / "m.xyz")
    with pytest.raises(InputError, match=r"m\.c3d has a suffix that names no motion format.*; there are: \.npz"):
        write_motion(motion, tmp_path / "m.c3d")
    for call in (lambda: read_motion(tmp_path / "m.xyz", "bhv"), lambda: write_motion(motion, tmp_path / "m", "bhv")):
        with pytest.raises(InputError, match="did you mean 'bvh'"):
            call()


def test_no_file_and_a_folder(tmp_path):
    with pytest.raises(InputError, match="check the name"):
        read_motion(tmp_path / "absent.bvh")
    with pytest.raises(InputError, match="cannot be read"):
        read_motion(tmp_path)
