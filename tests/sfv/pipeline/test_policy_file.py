"""Policies by the names people call them, and what a training that begins from one takes over from it."""

from pathlib import Path

import pytest

from policies.config import TrainConfig
from policies.export import save_policy
from policies.networks import make_policy
from sfv.errors import InputError
from sfv.pipeline.policy_file import policy_file, suited


def saved(folder: Path, hidden: tuple[int, ...] = (8, 4), character: str = "humanoid") -> Path:
    """A policy's file in a new folder."""
    folder.mkdir(parents=True)
    save_policy(folder, make_policy(5, 2, hidden), {"character": character})
    return folder / "policy.safetensors"


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
    assert policy_file(Path("tracker")).is_file()
    own = saved(tmp_path / "tracker")
    assert policy_file(Path("tracker")).resolve() == own


def test_a_training_has_the_layers_of_what_it_begins_from(tmp_path: Path) -> None:
    policy = saved(tmp_path / "policy")
    assert suited(TrainConfig(), policy, "humanoid").hidden == (8, 4)
    assert suited(TrainConfig(hidden=(16,)), policy, "humanoid").hidden == (16,)  # as asked, and refused later
    with pytest.raises(InputError, match=r"a policy of humanoid and cannot be begun from by g1\.xml"):
        suited(TrainConfig(), policy, "g1.xml")
    policy.write_bytes(b"no safetensors")
    with pytest.raises(InputError, match="no policy of sfv"):
        suited(TrainConfig(), policy, "humanoid")
