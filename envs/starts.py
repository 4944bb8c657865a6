"""Where episodes start: distributions over moments of the reference (reference state initialisation).

Each yields clips and ticks for n new episodes, and how far from the reference these begin; `failed` tells it where
episodes ended in failure, `earned` what each step was worth. None of them knows the simulator or the learner.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from envs.library import TICKS, MotionLibrary

BIN = TICKS // 10
"""Ticks per bin of the failure distribution: 0.1 s."""
UNIFORM_SHARE = 0.5
"""The part of starts that stays uniform, so that no moment is ever forgotten."""
EARLIER = 3 * TICKS // 2
"""Episodes that are to pass a moment of failure start up to this many ticks (1.5 s) before it, since its cause lies
before it: a landing fails by its take-off. A demo's jump was landed in .99 of 128 tries instead of .68 with 0.3 s."""
EARLIER_LOOP = 3 * TICKS // 10
"""The same for loops (0.3 s), whose cycles are about as long as the other: starts would be uniform again."""
FIRST_SHARE = 0.25
"""The part of the starts in clips without a loop that is the first frame, from where such a clip is performed: what a
policy meets late in it is what its own early part led to, which starts in the middle never show."""
FIRST_SHARE_LOOP = 0.125
"""The same for loops: without it a cartwheel fell in its first cycle in half of the tries from the first frame, and
hardly in later ones."""
FORGET = 0.995
"""Factor on the failure counts per call of `failed`."""


class FixedStart:
    """Every episode starts at its clip's first frame."""

    weight: Tensor | None = None
    """(num_envs,) importance weights of the episodes in progress; None stands for ones."""

    def __init__(self, library: MotionLibrary, num_envs: int = 0) -> None:
        self.library, self.num_envs = library, num_envs

    def sample(self, n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """(n,) clips and (n,) ticks."""
        clip = torch.randint(self.library.num_clips, (n,), generator=generator, device=generator.device)
        return clip, torch.zeros_like(clip)

    def begin(self, ids: Tensor, clip: Tensor, tick: Tensor, generator: torch.Generator) -> Tensor | None:
        """How far from the reference the episodes in environments `ids` begin: (n, 2 nv), or None for not at all."""
        return None

    def failed(self, clip: Tensor, tick: Tensor) -> None:
        """Failures change nothing."""

    def earned(self, reward: Float[Tensor, "n"], terminated: Bool[Tensor, "n"], truncated: Bool[Tensor, "n"]) -> None:
        """What a step was worth, and which episodes it ended, changes nothing."""

    def state(self) -> Tensor:
        """Nothing to keep."""
        return torch.zeros(0)

    def restore(self, state: Tensor) -> None:
        """Nothing to go on from."""


class RandomStart(FixedStart):
    """Uniform over all moments of all clips (RSI, DeepMimic section 6.1)."""

    def sample(self, n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """(n,) clips and (n,) ticks."""
        library = self.library
        moment = (torch.rand(n, generator=generator, device=generator.device) * library.ticks.sum()).long()
        edges = library.ticks.cumsum(0)
        clip = torch.searchsorted(edges, moment, right=True).clamp_max(library.num_clips - 1)
        return clip, moment - (edges[clip] - library.ticks[clip])


class FailureStart(RandomStart):
    """Half uniform, half in proportion to recent failures per 0.1 s, started up to 1.5 s earlier (loops: 0.3 s).

    Of either half, a quarter of the starts (loops: an eighth) is moved to the clip's first frame.
    """

    def __init__(self, library: MotionLibrary, num_envs: int = 0) -> None:
        super().__init__(library, num_envs)
        self.bins = torch.div(library.ticks + BIN - 1, BIN, rounding_mode="floor")
        self.first = self.bins.cumsum(0) - self.bins
        self.count = torch.zeros(int(self.bins.sum()), device=self.bins.device)

    def sample(self, n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """(n,) clips and (n,) ticks."""
        clip, tick = super().sample(n, generator)
        if float(self.count.sum()) <= 0:
            return clip, tick
        hard = torch.multinomial(self.count, n, replacement=True, generator=generator)
        hard_clip = torch.searchsorted(self.first, hard, right=True) - 1
        failure = (hard - self.first[hard_clip]) * BIN + BIN
        ticks, loop = self.library.ticks[hard_clip], self.library.loop[hard_clip]
        most = torch.where(loop, EARLIER_LOOP, EARLIER)
        early = (torch.rand(n, generator=generator, device=generator.device) * most).long()
        held = (failure - early).clamp_min(0).minimum(ticks - 1)
        hard_tick = torch.where(loop, (failure - early) % ticks, held)
        pick = torch.rand(n, generator=generator, device=generator.device)
        clip = torch.where(pick < UNIFORM_SHARE, clip, hard_clip)
        tick = torch.where(pick < UNIFORM_SHARE, tick, hard_tick)
        share = torch.where(self.library.loop[clip], FIRST_SHARE_LOOP, FIRST_SHARE)
        first = pick % UNIFORM_SHARE < share * UNIFORM_SHARE
        return clip, torch.where(first, 0, tick)

    def failed(self, clip: Tensor, tick: Tensor) -> None:
        """Count failures at these moments of the clips."""
        self.count *= FORGET
        ticks = self.library.ticks[clip]
        local = torch.where(self.library.loop[clip], tick % ticks, torch.minimum(tick, ticks - 1))
        where = self.first[clip] + torch.div(local, BIN, rounding_mode="floor")
        self.count.index_add_(0, where, torch.ones_like(where, dtype=self.count.dtype))

    def state(self) -> Tensor:
        """The failure counts."""
        return self.count.clone()

    def restore(self, state: Tensor) -> None:
        """Go on from earlier counts."""
        self.count = state.clone().to(self.count.device)


STARTS: dict[str, type[FixedStart]] = {"fixed": FixedStart, "random": RandomStart, "failures": FailureStart}
"""Those that learn nothing; `envs.adaptive` adds to them."""
