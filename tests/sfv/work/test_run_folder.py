"""Whoever writes into a run shares its lock; results elsewhere are locked one by one."""

from pathlib import Path

import pytest

from sfv.errors import InputError
from sfv.work.files import TEMPORARY
from sfv.work.folder import alone_in
from sfv.work.run_folder import RunFolder, alone_for


@pytest.mark.parametrize("part", ["4-report/stage.json", "4-report-240hz/stage.json", "3-policy/evaluation/stage.json"])
def test_a_part_of_a_run_is_locked_with_it(tmp_path: Path, part: str) -> None:
    root = tmp_path / "run"
    with alone_in(root):
        half = root / "4-report" / f"{TEMPORARY}x.mp4"
        half.parent.mkdir()
        half.touch()
        with pytest.raises(InputError, match="another sfv"), alone_for(root / part):
            pass
        assert half.exists(), "what another sfv writes is not swept away"
    with alone_for(root / part), pytest.raises(InputError, match="another sfv"), alone_in(root):
        pass


def test_results_elsewhere_do_not_wait_for_each_other(tmp_path: Path) -> None:
    with alone_for(tmp_path / "a.npz"):
        with alone_for(tmp_path / "b.npz"):
            pass
        with pytest.raises(InputError, match="another sfv"), alone_for(tmp_path / "a.npz"):
            pass
    assert list(tmp_path.iterdir()) == []


def test_the_run_around_a_policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert RunFolder.around(tmp_path / "3-policy") == RunFolder(tmp_path)
    assert RunFolder.around(tmp_path / "walk") is None
    (tmp_path / "3-policy").mkdir()
    monkeypatch.chdir(tmp_path / "3-policy")
    assert RunFolder.around(Path()) == RunFolder(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert RunFolder.around(Path("3-policy")) == RunFolder(Path())
