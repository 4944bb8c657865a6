"""Policies by the names people call them, and what a training that begins from one takes over from it."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import yaml

from envs.config import TrackingConfig
from policies.config import TrainConfig
from policies.export import save_policy
from policies.networks import make_policy
from sfv.character import load_character
from sfv.cli.main import main
from sfv.errors import InputError
from sfv.motion import Motion
from sfv.pipeline.judging import tracker_knows, untrained
from sfv.pipeline.policy_file import TRACKER, in_words_of_today, policy_file, record_of, shipped_tracker, suited
from sfv.work.files import fingerprint


def saved(folder: Path, hidden: tuple[int, ...] = (8, 4), character: str = "humanoid") -> Path:
    """A policy's file in a new folder."""
    folder.mkdir(parents=True)
    save_policy(folder, make_policy(5, 2, hidden), {"character": character, "control_hz": 30.0, "action_scale": 0.4})
    return folder / "policy.safetensors"


@pytest.fixture
def standing(tmp_path: Path) -> Path:
    """A motion file of somebody who stands for a second."""
    skeleton = load_character("humanoid").skeleton
    Motion(skeleton, 30.0, np.repeat(skeleton.qpos0[None], 31, 0)).save(tmp_path / "standing.npz")
    return tmp_path / "standing.npz"


def test_a_policy_is_a_run_a_folder_or_a_file(tmp_path: Path) -> None:
    of_run, alone = saved(tmp_path / "run" / "3-policy"), saved(tmp_path / "alone")
    assert policy_file(tmp_path / "run") == of_run
    assert policy_file(tmp_path / "alone") == policy_file(alone) == alone
    with pytest.raises(InputError, match=r"nothing holds no policy; name a run, .*tracker"):
        policy_file(tmp_path / "nothing")


def test_a_folder_of_the_same_name_is_meant_before_sfv_s_tracker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    own = saved(tmp_path / "tracker")
    assert policy_file(TRACKER).resolve() == own


def test_sfv_s_tracker_is_small_says_where_it_is_from_and_stands(
    standing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    weights = policy_file(TRACKER)
    about = json.loads(weights.with_suffix(".json").read_text())
    assert {"data", "licences", "command", "commit", "date", "seed", "parameters", "samples"} <= about.keys()
    assert about["sha256"] == fingerprint(weights)
    assert weights.stat().st_size < 4_000_000
    assert main(["judge", str(standing), "--tries", "4", "--threads", "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["standing"]["success"] == 1.0


def begun(command: list[str], out: Path) -> tuple[tuple[int, ...], str]:
    """Train for a moment; the policy's layers, and what it says that it was begun from."""
    assert main([*command, "--num-envs", "8", "--threads", "1", "--budget", "96", "--out", str(out)]) == 0
    said = yaml.safe_load((out / "config.yaml").read_text())
    assert said["train"]["hidden"] == list(TrainConfig.hidden)  # what was asked: --config begins with the same again
    return tuple(record_of(out / "policy.safetensors")["hidden"]), said["begun_from"]


def test_a_training_begins_with_the_tracker_where_that_follows_and_says_so_once(
    standing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    saved(tmp_path / "tracker")  # another policy, in a folder of that name, is not asked
    wide = tuple(record_of(shipped_tracker())["hidden"])
    command, out = ["train", str(standing), "--from", "auto"], tmp_path / "out"
    assert begun(command, out) == (wide, "tracker")
    assert "untrained, the tracker follows all of it; training begins with it" in caplog.text
    caplog.clear()
    assert main([*command, "--num-envs", "8", "--threads", "1", "--budget", "192", "--out", str(out)]) == 0
    assert "untrained" not in caplog.text
    assert begun(command[:2], tmp_path / "nothing") == (TrainConfig.hidden, "scratch")
    assert "all of it; training begins from scratch, and would succeed sooner with --from auto" in caplog.text


def test_a_training_begins_from_scratch_where_the_tracker_falls(
    standing: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    flying = Motion.load(standing)
    qpos = flying.qpos.copy()
    qpos[:, 2] += 4.0 * np.linspace(0.0, 1.0, len(qpos)) ** 2
    Motion(flying.skeleton, flying.fps, qpos).save(tmp_path / "flying.npz")
    found = begun(["train", str(tmp_path / "flying.npz"), "--from", "auto"], tmp_path / "out")
    assert found == (TrainConfig.hidden, "scratch")
    assert re.search(r"follows 0\.\d of 1\.0 s of it; training begins from scratch\n", caplog.text)


def test_who_asked_for_the_tracker_asks_for_it_again_wherever_sfv_lies(
    standing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    wide = tuple(record_of(shipped_tracker())["hidden"])
    assert begun(["train", str(standing), "--from", "tracker"], tmp_path / "out") == (wide, "tracker")


def test_the_tracker_knows_one_body_at_one_rate_on_level_ground() -> None:
    assert tracker_knows(TrainConfig(), "humanoid", TrackingConfig(randomise=("push",)))
    assert not tracker_knows(TrainConfig(hidden=(64,)), "humanoid", TrackingConfig())
    assert not tracker_knows(TrainConfig(), "heavy-robot", TrackingConfig())
    assert not tracker_knows(TrainConfig(), "humanoid", TrackingConfig(control_hz=60.0, decimation=2))
    for more in ({"terrain": ("rough:4cm",)}, {"scan": True}, {"ahead": True}):
        assert not tracker_knows(TrainConfig(), "humanoid", TrackingConfig(**more))


@pytest.mark.parametrize("how", [{"along": 2.0}, {"gradual": True}, {"recovery": 1.0}])
def test_what_the_tracker_follows_untrained_is_asked_of_any_task_that_it_knows(
    standing: Path, how: dict[str, float | bool]
) -> None:
    task = TrackingConfig(randomise=("push",), threads=1, **how)  # type: ignore[arg-type]
    assert tracker_knows(TrainConfig(), "humanoid", task)
    assert untrained(Motion.load(standing), task).success == 1.0


def test_settings_of_before_began_from_scratch() -> None:
    assert in_words_of_today({"begun_from": None})["begun_from"] == "scratch"
    assert in_words_of_today({"begun_from": "runs/walk"})["begun_from"] == "runs/walk"
    assert "begun_from" not in in_words_of_today({"mend": True})


def test_a_map_for_what_needs_none_is_refused(
    standing: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "map.yaml").write_text("left_elbow: left_elbow\n")
    assert main(["train", str(standing), "--map", str(tmp_path / "map.yaml"), "--out", str(tmp_path / "out")]) == 2
    assert "--map does nothing for motions that are of humanoid already" in capsys.readouterr().err


def test_a_training_has_the_layers_of_what_it_begins_from(tmp_path: Path) -> None:
    policy = saved(tmp_path / "policy")
    task = TrackingConfig()
    assert suited(TrainConfig(), policy, "humanoid", task).hidden == (8, 4)
    assert suited(TrainConfig(hidden=(16,)), policy, "humanoid", task).hidden == (16,)  # as asked, and refused later
    for alike in ("heavy-robot", "person:height=1.2,weight=30"):
        assert suited(TrainConfig(), policy, alike, task).hidden == (8, 4)
    for other in ("smpl22", "g1.xml"):
        with pytest.raises(InputError, match=f"a policy of humanoid, whose joints are others than those of {other}"):
            suited(TrainConfig(), policy, other, task)
    with pytest.raises(InputError, match=r"--control-hz 30 and not 60, .*; train with --control-hz 30"):
        suited(TrainConfig(), policy, "humanoid", TrackingConfig(control_hz=60.0, decimation=2))
    policy.write_bytes(b"no safetensors")
    with pytest.raises(InputError, match="no policy of sfv"):
        suited(TrainConfig(), policy, "humanoid", task)
