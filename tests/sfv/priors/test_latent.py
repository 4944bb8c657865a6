"""Bottlenecks by the law, and codecs on gaits."""

import pytest
import torch

from sfv.priors.dataset import MotionDataset
from sfv.priors.fitting import FitConfig
from sfv.priors.latent.bottlenecks import DEAD, Gaussian, Identity, Quantiser, perplexity
from sfv.priors.latent.codec import FACTOR, Codec, CodecConfig, error_mm, fit_codec
from sfv.priors.likeness import likeness


def clusters(count: int, seed: int) -> torch.Tensor:
    """(1, count, 4) vectors around 16 corners of a cube of side 10."""
    generator = torch.Generator().manual_seed(seed)
    corner = torch.randint(2, (1, count, 4), generator=generator) * 10.0
    return corner + 0.1 * torch.randn(1, count, 4, generator=generator)


def test_a_vae_without_noise_is_an_autoencoder() -> None:
    vectors = torch.randn(2, 5, 8)
    squeezed = Gaussian(0.0).train()(vectors)
    assert torch.equal(squeezed.vectors, Identity()(vectors[..., :4]).vectors)
    assert squeezed.penalty == 0.0


def test_the_variational_penalty() -> None:
    # mean 1, log variance 0: KL = (1 + 1 - 1 - 0) / 2 = 0.5, times beta 0.1
    vectors = torch.cat((torch.ones(1, 3, 2), torch.zeros(1, 3, 2)), -1)
    assert Gaussian(0.1)(vectors).penalty == pytest.approx(0.05)


def test_codes_find_the_clusters() -> None:
    torch.manual_seed(0)
    quantiser = Quantiser(32, 4).train()
    for step in range(150):
        quantiser(clusters(128, step))
    quantiser.eval()
    vectors = clusters(512, 999)
    squeezed = quantiser(vectors)
    # noise of 0.1 in each of 4 dimensions
    assert (squeezed.vectors - vectors).square().sum(-1).mean() < 2 * 4 * 0.01
    used, worth = perplexity(squeezed.codes[..., 0], 32)
    assert used > 0.9
    assert worth > 16.0


def test_a_small_batch_does_not_lose_its_codes() -> None:
    # 8 vectors a batch for 32 codes: an absolute limit of one use would move most codes at every step
    torch.manual_seed(0)
    quantiser = Quantiser(32, 4).train()
    for step in range(600):
        quantiser(clusters(8, step))
    quantiser.eval()
    vectors = clusters(512, 999)
    assert (quantiser(vectors).vectors - vectors).square().sum(-1).mean() < 4.0  # a lost cluster costs 100 / 16 or more


def test_a_dead_code_moves_with_its_sums() -> None:
    torch.manual_seed(0)
    quantiser = Quantiser(4, 2).train()
    quantiser(torch.randn(1, 64, 2))
    vectors = torch.full((1, 32, 2), 5.0)
    dead = (int(quantiser.eval()(vectors).codes[0, 0, 0]) + 1) % 4  # one that does not stand for them
    quantiser.counts[0, dead] = 0.01 * quantiser.counts[0].mean()
    quantiser.train()(vectors)
    assert quantiser.counts[0].min() > DEAD * quantiser.counts[0].mean() / 2
    torch.testing.assert_close(quantiser.codes[0, dead], torch.tensor((5.0, 5.0)))


def test_gradients_go_straight_through() -> None:
    quantiser = Quantiser(8, 4).eval()
    quantiser.codes.copy_(torch.randn(1, 8, 4))
    vectors = torch.randn(2, 3, 4, requires_grad=True)
    quantiser(vectors).vectors.sum().backward()
    assert vectors.grad is not None
    torch.testing.assert_close(vectors.grad, torch.ones_like(vectors))


def test_codes_come_when_the_encoder_has_learnt_something() -> None:
    torch.manual_seed(0)
    quantiser, vectors = Quantiser(8, 4, bare=2).train(), torch.randn(1, 64, 4)
    assert torch.equal(quantiser(vectors).vectors, vectors)
    assert quantiser.eval()(vectors).codes is None  # which counts for nothing
    assert quantiser.train()(vectors).codes is None
    squeezed = quantiser(vectors)
    assert squeezed.codes is not None
    assert not torch.equal(squeezed.vectors, vectors)


def test_more_levels_leave_less_over_and_the_first_is_a_vq_vaes() -> None:
    torch.manual_seed(0)
    quantiser = Quantiser(8, 4, levels=3, dropout=0.0).train()
    for step in range(200):
        torch.manual_seed(step)
        quantiser(torch.randn(1, 128, 4))
    quantiser.eval()
    vectors = torch.randn(1, 512, 4)
    codes = quantiser(vectors).codes
    left = [(quantiser.looked_up(codes[..., :levels]) - vectors).square().mean() for levels in (1, 2, 3)]
    assert left[2] < 0.75 * left[1] < 0.75 * 0.75 * left[0]
    alone = Quantiser(8, 4)
    alone.codes.copy_(quantiser.codes[:1])
    assert torch.equal(alone.eval()(vectors).codes, codes[..., :1])
    assert torch.equal(quantiser(vectors).vectors, vectors + (quantiser.looked_up(codes) - vectors))


@pytest.mark.parametrize("kind", ["ae", "vae", "vqvae", "rvq"])
def test_a_codec_of_each_kind_has_the_right_shapes(kind: str, dataset: MotionDataset) -> None:
    torch.manual_seed(0)
    codec = Codec(CodecConfig(kind, width=16, size=8, codes=12, levels=3, bare=0, depth=1), dataset.features.size)  # type: ignore[arg-type]
    z = dataset.windows(torch.Generator(), 3, 24)
    made, penalty = codec(z)
    assert made.shape == z.shape
    assert penalty >= 0.0
    vectors = codec.eval().encode(z).vectors
    assert vectors.shape == (3, 24 // FACTOR, 8)
    if kind in ("vqvae", "rvq"):
        codes = codec.codes(z)
        assert codes.shape == (3, 6, 3 if kind == "rvq" else 1)
        torch.testing.assert_close(codec.from_codes(codes), codec.decode(vectors), atol=1e-5, rtol=1e-5)


def test_likeness_is_zero_for_the_same_but_for_what_slides(dataset: MotionDataset) -> None:
    z = dataset.windows(torch.Generator().manual_seed(0), 4, 20)
    assert float(likeness(z, z, dataset)) < 0.001  # what soles of the gaits themselves slide, under .2 m/s, times .005
    worse = z.clone()
    worse[..., 0] += 3.0  # the body turns on its standing foot
    weight = torch.zeros(4, 20)
    assert likeness(worse, z, dataset) > 0.03  # 3^2 / 2 / 70 by the row alone
    assert likeness(worse, z, dataset, weight) == 0.0


def test_jitter_costs_more_than_being_off_by_as_much(dataset: MotionDataset) -> None:
    z = dataset.windows(torch.Generator().manual_seed(0), 3, 20)
    sign = torch.tensor((1.0, -1.0)).repeat(10)[None, :, None]
    off, jitter = (likeness(z + 0.1 * by, z, dataset, changes=2.0) for by in (torch.ones(3, 20, 1), sign))
    # a row's own loss is 0.1^2 / 2 in both; changes are 0 and 0.2, so 2 * 0.04 more
    assert jitter - off == pytest.approx(0.08, abs=0.02)
    # geometry counts as often as it is told to
    sure, unsure = (likeness(z + 0.1, z, dataset, sure=torch.full((3,), k)) for k in (2.0, 0.0))
    plain = likeness(z + 0.1, z, dataset)
    assert sure - plain == pytest.approx(float(plain - unsure), rel=1e-3)


@pytest.mark.slow
def test_a_codec_learns_eight_gaits(dataset: MotionDataset) -> None:
    codec = fit_codec(
        dataset, None, CodecConfig(width=64, size=16, codes=128, depth=1, frames=32), FitConfig(600, 16, 3e-3, 30)
    )
    z = dataset.windows(torch.Generator().manual_seed(3), 64, 32)
    assert error_mm(codec, z, dataset.features, dataset.normaliser.back) < 30.0
    used, worth = perplexity(codec.codes(z)[..., 0], 128)
    assert used > 0.5
    assert worth > 0.2 * 128


@torch.no_grad()
def test_an_encoder_begins_as_principal_components(dataset: MotionDataset) -> None:
    torch.manual_seed(0)
    z = dataset.windows(torch.Generator().manual_seed(0), 64, 32)
    codec = Codec(CodecConfig("ae", width=16, size=6, depth=1, frames=32), dataset.features.size)
    codec.begin(z)
    fours = z.unflatten(1, (-1, FACTOR)).flatten(2).flatten(0, 1)
    seen = fours - fours.mean(0)
    _, _, axes = torch.linalg.svd(seen, full_matrices=False)
    vectors = codec.encode(z).vectors.flatten(0, 1)
    assert vectors.square().mean() == pytest.approx(1.0, rel=0.05)
    assert vectors.mean(0).abs().max() < 1e-3
    # and they tell as much of the rows as the best six directions do
    again = torch.linalg.lstsq(vectors, seen).solution
    best = (seen - seen @ axes[:6].T @ axes[:6]).square().mean()
    assert (seen - vectors @ again).square().mean() == pytest.approx(float(best), rel=0.02)
