"""Noise and its taking away, where the answer is known."""

import pytest
import torch

from sfv.interfaces import Condition
from sfv.priors.basis import Basis
from sfv.priors.dataset import MotionDataset
from sfv.priors.diffusion.mdm import Denoiser, DenoiserConfig, Mdm
from sfv.priors.diffusion.schedule import cleaned, guided, noised, remaining
from sfv.priors.diffusion.shown import drawn


def test_the_schedule_goes_from_all_to_nothing() -> None:
    t = torch.linspace(0, 1, 101)
    a = remaining(t)
    assert a[0] == pytest.approx(1.0)
    assert a[-1] < 1e-3
    assert (a.diff() < 0).all()
    # variance stays 1 where the data's is
    x = noised(torch.randn(2000, 4, 3), torch.full((2000,), 0.4), torch.randn(2000, 4, 3))
    assert x.var() == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("steps", [1, 5, 50])
def test_who_knows_the_answer_finds_it(steps: int) -> None:
    answer = torch.randn(2, 6, 3)
    found = cleaned(lambda x, t: answer, torch.randn(2, 6, 3), steps)
    torch.testing.assert_close(found, answer)


def test_the_best_guess_of_a_normal_makes_that_normal() -> None:
    # data N(2, 0.5^2): E(x_0 | x_t) = 2 + sqrt(a) s^2 / (a s^2 + 1 - a) (x_t - 2 sqrt(a))
    def network(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        a = remaining(t)[:, None, None]
        return 2.0 + a.sqrt() * 0.25 / (a * 0.25 + 1 - a) * (x - 2.0 * a.sqrt())

    made = cleaned(network, torch.randn(4000, 1, 1, generator=torch.Generator().manual_seed(0)), 50)
    assert made.mean() == pytest.approx(2.0, abs=0.03)
    assert made.std() == pytest.approx(0.5, abs=0.03)


def test_what_is_kept_is_kept_to_the_bit() -> None:
    known, keep = torch.randn(1, 8, 2), torch.zeros(1, 8, 2, dtype=torch.bool)
    keep[:, :3] = True
    seen = []

    def network(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        seen.append(x.clone())
        return torch.zeros_like(x)

    made = cleaned(network, torch.randn(1, 8, 2), 10, known, keep)
    assert torch.equal(made[keep], known[keep])
    assert all(torch.equal(x[keep], known[keep]) for x in seen)
    # what comes after it begins where it ends, and half of that is gone four moments on
    torch.testing.assert_close(made[:, 6], 0.5 * known[:, 2])


def test_guidance() -> None:
    network = guided(lambda x, t: x + 3.0, lambda x, t: x + 1.0, 2.5)
    assert network(torch.zeros(1, 1, 1), torch.zeros(1)) == pytest.approx(1.0 + 2.5 * 2.0)
    plain = guided(lambda x, t: x + 3.0, lambda x, t: x + 1.0, 1.0)
    assert plain(torch.zeros(1, 1, 1), torch.zeros(1)) == pytest.approx(3.0)


def test_a_denoiser_sees_only_what_is_there() -> None:
    torch.manual_seed(0)
    denoiser = Denoiser(DenoiserConfig(width=16, layers=1, heads=2, most=32), 5).eval()
    x, text, t = torch.randn(2, 32, 5), torch.randn(2, 512), torch.rand(2)
    lengths = torch.tensor((16, 32))
    made = denoiser(x, t, text, lengths)
    other = x.clone()
    other[0, 16:] += 1.0
    torch.testing.assert_close(denoiser(other, t, text, lengths)[0, :16], made[0, :16], atol=1e-6, rtol=1e-6)
    assert not torch.allclose(denoiser(x, 1 - t, text, lengths), made)
    assert not torch.allclose(denoiser(x, t, -text, lengths), made)


def test_what_a_denoiser_is_shown_is_part_of_what_is_there() -> None:
    torch.manual_seed(0)
    lengths = torch.tensor((120, 64, 32)).repeat(300)
    shown = drawn(lengths, 120)
    there = torch.arange(120) < lengths[:, None]
    assert not (shown & ~there).any()
    share = (shown.sum(1) / lengths).numpy()
    assert 0.55 < (share == 0).mean() < 0.75
    assert share.max() < 1.0  # something is always left to make
    prefixes = shown[:, 0] & ~shown[torch.arange(len(shown)), lengths - 1]
    gaps = shown[:, 0] & shown[torch.arange(len(shown)), lengths - 1]
    assert prefixes.float().mean() > 0.04
    assert gaps.float().mean() > 0.1


def test_a_denoiser_minds_what_it_is_shown() -> None:
    torch.manual_seed(0)
    denoiser = Denoiser(DenoiserConfig(width=16, layers=1, heads=2, most=32), 5).eval()
    x, text, t, lengths = torch.randn(1, 32, 5), torch.randn(1, 512), torch.rand(1), torch.tensor((32,))
    shown = torch.zeros(1, 32, 5, dtype=torch.bool)
    shown[:, :4] = True
    assert not torch.allclose(denoiser(x, t, text, lengths, shown), denoiser(x, t, text, lengths))


def test_a_size_that_does_not_smooth_makes_a_motion(dataset: MotionDataset) -> None:
    torch.manual_seed(0)
    config = DenoiserConfig(width=16, layers=1, heads=2, most=32, steps=2, smooth=0.0)
    mdm = Mdm(Basis.of(dataset), Denoiser(config, dataset.features.size))
    (motion,) = mdm.sample(Condition(seconds=1.0), 0, 1)
    assert len(motion) == 31
