"""Killed at any moment, the same command finishes, with the files of a run that nobody disturbed."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open

from sfv.motion import Motion
from sfv.work.files import TEMPORARY
from sfv.work.run_folder import RunFolder

KILLS = 10
KILLS_OF_A_VERB = int(os.environ.get("SFV_KILLS", "2"))
"""Of each verb below; 25 make the hundred that a release is tried with."""

STAGES = """
import sys, time
from pathlib import Path
from sfv.work.files import replacing
from sfv.work.folder import alone_in
from sfv.work.stage import Stage, perform

root = Path(sys.argv[1])

def stage(name, source):
    out, half = root / name / "out.txt", root / name / "half.txt"
    def work(at):
        made, partial = at(out), at(half)
        lines = partial.read_text().splitlines() if partial.exists() else []
        while len(lines) < 20:  # a slow worker that notes how far it is
            time.sleep(0.005)
            lines.append(f"{name} {len(lines)} of {source.read_text()[:9]}")
            with replacing(partial) as temporary:
                temporary.write_text("\\n".join(lines))
        with replacing(made) as temporary:
            for line in lines:
                with temporary.open("a") as file:
                    file.write(line)
                time.sleep(0.002)
    return Stage(name, 1, {"source": source}, {"lines": 20}, (out,), root / name / "stage.json", work, (half,))

with alone_in(root):
    source = root.with_name("source.txt")
    for name in "abc":
        perform(stage(name, source))
        source = root / name / "out.txt"
"""


def killed_after(command: list[str], seconds: float, log: Path) -> bool:
    """Start a command and SIGKILL it after some time; whether it was still at work."""
    with log.open("a") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=stream)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        return process.wait() == -signal.SIGKILL


def finished(command: list[str], log: Path) -> float:
    """Let a command finish; its seconds."""
    start = time.perf_counter()
    with log.open("a") as stream:
        code = subprocess.run(command, stdout=stream, stderr=stream).returncode
    assert code == 0, log.read_text()[-2000:]
    return time.perf_counter() - start


def contents(root: Path, *skipped: str) -> dict[str, bytes]:
    """Path -> content of the files in a folder but for some names."""
    files = [path for path in root.rglob("*") if path.is_file() and path.name not in skipped]
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


def test_stages_killed_at_random_moments(tmp_path: Path) -> None:
    script, log = tmp_path / "stages.py", tmp_path / "log.txt"
    script.write_text(STAGES)
    (tmp_path / "source.txt").write_text("the source")
    calm, wild = ([sys.executable, str(script), str(tmp_path / name)] for name in ("calm", "wild"))
    seconds = finished(calm, log)
    moments = random.Random(0)
    kills = sum(killed_after(wild, moments.uniform(0.15, 0.35) * seconds, log) for _ in range(5))
    assert kills >= 2
    finished(wild, log)
    # marks tell how long it took, which is not the same
    assert contents(tmp_path / "wild", "stage.json") == contents(tmp_path / "calm", "stage.json")


@pytest.mark.slow
def test_run_killed_at_ten_random_moments(root: Path, tmp_path: Path) -> None:
    """The whole pipeline on the demo, with little training: stages 1 to 3 come out the same to the byte."""
    log = tmp_path / "log.txt"
    settings = (
        "--budget 30k --num-envs 64 --minibatch 384 --hidden 64 32 --checkpoint-every 3000 --evaluate-every 10000"
    )
    command = [str(Path(sys.executable).with_name("sfv")), "run", str(root / "examples" / "demo.mp4")]
    command += [*settings.split(), "--no-compile", "--iterations", "20", "--rollouts", "4", "--out"]
    calm, wild = tmp_path / "calm", tmp_path / "wild"
    seconds = finished([*command, str(calm)], log)

    moments, kills, samples = random.Random(0), 0, 0
    for _ in range(KILLS):
        kills += killed_after([*command, str(wild)], moments.uniform(1.0, 0.5 * seconds), log)
        whole(wild)
        now = samples_so_far(wild)
        assert now >= samples
        samples = now
    assert kills > 0
    finished([*command, str(wild)], log)

    assert not list(wild.rglob(f"{TEMPORARY}*"))
    timed = ("stage.json", "index.stage.json", "progress.csv", "checkpoint.safetensors", "policy.zip", "report.json")
    calm_files, wild_files = contents(calm, *timed), contents(wild, *timed)
    for stage in ("1-pose", "2-motion"):
        names = [name for name in calm_files if name.startswith(stage)]
        assert len(names) >= 3
        assert [name for name in names if calm_files[name] != wild_files.get(name)] == []
    assert weights(calm).keys() == weights(wild).keys()
    assert [name for name, value in weights(calm).items() if not np.array_equal(value, weights(wild)[name])] == []
    assert {path.name for path in (calm / "4-report").iterdir()} == {
        path.name for path in (wild / "4-report").iterdir()
    }


def whole(folder: Path) -> None:
    """Every file that is not marked as being written can be read."""
    for path in folder.rglob("*"):
        if path.name.startswith(TEMPORARY):
            continue
        if path.suffix == ".json":
            json.loads(path.read_text())
        elif path.suffix == ".npz":
            with np.load(path) as file:
                assert len([file[name] for name in file.files])  # a damaged one raises


def samples_so_far(folder: Path) -> int:
    """How far the training is that would be gone on with."""
    places = [RunFolder(folder).policy(name) for name in ("making", "")]
    path = next((p for place in places if (p := place / "checkpoint.safetensors").is_file()), None)
    if path is None:
        return 0
    with safe_open(path, framework="np") as file:
        return int(file.get_tensor("learner.samples"))


def weights(folder: Path) -> dict[str, np.ndarray]:
    """The policy's tensors."""
    with safe_open(folder / "3-policy" / "policy.safetensors", framework="np") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no iterator)


KILLING = """
import os, signal, sys
from sfv.work import bench

left, real = int(sys.argv.pop(1)), bench._replace

def counted(new, old):
    global left
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1
    real(new, old)

bench._replace = counted
from sfv.cli.main import main
sys.exit(main())
"""
"""sfv that dies before one of the moves by which finished files take their places."""
TINY = "--budget 600 --num-envs 16 --minibatch 64 --hidden 16 8 --checkpoint-every 128 --evaluate-every 256"
TINY += " --threads 1 --no-compile"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, wave: Motion) -> Path:
    """A motion, and a policy of it."""
    folder = tmp_path_factory.mktemp("trained")
    wave.save(folder / "wave.npz")
    finished(sfv("train", folder / "wave.npz", "--out", folder / "3-policy", *TINY.split()), folder / "log.txt")
    return folder


def sfv(*words: object) -> list[str]:
    """A command line."""
    return [sys.executable, "-m", "sfv", *map(str, words)]


def made(root: Path) -> dict[str, bytes]:
    """What must come out the same: motions and policies, by their places."""
    wanted = ("motion.npz", "simulated.npz", "policy.safetensors")
    files = contents(root)
    return {name: files[name] for name in files if name.endswith(wanted) and "making" not in name}


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["run", "train", "evaluate", "batch"])
def test_a_verb_killed_at_random_moments_and_between_moves(verb: str, trained: Path, tmp_path: Path) -> None:
    """Half of the kills fall at random moments, half between two moves of a swap; every finished file stays whole."""
    if verb == "batch":
        pytest.importorskip("ray", reason="the extra 'batch' is not installed")
    log, clip = tmp_path / "log.txt", trained / "wave.npz"

    def words(out: Path) -> list[str]:
        if verb == "evaluate":
            return ["evaluate", str(trained / "3-policy"), "--rollouts", "2", "--out", str(out)]
        settings = TINY.split() + (["--rollouts", "2", "--no-mend"] if verb != "train" else [])
        return [verb, str(clip), "--out", str(out), *settings]

    calm, wild = tmp_path / "calm", tmp_path / "wild"
    seconds = finished(sfv(*words(calm)), log)
    chance, kills, killed = random.Random(verb), 0, 0
    script = tmp_path / "killing.py"
    script.write_text(KILLING)
    for number in range(KILLS_OF_A_VERB):
        before = made(wild)
        if number % 2 and verb != "batch":  # a batch's stages are made by others
            moves = chance.randrange(12)
            with log.open("a") as stream:
                command = [sys.executable, str(script), str(moves), *words(wild)]
                kills += subprocess.run(command, stdout=stream, stderr=stream).returncode == -signal.SIGKILL
        else:
            kills += killed_after(sfv(*words(wild)), chance.uniform(0.2, 0.8) * seconds, log)
        whole(wild)
        lost = [name for name, content in before.items() if not kept(wild / name, content)]
        assert lost == []
        if kills == killed:  # it came to its end before, so there is nothing left to kill
            assert made(wild) == made(calm)
            shutil.rmtree(wild)
        killed = kills
        if verb == "batch":
            time.sleep(3.0)  # until Ray's processes notice
    assert kills > 0
    finished(sfv(*words(wild)), log)
    assert made(wild) == made(calm)
    assert not [path for path in wild.rglob("*") if path.name.startswith(("making", TEMPORARY))]


def kept(path: Path, content: bytes) -> bool:
    """Whether a finished file is still what it was, in its place or, when killed in between, beside it."""
    places = (path, path.parent / "making" / path.name)
    return any(place.is_file() and place.read_bytes() == content for place in places)
