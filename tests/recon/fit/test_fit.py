import numpy as np
import pytest
import torch

from recon.fit.fit import Pinhole, Stiffness, candidate, fit
from recon.fit.scaled_body import ScaledBody

STIFF = Stiffness(1000.0, 100.0, (0,))


@pytest.fixture(scope="module")
def body(humanoid):
    return ScaledBody(humanoid)


def start_and_goal(body, jump):
    pinhole = Pinhole(*(torch.tensor(v).double() for v in (1000.0, 0.0, 0.0, 1.0, 0.0)))
    goal = candidate(body, torch.tensor(jump.qpos[:20]), pinhole, body.unscaled())
    generator = torch.Generator().manual_seed(0)
    away = 0.2 * torch.randn(1, body.model.nv, generator=generator, dtype=torch.float64)
    return candidate(body, body.moved(goal.qpos, away.expand(20, -1)), pinhole, body.unscaled()), goal


def test_finds_the_motion_that_fits(body, jump):
    start, goal = start_and_goal(body, jump)

    def misfit(x):
        return 1e3 * (x.placed.landmarks - goal.placed.landmarks).square().sum(-1).mean()

    steps = []
    found = fit(body, start, {"misfit": (misfit, 1.0)}, 30.0, 50, STIFF, advance=steps.append)
    assert float(misfit(found)) < 1e-3 * float(misfit(start))
    assert 0 < sum(steps) <= 60
    norms = found.qpos[:, 3:7].norm(dim=-1)
    np.testing.assert_allclose(norms, 1.0)


def test_keeps_what_is_not_free(body, jump):
    start, goal = start_and_goal(body, jump)

    def misfit(x):
        return 1e3 * (x.placed.landmarks - goal.placed.landmarks).square().mean() + (x.pinhole.height - 2.0) ** 2

    held = fit(body, start, {"misfit": (misfit, 1.0)}, 30.0, 10, STIFF)
    assert torch.equal(held.pinhole.height, start.pinhole.height)
    freed = fit(body, start, {"misfit": (misfit, 1.0)}, 30.0, 40, STIFF, free=("height",))
    assert abs(float(freed.pinhole.height) - 2.0) < 0.02


def test_the_same_twice(body, jump):
    start, goal = start_and_goal(body, jump)

    def misfit(x):
        return (x.placed.landmarks - goal.placed.landmarks).square().mean()

    first, second = (fit(body, start, {"misfit": (misfit, 1e3)}, 30.0, 10, STIFF).qpos for _ in range(2))
    assert torch.equal(first, second)
