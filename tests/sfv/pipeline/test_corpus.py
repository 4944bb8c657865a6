"""What a corpus takes in: what a body could do on the ground that the motion has."""

import logging
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from sfv.character import load_character
from sfv.motion import Motion
from sfv.pipeline.corpus import takes
from sfv.priors.gaits import STYLES, gait


@pytest.mark.parametrize(
    ("failed", "seconds", "words"),
    [
        ((), 0.0, None),
        (("on nothing",), 0.2, None),  # of 2 s: a step in a dance
        (("on nothing",), 0.5, "it stands or sits on what is not there"),
        (("floating", "on nothing"), 0.5, "the physics check fails in floating"),
    ],
)
def test_who_climbs_on_nothing_is_left_out(
    failed: tuple[str, ...],
    seconds: float,
    words: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What a repair leaves of a climb passes the rows of forces, and is a climb all the same."""

    def mended(motion: Motion, character: object) -> tuple[Motion, SimpleNamespace]:
        rows = [SimpleNamespace(name="on nothing", value=seconds)]
        return motion, SimpleNamespace(failed=failed, rows=rows)

    monkeypatch.setattr("sfv.pipeline.corpus.mended", mended)
    humanoid = load_character("humanoid")
    motion = gait(humanoid, STYLES[0], 2.0).motion
    replace(motion, source="a gait").save(tmp_path / "gait.npz")
    for _ in range(2):  # made, and read from the folder
        with caplog.at_level(logging.WARNING):
            found = takes([tmp_path / "gait.npz"], {}, tmp_path / "kept", humanoid)
        assert len(found) == (words is None)
        assert words is None or f"gait.npz is left out: {words}" in caplog.text
        caplog.clear()
