"""`sfv fit` without --prior, but for the films, which take minutes."""

from dataclasses import replace

import numpy as np

from recon.lifter import lifter_fit
from recon.lifter.lifter import Lifter
from sfv.cli.main import main


def test_fitting_from_the_command_line(jump, shards, tmp_path, capsys, monkeypatch):
    longer = replace(jump, qpos=np.concatenate((jump.qpos, jump.qpos)), contacts=None, contact_names=())
    longer.save(tmp_path / "jump.npz")
    jump.save(tmp_path / "other.npz")
    (tmp_path / "said.csv").write_text("file,caption,split\njump.npz,a person jumps,train\nother.npz,a jump,val\n")
    asked = []

    def filmed(takes, place, casts, seed, character, advance):
        asked.append((sorted(take.split for take in takes), place, casts, seed))
        return shards(8, 1)

    monkeypatch.setattr("recon.lifter.films.filmed", filmed)
    monkeypatch.setattr(lifter_fit, "ACTS", 0)
    out = tmp_path / "made" / "lifter.safetensors"
    files = [str(tmp_path / "jump.npz"), str(tmp_path / "other.npz")]
    words = ["--captions", str(tmp_path / "said.csv"), "--corpus", str(tmp_path / "corpus"), "--out", str(out)]
    words += ["--films", str(tmp_path), "--steps", "2"]
    assert main(["fit", *files, *words, "--people", "9", "--figures", "3"]) == 0
    assert asked == [(["train", "val"], tmp_path, {"people": 9, "acrobats": 0, "figures": 3}, 0)]
    printed = capsys.readouterr().out
    assert "fitted to 12 people, who do 0.1 minutes of motion" in printed
    assert "limbs off on people held out" in printed
    assert [path.name for path in out.parent.iterdir()] == ["lifter.safetensors"]
    assert Lifter.load(out).about["estimators"] == ["mediapipe pose landmarker full"]
    for slip in (["--performer", "unitree-g1"], ["--people", "2"], ["--reading.up", "y"]):
        assert main(["fit", *files, *words, *slip]) == 2
    assert main(["fit", *files, "--out", str(tmp_path / "lifter.npz")]) == 2
