"""The command line finds the verb, explains itself at once, and turns what went wrong into one sentence."""

import errno
import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import sfv
from sfv.cli import convert
from sfv.cli.main import INTERRUPTED, TERMINATED, VERBS, main
from sfv.cli.parse import unfinished
from sfv.limits import settings_of
from sfv.motion import Motion

HEAVY = {"torch", "mujoco", "mujoco_warp", "mediapipe", "cv2", "av", "stable_baselines3", "scipy"}


def test_help_without_a_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == main(["--help"]) == main(["-h"]) == 0
    out = capsys.readouterr().out
    assert all(re.search(rf"^  {verb} .*\w", out, re.MULTILINE) for verb in VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb_names_every_option_and_is_short(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, "--help"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"usage: sfv {verb}")
    lines = out.splitlines()
    assert len(lines) <= 100  # two screens of 50
    assert max(map(len, lines[:-1])) <= 80
    settings = settings_of(unfinished(importlib.import_module(f"sfv.cli.{verb}").Program))
    named = set(re.findall(r"(?<![\w-])--(?:\[no-\])?([\w-]+(?:\.[\w-]+)*)", out))
    assert {setting.flag[2:] for setting in settings if setting.flag.startswith("--")} <= named


@pytest.mark.parametrize("verb", VERBS)
def test_whole_help_of_a_verb_explains_every_option(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, "--help-all"]) == 0
    out = capsys.readouterr().out
    assert f"usage: sfv {verb}" in out
    options = re.findall(r"^│ (-[-\w]+.*?)│$\n(?:^│(  .*?)│$)?", out, re.MULTILINE)
    for line, following in options:
        words = re.sub(r"\(default.*|\(required\)", "", line).split("  ", 1)
        assert following.strip() or (len(words) > 1 and words[1].strip()), line


@pytest.mark.parametrize("arguments", ["--help", "run --help", "train --help", "run --help-all", "--version"])
def test_help_is_light_and_quick(arguments: str) -> None:
    code = (
        "import sys; from sfv.cli.main import main; code = main(sys.argv[1:]); "
        f"print('heavy:', *({HEAVY!r} & sys.modules.keys())); sys.exit(code)"
    )
    before = os.times()
    result = subprocess.run(
        [sys.executable, "-c", code, *arguments.split()], capture_output=True, text=True, check=True
    )
    after = os.times()
    assert result.stdout.splitlines()[-1].split() == ["heavy:"]
    # of the processor, since other tests run beside this one
    assert after.children_user - before.children_user + after.children_system - before.children_system < 1.0


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"sfv {sfv.__version__}\n"


def complaint(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The one sentence on standard error of a command that must be refused."""
    assert main(arguments) == 2
    err = capsys.readouterr().err
    assert err.startswith("sfv: ")
    assert "Traceback" not in err
    (line,) = err.splitlines()
    return line


def test_unknown_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert "did you mean 'train'?" in complaint(["trian"], capsys)


@pytest.mark.parametrize(
    "arguments", [["convert"], ["convert", "a", "b", "--fsp", "3"], ["convert", "a", "b", "--fps", "x"]]
)
def test_arguments_that_do_not_fit(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("run --fsp 3 a.mp4 --out b", "--fsp is not an option of sfv run (did you mean --fps?); see sfv run --help"),
        ("run --bugdet 3 a.mp4 --out b", "--bugdet is not an option of sfv run (did you mean --budget?)"),
        ("run a.mp4 --out b --no-mendd", "did you mean --no-mend?"),
        ("convert --num-envs=3 a b", "--num-envs is not an option of sfv convert"),
        ("train a.npz --out", "--out"),
    ],
)
def test_a_flag_that_is_none_is_named_wherever_it_stands(
    words: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words.split()) == 2
    assert says in capsys.readouterr().err


def test_an_empty_word(capsys: pytest.CaptureFixture[str]) -> None:
    assert "an empty word after --out" in complaint(["run", "a.mp4", "--out", ""], capsys)
    assert "an empty word after --out" in complaint(["run", "a.mp4", "--out="], capsys)
    assert "an empty word; write what it should be" in complaint(["generate", ""], capsys)


def test_quiet(wave: Motion, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    wave.save(tmp_path / "w.npz")
    command = ["convert", str(tmp_path / "w.npz"), str(tmp_path / "v.npz")]
    assert main([*command, "--quiet"]) == 0
    said = capfd.readouterr()
    assert (said.out, said.err) == ("", "")
    assert main(command) == 0
    assert "31 frames" in capfd.readouterr().out


def test_told_to_end(tmp_path: Path) -> None:
    """SIGTERM ends as Ctrl-C does, with what is to be cleaned up cleaned up."""
    code = (
        "import sys, time; from sfv.cli import convert, main\n"
        "def work(program):\n"
        "    try: print('begun', flush=True); time.sleep(60)\n"
        "    finally: print('cleaned', flush=True)\n"
        "convert.main = work; sys.argv = ['sfv', 'convert', 'a', 'b']; sys.exit(main.main())"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    process.terminate()
    out, err = process.communicate(timeout=60)
    assert (out, process.returncode) == ("cleaned\n", TERMINATED)
    assert err == "\nsfv: stopped; type the same command again to go on\n"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "x.npz"), "x.npz could not be written .*free space"),
        (PermissionError(errno.EACCES, "Permission denied", "x.npz"), "x.npz could not be written .*another place"),
        (OSError(errno.EROFS, "Read-only file system"), "the result could not be written .*another place"),
    ],
)
def test_disk_troubles_are_sentences(
    error: OSError, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def work(program: convert.Program) -> None:
        raise error

    monkeypatch.setattr(convert, "main", work)
    assert re.search(words, complaint(["convert", "a.npz", "b.npz"], capsys))


def test_a_mistake_of_ours_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def work(program: convert.Program) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(convert, "main", work)
    with pytest.raises(RuntimeError):
        main(["convert", "a.npz", "b.npz"])


def test_interrupted(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def work(program: convert.Program) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(convert, "main", work)
    assert main(["convert", "a.npz", "b.npz"]) == INTERRUPTED
    assert "same command again" in capsys.readouterr().err


def test_entry_point_from_another_folder(tmp_path: Path) -> None:
    sfv_command = Path(sys.executable).with_name("sfv")
    result = subprocess.run([sfv_command, "nonsense"], cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 2
    assert result.stderr.startswith("sfv: 'nonsense' is not a verb of sfv")
