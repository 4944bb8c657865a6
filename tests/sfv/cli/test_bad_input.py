"""What users get wrong: one sentence that names the thing, exit code 2, no traceback, and nothing left behind."""

import os
import re
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from recon.pose.people import Sighting, Window
from recon.pose.pose_landmarker import NAMES
from sfv.cli.main import main
from sfv.motion import Motion
from sfv.skeleton import Skeleton
from sfv.view.video import write_video

SIZE = (120, 160)
DAY, NIGHT = 200, 20
"""Grey of frames in which the stand-in below sees somebody, and nobody."""
LEGS = ("knee", "ankle", "heel", "foot_index")

Refused = Callable[..., str]


def film(path: Path, *greys: int) -> Path:
    """A video with one frame of each grey, 20 a second."""
    write_video(path, (np.full((*SIZE, 3), grey, np.uint8) for grey in greys), 20.0)
    return path


class Landmarker:
    """Stands in for MediaPipe: somebody stands in the middle of every light picture."""

    legs = 0.9

    def __init__(self, weights: Path, max_people: int) -> None:
        self.points = np.random.default_rng(0).uniform(40, 100, (len(NAMES), 2))

    def __enter__(self) -> "Landmarker":
        return self

    def __exit__(self, *error: object) -> None: ...

    def look(self, image: np.ndarray, window: Window) -> list[Sighting]:
        if image.mean() < 100:
            return []
        confidence = np.array([self.legs if name.split("_", 1)[-1] in LEGS else 0.9 for name in NAMES])
        return [Sighting(self.points, np.zeros((len(NAMES), 3)), confidence)]


class UpperBody(Landmarker):
    """The same, behind a desk."""

    legs = 0.05


@pytest.fixture
def refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Refused]:
    """Runs a command line that must be refused, and gives its sentence; afterwards only its inputs may be there."""
    inputs: set[Path] = set()

    def check(*arguments: object) -> str:
        inputs.update(tmp_path.rglob("*"))
        assert main([str(argument) for argument in arguments]) == 2
        err = capsys.readouterr().err
        assert "Traceback" not in err
        (sentence,) = [line for line in err.splitlines() if line.startswith("sfv: ")]
        return sentence

    yield check
    assert set(tmp_path.rglob("*")) == inputs


@pytest.fixture
def estimator(monkeypatch: pytest.MonkeyPatch) -> Callable[[type[Landmarker]], None]:
    """Replaces the pose estimator and its weights."""

    def use(kind: type[Landmarker]) -> None:
        monkeypatch.setattr("recon.pose.estimate.PoseLandmarker", kind)
        monkeypatch.setattr("recon.pose.estimate.pose_landmarker", lambda model: Path())

    return use


def not_a_video(path: Path) -> None:
    path.write_text("a shopping list\n" * 20)


def truncated(path: Path) -> None:
    film(path, *[DAY] * 40)
    path.write_bytes(path.read_bytes()[:300])


def undecodable(path: Path) -> None:
    film(path, *[DAY] * 40)
    content = path.read_bytes()
    start = content.index(b"mdat") + 4
    path.write_bytes(content[:start] + bytes(len(content) - start))


@pytest.mark.parametrize("verb", ["run", "pose"])
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (None, "does not exist|no file"),
        (not_a_video, "is not a video"),
        (Path.touch, "is empty"),
        (truncated, "is not a video that can be read|holds no video"),
        (undecodable, "holds no frame that can be decoded"),
        (lambda path: film(path, *[DAY] * 5), "at least 0.5 s"),
        (Path.mkdir, "is a folder|cannot be read"),
    ],
)
def test_clips_that_cannot_be_used(
    verb: str, make: Callable[[Path], object] | None, words: str, refused: Refused, tmp_path: Path
) -> None:
    clip = tmp_path / "clip.mp4"
    if make:
        make(clip)
    sentence = refused(verb, clip, "--out", tmp_path / "new" / "track.npz")
    assert re.search(words, sentence)
    assert str(clip) in sentence


@pytest.mark.parametrize(
    ("kind", "greys", "options", "words"),
    [
        (Landmarker, [NIGHT] * 30, [], "no person was found"),
        # each frame differs from the one before: repeated ones would be none
        (Landmarker, [DAY, DAY - 15] * 3 + [NIGHT, NIGHT + 15] * 15, [], "nobody is in view for longer than"),
        (UpperBody, [DAY] * 30, [], "only the upper body"),
        (Landmarker, [DAY] * 30, ["--person", "3"], "there is no person 3 .*--person one of: 0"),
    ],
)
def test_people_who_cannot_be_used(
    kind: type[Landmarker],
    greys: list[int],
    options: list[str],
    words: str,
    refused: Refused,
    estimator: Callable[[type[Landmarker]], None],
    tmp_path: Path,
) -> None:
    estimator(kind)
    clip = film(tmp_path / "clip.mp4", *greys)
    assert re.search(words, refused("run", clip, "--out", tmp_path / "run", *options))


def test_unknown_format(refused: Refused, tmp_path: Path) -> None:
    strange = tmp_path / "walk.c3d"
    strange.write_text("a shopping list")
    assert re.search(
        "no motion file that sfv knows; there are: npz", refused("convert", strange, tmp_path / "walk.npz")
    )
    assert "is not a video" in refused("run", strange, "--out", tmp_path / "run")


def test_unknown_format_to_write(refused: Refused, wave: Motion, tmp_path: Path) -> None:
    wave.save(tmp_path / "wave.npz")
    assert "names no motion format" in refused("convert", tmp_path / "wave.npz", tmp_path / "wave.c3d")


@pytest.mark.parametrize(
    "words",
    [
        ["repair"],
        ["retarget", "--to", "humanoid"],
        ["terrain", "--ground", "rough:0.5"],
        ["scene"],
        ["preview"],
        ["view"],
    ],
)
def test_no_place_for_the_result_is_said_before_the_work(words: list[str], refused: Refused, tmp_path: Path) -> None:
    """The motion is not even read: it is none."""
    (tmp_path / "taken.npz").mkdir()
    (tmp_path / "taken.png").mkdir()
    out = tmp_path / ("taken.png" if words == ["view"] else "taken.npz")
    assert "is a folder; name a file in it" in refused(words[0], tmp_path / "none.npz", *words[1:], "--out", out)
    if words[0] in ("repair", "retarget"):
        assert "does not write it" in refused(words[0], tmp_path / "none.npz", *words[1:], "--out", tmp_path / "a.fbx")


@pytest.mark.parametrize("verb", ["run", "train"])
def test_wrong_skeleton(verb: str, refused: Refused, tmp_path: Path) -> None:
    xml = '<mujoco><worldbody><body name="ball"><freejoint name="root"/><geom size=".1"/></body></worldbody></mujoco>'
    qpos = np.tile([0.0, 0, 1, 1, 0, 0, 0], (40, 1))
    Motion(Skeleton(xml), 30.0, qpos).save(tmp_path / "ball.npz")
    sentence = refused(verb, tmp_path / "ball.npz", "--out", tmp_path / "out")
    assert "humanoid" in sentence


def test_wrong_kind_of_file(refused: Refused, wave: Motion, tmp_path: Path) -> None:
    wave.save(tmp_path / "wave.npz")
    sentence = refused("reconstruct", tmp_path / "wave.npz", "--out", tmp_path / "motion.npz")
    assert "not a pose track" in sentence


def test_slip_in_a_config_file(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("pose:\n  persn: 1\n")
    sentence = refused("run", "clip.mp4", "--out", tmp_path / "run", "--config", tmp_path / "config.yaml")
    assert "'persn' is not a setting (did you mean 'person'?" in sentence


@pytest.mark.parametrize("verb", ["run", "pose"])
def test_folder_that_cannot_be_written_is_found_before_any_work(
    verb: str, refused: Refused, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recon.pose.estimate.estimate_pose", lambda *settings: pytest.fail("worked for nothing"))
    clip = film(tmp_path / "clip.mp4", *[DAY] * 30)
    (tmp_path / "file").touch()
    assert re.search(
        "file.*could not be written|file.*cannot be written", refused(verb, clip, "--out", tmp_path / "file" / "x")
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_folder_without_permission(refused: Refused, tmp_path: Path) -> None:
    clip = film(tmp_path / "clip.mp4", *[DAY] * 30)
    (tmp_path / "locked").mkdir(mode=0o500)
    assert "Permission denied" in refused("run", clip, "--out", tmp_path / "locked" / "run")


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """The kernel refuses to let any file grow beyond `size` bytes, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("size", [0, 1000, 6000])
def test_disk_full_while_writing(
    size: int, refused: Refused, estimator: Callable[[type[Landmarker]], None], tmp_path: Path
) -> None:
    """At 6000 bytes the overlay fits and the track does not."""
    estimator(Landmarker)
    clip = film(tmp_path / "clip.mp4", *[DAY] * 30)
    with no_file_larger_than(size):
        sentence = refused("run", clip, "--out", tmp_path / "run")
    assert re.search("could not be written|cannot be written", sentence)
    assert "free space" in sentence
