"""Beginning from another policy: the first actions are the other's, whatever is seen beside."""

import pytest
import torch

from policies.begin import take_over
from policies.export import DeterministicActor, save_policy
from policies.networks import make_policy
from sfv.errors import InputError


def make(size: int, hidden: tuple[int, ...] = (16, 16)):
    torch.manual_seed(size)
    policy = make_policy(size, 3, hidden)
    policy.normaliser.merge(100, torch.randn(size), torch.rand(size) + 0.5)
    return policy


@pytest.mark.parametrize("more", [0, 5])
def test_the_first_actions_and_values_are_the_other_s(tmp_path, more) -> None:
    other, policy = make(7), make(7 + more)
    save_policy(tmp_path, other, {})
    take_over(policy, tmp_path)
    obs, beside = torch.randn(4, 7), torch.randn(4, more)
    seen = torch.cat((obs, beside), 1)
    torch.testing.assert_close(DeterministicActor(policy)(seen), DeterministicActor(other)(obs))
    values = (p.critic(p.normaliser(o)) for p, o in ((policy, seen), (other, obs)))
    torch.testing.assert_close(*values)
    # and what is new is learnt: its weights have a gradient
    DeterministicActor(policy)(seen).square().sum().backward()
    first = policy.mlp_extractor.policy_net[0].weight.grad
    assert first is not None
    assert (first[:, 7:] != 0).any() == (more > 0)


@pytest.mark.parametrize("other", [make(9), make(7, (8, 8))])
def test_policies_that_do_not_fit(tmp_path, other) -> None:
    save_policy(tmp_path, other, {})
    with pytest.raises(InputError, match="cannot be begun from"):
        take_over(make(7), tmp_path)
