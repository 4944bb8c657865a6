import mujoco
import numpy as np
import pytest
import torch

from recon.fit.scaled_body import ScaledBody
from sfv.character import Character

ODD = """<mujoco><worldbody><body name="base"><freejoint/><geom size=".1"/><site name="hub"/>
  <body name="left_arm" pos="0 1 0" quat="1 1 0 0"><joint axis="0 0 1" pos=".1 .2 .3"/><joint axis="1 0 0" ref="0.4"/>
    <geom type="capsule" size=".1 .4" pos="0 0 .4"/><site name="left_hand" pos="0 .1 .8"/></body>
  <body name="right_arm" pos="0 -1 0"><joint type="ball" pos="0 .1 0"/><geom type="box" size=".1 .2 .3"/>
    <body name="right_tip" pos="0 0 .5"><geom size=".05"/><site name="right_hand" pos="0 .1 .3"/></body></body>
</body></worldbody></mujoco>"""


def random_poses(model, count):
    generator, out = np.random.default_rng(0), []
    for _ in range(count):
        qpos = model.qpos0.copy()
        mujoco.mj_integratePos(model, qpos, generator.normal(size=model.nv), 1.0)
        out.append(qpos)
    return np.array(out)


@pytest.fixture(params=["humanoid", "odd"])
def character(request, humanoid):
    return humanoid if request.param == "humanoid" else Character("odd", ODD)


def test_places_bodies_landmarks_and_mass_where_mujoco_does(character):
    model, body = character.model, ScaledBody(character)
    data, poses = mujoco.MjData(model), random_poses(character.model, 4)
    placed = body.place(torch.tensor(poses), body.unscaled())
    for t, qpos in enumerate(poses):
        data.qpos[:] = qpos
        mujoco.mj_kinematics(model, data)
        mujoco.mj_comPos(model, data)
        np.testing.assert_allclose(placed.xpos[t], data.xpos[1:], atol=1e-12)
        np.testing.assert_allclose(placed.xmat[t].flatten(-2), data.xmat[1:], atol=1e-12)
        np.testing.assert_allclose(placed.landmarks[t], data.site_xpos, atol=1e-12)
        np.testing.assert_allclose(placed.com[t], data.subtree_com[1], atol=1e-9)


def test_lumps_weigh_and_turn_as_the_bodies_do(character):
    """Of each body: its share of the mass, its centre, and sum m (|p|^2 1 - p p^T) about it, its inertia."""
    model, body = character.model, ScaledBody(character)
    lumps = body.place(torch.tensor(model.qpos0)[None], body.unscaled()).lumps[0].numpy()
    shares = body.lump_share.numpy().reshape(model.nbody - 1, -1)
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    mujoco.mj_comPos(model, data)
    for b, (points, share) in enumerate(zip(lumps.reshape(model.nbody - 1, -1, 3), shares, strict=True), start=1):
        mass = share * model.body_mass.sum()
        np.testing.assert_allclose(mass.sum(), model.body_mass[b])
        np.testing.assert_allclose(share @ points / share.sum(), data.xipos[b], atol=1e-9)
        away, axes = points - data.xipos[b], data.ximat[b].reshape(3, 3)
        inertia = (mass * (away**2).sum(1)).sum() * np.eye(3) - (mass[:, None] * away).T @ away
        np.testing.assert_allclose(axes.T @ inertia @ axes, np.diag(model.body_inertia[b]), atol=1e-9)


def test_moves_as_mj_integrate_pos(character):
    model, body = character.model, ScaledBody(character)
    poses, steps = random_poses(model, 4), np.random.default_rng(1).normal(size=(4, model.nv))
    moved = body.moved(torch.tensor(poses), torch.tensor(steps)).numpy()
    for qpos, step, found in zip(poses, steps, moved, strict=True):
        mujoco.mj_integratePos(model, qpos, step, 1.0)
        np.testing.assert_allclose(found, qpos, atol=1e-12)


def test_proportions_scale_both_sides_alike(humanoid):
    body = ScaledBody(humanoid)
    shape = body.unscaled()
    shape[body.stems.index("ankle"), 0, 2] = np.log(1.2)
    qpos = torch.tensor(humanoid.model.qpos0)[None]
    shins = []
    for proportions in (body.unscaled(), shape):
        marks = body.place(qpos, proportions).landmarks[0]
        at = {name: marks[i] for i, name in enumerate(body.landmark_names)}
        shins.append([float((at[f"{s}_ankle"] - at[f"{s}_knee"]).norm()) for s in ("left", "right")])
    np.testing.assert_allclose(shins[1], np.array(shins[0]) * 1.2)
