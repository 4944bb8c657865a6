"""What tests of the task share."""

from collections.abc import Callable

import pytest
import torch

from envs.tracking import TrackingEnv
from sfv.interfaces import Step


@pytest.fixture(scope="session")
def goes_on() -> Callable[..., list[Step]]:
    """A check: another task goes on from the state of a first one, and does what that does, to the bit."""

    def check(
        env: TrackingEnv, other: TrackingEnv, steps: int = 12, size: float = 1.0, between: Callable[[], object] = int
    ) -> list[Step]:
        """All steps of `env`: so many before the other begins, and as many after; actions have that size."""
        generator = torch.Generator().manual_seed(0)
        actions = [size * torch.randn(env.num_envs, env.action_size, generator=generator) for _ in range(2 * steps)]
        taken = [env.step(action) for action in actions[:steps]]
        between()
        kept = env.state()
        later = [env.step(action) for action in actions[steps:]]
        other.restore(kept)
        for a, action in zip(later, actions[steps:], strict=True):
            b = other.step(action)
            for name in ("obs", "reward", "terminated", "truncated"):
                assert torch.equal(getattr(a, name), getattr(b, name)), name
        return taken + later

    return check
