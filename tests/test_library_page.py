"""The code of docs/library.md runs as it stands there, with a smaller budget."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sfv.motion import Motion

SMALLER = {'budget="2M"': 'budget="1k", num_envs=16, compile=False', "rollouts=32": "rollouts=2"}


def test_code_of_the_library_page_runs(
    root: Path, wave: "Motion", tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    wave.save(tmp_path / "walk.npz")
    blocks = re.findall(r"```python\n(.*?)```", (root / "docs/library.md").read_text(), flags=re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        for text, smaller in SMALLER.items():
            block = block.replace(text, smaller)
        exec(compile(block, "docs/library.md", "exec"), {})
    success, normalised_return = map(float, capsys.readouterr().out.split()[-2:])
    assert 0.0 <= success <= 1.0
    assert 0.0 < normalised_return < 1.0  # whoever falls at once still has the reward of the first moments
    assert (tmp_path / "height.png").stat().st_size > 1000
