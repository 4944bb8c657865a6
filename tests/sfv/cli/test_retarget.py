"""`sfv retarget` from file to file."""

from dataclasses import replace
from pathlib import Path

import pytest

from sfv.cli.main import main
from sfv.motion import Motion
from sfv.skeleton import Skeleton


def test_retarget_writes_a_motion_and_says_how_near_it_is(
    wave: Motion, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wave.save(tmp_path / "wave.npz")
    out = tmp_path / "person.npz"
    arguments = ["retarget", str(tmp_path / "wave.npz"), "--to", "smpl22", "--out", str(out), "--iterations", "5"]
    assert main(arguments) == 0
    assert "left_collar" in Motion.load(out).skeleton.body_names
    assert len(Motion.load(out)) == len(wave)
    said = capsys.readouterr().out
    assert all(words in said for words in ("scaled places", "cm/s", "under the floor", "0.00 deg"))


def test_retarget_refuses_a_body_without_a_map(
    wave: Motion, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wave.save(tmp_path / "wave.npz")
    (tmp_path / "box.xml").write_text(
        '<mujoco><worldbody><body name="box"><freejoint/><geom size="1"/></body></worldbody></mujoco>'
    )
    arguments = ["retarget", str(tmp_path / "wave.npz"), "--to", str(tmp_path / "box.xml"), "--out", "x.npz"]
    assert main(arguments) == 2
    assert "no joint map fits box" in capsys.readouterr().err


def test_retarget_takes_a_map_for_names_that_say_nothing(
    wave: Motion, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    xml = wave.skeleton.xml.replace("_elbow", "_p").replace("_shoulder", "_q")
    replace(wave, skeleton=Skeleton(xml)).save(tmp_path / "wave.npz")
    arguments = ["retarget", str(tmp_path / "wave.npz"), "--to", "smpl22", "--iterations", "1"]
    assert main([*arguments, "--out", str(tmp_path / "x.npz")]) == 2
    assert "left_elbow" in capsys.readouterr().err
    named = [
        f"{side}_{part}: {side}_{name}"
        for side in ("left", "right")
        for part, name in (("elbow", "p"), ("shoulder", "q"))
    ]
    (tmp_path / "joints.yaml").write_text("\n".join(named))
    assert main([*arguments, "--map", str(tmp_path / "joints.yaml"), "--out", str(tmp_path / "x.npz")]) == 0
    assert len(Motion.load(tmp_path / "x.npz")) == len(wave)
    (tmp_path / "joints.yaml").write_text("left_elbow: 3")
    assert main([*arguments, "--map", str(tmp_path / "joints.yaml"), "--out", str(tmp_path / "x.npz")]) == 2
    assert "left_elbow is no name of a body" in capsys.readouterr().err


def test_a_person_is_a_body_to_retarget_to(wave: Motion, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wave.save(tmp_path / "wave.npz")
    arguments = ["retarget", str(tmp_path / "wave.npz"), "--out", str(tmp_path / "x.npz"), "--iterations", "5", "--to"]
    assert main([*arguments, "person:height=1.2,weight=30"]) == 0
    small, large = Motion.load(tmp_path / "x.npz"), wave
    # hips are as high as legs are long: 0.627 m of 1.2 m against 0.881
    assert small.qpos[:, 2].mean() / large.qpos[:, 2].mean() == pytest.approx(0.627 / 0.881, rel=0.03)
    assert main([*arguments, "person:height=12"]) == 2
    assert "give 0.8 to 2.3" in capsys.readouterr().err
