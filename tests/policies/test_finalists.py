"""The best few policies of a training, and which of them is kept."""

from dataclasses import asdict, replace

import pytest
import torch

from policies.config import TrainConfig
from policies.export import load_policy
from policies.finalists import FINALISTS, Finalists
from policies.train import CHECKPOINT, train
from sfv.judged import Figures, Judged
from sfv.report import Report
from sfv.work.tensors import load_tensors, save_tensors

NOTHING = Figures(*9 * [0.0])


def row(success, anywhere, returns=0.5):
    return asdict(replace(NOTHING, success=success, success_random_phase=anywhere, normalised_return=returns))


def offered(*rows):
    out = Finalists()
    for k, each in enumerate(rows):
        out.offer(each, {"w": torch.tensor(float(k))})
    return out


def order(finalists):
    return [int(weights["w"]) for weights in finalists.weights]


def test_the_best_by_all_tries_come_first():
    finalists = offered(row(0.2, 0.2), row(0.1, 0.5), row(0.5, 0.1, 0.6), row(0.4, 0.1), row(0.0, 0.1))
    assert order(finalists) == [2, 1, 3, 0]  # the fifth is worse than four others
    assert len(finalists.rows) == FINALISTS


def test_of_equals_the_later_is_better():
    assert order(offered(row(0.2, 0.2), row(0.2, 0.2))) == [1, 0]


@pytest.mark.parametrize(
    ("rows", "doubtful"),
    [
        ([row(0.2, 0.2), row(0.2, 0.1)], True),
        ([row(0.2, 0.2)], False),  # there is no other
        ([row(0.0, 0.0), row(0.0, 0.0)], False),  # nothing succeeds
        ([row(1.0, 1.0), row(0.2, 0.1)], False),  # nothing fails
    ],
)
def test_others_may_be_better_where_tries_fail(rows, doubtful):
    assert offered(*rows).doubtful is doubtful


def said(success):
    figures = replace(NOTHING, success=success, success_random_phase=success)
    return Judged(figures, Report("judged", figures.numbers()))


def test_another_judge_chooses():
    finalists = offered(row(0.2, 0.2), row(0.3, 0.3), row(0.4, 0.4))
    finalists.choose(lambda weights: said(0.9 if weights["w"] == 0 else 0.1), lambda weights: weights)
    assert order(finalists) == [0, 2, 1]
    assert finalists.rows[0]["success"] == 0.2  # the log's, not what was found again


# ---- in a training

CONFIG = TrainConfig(
    budget="512", num_envs=16, steps=4, minibatch=64, hidden=(8,), evaluate_every=64, checkpoint_every=64, compile=False
)


def of(policy):
    """A number that tells policies apart."""
    return float(policy(torch.ones(1, 3)).detach().sum())


@pytest.fixture
def judges():
    """One that likes the policies of the second and third evaluation, of which another finds the second better."""
    seen = []

    def first(policy):
        seen.append(of(policy))
        return said({2: 0.5, 3: 0.6}.get(len(seen), 0.1))

    def second(policy):
        return said(0.9 if of(policy) == seen[1] else 0.2)

    return seen, first, second


@pytest.mark.parametrize(("again", "which"), [(True, 1), (False, 2)])
def test_a_training_keeps_whom_more_tries_find_the_best(tmp_path, still, no_exports, judges, again, which):
    seen, first, second = judges
    train(still(), first, CONFIG, tmp_path, again=(lambda: second) if again else None)
    policy, about = load_policy(tmp_path)
    assert of(policy) == seen[which]
    assert about["samples"] == 64 * which


def test_finalists_outlast_a_kill(tmp_path, still, no_exports, judges):
    seen, first, second = judges

    class Killed(Exception):
        pass

    def killed(policy):
        if len(seen) == 5:
            raise Killed
        return first(policy)

    with pytest.raises(Killed):
        train(still(), killed, CONFIG, tmp_path)
    train(still(), first, CONFIG, tmp_path, again=lambda: second)
    assert of(load_policy(tmp_path)[0]) == seen[1]


def test_a_checkpoint_of_before_has_one(tmp_path, still, no_exports, judges):
    seen, first, _ = judges
    train(still(), first, CONFIG, tmp_path)
    tensors, about = load_tensors(tmp_path / CHECKPOINT, "")
    older = {name: tensor for name, tensor in tensors.items() if not name.startswith(("best1.", "best2.", "best3."))}
    assert len(older) < len(tensors)
    save_tensors(tmp_path / CHECKPOINT, older, about | {"best": about["best"][0]})
    train(still(), first, replace(CONFIG, budget="640"), tmp_path)
    assert of(load_policy(tmp_path)[0]) == seen[2]
