"""`import sfv` tells Gymnasium of the task, of any motion file, whatever else lies where it is typed."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import gymnasium
import numpy as np
import pytest

from sfv.errors import InputError
from sfv.formats.files import write_motion
from sfv.motion import Motion
from sfv.pipeline.named_motions import by_name


def test_a_file_of_another_format(wave: Motion, tmp_path: Path) -> None:
    small = replace(wave, qpos=wave.qpos[:4])
    write_motion(small, tmp_path / "wave.txt", "deepmimic")
    env = gymnasium.make("sfv/Tracking-v0", motion=tmp_path / "wave.txt").unwrapped
    env.reset(options={"start": 0})  # type: ignore[attr-defined]
    np.testing.assert_allclose(env.motion.qpos[0, 7:], wave.qpos[0, 7:], atol=0.02)  # type: ignore[attr-defined]


def test_what_is_no_motion(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no file"):
        gymnasium.make("sfv/Tracking-v0", motion=tmp_path / "none.bvh")
    with pytest.raises(InputError, match="sfv run"):
        gymnasium.make("sfv/Tracking-v0", motion="clip.mp4")


USE = "import envs.gym, sfv.pipeline.gym; sfv.pipeline.gym.require_rooms(); print(envs.gym.GymTracking.__name__)"


@pytest.mark.parametrize("folder", ["envs", "configs"])
def test_folders_of_the_user_s_are_in_nobody_s_way(tmp_path: Path, root: Path, folder: str) -> None:
    """Their own scripts in folders called as sfv's rooms; for the command line even packages."""
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "mine.py").write_text("x = 1\n")
    environment = {"PYTHONPATH": str(root), "PATH": ""}

    def said(*command: str) -> str:
        done = subprocess.run(
            [sys.executable, *command], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout

    assert said("-c", USE).strip() == "GymTracking"
    (tmp_path / folder / "__init__.py").write_text("raise RuntimeError('not ours')\n")
    assert "--num-envs" in said("-m", "sfv", "train", "--help")


def test_a_package_that_hides_a_room_is_named(tmp_path: Path, root: Path) -> None:
    (tmp_path / "recon").mkdir()
    (tmp_path / "recon" / "__init__.py").write_text("")
    code = "import sfv.pipeline.gym as g; g.require_rooms()"
    environment = {"PYTHONPATH": str(root)}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert f"'recon' is hidden by {tmp_path}/recon; rename that" in done.stderr


def test_names_tell_files_apart(tmp_path: Path) -> None:
    a, b, c = (tmp_path / name for name in ("one/walk.bvh", "two/walk.bvh", "two/run.bvh"))
    assert by_name([a, b, c]) == {"one-walk": a, "two-walk": b, "run": c}
    with pytest.raises(InputError, match="given twice"):
        by_name([a, a])
