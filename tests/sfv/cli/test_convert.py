"""`sfv convert`: what a file cannot hold is said."""

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sfv.cli.main import main
from sfv.motion import Motion


def test_what_a_glb_does_not_hold_is_said(wave: Motion, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    replace(wave, contacts=np.ones((len(wave), 1)), contact_names=("left_ankle",)).save(tmp_path / "m.npz")
    with caplog.at_level(logging.WARNING):
        assert main(["convert", str(tmp_path / "m.npz"), str(tmp_path / "m.glb")]) == 0
    assert "m.glb does not hold of the motion: its contacts" in caplog.text
