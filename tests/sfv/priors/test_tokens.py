"""What writes codes: the cache, the end, and corruption; and what guesses them: masks, and the surest first."""

import pytest
import torch

from sfv.priors.text import embedded
from sfv.priors.tokens.guesser import Guesser, GuesserConfig, masked, surest_first
from sfv.priors.tokens.tables import begin_alike
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


# ---- guessing


def test_a_share_of_what_counts_is_masked() -> None:
    torch.manual_seed(0)
    codes, counts = torch.randint(9, (3, 20)), torch.arange(20) < torch.tensor((20, 10, 4))[:, None]
    shown, hidden = masked(codes, counts, 9, torch.tensor((0.5, 1.0, 0.0)))
    assert hidden.sum(1).tolist() == [10, 10, 1]  # one at least
    assert not hidden[~counts].any()
    assert torch.equal(shown == 9, hidden)
    assert torch.equal(shown[~hidden], codes[~hidden])


@pytest.mark.parametrize("steps", [1, 4, 10])
def test_what_is_known_stays_and_all_is_found(steps: int) -> None:
    codes = torch.arange(12)[None] % 5
    open_ = torch.zeros(1, 12, dtype=torch.bool)
    open_[0, 3:9] = True

    def scores(shown: torch.Tensor) -> torch.Tensor:
        assert torch.equal(shown[~open_], codes[~open_])
        return 50.0 * torch.nn.functional.one_hot(codes, 5).float()

    found = surest_first(scores, torch.where(open_, 0, codes), open_, 5, steps, torch.Generator().manual_seed(0))
    assert torch.equal(found, codes)
    same = surest_first(scores, codes, torch.zeros_like(open_), 5, steps, torch.Generator())
    assert torch.equal(same, codes)


def test_the_surest_come_first() -> None:
    asked = []

    def scores(shown: torch.Tensor) -> torch.Tensor:
        asked.append(shown == 3)
        sure = torch.arange(10.0)[:, None] * torch.tensor((1.0, 0.0, 0.0))  # the later, the surer
        return sure.expand(len(shown), -1, -1)

    everywhere = torch.ones(200, 10, dtype=torch.bool)
    surest_first(scores, torch.zeros(200, 10, dtype=torch.long), everywhere, 3, 5, torch.Generator().manual_seed(0))
    # open after step k of 5: floor(10 cos(pi/2 k/5)), that is 9, 8, 5, 3
    assert [set(seen.sum(1).tolist()) for seen in asked] == [{10}, {9}, {8}, {5}, {3}]
    # those that are open longest are the less sure ones: by chance their mean place would be 4.5
    places = asked[-1].nonzero()[:, 1].float()
    assert places.mean() < 3.0


def test_a_guesser_sees_both_ways_but_no_padding() -> None:
    torch.manual_seed(0)
    guesser = Guesser(GuesserConfig(width=16, layers=1, heads=2, most=10), 7, 2).eval()
    text, codes = torch.tensor(embedded(["walk"])), torch.randint(7, (1, 10, 1))
    lengths = torch.tensor((6,))
    before = guesser(text, codes, 0, lengths)
    later, padding = codes.clone(), codes.clone()
    later[0, 5] = (codes[0, 5] + 1) % 7
    padding[0, 8] = (codes[0, 8] + 1) % 7
    assert not torch.allclose(guesser(text, later, 0, lengths)[0, 0], before[0, 0])
    torch.testing.assert_close(guesser(text, padding, 0, lengths)[0, :6], before[0, :6])
    assert not torch.allclose(guesser(text, codes, 1, lengths), before)


@torch.no_grad()
def test_codes_that_stand_for_like_vectors_begin_alike() -> None:
    torch.manual_seed(0)
    vectors = torch.randn(64, 16)
    vectors[1] = vectors[0] + 0.01
    table = torch.nn.Embedding(65, 48)
    last = table.weight[64].clone()
    begin_alike(table, vectors)
    off = torch.cdist(table.weight[:64], table.weight[:64])
    assert off[0, 1] < 0.85 * off[0, 2:].median()
    assert table.weight[:64].std() == pytest.approx(0.02, rel=0.1)
    assert torch.equal(table.weight[64], last)
