"""What priors stand on: files that fit or are refused, and gaps that are closed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from sfv.character import Character, load_character
from sfv.errors import InputError
from sfv.interfaces import Condition
from sfv.priors.basis import Basis, gaps
from sfv.priors.dataset import MotionDataset
from sfv.priors.features import headings
from sfv.priors.gaits import STYLES, gait
from sfv.work.tensors import load_tensors, save_tensors


@pytest.fixture(scope="module")
def basis(dataset: MotionDataset) -> Basis:
    return Basis.of(dataset)


def test_a_file_comes_back(basis: Basis, humanoid: Character, tmp_path: Path) -> None:
    path = tmp_path / "prior.safetensors"
    basis.save(path, "mdm", {"weight": torch.tensor((1.0, 2.5)), "count": torch.tensor(7)}, {"width": 3})
    again, name, tensors, settings = Basis.load(path, humanoid)
    assert (name, settings, again.captions, again.labels) == ("mdm", {"width": 3}, basis.captions, basis.labels)
    assert torch.equal(again.normaliser.mean, basis.normaliser.mean)
    assert torch.equal(tensors["weight"], torch.tensor((1.0, 2.5)))
    assert tensors["weight"].dtype == torch.float32
    assert tensors["count"] == 7


def test_samples_of_a_sentence_without_a_side_have_one_each(basis: Basis) -> None:
    right, left, *_ = basis.texts(Condition(text="a person turns"), 0, 3)
    told = basis.texts(Condition(text="a person turns right"), 0, 2)
    assert torch.equal(told[0], right)
    assert torch.equal(told[1], right)
    assert not torch.equal(left, right)
    assert torch.equal(basis.texts(Condition(text="a person turns"), 1, 1)[0], left)


def test_another_skeleton_is_refused(basis: Basis, tmp_path: Path) -> None:
    path = tmp_path / "prior.safetensors"
    basis.save(path, "mdm", {}, {})
    with pytest.raises(InputError, match="smpl22 has another skeleton"):
        Basis.load(path, load_character("smpl22"))


def test_other_statistics_are_refused(basis: Basis, humanoid: Character, tmp_path: Path) -> None:
    path = tmp_path / "prior.safetensors"
    basis.save(path, "mdm", {}, {})
    tensors, about = load_tensors(path, "")
    save_tensors(path, tensors | {"basis.mean": tensors["basis.mean"] + 0.1}, about)
    with pytest.raises(InputError, match="another skeleton"):
        Basis.load(path, humanoid)


def test_a_file_of_something_else_is_refused(humanoid: Character, tmp_path: Path) -> None:
    path = tmp_path / "policy.safetensors"
    save_tensors(path, {}, {"kind": "policy"})
    with pytest.raises(InputError, match="no prior of this sfv"):
        Basis.load(path, humanoid)


def test_gaps_are_runs_that_are_not_kept() -> None:
    keep = np.array((0, 1, 1, 0, 0, 1, 0), bool)
    assert gaps(keep) == [(0, 0), (3, 4), (6, 6)]
    assert gaps(np.ones(4, bool)) == []


def test_an_unknown_label_is_told(basis: Basis) -> None:
    with pytest.raises(InputError, match="no label 'swim'; there are: run, squat, stand, walk, wave"):
        basis.text(Condition(label="swim"))
    assert not basis.text(Condition()).any()


@pytest.mark.parametrize("kept", ["ends", "start", "end", "all"])
def test_kept_frames_stay_and_gaps_meet_them(kept: str, basis: Basis, humanoid: Character) -> None:
    motion = gait(humanoid, STYLES[2], 2.0).motion
    other = gait(humanoid, replace(STYLES[2], turn=-0.9, swing=0.2), 2.0).motion
    frames = np.arange(61)
    keep = {"ends": (frames < 20) | (frames > 40), "start": frames < 30, "end": frames > 30, "all": frames >= 0}[kept]
    z = torch.where(torch.tensor(keep)[:, None], basis.normalised(motion), basis.normalised(other))
    filled = basis.filled(motion, keep, z, "filled")
    np.testing.assert_array_equal(filled.qpos[keep], motion.qpos[keep])
    # no jump in the root's way at a seam: at most 1.5 times the fastest step of the two motions
    step = np.linalg.norm(np.diff(filled.qpos[:, :2], axis=0), axis=1)
    fastest = max(np.linalg.norm(np.diff(m.qpos[:, :2], axis=0), axis=1).max() for m in (motion, other))
    assert step.max() < 1.5 * fastest
    assert np.abs(np.diff(headings(filled.qpos[:, 3:7]))).max() < 0.15
    if kept == "all":
        np.testing.assert_array_equal(filled.qpos, motion.qpos)
    else:
        assert not np.allclose(filled.qpos[~keep], motion.qpos[~keep], atol=1e-3)
