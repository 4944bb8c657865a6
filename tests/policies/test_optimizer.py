"""Whose weights are whose, how far Muon moves them, and states that are told apart."""

from dataclasses import replace

import pytest
import torch

from policies.config import TrainConfig
from policies.networks import make_policy
from policies.optimizer import PolicyOptimizer
from sfv.errors import InputError

CONFIG = TrainConfig(learning_rate=1e-3)
OBS, ACTIONS, HIDDEN = 12, 3, (24, 16)


def made(config=CONFIG):
    torch.manual_seed(0)
    policy = make_policy(OBS, ACTIONS, HIDDEN)
    return policy, PolicyOptimizer(policy, config)


def pulled(policy, optimizer, seed):
    """One step by random gradients."""
    generator = torch.Generator().manual_seed(seed)
    for weight in optimizer.weights:
        weight.grad = torch.randn(weight.shape, generator=generator)
    optimizer.step()


def test_muon_moves_hidden_matrices_by_orthogonal_ones_and_adam_the_rest():
    policy, optimizer = made()
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
