"""Beginning where another policy ended: its weights and its normaliser, also where the task shows more than it saw.

What is new among the observations stands at their end and has weights of zero, so the first action is the other's.
"""

from pathlib import Path

import torch

from policies.export import load_policy
from policies.networks import TrackingPolicy
from sfv.errors import InputError

NORMALISER = "features_extractor."
"""Where Stable-Baselines3's policy keeps the moments of the observations."""
NEW_STD = 0.1
"""Standard deviation that new observations are normalised by at first: heights of ground, m."""


@torch.no_grad()
def take_over(policy: TrackingPolicy, path: Path) -> None:
    """Give `policy` the weights of the one at `path` (a folder or a policy.safetensors).

    Raises:
        InputError: there is none, or it is of other layers, actions, or more observations.
    """
    other = load_policy(path)[0].policy
    mine, theirs = policy.state_dict(), other.state_dict()
    before, now = len(theirs[NORMALISER + "mean"]), len(mine[NORMALISER + "mean"])
    for name, tensor in theirs.items():
        wide = mine[name]
        if tensor.shape == wide.shape:
            wide.copy_(tensor)
        elif now > before and tensor.shape[-1] == before and wide.shape == (*tensor.shape[:-1], now):
            wide[..., :before] = tensor
            wide[..., before:] = NEW_STD**2 if name.endswith("var") else 0.0
        else:
            raise InputError(
                f"{path} cannot be begun from: its {name} is {tuple(tensor.shape)} and that of the new policy "
                f"{tuple(wide.shape)}; take a policy of the same character and --hidden"
            )
    policy.load_state_dict(mine)
