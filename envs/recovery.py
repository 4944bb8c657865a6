"""The reference waits for who lost it: it stands still, moved and turned to where the body is, until they are together.

Instead of ending, an episode goes on for a while after the body was knocked away from its reference. Who finds back
goes on with the clip from where it is, facing where it faces. With who is being pushed it goes along, in time. It knows
no rewards and no ground but level.
"""

from collections.abc import Mapping
from dataclasses import replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from envs.config import TrackingConfig
from envs.library import Reference
from sfv import rotation

RECOVERY = "turn", "shift", "lost", "along"
"""What its state holds."""


class Recovery:
    """Where the references of num_envs environments have been moved to, and who has lost theirs.

    Attributes:
        patience: control steps that a reference waits.
        company: control steps that it goes along with who was pushed.
        turn: (n,) rad, from a clip's reference to where it is in the world: x -> R(turn) x + shift.
        shift: (n, 2) m, of the same.
        lost: (n,) long, control steps since body and reference were last together; 0 where they are.
        along: (n,) long, control steps that it still goes along.
    """

    def __init__(self, num_envs: int, patience: int, company: int, device: str) -> None:
        self.patience, self.company = patience, company
        self.turn = torch.zeros(num_envs, device=device)
        self.shift = torch.zeros(num_envs, 2, device=device)
        self.lost = torch.zeros(num_envs, dtype=torch.long, device=device)
        self.along = torch.zeros_like(self.lost)

    @classmethod
    def of(cls, config: TrackingConfig, num_envs: int, device: str) -> "Recovery":
        """As a task's config asks for it."""
        patience, company = (round(seconds * config.control_hz) for seconds in (config.recovery, config.along))
        return cls(num_envs, patience, company, device)

    def start(self, ids: Int[Tensor, "k"]) -> None:
        """Episodes begin in environments `ids`, at the clip's own place."""
        self.turn[ids], self.shift[ids], self.lost[ids], self.along[ids] = 0.0, 0.0, 0, 0

    def moved(self, ref: Reference, ids: Int[Tensor, "k"]) -> Reference:
        """The clip's reference where it is in the world."""
        turn, shift = self.turn[ids], self.shift[ids]
        c, s = torch.cos(turn), torch.sin(turn)

        def turned(points: Tensor, shift: Tensor | float = 0.0) -> Tensor:
            x, y = points[..., 0], points[..., 1]
            shape = (-1,) + (1,) * (x.dim() - 1)
            a, b = c.view(shape), s.view(shape)
            flat = torch.stack((a * x - b * y, b * x + a * y), -1) + shift
            return torch.cat((flat, points[..., 2:]), -1)

        zero = torch.zeros_like(turn)
        about = torch.stack((torch.cos(0.5 * turn), zero, zero, torch.sin(0.5 * turn)), -1)
        facing = rotation.quat_mul(about, ref.qpos[:, 3:7])
        qpos = torch.cat((turned(ref.qpos[:, :3], shift), facing, ref.qpos[:, 7:]), -1)
        qvel = torch.cat((turned(ref.qvel[:, :3]), ref.qvel[:, 3:]), -1)
        return replace(ref, qpos=qpos, qvel=qvel, xpos=turned(ref.xpos, shift[:, None]), com=turned(ref.com, shift))

    def follow(
        self, away: Bool[Tensor, "n"], qpos: Float[Tensor, "k nq"], wanted: Float[Tensor, "k nq"]
    ) -> Bool[Tensor, "n"]:
        """A control step is over: bring the references of those who are away from theirs to their bodies.

        Args:
            away: which of all environments these are, k of them.
            qpos: the bodies of these.
            wanted: their references, where the clips have them.

        Returns:
            Whose reference has waited for longer than `patience`.
        """
        self.lost = torch.where(away, self.lost + 1, 0)
        self.bring(away, qpos, wanted)
        return self.lost > self.patience

    def accompany(self, hit: Bool[Tensor, "n"]) -> Bool[Tensor, "n"]:
        """A control step is over, in which some were pushed or thrown at: with whom references go along now."""
        self.along = torch.where(hit, self.company, (self.along - 1).clamp_min(0))
        return self.along > 0

    def bring(self, who: Bool[Tensor, "n"], qpos: Float[Tensor, "k nq"], wanted: Float[Tensor, "k nq"]) -> None:
        """Put references where their bodies are, facing where those face; k of them, as in `follow`."""
        turn = facing(qpos[:, 3:7], wanted[:, 3:7])
        c, s = torch.cos(turn), torch.sin(turn)
        x, y = wanted[:, 0], wanted[:, 1]
        self.turn[who] = turn
        self.shift[who] = qpos[:, :2] - torch.stack((c * x - s * y, s * x + c * y), -1)

    def state(self) -> dict[str, Tensor]:
        """All that later steps depend on."""
        return {name: getattr(self, name).clone() for name in RECOVERY}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a `state`; those of before references went along lack that."""
        for name in RECOVERY:
            getattr(self, name)[:] = state.get(name, torch.zeros_like(self.along))


def facing(body: Float[Tensor, "n 4"], reference: Float[Tensor, "n 4"]) -> Float[Tensor, "n"]:
    """The turn about z (rad) that brings a reference's root nearest to a body's.

    Of body = q reference, q = (w, x, y, z) is split into a tilt and a turn of 2 atan2(z, w) (swing and twist). It is as
    good for who lies on the back as for who stands; of somebody upside down it says nothing.
    """
    q = rotation.quat_mul(body, rotation.quat_conj(reference))
    return 2.0 * torch.atan2(q[:, 3], q[:, 0])
