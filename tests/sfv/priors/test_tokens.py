"""What writes codes: the cache, the end, and corruption."""

import pytest
import torch

from sfv.priors.text import embedded
from sfv.priors.tokens.writer import Writer, WriterConfig, corrupted
from sfv.priors.transformer import Transformer

CONFIG = WriterConfig(width=16, layers=2, heads=2, most=10)


@pytest.fixture
def writer() -> Writer:
    torch.manual_seed(0)
    return Writer(CONFIG, 12).eval()


def test_the_cache_changes_nothing(writer: Writer) -> None:
    text, codes = torch.tensor(embedded(["walk", "jump"])), torch.randint(12, (2, 6))
    whole = writer(text, codes)
    cache, scores = None, []
    for t in range(7):
        following, cache = writer.next(text, codes[:, :t], cache)
        scores.append(following)
    torch.testing.assert_close(torch.stack(scores, 1), whole, atol=1e-5, rtol=1e-5)


def test_nothing_looks_ahead(writer: Writer) -> None:
    text, codes = torch.tensor(embedded(["walk"])), torch.randint(12, (1, 6))
    changed = codes.clone()
    changed[0, 4] = (codes[0, 4] + 1) % 12
    before, after = writer(text, codes), writer(text, changed)
    assert torch.equal(before[:, :5], after[:, :5])
    assert not torch.equal(before[:, 5], after[:, 5])


def test_padding_is_not_looked_at() -> None:
    torch.manual_seed(0)
    seeing = Transformer(16, 2, 2, causal=False).eval()
    x = torch.randn(1, 5, 16)
    padded = torch.cat((x, torch.randn(1, 3, 16)), 1)
    seen = torch.arange(8)[None] < 5
    torch.testing.assert_close(seeing(padded, seen)[:, :5], seeing(x), atol=1e-5, rtol=1e-5)


def test_it_ends_itself_or_when_told(writer: Writer) -> None:
    text = torch.zeros(4, 512)
    told = writer.written(text, torch.zeros(4, 0, dtype=torch.long), 5, torch.Generator().manual_seed(0))
    assert [len(codes) for codes in told] == [5] * 4
    assert all(int(codes.max()) < writer.end for codes in told)
    with torch.no_grad():
        writer.code.weight.zero_()  # all scores are the same: the end comes with 1 in 13, after two codes at least
    many = writer.written(torch.zeros(400, 512), torch.zeros(400, 0, dtype=torch.long), None, torch.Generator())
    lengths = torch.tensor([len(codes) for codes in many])
    assert lengths.min() == 2
    assert (lengths == 2).float().mean() == pytest.approx(1 / 13, abs=0.04)
    assert (lengths == CONFIG.most).float().mean() == pytest.approx((12 / 13) ** 8, abs=0.08)


def test_a_share_of_codes_is_corrupted() -> None:
    codes, generator = torch.zeros(200, 50, dtype=torch.long), torch.Generator().manual_seed(0)
    assert torch.equal(corrupted(codes, 0.0, 10, generator), codes)
    # one in ten of those that are replaced is what it was
    assert (corrupted(codes, 0.5, 10, generator) > 0).float().mean() == pytest.approx(0.45, abs=0.02)
    uniform = (corrupted(codes, -1.0, 10, generator) > 0).float().mean(1)
    assert uniform.mean() == pytest.approx(0.45, abs=0.06)
    assert uniform.std() > 0.2  # each row has a share of its own
