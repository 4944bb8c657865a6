import sys
from pathlib import Path

import pytest

from sfv.errors import InputError
from sfv.motion import Motion
from sfv.view.web.viewer import Viewer, motions_at


def test_time_goes_on_while_it_plays_and_starts_again(wave: Motion) -> None:
    pytest.importorskip("viser")
    with Viewer({"reference": wave, "simulated": wave}, port=18080) as viewer:
        viewer.step(0.4)
        assert viewer.time == pytest.approx(0.4)
        viewer.step(0.5)
        viewer.step(0.5)
        assert viewer.time == 0.0
        assert viewer.address.startswith("http://127.0.0.1:")


def test_without_viser_the_extra_is_named(wave: Motion, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "viser", None)
    with pytest.raises(InputError, match=r'pip install "sfv\[viewer\]"'):
        Viewer({"wave": wave})


def test_a_run_shows_what_it_has(tmp_path: Path, wave: Motion) -> None:
    with pytest.raises(InputError, match="holds no motion to show"):
        motions_at(tmp_path)
    wave.save(tmp_path / "2-motion" / "motion.npz")
    assert list(motions_at(tmp_path)) == ["reference"]
    wave.save(tmp_path / "4-report" / "reference.npz")
    wave.save(tmp_path / "4-report" / "simulated.npz")
    assert list(motions_at(tmp_path)) == ["reference", "simulated"]
    assert list(motions_at(tmp_path / "2-motion" / "motion.npz")) == ["motion"]
