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


KINDS = {"r": 2, "goal": 3, "ground": 4, "ahead": 2, "box": 3}


def names(*kinds: str) -> list[str]:
    return [f"{kind}.{index}" for kind in kinds for index in range(KINDS[kind])]


@pytest.mark.parametrize("said", [True, False])
@pytest.mark.parametrize(
    ("before", "now"),
    [
        ((), ("ahead",)),
        (("ahead",), ("ground", "ahead")),
        (("ground",), ("ground", "ahead")),
        (("box",), ("ground", "box")),
        (("ahead", "box"), ("ground", "ahead", "box")),
    ],
)
def test_what_both_see_is_matched_by_name(tmp_path, said, before, now) -> None:
    theirs, mine = names("r", "goal", *before), names("r", "goal", *now)
    other, policy = make(len(theirs)), make(len(mine))
    save_policy(tmp_path, other, {"observation": theirs} if said else {})
    take_over(policy, tmp_path, mine)
    obs = torch.randn(4, len(mine))
    seen = obs[:, [mine.index(name) for name in theirs]]
    torch.testing.assert_close(DeterministicActor(policy)(obs), DeterministicActor(other)(seen))


def test_a_policy_that_sees_what_the_task_does_not_show(tmp_path) -> None:
    theirs, mine = names("r", "goal", "box"), names("r", "goal", "ground")
    save_policy(tmp_path, make(len(theirs)), {"observation": theirs})
    with pytest.raises(InputError, match="cannot be begun from"):
        take_over(make(len(mine)), tmp_path, mine)
    save_policy(tmp_path, make(len(theirs)), {"observation": mine[:2]})
    with pytest.raises(InputError, match="cannot be begun from"):
        take_over(make(len(mine)), tmp_path, mine)
    save_policy(tmp_path, make(len(theirs)), {"observation": [[]]})
    with pytest.raises(InputError, match=r"cannot be begun from|damaged"):
        take_over(make(len(mine)), tmp_path, mine)


@pytest.mark.parametrize("other", [make(9), make(7, (8, 8))])
def test_policies_that_do_not_fit(tmp_path, other) -> None:
    save_policy(tmp_path, other, {})
    with pytest.raises(InputError, match="cannot be begun from"):
        take_over(make(7), tmp_path)
