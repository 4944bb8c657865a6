"""The ruler: it brings together what belongs together."""

import pytest
import torch

from sfv.character import Character
from sfv.priors.dataset import MotionDataset
from sfv.priors.features import Features
from sfv.priors.fitting import FitConfig
from sfv.priors.gaits import takes
from sfv.priors.measures import r_precision
from sfv.priors.ruler import LEAST, TEMPERATURE, Ruler, contrast, fit_ruler


def test_contrast_by_hand() -> None:
    # two pairs of unit vectors at right angles: -log(e^10 / (e^10 + 1)); who says the same is not in the way
    vectors, text = torch.eye(2), torch.eye(2)
    wrong = torch.log1p(torch.exp(torch.tensor(-1.0 / TEMPERATURE)))
    assert contrast(vectors, vectors, text) == pytest.approx(float(wrong), rel=1e-3)
    assert contrast(vectors, vectors.flip(0), text) == pytest.approx(10.0 + float(wrong), rel=1e-4)
    assert contrast(vectors, vectors.flip(0), torch.ones(2, 2)) == 0.0


def test_vectors_have_length_one_and_see_no_padding(dataset: MotionDataset) -> None:
    torch.manual_seed(0)
    ruler = Ruler(dataset.features.size).eval()
    batch = dataset.described(torch.Generator().manual_seed(0), 4, LEAST, 60)
    vectors = ruler.motions(batch.z, batch.lengths)
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(4))
    short = int(batch.lengths.argmin())
    other = batch.z.clone()
    other[short, int(batch.lengths[short]) + 3 :] += 1.0  # two convolutions reach three frames past its end
    torch.testing.assert_close(ruler.motions(other, batch.lengths)[short], vectors[short], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(ruler.texts(batch.text).norm(dim=1), torch.ones(4))


@pytest.mark.slow
def test_it_finds_the_sentences_of_gaits(humanoid: Character) -> None:
    data = MotionDataset(takes(humanoid, 16, 3.0), Features(humanoid))
    ruler = fit_ruler(data, None, FitConfig(steps=150, batch=32, rate=2e-3, warm=20))
    other = MotionDataset(takes(humanoid, 8, 3.0, seed=9), Features(humanoid), data.normaliser)
    batch = other.described(torch.Generator().manual_seed(0), 64, 60, 80)
    with torch.no_grad():
        motions, texts = ruler.motions(batch.z, batch.lengths).numpy(), ruler.texts(batch.text).numpy()
    # one of each sentence: nine sentences, so by chance a third is among the first three
    first = {caption: i for i, caption in enumerate(batch.captions)}
    one = sorted(first.values())
    assert r_precision(motions[one], texts[one], len(one), 0)[2] > 0.8
