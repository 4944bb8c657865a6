"""Parts of a body in each other: depths against MuJoCo's own distances, and the term that drives them apart."""

import mujoco
import numpy as np
import pytest
import torch

from recon.fit import terms
from recon.fit.fit import Pinhole, candidate
from recon.fit.scaled_body import ScaledBody
from recon.fit.solids import Solids, segment_distance
from sfv.check.anatomy import solid_pairs

PINHOLE = Pinhole(*(torch.tensor(v).double() for v in (1000.0, 0.0, 0.0, 1.0, 0.0)))


@pytest.fixture(scope="module")
def body(humanoid):
    return ScaledBody(humanoid)


@pytest.fixture(scope="module")
def crumpled(humanoid):
    """(200, nq) poses with every joint turned at random, far beyond what a body can do."""
    rng, model = np.random.default_rng(0), humanoid.model
    out = np.tile(model.qpos0, (200, 1))
    for qpos in out:
        mujoco.mj_integratePos(model, qpos, np.r_[np.zeros(6), rng.normal(0.0, 1.2, model.nv - 6)], 1.0)
    return out


def test_segment_distance_is_that_of_the_nearest_samples():
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 300, 2, 3))
    b[:20] = a[:20] + np.array([0.0, 0.0, 0.5])  # parallel
    a[20:40, 1] = a[20:40, 0]  # a point
    b[30:40, 1] = b[30:40, 0]  # two points
    share = np.linspace(0.0, 1.0, 401)[:, None, None]
    on_a, on_b = (ends[:, 0] + share * (ends[:, 1] - ends[:, 0]) for ends in (a, b))
    least = np.linalg.norm(on_a[:, None] - on_b[None], axis=-1).min((0, 1))
    found = segment_distance(torch.tensor(a), torch.tensor(b)).numpy()
    assert (found <= least + 1e-9).all()
    np.testing.assert_allclose(found, least, atol=5e-3)


def test_depths_are_mujocos(humanoid, body, crumpled):
    model, data = humanoid.model, mujoco.MjData(humanoid.model)
    round_kinds = (int(mujoco.mjtGeom.mjGEOM_SPHERE), int(mujoco.mjtGeom.mjGEOM_CAPSULE))
    pairs = [p for p in solid_pairs(model) if all(int(model.geom_type[g]) in round_kinds for g in p)]
    assert len(pairs) > 20
    solids, checked = Solids(model), 0
    for qpos in crumpled:
        data.qpos[:] = qpos
        mujoco.mj_kinematics(model, data)
        theirs = np.array([-mujoco.mj_geomDistance(model, data, *pair, 0.01, None) for pair in pairs])
        ours = solids.depths(body.place(torch.tensor(qpos)[None], body.unscaled())).numpy()
        for depth in theirs[theirs > 1e-3]:
            # where axes cross, MuJoCo's depth of two capsules is not the distance of their axes
            if depth < 0.06:
                assert np.abs(ours - depth).min() < 1e-3
                checked += 1
    assert checked > 100


def test_a_standing_body_is_clear(humanoid, body):
    standing = candidate(body, torch.tensor(humanoid.model.qpos0)[None], PINHOLE, body.unscaled())
    assert terms.solid(standing, Solids(humanoid.model)) == 0.0


def test_the_term_falls_as_its_gradient_says(humanoid, body, crumpled):
    solids, qpos = Solids(humanoid.model), torch.tensor(crumpled)
    step = torch.zeros(len(qpos), humanoid.model.nv, dtype=torch.float64, requires_grad=True)

    def term(step):
        return terms.solid(candidate(body, body.moved(qpos, step), PINHOLE, body.unscaled()), solids)

    before = term(step)
    before.backward()
    down = (-1e-5 * step.grad / step.grad.norm()).detach()
    assert before > 1.0
    assert float((before - term(down)).detach()) == pytest.approx(1e-5 * float(step.grad.norm()), rel=0.01)
