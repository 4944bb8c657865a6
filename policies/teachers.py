"""Policies of single clips as the teacher of one policy of them all.

It knows no algorithm and no environment, only which clip each environment is in.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from policies.export import DeterministicActor


class Teachers:
    """Answers what is observed in each environment as the policy of its clip does. A `sfv.interfaces.Policy`.

    Args:
        actors: one per clip, of the same observations and actions.
        clip: (n,) long, the clip that each environment is in now; the environment's own tensor, which it changes.
    """

    def __init__(self, actors: Sequence[DeterministicActor], clip: Int[Tensor, "n"]) -> None:
        self.actors, self.clip = [actor.to(clip.device) for actor in actors], clip

    @torch.no_grad()
    def __call__(self, obs: Float[Tensor, "n o"]) -> Float[Tensor, "n a"]:
        """The action of each environment's own teacher."""
        out: Tensor | None = None
        for index, actor in enumerate(self.actors):
            mine = (self.clip == index).nonzero()[:, 0]
            if len(mine):
                answer = actor(obs[mine])
                out = obs.new_zeros(len(obs), answer.shape[1]) if out is None else out
                out[mine] = answer
        assert out is not None, "every environment is in a clip"
        return out
