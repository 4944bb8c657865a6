"""Whose weights are whose, how far Muon moves them, and states that are told apart."""

from dataclasses import replace

import pytest
import torch

from policies.config import TrainConfig
from policies.muon import orthogonal
from policies.networks import make_policy
from policies.optimizer import PolicyOptimizer
from sfv.errors import InputError

CONFIG = TrainConfig(learning_rate=1e-3)
OBS, ACTIONS, HIDDEN = 12, 3, (24, 16)


def made(config=CONFIG, half=True):
    torch.manual_seed(0)
    policy = make_policy(OBS, ACTIONS, HIDDEN)
    return policy, PolicyOptimizer(policy, config, half)


def pulled(policy, optimizer, seed):
    """One step by random gradients."""
    generator = torch.Generator().manual_seed(seed)
    for weight in optimizer.weights:
        weight.grad = torch.randn(weight.shape, generator=generator)
    optimizer.step()


@pytest.mark.parametrize("half", [True, False])
def test_muon_moves_hidden_matrices_by_orthogonal_ones_and_adam_the_rest(half):
    policy, optimizer = made(half=half)
    before = {name: p.detach().clone() for name, p in policy.named_parameters()}
    pulled(policy, optimizer, 1)
    moved = {name: p.detach() - before[name] for name, p in policy.named_parameters()}
    matrices = {name for name, p in policy.mlp_extractor.named_parameters(prefix="mlp_extractor") if p.ndim == 2}
    assert len(matrices) == 4  # two layers of actor and critic
    for name in matrices:
        rows, columns = moved[name].shape
        # Adam's step x 15 x sqrt(rows / columns) for what has more rows; Newton and Schulz come to 1 within .5
        length = 1e-3 * 15.0 * max(1.0, rows / columns) ** 0.5
        sizes = torch.linalg.svdvals(moved[name]) / length
        assert 0.5 < float(sizes.min()) <= float(sizes.max()) < 1.5, name
    for name in moved.keys() - matrices - {"log_std"}:
        # Adam's first step is its step size, whatever the gradient
        torch.testing.assert_close(moved[name].abs(), torch.full_like(moved[name], 1e-3), rtol=1e-3, atol=1e-6)
    assert not moved["log_std"].any()  # the learner sets the noise


def test_adam_alone_is_torch_s():
    (policy, optimizer), (other, _) = made(replace(CONFIG, optimizer="adam")), made()
    theirs = torch.optim.Adam([p for p in other.parameters() if p.requires_grad], lr=1e-3)
    for seed in range(3):
        pulled(policy, optimizer, seed)
        for mine, weight in zip(optimizer.weights, (p for p in other.parameters() if p.requires_grad), strict=True):
            weight.grad = mine.grad
        theirs.step()
    assert all(torch.equal(a, b) for a, b in zip(policy.parameters(), other.parameters(), strict=True))


def test_one_step_size():
    policy, optimizer = made()
    optimizer.step_size = 4e-4
    assert optimizer.step_size == 4e-4
    before = policy.mlp_extractor.policy_net[2].weight.detach().clone()  # 16 x 24
    pulled(policy, optimizer, 1)
    sizes = torch.linalg.svdvals(policy.mlp_extractor.policy_net[2].weight.detach() - before) / (15.0 * 4e-4)
    assert 0.5 < float(sizes.min()) <= float(sizes.max()) < 1.5


@pytest.mark.parametrize("kind", ["muon", "adam"])
def test_a_state_carries_every_momentum(kind):
    (policy, optimizer), (other, resumed) = made(replace(CONFIG, optimizer=kind)), made(replace(CONFIG, optimizer=kind))
    for seed in range(3):
        pulled(policy, optimizer, seed)
    state = {name: tensor.clone() for name, tensor in optimizer.state().items()}
    other.load_state_dict(policy.state_dict())
    resumed.restore(state | {"obs": torch.zeros(2)})
    pulled(policy, optimizer, 7)
    pulled(other, resumed, 7)
    assert all(torch.equal(a, b) for a, b in zip(policy.parameters(), other.parameters(), strict=True))


@pytest.mark.parametrize(("then", "now"), [("adam", "muon"), ("muon", "adam")])
def test_a_training_of_the_other_optimizer_is_refused(then, now):
    policy, begun = made(replace(CONFIG, optimizer=then))
    pulled(policy, begun, 1)
    _, optimizer = made(replace(CONFIG, optimizer=now))
    with pytest.raises(InputError, match=f"begun with the optimizer {then} .* say --optimizer {then}"):
        optimizer.restore(begun.state())


def test_in_float32_it_is_torch_s_muon_but_for_rounding():
    (policy, optimizer), (other, theirs) = made(half=False), made(half=True)
    for seed in range(3):
        pulled(policy, optimizer, seed)
        pulled(other, theirs, seed)
    state, wanted = optimizer.state(), theirs.state()
    assert state.keys() == wanted.keys()
    assert all(torch.equal(state[name], wanted[name]) for name in state)  # momenta do not depend on the rounding
    for name, weight in policy.named_parameters():
        # elements moved by up to .025 in three steps, each with roundings to 2^-8 on its way
        torch.testing.assert_close(weight, other.get_parameter(name), rtol=0, atol=1e-3, msg=name)
        if "mlp_extractor" not in name or weight.ndim < 2:
            assert torch.equal(weight, other.get_parameter(name)), name


@pytest.mark.parametrize("shape", [(16, 24), (24, 16), (1, 8)])
def test_orthogonal_matrices(shape):
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(2))
    made_so = orthogonal(matrix, (3.4445, -4.7750, 2.0315), 5)
    left, _, right = torch.linalg.svd(matrix, full_matrices=False)
    turned = left.T @ made_so @ right.T  # diagonal: the same singular vectors
    torch.testing.assert_close(turned, torch.diag(turned.diagonal()), atol=1e-4, rtol=0)
    assert (turned.diagonal() > 0.5).all()
    assert (turned.diagonal() < 1.5).all()
    torch.testing.assert_close(orthogonal(1e3 * matrix, (3.4445, -4.7750, 2.0315), 5), made_so)  # lengths do not matter
