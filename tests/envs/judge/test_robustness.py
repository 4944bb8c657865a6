"""The matrix: that each cell is rolled out under what it says, and that it is the same for a seed."""

import numpy as np
import pytest
import torch

from envs.config import TrackingConfig
from envs.judge.knocks import AFTER, DIRECTIONS, pushed, survive
from envs.judge.robustness import FULL, QUICK, Part, Robustness, Scale, matrix
from sfv.character import load_character

CHARACTER = load_character("humanoid")
TINY = Scale(4, 2, (0.0, 1.0), (50.0, 5000.0), (1.0, 60.0), (0.02, 1.0), {"hands": (0.0, 10.0)}, (0.5, 1.0))


def still(obs: torch.Tensor) -> torch.Tensor:
    return torch.zeros(len(obs), 28)


@pytest.fixture(scope="module")
def judge(wave) -> Robustness:
    return Robustness(still, wave, CHARACTER, TrackingConfig(threads=1, terrain=("rough",)), TINY, seed=1)


def test_every_part_has_its_cells(judge) -> None:
    parts = judge.parts()
    kinds = [part.what for part in parts if part.measure == "terrain"]
    # who stands on the spot meets no stairs, gaps, stones, beam or hurdles
    assert kinds == ["rough", "slope_up", "slope_down", "slope_across", "bumps", "waves"]
    assert [part.name for part in parts if part.measure not in ("terrain", "push")] == [
        "undisturbed", *(f"push along {way}" for way in DIRECTIONS),
        "box", "recovery", "size", "hands", "friction and strength 0",
    ]  # fmt: skip
    assert {part.count for part in parts if part.measure != "undisturbed"} == {8}


def test_a_hard_push_fells_and_a_weak_one_does_not(judge) -> None:
    (part,) = (part for part in judge.parts() if part.name == "push forward")
    found = judge.measure(part)
    # 5000 N for 0.2 s on 45 kg are 22 m/s
    assert found["successes"][1] == 0
    assert found["successes"][0] >= found["successes"][1]
    assert len(found["rollouts"]) == 2


def test_a_reference_goes_along_with_who_is_pushed(judge) -> None:
    part = Part("push along", "left", {"force": [300.0]}, 4)
    env, force = judge.disturbed(part, AFTER), torch.full((4,), 300.0)
    survive(env, still, pushed(env, force, "left", 1), along=True)
    # 300 N for 0.2 s on 45 kg are 1.3 m/s
    assert (env.recovery.shift.norm(dim=-1) > 0.3).all()
    assert env.recovery.lost.tolist() == [0, 0, 0, 0]
    found = judge.measure(part)
    assert len(found["successes"]) == len(found["followed"]) == 1


def test_weak_servos_fall(judge) -> None:
    part = Part("friction and strength", "0", {"friction": [1.0, 1.0], "strength": [0.0, 1.0]}, 4)
    found = judge.measure(part)
    assert found["time_to_fall"][0] < found["time_to_fall"][1]
    assert found["normalised_return"][0] < found["normalised_return"][1]


def test_another_size_is_another_body_doing_the_clip_as_large(judge) -> None:
    (part,) = (part for part in judge.parts() if part.name == "size")
    found, (as_it_is,) = judge.measure(part), (part for part in judge.parts() if part.name == "undisturbed")
    assert len(found["time_to_fall"]) == len(found["rollouts"]) == 2
    # at size 1 it is who the policy is for
    usual = judge.measure(as_it_is)
    np.testing.assert_allclose(found["normalised_return"][1], usual["normalised_return"][0], atol=0.02)
    assert found["normalised_return"][0] != found["normalised_return"][1]


def test_a_part_is_the_same_for_a_seed(judge, wave) -> None:
    (part,) = (part for part in judge.parts() if part.name == "terrain rough")
    other = Robustness(still, wave, CHARACTER, TrackingConfig(threads=2), TINY, seed=1)
    assert judge.measure(part) == other.measure(part)


def test_the_matrix_sums_up() -> None:
    lone = {"rollouts": [4.0], "successes": [3.0], "normalised_return": [0.7], "time_to_fall": [9.0]}
    two = {name: values * 2 for name, values in lone.items()} | {"successes": [4.0, 1.0]}
    found = {
        "terrain rough": {"difficulty": [0.0, 1.0], "size": [2.0, 15.0], **two},
        "terrain waves": {"difficulty": [0.0], "size": [5.0], **lone},
        "undisturbed": {"difficulty": [0.0], **lone},
        "push left": {
            "force": [50.0, 100.0, 200.0, 400.0],
            "rollouts": [64.0] * 4,
            "successes": [64.0, 60.0, 8.0, 0.0],
        },
        "friction and strength 0": {"friction": [0.5, 0.5], "strength": [0.5, 1.0], **two},
        "friction and strength 1": {"friction": [1.0], "strength": [1.0], **lone},
    }
    report = matrix("a matrix", found)
    assert report["success undisturbed"] == 0.75
    assert report["success terrain rough"] == 5 / 8
    assert report["success on terrain"] == (5 / 8 + 3 / 4) / 2
    assert report["friction and strength"] == 8 / 12  # of both parts
    assert report.series["friction and strength"]["success"] == [1.0, 0.25, 0.75]
    assert 100 < report["push left 50 low"] < report["push left 50"] < report["push left 50 high"] < 200
    rough = report.series["terrain rough"]
    for low, share, high in zip(rough["low"], rough["success"], rough["high"], strict=True):
        assert low <= share + 1e-9
        assert share <= high + 1e-9


def test_scales() -> None:
    assert FULL.rollouts >= 64
    assert len(FULL.grid) == 20
    for scale in (FULL, QUICK):
        assert len(scale.forces) >= 6
