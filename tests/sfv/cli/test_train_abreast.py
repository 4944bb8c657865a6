"""Trainings side by side: each ends as if alone, failures are named, and stopping the command stops all of them."""

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sfv.character import load_character
from sfv.cli.main import main
from sfv.cli.train import Program, stages_of, trainings
from sfv.errors import InputError
from sfv.motion import Motion
from sfv.reading import Reading
from sfv.report import Report
from sfv.skeleton import Skeleton
from sfv.work.config import changed
from sfv.work.stage import perform

SCRIPT = """
import os, sys, time
from pathlib import Path
from sfv.cli.abreast import Job, abreast
from sfv.errors import InputError
from sfv.work.stage import Outcome

def work(folder, name):
    Path(folder, name).write_text(str(os.getpid()))
    if name == "bad":
        raise InputError("it is bad")
    if name == "worse":
        raise ZeroDivisionError("no number")
    if name == "worst":
        os._exit(3)
    try:
        time.sleep(300 if name.startswith("long") else 0)
    finally:
        Path(folder, name + ".cleaned").touch()
    return Outcome(name, False, 0.1, (Path(folder, name),))

if __name__ == "__main__":
    try:
        abreast([Job(name, work, (sys.argv[1], name), 1.0) for name in sys.argv[2:]])
    except InputError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
"""


def started(folder: Path, *names: str) -> subprocess.Popen[str]:
    script = folder / "jobs.py"
    script.write_text(SCRIPT)
    return subprocess.Popen(
        [sys.executable, str(script), str(folder), *names],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # a process group, as of a terminal
    )


def awaited(happened: Callable[[], bool], seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.05)


def ended(pid: int) -> bool:
    """It is gone, or waits for nothing but its parent to notice."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_failures_are_named_and_stop_nobody(tmp_path: Path) -> None:
    process = started(tmp_path, "bad", "worse", "worst", "good")
    out, err = process.communicate()
    assert process.returncode == 1
    assert out.split()[:2] == ["good", "done"]
    assert "3 of 4 failed" in err
    for reason in ("bad: it is bad", "worse: ZeroDivisionError: no number", "worst: ended with code 3"):
        assert reason in err.replace("\n", " ")


@pytest.mark.parametrize("how", ["ctrl-c", "kill"])
def test_the_end_of_the_command_is_the_end_of_all(how: str, tmp_path: Path) -> None:
    process = started(tmp_path, "long1", "long2")
    at_once = [tmp_path / name for name in ("long1", "long2")][: len(os.sched_getaffinity(0))]
    awaited(lambda: all(path.is_file() and path.read_text() for path in at_once))
    if how == "ctrl-c":
        os.killpg(process.pid, signal.SIGINT)
    else:
        process.kill()
    code = process.wait(60)
    assert code == (130 if how == "ctrl-c" else -signal.SIGKILL)
    awaited(lambda: all(ended(int(path.read_text())) for path in at_once), 60)
    assert all(path.with_suffix(".cleaned").exists() for path in at_once)
    for stream in (process.stdout, process.stderr):
        assert stream is not None
        stream.close()


def test_names_of_folders(wave: Motion, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        wave.save(tmp_path / folder / "wave.npz")
    wave.save(tmp_path / "a" / "other.npz")
    both = (tmp_path / "a" / "wave.npz", tmp_path / "a" / "other.npz")
    assert [folder.name for _, folder, _ in trainings(Program(both, tmp_path))] == ["wave", "other"]
    seeds = trainings(Program(both, tmp_path, seeds=2))
    assert [folder.name for _, folder, _ in seeds] == ["wave-seed0", "wave-seed1", "other-seed0", "other-seed1"]
    assert [own.train.seed for *_, own in seeds] == [0, 1, 0, 1]
    assert all(own.tracking.threads == 1 for *_, own in seeds)
    alike = trainings(Program((both[0], tmp_path / "b" / "wave.npz"), tmp_path))
    assert [folder.name for _, folder, _ in alike] == ["a-wave", "b-wave"]
    with pytest.raises(InputError, match="is given twice"):
        trainings(Program((both[0], both[0]), tmp_path))


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["MISSING"], "there is no file"),
        (["--together", "--seeds", "2"], "leave out --seeds"),
    ],
)
def test_what_cannot_be_trained(flags: list[str], words: str, wave: Motion, tmp_path: Path, capsys) -> None:
    wave.save(tmp_path / "wave.npz")
    out = tmp_path / "out"
    named = [str(tmp_path / "c.npz") if flag == "MISSING" else flag for flag in flags]
    assert main(["train", str(tmp_path / "wave.npz"), *named, "--out", str(out)]) == 2
    assert words in capsys.readouterr().err
    assert not out.exists()


def test_one_policy_for_two_motions(wave: Motion, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names, out = [tmp_path / "one.npz", tmp_path / "two.npz"], tmp_path / "both"
    wave.save(names[0])
    replace(wave, qpos=wave.qpos[::-1].copy(), loop=True).save(names[1])
    settings = (
        f"--budget 512 --num-envs 16 --steps 8 --minibatch 64 --hidden 32 16 --no-compile --threads 1 --out {out}"
    )
    command = ["train", *map(str, names), "--together", *settings.split()]
    assert main(command) == 0
    with (out / "progress.csv").open() as file:
        last = list(csv.DictReader(file))[-1]
    clips = [float(last[f"normalised_return {name}"]) for name in ("one", "two")]
    assert float(last["normalised_return"]) == pytest.approx(sum(clips) / 2)
    assert clips[0] > 0.5  # standing still for a second is done by the servos alone
    capsys.readouterr()
    assert main(["evaluate", str(out), "--rollouts", "2"]) == 0
    report = Report.load(out / "evaluation" / "report.json")
    assert report["success"] == pytest.approx(sum(report.clips[name]["success"] for name in ("one", "two")) / 2)
    assert "Success, two" in capsys.readouterr().out
    assert main(["evaluate", str(out), "--motion", str(names[0]), "--rollouts", "2"]) == 0
    assert (out / "evaluation-one" / "rollout.mp4").is_file()
    names[1].unlink()
    assert main(["evaluate", str(out)]) == 2
    assert "two.npz" in capsys.readouterr().err


@pytest.mark.slow
def test_two_motions_and_again(wave: Motion, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for name in ("one", "two"):
        wave.save(tmp_path / f"{name}.npz")
    settings = "--budget 512 --num-envs 16 --steps 8 --minibatch 64 --hidden 32 16 --no-compile --out"
    motions = [str(tmp_path / f"{name}.npz") for name in ("one", "two")]
    command = ["train", *motions, *settings.split(), str(tmp_path)]
    assert main(command) == 0
    assert (tmp_path / "one" / "policy.onnx").is_file()
    assert (tmp_path / "two" / "policy.safetensors").is_file()
    assert capfd.readouterr().out.count("3-policy  done  ") == 2
    assert main(command) == 0
    assert capfd.readouterr().out.count("done before") == 2


def test_how_files_are_read_is_asked_for(wave: Motion, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that plays at half its rate is half as long; who does it is named as before, also in old settings."""
    wave.save(tmp_path / "wave.npz")
    program = Program((tmp_path / "wave.npz",), tmp_path / "out", reading=Reading(fps=60.0, character="humanoid"))
    (reference,), _ = stages_of(program.motions, program.out, program)
    perform(reference)
    read = Motion.load(tmp_path / "out" / "references" / "wave.npz")
    assert read.duration == pytest.approx(wave.duration / 2)  # 30 fps files played at 60
    assert program.character == "humanoid"
    assert stages_of(program.motions, program.out, Program(program.motions, program.out))[0] == []
    old = changed(Program((), Path()), {"character": "smpl22"}, "old")
    assert old.character == "smpl22"
    assert main(["train", str(tmp_path / "wave.npz"), "--out", str(tmp_path / "o"), "--up", "z"]) == 2
    assert "--up does nothing" in capsys.readouterr().err


def test_a_map_is_asked_for_before_any_work(wave: Motion, tmp_path: Path) -> None:
    """A strange skeleton's motion becomes a reference by the map that is given, and by the one of now."""
    strange = Skeleton(wave.skeleton.xml.replace("_elbow", "_p").replace("_shoulder", "_q"))
    replace(wave, skeleton=strange, qpos=wave.qpos[:12]).save(tmp_path / "wave.npz")
    joints = tmp_path / "joints.yaml"
    program = Program((tmp_path / "wave.npz",), tmp_path / "out", map=joints)
    with pytest.raises(InputError, match=r"no file .*joints\.yaml"):
        stages_of(program.motions, program.out, program)
    joints.write_text("".join(f"{s}_elbow: {s}_p\n{s}_shoulder: {s}_q\n" for s in ("left", "right")))
    (reference,), _ = stages_of(program.motions, program.out, program)
    perform(reference)
    read = Motion.load(tmp_path / "out" / "references" / "wave.npz")
    assert read.skeleton.difference_to(load_character("humanoid").skeleton) is None
