from pathlib import Path

import pytest

from sfv.pipeline.sources import asked_clip


def test_demo_is_the_clip_that_sfv_brings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    held = asked_clip(Path("demo"))
    assert (held.name, held.is_file()) == ("demo.mp4", True)
    assert asked_clip(Path("demo.mp4")) == Path("demo.mp4")
    (tmp_path / "demo").mkdir()  # the user's own comes first
    assert asked_clip(Path("demo")) == Path("demo")
