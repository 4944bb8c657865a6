import hashlib
import io
import shutil
import subprocess
import tarfile
import urllib.request
import zipfile
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest

from recon.pose import weights
from sfv.errors import InputError


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SFV_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*_: Any, **__: Any) -> Any:
        raise URLError("no such host")

    def no_index(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, "", "looking\nERROR: No matching distribution\n")

    monkeypatch.setattr(urllib.request, "urlopen", no_network)
    monkeypatch.setattr(weights.subprocess, "run", no_index)


class Response(io.BytesIO):
    headers: dict[str, str] = {}  # noqa: RUF012


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.usefixtures("offline")
def test_cached_file_is_used(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.mkdir()
    (cache / "pose_landmarker_full.task").write_bytes(b"bundle")
    monkeypatch.setitem(weights.OFFICIAL, "full", sha256(b"bundle"))
    assert weights.pose_landmarker("full") == cache / "pose_landmarker_full.task"


def test_something_else_in_the_cache_is_refused(cache: Path) -> None:
    cache.mkdir()
    (cache / "pose_landmarker_full.task").write_bytes(b"half a bun")
    with pytest.raises(InputError, match="delete it"):
        weights.pose_landmarker("full")


def test_official_file_is_downloaded(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(urllib.request, "urlopen", lambda address, timeout: Response(b"bundle"))
    monkeypatch.setitem(weights.OFFICIAL, "lite", sha256(b"bundle"))
    path = weights.pose_landmarker("lite")
    assert path.read_bytes() == b"bundle"
    assert list(cache.iterdir()) == [path]


@pytest.mark.usefixtures("offline")
def test_wheel_stands_in_for_the_official_file(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def download(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        wheel = Path(command[command.index("--dest") + 1]) / "mediapipe-0.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr(weights.DETECTOR[0], b"detector")
            archive.writestr(weights.LANDMARKS[0], b"landmarks")
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(weights.subprocess, "run", download)
    monkeypatch.setattr(weights, "_with_input_metadata", lambda model: model + b" with metadata")
    with pytest.raises(InputError, match="not the known file"):
        weights.pose_landmarker("full")
    assert not cache.exists()
    monkeypatch.setattr(weights, "DETECTOR", (weights.DETECTOR[0], sha256(b"detector")))
    monkeypatch.setattr(weights, "LANDMARKS", (weights.LANDMARKS[0], sha256(b"landmarks")))
    monkeypatch.setitem(weights.ASSEMBLED, "full", sha256(weights.assemble(b"detector", b"landmarks")))
    with zipfile.ZipFile(weights.pose_landmarker("full")) as bundle:
        assert bundle.read("pose_detector.tflite") == b"detector"
        assert bundle.read("pose_landmarks_detector.tflite") == b"landmarks with metadata"
        # the Tasks API maps the models straight from the file
        assert all(member.compress_type == zipfile.ZIP_STORED for member in bundle.infolist())


def test_npms_package_stands_in_for_the_heavy_file(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*_: Any, **__: Any) -> Any:
        raise URLError("no such host")

    def pack(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        with tarfile.open(Path(command[command.index("--pack-destination") + 1]) / "pose.tgz", "w:gz") as package:
            member = tarfile.TarInfo(weights.NPM_LANDMARKS["heavy"][0])
            member.size = len(b"heavy")
            package.addfile(member, io.BytesIO(b"heavy"))
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(urllib.request, "urlopen", no_network)
    monkeypatch.setattr(weights.subprocess, "run", pack)
    monkeypatch.setattr(weights.shutil, "which", lambda name: "/bin/npm")
    monkeypatch.setattr(weights, "_from_wheel", lambda: (b"detector", b"full"))
    monkeypatch.setattr(weights, "_with_input_metadata", lambda model: model)
    with pytest.raises(InputError, match=r"npm's @mediapipe/pose@.* is not the known file"):
        weights.pose_landmarker("heavy")
    monkeypatch.setitem(weights.NPM_LANDMARKS, "heavy", (weights.NPM_LANDMARKS["heavy"][0], sha256(b"heavy")))
    monkeypatch.setitem(weights.ASSEMBLED, "heavy", sha256(weights.assemble(b"detector", b"heavy")))
    with zipfile.ZipFile(weights.pose_landmarker("heavy")) as bundle:
        assert bundle.read("pose_landmarks_detector.tflite") == b"heavy"


@pytest.mark.usefixtures("offline")
def test_a_machine_without_npm_is_told_what_heavy_needs(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights.shutil, "which", lambda name: None)
    with pytest.raises(InputError, match=r"npm, whose @mediapipe/pose@.* has it, is not installed"):
        weights.pose_landmarker("heavy")
    assert not cache.exists()


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("variant", ["full", "heavy"])
def test_offline_says_where_to_put_the_file(cache: Path, variant: weights.Variant) -> None:
    with pytest.raises(InputError, match="no such host") as refusal:
        weights.pose_landmarker(variant)
    assert f"save it as {cache / f'pose_landmarker_{variant}.task'}" in str(refusal.value)
    assert ("No matching distribution" in str(refusal.value)) or shutil.which("npm") is None
    assert not cache.exists()


def test_wrong_file_at_the_official_address_is_not_kept(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(urllib.request, "urlopen", lambda address, timeout: Response(b"<html>please log in</html>"))
    monkeypatch.setattr(weights.shutil, "which", lambda name: None)
    with pytest.raises(InputError, match="something else"):
        weights.pose_landmarker("heavy")
    assert not cache.exists()


@pytest.mark.slow
def test_the_real_wheel_gives_the_pinned_bundle(cache: Path) -> None:
    try:
        bundle = weights._assemble_from_packages("full")
    except weights._Unavailable as failure:
        pytest.skip(f"no package index: {failure}")
    assert sha256(bundle) == weights.ASSEMBLED["full"]
