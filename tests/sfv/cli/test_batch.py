"""Many clips at once."""

import contextlib
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sfv.cli.batch import Program, runs_of
from sfv.cli.main import INTERRUPTED, TERMINATED, main
from sfv.errors import InputError
from sfv.motion import Motion
from sfv.pipeline.settings import Settings

TINY = "--budget 512 --num-envs 16 --steps 8 --minibatch 64 --hidden 32 16 --no-compile --rollouts 2 --out"


def test_without_ray(
    wave: Motion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)  # as if it were not installed
    wave.save(tmp_path / "wave.npz")
    assert main(["batch", str(tmp_path / "wave.npz"), "--out", str(tmp_path / "runs")]) == 2
    assert "pip install 'sfv[batch]'" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


def test_each_clip_has_a_run_of_its_own(wave: Motion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.npz", "b.2.npz"):
        wave.save(name)
    one, two = runs_of(Program((Path("a.npz"), Path("b.2.npz")), Path("runs"), Settings(rollouts=3)))
    # absolute, since a worker may stand elsewhere
    assert (one.source, one.out) == (tmp_path / "a.npz", tmp_path / "runs" / "a")
    assert two.out.name == "b.2"
    assert one.settings.tracking.threads == 1
    assert one.settings.rollouts == 3


@pytest.mark.parametrize(("clips", "words"), [((), "no clip"), (("c.mp4",), "no file"), (("a.npz", "a.bvh"), "both")])
def test_what_is_refused(
    clips: tuple[str, ...], words: str, wave: Motion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    wave.save("a.npz")
    (tmp_path / "a.bvh").touch()
    with pytest.raises(InputError, match=words):
        runs_of(Program(tuple(map(Path, clips)), Path("runs")))


@pytest.mark.slow
# Ray leaves sockets and files to the end of the process
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning", "ignore::FutureWarning")
def test_two_clips_one_of_them_bad_and_again(wave: Motion, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("ray", reason="the extra 'batch' is not installed")
    wave.save(tmp_path / "good.npz")
    (tmp_path / "bad.npz").write_bytes(b"no motion")
    command = ["batch", str(tmp_path / "good.npz"), str(tmp_path / "bad.npz"), *TINY.split(), str(tmp_path / "runs")]
    assert main(command) == 2
    assert "1 of 2 failed" in capfd.readouterr().err
    page = (tmp_path / "runs" / "index.html").read_text()
    assert "good" in page
    before = (tmp_path / "runs" / "good" / "3-policy" / "stage.json").stat().st_mtime_ns
    wave.save(tmp_path / "bad.npz")
    assert main(command) == 0
    assert (tmp_path / "runs" / "good" / "3-policy" / "stage.json").stat().st_mtime_ns == before
    assert "bad" in (tmp_path / "runs" / "index.html").read_text()


@pytest.mark.slow
def test_told_to_end_it_ends_and_leaves_nothing_behind(wave: Motion, tmp_path: Path) -> None:
    """SIGTERM while a policy is trained: a sentence, no process and no temporary folder of it any more."""
    pytest.importorskip("ray", reason="the extra 'batch' is not installed")
    wave.save(tmp_path / "wave.npz")
    words = [
        "batch",
        str(tmp_path / "wave.npz"),
        "--no-mend",
        *TINY.replace("512", "1h").split(),
        str(tmp_path / "runs"),
    ]
    process = subprocess.Popen([sys.executable, "-m", "sfv", *words], stderr=subprocess.PIPE, text=True)
    making = tmp_path / "runs" / "wave" / "3-policy" / "making"
    while not making.is_dir():
        assert process.poll() is None, process.stderr and process.stderr.read()
        time.sleep(0.2)
    folder = min((word for word in words_of_children(process.pid) if Path(word).name.startswith("sfv-")), key=len)
    assert Path(folder).is_dir()
    process.terminate()
    _, err = process.communicate()
    assert process.returncode in (INTERRUPTED, TERMINATED)
    assert "type the same command again to go on" in err
    assert not Path(folder).exists()
    assert not any(folder in " ".join(words) for words in commands().values())


def commands() -> dict[int, list[str]]:
    """Process -> its command line."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            found[int(path.parent.name)] = path.read_text(errors="replace").split("\0")
    return found


def words_of_children(parent: int) -> set[str]:
    """Folders that are named on the command lines of the processes that `parent` started."""
    found = set()
    for process, words in commands().items():
        with contextlib.suppress(OSError):
            if f"PPid:\t{parent}\n" in Path(f"/proc/{process}/status").read_text():
                found |= {part for word in words for part in word.split("=") if part.startswith("/")}
    return {str(path) for name in found for path in (Path(name), *Path(name).parents)}
