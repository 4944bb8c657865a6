"""`sfv judge` says of each motion whether a policy follows it, and refuses policies that see something else."""

import json
from pathlib import Path

import numpy as np
import pytest

from envs.config import TrackingConfig
from envs.tracking import TrackingEnv
from policies.export import save_policy
from policies.networks import make_policy
from sfv.character import load_character
from sfv.cli.main import main
from sfv.motion import Motion

CHARACTER = load_character("humanoid")


@pytest.fixture
def standing(tmp_path: Path) -> Path:
    """A motion file of somebody who stands for half a second."""
    place = tmp_path / "standing.npz"
    Motion(CHARACTER.skeleton, 30.0, np.repeat(CHARACTER.model.qpos0[None], 16, 0)).save(place)
    return place


def fresh_policy(folder: Path, motion: Path, config: TrackingConfig) -> Path:
    """A policy that has learnt nothing, and whose servos so aim near the reference."""
    env = TrackingEnv([Motion.load(motion)], CHARACTER, config, 1)
    folder.mkdir()
    save_policy(folder, make_policy(env.obs_size, env.action_size, (8,)), env.describe())
    return folder


def test_who_stands_is_followed(standing: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy = fresh_policy(tmp_path / "policy", standing, TrackingConfig(threads=1))
    command = ["judge", str(standing), "--policy", str(policy), "--tries", "2", "--threads", "1", "--json"]
    assert main(command) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["standing"]["success"] == 1.0
    assert answer["standing"]["duration"] == 0.5


def test_a_policy_that_sees_the_ground_is_refused(
    standing: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = fresh_policy(tmp_path / "policy", standing, TrackingConfig(threads=1, scan=True))
    assert main(["judge", str(standing), "--policy", str(policy)]) == 2
    assert "trained without --scan" in capsys.readouterr().err
    assert main(["judge", str(standing), "--policy", str(tmp_path / "none")]) == 2
    assert "holds no policy" in capsys.readouterr().err
