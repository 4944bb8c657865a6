"""The loop: a fit that was killed is the same, the average is an average, and it ends when nothing is gained."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from sfv.priors.fitting import Fit, FitConfig, Objective, fit
from sfv.work.tensors import load_tensors, save_tensors


class Line(nn.Module):
    """y = 2 x + 1 to be found, with dropout and a hidden matrix, so that both optimisers and chance are there."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([nn.Linear(1, 8), nn.Linear(8, 8)])
        self.last = nn.Linear(8, 1)

    def forward(self, x: Tensor) -> Tensor:
        hidden = torch.relu(self.blocks[1](torch.relu(self.blocks[0](x))))
        out: Tensor = self.last(nn.functional.dropout(hidden, 0.1, self.training))
        return out


def objective(network: Line, held: bool = False) -> Objective[Tensor]:
    def loss(x: Tensor) -> Tensor:
        return (network(x) - (2.0 * x + 1.0)).square().mean()

    x = torch.linspace(-1, 1, 32)[:, None]
    draw = lambda generator, count: 2.0 * torch.rand(count, 1, generator=generator) - 1.0  # noqa: E731
    return Objective(draw, loss, (lambda: float(loss(x).detach())) if held else None)


def made() -> Line:
    torch.manual_seed(0)
    return Line()


CONFIG = FitConfig(steps=60, batch=32, rate=0.02, warm=5, decay=0.9, every=10, patience=3)


def test_a_fit_finds_the_line() -> None:
    network = made()
    before = objective(network, True).held()  # type: ignore[misc]
    error = fit(network, objective(network, True), FitConfig(150, 32, 0.03, 5, 0.95, 50, 9), "line")
    assert error < 0.01 < 0.5 < before
    assert error == pytest.approx(objective(network, True).held(), rel=1e-5)  # type: ignore[misc]


def test_a_fit_that_was_killed_goes_on_bit_for_bit(tmp_path: Path) -> None:
    whole, stopped = made(), made()
    first, second = Fit(whole, objective(whole, True), CONFIG), Fit(stopped, objective(stopped, True), CONFIG)
    for _ in range(40):
        first.step()
    for _ in range(20):
        second.step()
    save_tensors(tmp_path / "state.safetensors", second.state(), {})
    fresh = made()
    third = Fit(fresh, objective(fresh, True), CONFIG)
    third.restore(load_tensors(tmp_path / "state.safetensors", "")[0])
    for _ in range(20):
        third.step()
    assert third.state().keys() == first.state().keys()
    for name, tensor in first.state().items():
        assert torch.equal(tensor, third.state()[name]), name


def test_the_callers_chance_is_left_alone() -> None:
    network = made()
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    fit(network, objective(network), FitConfig(steps=3, batch=4), "line")
    assert torch.equal(torch.rand(3), expected)


def test_it_ends_when_held_out_windows_gain_nothing() -> None:
    network = made()
    worse = iter(range(100))
    told = Objective(objective(network).draw, objective(network).loss, lambda: float(next(worse)))
    making = Fit(network, told, CONFIG)
    steps = 0
    while not making.over:
        making.step()
        steps += 1
    # the first look, after 10 steps, is the best; three more gain nothing
    assert steps == 40
    assert making.finish() == 0.0


def test_the_average_is_one() -> None:
    network = made()
    making = Fit(network, objective(network), FitConfig(steps=30, batch=8, decay=0.5, warm=1))
    bias = []
    for _ in range(12):
        making.step()
        bias.append(network.last.bias.detach().clone())
    expected = bias[0].new_zeros(1) + made().last.bias.detach()
    for done, value in enumerate(bias):
        decay = min(0.5, (1 + done) / (10 + done))
        expected = decay * expected + (1 - decay) * value
    torch.testing.assert_close(making.average["last.bias"], expected)


def test_what_another_fit_left_is_not_gone_on_from(tmp_path: Path) -> None:
    path = tmp_path / "line.safetensors"
    network = made()
    making = Fit(network, objective(network), CONFIG)
    making.step()
    save_tensors(path, making.state(), {"fit": "another"})
    steps = []
    other = made()
    fit(other, objective(other), CONFIG, "line", lambda count, text=None: steps.append(count), tmp_path)
    assert len(steps) == CONFIG.steps
    # what is done is not done again, as when the second of two fits was killed
    again, once = made(), []
    fit(again, objective(again), CONFIG, "line", lambda count, text=None: once.append(count), tmp_path)
    assert once == [CONFIG.steps]
    assert torch.equal(again.last.weight, other.last.weight)
