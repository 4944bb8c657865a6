"""Beginning where another policy ended: its weights and its normaliser, also where the task shows more than it saw.

What both see is matched by name. What is new among the observations has weights of zero, so the first action is the
other's.
"""

from collections.abc import Sequence
from itertools import groupby, product
from pathlib import Path

import torch

from policies.export import load_policy
from policies.networks import TrackingPolicy
from sfv.errors import InputError, blamed

NORMALISER = "features_extractor."
"""Where Stable-Baselines3's policy keeps the moments of the observations."""
NEW_STD = 0.1
"""Standard deviation that new observations are normalised by at first: heights of ground, m."""
LAST = "goal."
"""How the last names begin of what every policy observes; after them stands what is shown where that is asked for."""


@torch.no_grad()
def take_over(policy: TrackingPolicy, path: Path, names: Sequence[str] = ()) -> None:
    """Give `policy` the weights of the one at `path` (a folder or a policy.safetensors).

    `names` are those of what it observes; without them, what is new is taken for the last.

    Raises:
        InputError: there is none, or it is of other layers, actions, or more observations.
    """
    actor, about = load_policy(path)
    mine, theirs = policy.state_dict(), actor.policy.state_dict()
    before, now = len(theirs[NORMALISER + "mean"]), len(mine[NORMALISER + "mean"])
    with blamed(f"{path} is damaged", "train it again"):
        seen = _seen(names, about.get("observation", ()), before) if now > before else []
    for name, tensor in theirs.items():
        wide = mine[name]
        if tensor.shape == wide.shape:
            wide.copy_(tensor)
        elif seen and tensor.shape[-1] == before and wide.shape == (*tensor.shape[:-1], now):
            wide.fill_(NEW_STD**2 if name.endswith("var") else 0.0)
            wide[..., seen] = tensor
        else:
            raise InputError(
                f"{path} cannot be begun from: its {name} is {tuple(tensor.shape)} and that of the new policy "
                f"{tuple(wide.shape)}; take a policy of the same character and --hidden"
            )
    policy.load_state_dict(mine)


def _seen(names: Sequence[str], theirs: Sequence[str], count: int) -> list[int]:
    """Places among `names` of the `count` things that another policy observes, `theirs` by name; empty if it sees
    something else.

    Policies of before 0.2.0 do not say what they observe: it is what every policy does, and whole groups of the rest.
    """
    if not names:
        return list(range(count))
    if theirs:
        place = {name: index for index, name in enumerate(names)}
        known = len(theirs) == count and all(name in place for name in theirs)
        return [place[name] for name in theirs] if known else []
    end = 1 + max((index for index, name in enumerate(names) if name.startswith(LAST)), default=-1)
    rest = [list(group) for _, group in groupby(range(end, len(names)), lambda index: names[index].partition(".")[0])]
    for chosen in product((True, False), repeat=len(rest)):
        found = [*range(end), *(index for group, takes in zip(rest, chosen, strict=True) if takes for index in group)]
        if len(found) == count:
            return found
    return []
