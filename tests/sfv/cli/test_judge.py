"""`sfv judge` says of each motion whether a policy follows it, and refuses policies that see something else."""

import json
from dataclasses import replace
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
from sfv.skeleton import Skeleton

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


def test_a_map_names_the_bodies_of_a_strange_skeleton(
    standing: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = fresh_policy(tmp_path / "policy", standing, TrackingConfig(threads=1))
    strange = Skeleton(CHARACTER.skeleton.xml.replace("_elbow", "_p").replace("_shoulder", "_q"))
    replace(Motion.load(standing), skeleton=strange).save(standing)
    command = ["judge", str(standing), "--policy", str(policy), "--tries", "1", "--threads", "1", "--no-mend", "--json"]
    assert main(command) == 2
    assert "--map FILE" in capsys.readouterr().err
    joints = tmp_path / "joints.yaml"
    joints.write_text("".join(f"{s}_elbow: {s}_p\n{s}_shoulder: {s}_q\n" for s in ("left", "right")))
    assert main([*command, "--map", str(joints)]) == 0
    assert json.loads(capsys.readouterr().out)["standing"]["success"] == 1.0


def test_a_policy_that_sees_the_ground_is_refused(
    standing: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = fresh_policy(tmp_path / "policy", standing, TrackingConfig(threads=1, scan=True))
    assert main(["judge", str(standing), "--policy", str(policy)]) == 2
    assert "trained without --scan" in capsys.readouterr().err
    assert main(["judge", str(standing), "--policy", str(tmp_path / "none")]) == 2
    assert "holds no policy" in capsys.readouterr().err
