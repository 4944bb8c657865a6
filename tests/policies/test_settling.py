"""When exploration and steps narrow since the budget ends."""

import csv
from dataclasses import replace

import pytest

from policies.config import TrainConfig
from policies.settling import due
from policies.train import train
from sfv.judged import Figures, Judged
from sfv.report import Report

NOTHING = Figures(*9 * [0.0])
UP = replace(NOTHING, survival=0.5)


@pytest.mark.parametrize(
    ("samples", "budget", "wanted"),
    [
        (8.9e6, 12e6, 0.0),  # the end is four times as long as noise takes to narrow
        (9.0e6, 12e6, 0.0),
        (10.5e6, 12e6, 1.5e6),
        (11.25e6, 12e6, 2.25e6),  # by then all is narrow
        (0.75e6, 1e6, 0.0),  # or a quarter of the budget
        (0.875e6, 1e6, 1.5e6),
        (2e6, float("inf"), 0.0),  # a time of which nothing is spent yet
    ],
)
def test_the_end_of_a_budget_narrows(samples, budget, wanted):
    assert due(UP, samples, budget, 0.75e6) == pytest.approx(wanted)


def test_not_for_who_is_not_up():
    assert due(replace(NOTHING, survival=0.1), 0.9e6, 1e6, 0.75e6) == 0.0


CONFIG = TrainConfig(
    budget="1024", num_envs=16, steps=4, minibatch=64, hidden=(8,), evaluate_every=64, checkpoint_every=64,
    narrowing=1e5, compile=False,
)  # fmt: skip


@pytest.mark.parametrize(("survival", "narrow"), [(0.5, True), (0.1, False)])
def test_a_training_ends_with_narrow_exploration(tmp_path, still, no_exports, survival, narrow):
    figures = replace(NOTHING, survival=survival)
    train(still(), lambda policy: Judged(figures, Report("judged", figures.numbers())), CONFIG, tmp_path)
    with (tmp_path / "progress.csv").open() as file:
        noise = {int(float(row["samples"])): float(row["noise"] or "nan") for row in csv.DictReader(file)}
    wide, _, last = CONFIG.noise
    assert noise[768] == pytest.approx(wide, abs=0.002)
    assert noise[1024] == (pytest.approx(last) if narrow else pytest.approx(wide, abs=0.002))
