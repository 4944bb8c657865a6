"""Normalised rows, and windows with a sentence that is true of them."""

from dataclasses import replace

import pytest
import torch

from sfv.character import Character
from sfv.errors import InputError
from sfv.interfaces import Take
from sfv.priors.dataset import LEAST_SCALE, LOUDNESS, MotionDataset, Normaliser
from sfv.priors.features import Features
from sfv.priors.gaits import takes


def test_normalised_and_back(dataset: MotionDataset) -> None:
    rows = dataset.clips[0].bare
    torch.testing.assert_close(dataset.normaliser.back(dataset.normaliser(rows)), rows, atol=1e-5, rtol=1e-5)


def test_one_scale_for_a_group(dataset: MotionDataset) -> None:
    rows = torch.cat([clip.bare for clip in dataset.clips])
    groups, scale = dataset.features.groups, dataset.normaliser.scale
    for name, part in groups.items():
        assert len(set(scale[part].tolist())) == 1
        deviation = rows[:, part].var(0).mean().sqrt().clamp_min(LEAST_SCALE) / LOUDNESS.get(name, 1.0)
        assert scale[part][0] == pytest.approx(float(deviation), rel=1e-5)
    # the mean of a pair that a mirror exchanges is that of both, and nothing turns on the whole
    assert dataset.normaliser.mean[0].abs() < 1e-6


def test_another_skeleton_rate_or_statistics_is_another_identity(dataset: MotionDataset, humanoid: Character) -> None:
    identity = dataset.normaliser.identity(dataset.features)
    assert identity == dataset.normaliser.identity(Features(humanoid))
    assert identity != dataset.normaliser.identity(Features(humanoid, 60.0))
    moved = replace(dataset.normaliser, mean=dataset.normaliser.mean + 1e-3)
    assert identity != moved.identity(dataset.features)


def test_every_take_is_there_twice(dataset: MotionDataset, gaits: list[Take]) -> None:
    assert len(dataset.clips) == 2 * len(gaits)
    assert dataset.minutes == pytest.approx(8 * 61 / 30 / 60)
    assert "a person walks forward and turns left" in dataset.captions
    left = next(clip for clip in dataset.clips if clip.captions == ("a person walks forward and turns left",))
    assert left.bare[:, 0].mean() > 0.3  # rad/s


def test_windows_are_pieces_of_takes(dataset: MotionDataset) -> None:
    windows = dataset.windows(torch.Generator().manual_seed(1), 6, 20)
    assert windows.shape == (6, 20, dataset.features.size)
    for window in windows:
        assert any((z.unfold(0, 20, 1).mT == window).all((-1, -2)).any() for z in dataset.z)
    again = dataset.windows(torch.Generator().manual_seed(1), 6, 20)
    assert torch.equal(windows, again)
    with pytest.raises(InputError, match=r"3\.3 s"):
        dataset.windows(torch.Generator(), 1, 100)


def test_described_windows(dataset: MotionDataset) -> None:
    batch = dataset.described(torch.Generator().manual_seed(0), 64, 16, 60)
    assert set(batch.lengths.tolist()) <= set(range(16, 61, 4))
    assert batch.lengths.max() == 60
    for z, length in zip(batch.z, batch.lengths.tolist(), strict=True):
        assert not z[length:].any()
    # of a take of 61 frames, 60 from its first or its second one end where it does, to 4 frames
    assert batch.ended[batch.lengths == 60].all()
    assert not batch.ended[batch.lengths < 40].all()


def test_a_sentence_is_true_of_its_window(humanoid: Character) -> None:
    # a take of 8 s that turns right for half of its time: of a window of 1 s the whole caption is not true
    (take,) = takes(humanoid, 1, 8.0)
    long = replace(take, captions=("a person walks for eight seconds", "a walk"))
    data = MotionDataset([long], Features(humanoid))
    batch = data.described(torch.Generator().manual_seed(0), 80, 28, 32)
    assert set(batch.captions) == {"a walk", "a person walks forward"}
    whole = data.described(torch.Generator().manual_seed(0), 80, 236, 240)
    assert "a person walks for eight seconds" in whole.captions


def test_a_rare_category_is_drawn_more_than_its_share(humanoid: Character) -> None:
    walk, squat = takes(humanoid, 6, 4.0)[0], takes(humanoid, 6, 1.0)[5]
    data = MotionDataset([walk, squat], Features(humanoid))
    batch = data.described(torch.Generator().manual_seed(0), 600, 16, 28)
    # 121 and 31 frames, to the power of 0.3: 4.21 to 2.80, so two fifths of the windows and not one
    share = sum("walk" not in caption for caption in batch.captions) / 600
    assert share == pytest.approx(2.80 / (4.21 + 2.80), abs=0.06)


def test_nothing_to_learn_from_is_refused(humanoid: Character) -> None:
    with pytest.raises(InputError, match="give motion files"):
        MotionDataset([], Features(humanoid))
    assert Normaliser(torch.zeros(2), torch.ones(2))(torch.ones(3, 2)).shape == (3, 2)
