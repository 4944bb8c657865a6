"""`sfv generate` and `sfv fit --prior`, as a user types them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sfv.character import load_character
from sfv.cli.generate import Program, priors_asked, showing
from sfv.cli.main import main
from sfv.motion import Motion
from sfv.priors.features import headings
from sfv.priors.gaits import STYLES, gait, takes
from sfv.priors.rows import fit_to, load_prior


@pytest.fixture(scope="module")
def matching(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of motion matching, fitted to eight gaits of the humanoid."""
    out = tmp_path_factory.mktemp("priors") / "matching.safetensors"
    humanoid = load_character("humanoid")
    fit_to("motion-matching", takes(humanoid, 8, 3.0), humanoid).save(out)
    return out


def test_fit_keeps_what_it_put_on_the_character(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    humanoid, files, lines = load_character("humanoid"), [], ["file,caption,category,split"]
    for style, split in ((STYLES[5], "train"), (STYLES[6], "train"), (STYLES[7], "val")):
        name = f"{style.label}.npz"
        gait(humanoid, style, 1.5).motion.save(tmp_path / name)
        files.append(str(tmp_path / name))
        lines.append(f"{name},{style.caption},{style.label},{split}")
    (tmp_path / "captions.csv").write_text("\n".join(lines) + "\n")
    out, kept = tmp_path / "matching.safetensors", tmp_path / "corpus"
    arguments = ["fit", *files, "--prior", "motion-matching", "--captions", str(tmp_path / "captions.csv")]
    assert main([*arguments, "--out", str(out), "--corpus", str(kept)]) == 0
    # 3.0 s and 1.5 s
    assert "fitted to 0.1 minutes, 0.0 held out" in capsys.readouterr().out
    assert sorted(path.name.split("-")[0] for path in kept.glob("*.npz")) == ["squat", "stand", "wave"]
    before = {path: path.stat().st_mtime_ns for path in kept.iterdir()}
    assert main([*arguments, "--out", str(out), "--corpus", str(kept)]) == 0
    assert {path: path.stat().st_mtime_ns for path in kept.iterdir()} == before
    prior = load_prior(out, humanoid)
    assert prior.alike("standing still")[0][1] < 0.5, "what is held out is not learnt"
    assert main([*arguments[:-1], str(tmp_path / "none.csv"), "--out", str(out)]) == 2


def test_what_follows_then_comes_after(matching: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "m.npz"
    arguments = ["generate", "a person walks forward, then stands still", "--prior", str(matching), "--seconds", "2"]
    assert main([*arguments, "--no-mend", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "'a person walks forward': the best of 8" in said
    assert "'a person stands still': the best of 8" in said
    assert "joined: " in said
    made = Motion.load(out)
    assert made.duration == pytest.approx(2.0 + 0.7 + 2.0, abs=0.05)
    speed = np.linalg.norm(np.diff(made.qpos[:, :2], axis=0), axis=1) * made.fps
    assert speed[:55].mean() > 0.5
    assert speed[-45:].mean() < 0.1
    assert out.with_suffix(".png").exists()
    # what comes first is kept whole: a page that asks a prior shows it
    assert main([*arguments, "--no-mend", "--best", "1", "--out", str(out)]) == 0
    assert Motion.load(out).duration == pytest.approx(2.0, abs=0.05)


def test_a_sentence_becomes_a_motion_and_a_sheet(
    matching: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "m.npz"
    sentence = "a person is walking and turns to the left"
    arguments = ["generate", sentence, "--prior", str(matching), "--seconds", "2", "--no-mend", "--out", str(out)]
    assert main(arguments) == 0
    said = capsys.readouterr().out
    assert "a person walks forward and turns left" in said.splitlines()[1]
    assert "fitted to nothing like that" not in said
    assert "the best of 8, of which" in said
    motion = Motion.load(out)
    assert motion.duration == pytest.approx(2.0)
    # at 0.6 rad/s; the last third of a second may already play another clip
    assert headings(motion.qpos[:, 3:7])[-1] > 0.7
    with Image.open(out.with_suffix(".png")) as sheet:
        assert sheet.size == (8 * 180, 240)
    assert main([*arguments[:-1], str(tmp_path / "again.npz")]) == 0
    np.testing.assert_array_equal(Motion.load(tmp_path / "again.npz").qpos, motion.qpos)


@pytest.mark.parametrize(
    ("sentence", "agrees", "shown", "words"),
    [
        ("a dolphin swims", 8, 1.0, "chosen without the sentence, of which nothing can be measured"),
        ("a person jumps", 8, 0.0, "of which none shows what can be measured of the sentence (jump)"),
        ("a person walks forward and jumps", 5, 0.5, "of which 5 show 50% of what can be measured"),
        ("a person walks forward", 3, 1.0, "of which 3 show what can be measured of the sentence (forward)"),
    ],
)
def test_what_samples_show_is_not_claimed(sentence: str, agrees: int, shown: float, words: str) -> None:
    """All agree with a sentence that nothing is measured of, and none with one of which no sample shows a word."""
    assert words in showing(sentence, agrees, shown)


def test_a_file_that_is_no_prior_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "m.npz").write_bytes(b"x")
    assert main(["generate", "walk", "--prior", str(tmp_path / "m.npz"), "--out", str(tmp_path / "out.npz")]) == 2
    assert "m.npz is no prior; name one that comes with sfv" in capsys.readouterr().err


def test_several_and_a_sentence_of_something_else(
    matching: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["generate", "a dolphin swims", "--prior", str(matching), "--n", "2", "--best", "1"]
    arguments += ["--no-mend", "--seconds", "1"]
    assert main([*arguments, "--out", str(tmp_path / "m.npz")]) == 0
    said = capsys.readouterr().out
    assert "was fitted to nothing like that" in said
    assert "the best of" not in said
    assert (tmp_path / "m-0.npz").exists()
    assert (tmp_path / "m-1.npz").exists()


def test_without_a_prior_all_that_heed_it_are_asked() -> None:
    humanoid = load_character("humanoid")

    def asked(best: int, **flags: Any) -> list[str]:
        return [prior.name for prior in priors_asked(Program(**flags), humanoid, best)]

    assert asked(8, text="a person walks") == ["t2m-gpt", "mdm"]
    assert asked(8, text="a person walks", seconds=10.0) == ["mdm"]  # which the other cannot write at once
    assert asked(1, text="a person walks") == ["t2m-gpt"]
    assert asked(8, text="a person walks", prior=("mdm",)) == ["mdm"]


def test_a_path_is_walked(matching: Path, tmp_path: Path) -> None:
    (tmp_path / "path.csv").write_text("0,0\n1,0\n2,0\n3,0\n")
    arguments = ["generate", "--prior", str(matching), "--path", str(tmp_path / "path.csv"), "--label", "walk"]
    assert main([*arguments, "--no-mend", "--out", str(tmp_path / "m.npz")]) == 0
    last = Motion.load(tmp_path / "m.npz").qpos[-1]
    assert np.hypot(last[0] - 3.0, last[1]) < 0.4


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["walk", "--out", "m.mp4"], "should end in .npz"),
        (["walk", "--n", "0"], "--n 0 is out of bounds"),
        (["walk", "--seconds", "0.1"], "--seconds 0.1 is out of bounds"),
        (["walk", "--prior", "momsk"], "did you mean 'momask'"),
        (["walk", "--prior", "nowhere.safetensors"], "there is no file"),
        (["walk", "--prior", "motion-matching"], "comes without weights"),
        (["walk", "--best", "0"], "--best 0 is out of bounds"),
        (
            ["--prior", "mdm", "--prior", "t2m-gpt", "walk", "--best", "1"],
            "2 priors are named and --best keeps one of 1",
        ),
    ],
)
def test_what_cannot_be_generated_is_told(
    arguments: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["generate", *arguments]) == 2
    assert words in capsys.readouterr().err


def test_a_path_that_is_none_is_told(matching: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for content, words in (
        ("0,0,0\n1,1,1\n", "2 lines of 3 numbers"),
        ("x,y\n", "cannot be read as a path"),
        ("", "cannot be read as a path"),
        ("0,0\n1,nan\n", "NaN or infinity in its point 2"),
    ):
        (tmp_path / "path.csv").write_text(content)
        assert main(["generate", "--prior", str(matching), "--path", str(tmp_path / "path.csv")]) == 2
        assert words in capsys.readouterr().err
