"""Priors that go frame by frame: steps by hand, streams, and what long ones do on gaits."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from sfv.character import Character
from sfv.interfaces import Condition, MotionController, Take
from sfv.priors.dataset import MotionDataset
from sfv.priors.gaits import takes
from sfv.priors.rows import fit_to
from sfv.priors.stepwise import motion_vae, regression
from sfv.priors.stepwise.motion_vae import Blended, MotionVae, VaeConfig
from sfv.priors.stepwise.regression import NetworkConfig, Regressor
from sfv.priors.stepwise.rollout import STEERING, Network, rolled, steered
from sfv.priors.stepwise.stepping import Going, Starts, Steer, Stepwise, along
from sfv.priors.text import embedded

WALK = "a person walks forward"
STRAIGHT = np.array(((0.0, 0.0), (4.0, 0.0)))


class Counter(Network):
    """Makes rows one higher, and tells how often it was asked."""

    config = None

    def step(
        self,
        now: Tensor,
        change: Tensor,
        steering: Tensor,
        memory: Tensor | None,
        truth: Tensor | None = None,
        generator: torch.Generator | None = None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        memory = torch.zeros(len(now), 1) if memory is None else memory
        return now + 1.0, memory + 1.0, torch.tensor(0.5)


def test_it_goes_on_from_true_rows_or_from_its_own() -> None:
    z = torch.tensor((0.0, 10.0, 20.0, 30.0, 40.0))[None, :, None]
    steering = lambda t: torch.zeros(1, STEERING)  # noqa: E731
    taught, cost = rolled(Counter(), z, steering, torch.zeros(1, 1))
    assert taught.flatten().tolist() == [11.0, 21.0, 31.0]
    assert cost == pytest.approx(0.5)
    alone, _ = rolled(Counter(), z, steering, torch.ones(1, 1))
    assert alone.flatten().tolist() == [11.0, 12.0, 13.0]


def test_experts_are_blended_before_anything_bends() -> None:
    torch.manual_seed(0)
    layer, x, gate = Blended(3, 5, 4), torch.randn(6, 5), torch.randn(6, 3).softmax(-1)
    torch.nn.init.normal_(layer.bias)
    for sample in range(6):
        weight = (gate[sample, :, None, None] * layer.weight).sum(0)
        bias = (gate[sample, :, None] * layer.bias).sum(0)
        torch.testing.assert_close(layer(x, gate)[sample], weight @ x[sample] + bias)


def test_what_the_encoder_saw_comes_back_and_chance_is_the_generators() -> None:
    torch.manual_seed(0)
    network = MotionVae(VaeConfig(width=16, latent=4, experts=2), 6).eval()
    now, change, steering = torch.randn(3, 6), torch.randn(3, 6), torch.randn(3, STEERING)
    row, memory, penalty = network.step(now, change, steering, None, now + change)
    assert row.shape == now.shape
    assert memory is None
    assert penalty > 0.0
    drawn = [network.step(now, change, steering, None, None, torch.Generator().manual_seed(s))[0] for s in (1, 1, 2)]
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.allclose(drawn[0], drawn[2])


def test_a_regressor_with_memory_minds_what_was_and_one_without_does_not() -> None:
    torch.manual_seed(0)
    now, change, steering = torch.randn(2, 6), torch.randn(2, 6), torch.randn(2, STEERING)
    plain = Regressor(NetworkConfig(width=16, memory=0), 6)
    assert plain.step(now, change, steering, None)[1] is None
    recurrent = Regressor(NetworkConfig(width=16, memory=8), 6)
    first, memory, _ = recurrent.step(now, change, steering, None)
    second, _, _ = recurrent.step(now, change, steering, memory)
    assert not torch.allclose(first, second)


def test_rates_that_nobody_gave_are_said_to_be_none() -> None:
    text = torch.randn(2, 512)
    assert steered(text, None)[:, 512:].tolist() == [[0.0] * 4] * 2
    assert steered(text, torch.full((2, 3), 2.0))[:, 512:].tolist() == [[2.0, 2.0, 2.0, 1.0]] * 2


def test_a_path_says_how_fast_and_where_to() -> None:
    # 4 m in 4 s along x; the horizon is 16 frames of 30, .533 s
    on = along(STRAIGHT, 4.0, 1.0, np.array((1.0, 0.0, 0.0)), 30.0)
    np.testing.assert_allclose(on, (0.0, 1.0, 0.0), atol=1e-9)
    # .2 m to the left of it, and facing left: it has to go right, seen from it .2 / .533 back and 1 m/s to the right
    off = along(STRAIGHT, 4.0, 1.0, np.array((1.0, 0.2, np.pi / 2)), 30.0)
    np.testing.assert_allclose(off, (-np.pi / 2 / (16 / 30), -0.2 / (16 / 30), -1.0), atol=1e-9)


def test_starts_are_those_that_go_with_the_sentence(dataset: MotionDataset) -> None:
    starts = Starts.of(dataset)
    ahead, back = (embedded([f"a person walks {way}"])[0] for way in ("forward", "backward"))
    speed = dataset.normaliser.back(starts.drawn(ahead, 8, torch.Generator().manual_seed(0))[:, 1])[:, 1]
    assert speed.mean() > 0.4  # m/s; the hips of such a gait all but stop twice a cycle
    assert speed.min() > -0.3
    speed = dataset.normaliser.back(starts.drawn(back, 8, torch.Generator().manual_seed(0))[:, 1])[:, 1]
    assert speed.mean() < -0.4
    assert speed.max() < 0.3


def hurried(name: str, gaits: list[Take], humanoid: Character, steps: int = 2) -> Stepwise:
    module: Any = {"motion-vae": motion_vae, "regression": regression}[name]
    config = module.SIZES["tiny"]
    parts = {part: replace(getattr(config, part), steps=steps) for part in ("taught", "mixed", "alone")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(module.SIZES, "tiny", replace(config, **parts))
        prior = fit_to(name, gaits, humanoid, "tiny")
    assert isinstance(prior, Stepwise)
    return prior


@pytest.mark.parametrize("name", ["motion-vae", "regression"])
def test_it_streams_what_it_samples(name: str, gaits: list[Take], humanoid: Character) -> None:
    prior = hurried(name, gaits, humanoid)
    condition = Condition(text="a person walks forward", seconds=1.0)
    (sampled,) = prior.sample(condition, 5, 1)
    walker = prior.controller(condition)
    assert isinstance(walker, MotionController)
    states = [walker.start(5)]
    while len(states) < 31:
        states.append(walker.step(states[-1], Steer(walker.text)))
    streamed = walker.motion(states)
    np.testing.assert_array_equal(streamed.qpos, sampled.qpos)
    # where the controller says that it is, the motion is
    np.testing.assert_allclose(states[-1].place[0, :2], streamed.qpos[-1, :2], atol=1e-5)
    # a path makes it another
    (along_path,) = prior.sample(replace(condition, path=STRAIGHT), 5, 1)
    assert not np.array_equal(along_path.qpos, sampled.qpos)


# ---- what they learn


@pytest.fixture(scope="module")
def learnt(humanoid: Character) -> dict[str, Stepwise]:
    """Both, fitted to sixteen gaits of 3 s."""
    out = {}
    for name in ("motion-vae", "regression"):
        prior = fit_to(name, takes(humanoid, 16, 3.0), humanoid, "tiny")
        assert isinstance(prior, Stepwise)
        out[name] = prior
    return out


def gone(prior: Stepwise, seconds: float, steers: list[Steer], same: bool) -> list[Going]:
    """States of eight motions; from one start where they are to be the same."""
    walker = prior.controller(Condition(text=WALK), 8)
    state = walker.start(0)
    if same:
        state = replace(state, now=state.now[:1].expand(8, -1), change=state.change[:1].expand(8, -1))
    states = [state]
    while len(states) <= 30 * seconds:
        states.append(walker.step(states[-1], steers))
    return states


@pytest.mark.slow
def test_a_long_walk_stays_a_walk(learnt: dict[str, Stepwise]) -> None:
    # 20 s of what saw windows of 1 s; gaits are .82 to .88 m high, and their joints go at .23 rad/s in the mean
    for motion in learnt["motion-vae"].sample(Condition(text=WALK, seconds=20.0), 0, 8):
        assert 0.75 < motion.qpos[:, 2].min() < motion.qpos[:, 2].max() < 0.95
        assert np.linalg.norm(motion.qpos[-1, :2]) > 4.0
        assert np.abs(np.diff(motion.qpos[:, 7:], axis=0)).mean() * 30 > 0.05


@pytest.mark.slow
def test_only_one_of_them_goes_several_ways_from_one_start(learnt: dict[str, Stepwise]) -> None:
    still = Steer(embedded([WALK])[0])
    spread = {name: gone(prior, 4.0, [still] * 8, True)[-1].place[:, :2].std(0).max() for name, prior in learnt.items()}
    assert spread["motion-vae"] > 0.2  # m, after 3.5 m
    assert spread["regression"] < 1e-4


@pytest.mark.slow
def test_it_turns_as_it_is_steered(learnt: dict[str, Stepwise]) -> None:
    turns = np.linspace(-0.7, 0.7, 8)
    steers = [Steer(embedded([WALK])[0], np.array((turn, 1.1, 0.0))) for turn in turns]
    states = gone(learnt["motion-vae"], 3.0, steers, False)
    turned = (states[-1].place[:, 2] - states[30].place[:, 2]) / 2.0
    assert np.corrcoef(turns, turned)[0, 1] > 0.9
