import importlib
import json
from pathlib import Path

import pytest

from sfv.cli import doctor
from sfv.cli.main import main
from sfv.pipeline import machine
from sfv.pipeline.machine import Probed


def only(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Leave these probes alone."""
    monkeypatch.setattr(machine, "PROBES", tuple(getattr(machine, f"_{name}") for name in names))


def test_what_is_here_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    only(monkeypatch, "python", "computer", "video", "weights")
    assert main(["doctor", "--json"]) == 0
    told, said = capsys.readouterr()
    found = {row["name"]: row for row in json.loads(told)}
    assert list(found) == ["Python", "processor", "disk", "video files", "sfv's own weights", "SMPL model files"]
    assert found["video files"]["there"]
    assert "sfv run has all it needs here" in said


def test_what_is_absent_is_named_with_what_to_type(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = importlib.import_module

    def absent(name: str, package: str | None = None) -> object:
        if name.startswith("mediapipe"):
            raise ImportError("libGL.so.1: cannot open shared object file")
        return real(name, package)

    monkeypatch.setattr(machine, "TOO_NEW", (3, 11))
    monkeypatch.setattr("sfv.view.backends.Egl", lambda *of: 1 / 0)
    monkeypatch.setattr(machine.importlib.util, "find_spec", lambda name: None)
    only(monkeypatch, "python", "drawing", "extras", "estimator")
    monkeypatch.setattr(machine.importlib, "import_module", absent)
    with pytest.raises(SystemExit) as stop:
        doctor.main(doctor.Program())
    assert stop.value.code == 1
    text = capsys.readouterr().out
    assert "MISSING Python" in text
    assert "-       OpenGL (EGL)       division by zero" in text  # pictures are drawn without, so it is not MISSING
    assert "apt-get install libegl1" in text
    assert 'for sfv view in a browser: pip install "sfv[viewer]"' in text
    assert "MISSING pose estimator     MediaPipe does not load: libGL.so.1" in text
    assert text.endswith("sfv run needs here: Python, pose estimator\n")


def test_weights_are_those_of_the_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SFV_CACHE", str(tmp_path))
    absent = list(machine._estimator())[-1]
    assert (absent.name, absent.there, absent.needed) == ("its weights", False, False)
    assert "the first sfv pose fetches it" in absent.advice
    (tmp_path / "pose_landmarker_full.task").write_bytes(b"")
    assert list(machine._estimator())[-1] == Probed("its weights", f"full in {tmp_path}")
