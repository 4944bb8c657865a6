"""The camera's tilt, told by where feet stand."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from recon.camera import Camera
from recon.config import ReconstructConfig
from recon.fit.contacts import airborne, estimate_stance, floor_slopes
from recon.fit.fit import Pinhole, candidate
from recon.fit.lifting import LEAN
from recon.fit.passes import BRISK, _floor_terms, _levelled, pose_problem
from recon.fit.soles import palm_groups
from recon.fit.terms import Stance
from sfv.motion import Motion

HEIGHT, PITCH = 1.3, 0.06
CAMERA = Camera((1280, 720), 1000.0, np.array([0.0, 0.0, HEIGHT]), 0.0, PITCH, 0.0)


@pytest.fixture(scope="module")
def glide(humanoid) -> Motion:
    """Somebody who stands 4 m away for a second, goes 2 m on in half a second, and stands there."""
    x = np.concatenate((np.full(30, 4.0), np.linspace(4.0, 6.0, 15), np.full(30, 6.0)))
    qpos = np.tile(humanoid.model.qpos0, (len(x), 1))
    qpos[:, 0], qpos[:, 1] = x, 0.3 * (x - 5.0)
    return Motion(humanoid.skeleton, 30.0, qpos)


@pytest.mark.parametrize("wrong", [-0.08, 0.0, 0.05])
def test_a_wrong_tilt_is_seen_by_the_feet_and_put_right(humanoid, filmed, glide, wrong):
    problem = pose_problem(filmed(glide, CAMERA, pixels=0.0), humanoid, ReconstructConfig(), lambda steps: None)
    eye, tilt = np.array([0.0, 0.0, HEIGHT]), Rotation.from_euler("y", wrong)
    qpos = glide.qpos.copy()
    qpos[:, :3] = tilt.apply(qpos[:, :3] - eye) + eye
    qpos[:, 3:7] = (tilt * Rotation.from_quat(qpos[:, 3:7], scalar_first=True)).as_quat(scalar_first=True)
    pinhole = Pinhole(*(torch.tensor(v).double() for v in (1000.0, PITCH + wrong, 0.0, HEIGHT, LEAN)))
    found = candidate(problem.body, torch.tensor(qpos), pinhole, problem.body.unscaled())
    true = replace(pinhole, pitch=torch.tensor(PITCH).double())
    straight = candidate(problem.body, torch.tensor(glide.qpos), true, problem.body.unscaled())
    np.testing.assert_allclose(
        pinhole.project(found.placed.landmarks).numpy(), true.project(straight.placed.landmarks).numpy(), atol=1e-3
    )
    slope, across = floor_slopes(problem.body, humanoid, found, problem.evidence, 30.0)
    assert abs(slope + np.tan(wrong)) < 0.3 * abs(wrong) + 0.005
    assert abs(across) < 0.02
    levelled = _levelled(problem, found)
    assert abs(float(levelled.pinhole.pitch) - PITCH) < 0.3 * abs(wrong) + 0.005
    # nothing moves in the picture
    np.testing.assert_allclose(
        levelled.pinhole.project(levelled.placed.landmarks).numpy(),
        pinhole.project(found.placed.landmarks).numpy(),
        atol=1e-3,
    )


def test_who_stands_on_their_hands_stands_and_does_not_fly(humanoid, filmed):
    """A second on the feet, then a second on the hands, head down and arms beside the head."""
    model = humanoid.model
    feet, hands = (np.tile(model.qpos0, (30, 1)) for _ in range(2))
    hands[:, 3:7] = (0.0, 0.0, 1.0, 0.0)  # half a turn about y
    for name, up in (("left_shoulder", 0.5), ("right_shoulder", -0.5)):  # from the T-pose
        address = int(model.jnt_qposadr[model.joint(name).id])
        hands[:, address : address + 4] = (0.5**0.5, up * 2**0.5, 0.0, 0.0)
    qpos = np.concatenate((feet, hands))
    qpos[:, 0] = 5.0
    problem = pose_problem(
        filmed(Motion(humanoid.skeleton, 30.0, qpos), CAMERA, pixels=0.0), humanoid, ReconstructConfig(), lambda s: None
    )
    body, pinhole = problem.body, Pinhole(*(torch.tensor(v).double() for v in (1000.0, PITCH, 0.0, HEIGHT, LEAN)))

    def candidate_at(height: np.ndarray):
        moved = qpos.copy()
        moved[:, 2] += height
        return candidate(body, torch.tensor(moved), pinhole, body.unscaled())

    lowest = candidate_at(np.zeros(60)).placed.surface[..., 2].min(1).values.numpy()
    found = candidate_at(-lowest)
    stance = estimate_stance(body, humanoid, found, problem.evidence, 30.0, 0.07)
    palms = [i for group in palm_groups(body, humanoid).values() for i in group]
    on = (stance.stretch > 0).numpy()
    is_palm = np.isin(stance.points.numpy(), palms)
    assert len(palms) == 2
    assert on[2:25, ~is_palm].all()
    assert not on[2:25, is_palm].any()
    assert on[35:58, is_palm].all()
    assert not on[35:58, ~is_palm].any()
    falling = -0.5 * 9.81 * (np.arange(60) / 30.0) ** 2
    assert not airborne(stance, np.full(60, 0.1), falling, 30.0)[35:58].any()


@pytest.mark.parametrize("speed", [0.5 * BRISK, 2.0 * BRISK])
def test_only_who_stays_is_asked_for_balance(humanoid, filmed, glide, speed):
    """A body leans forward on feet that stand; it is as far from balance whether its hips go on or not."""
    problem = pose_problem(filmed(glide, CAMERA, pixels=0.0), humanoid, ReconstructConfig(), lambda steps: None)
    qpos = glide.qpos[:30].copy()
    qpos[:, :3] += np.outer(speed * np.arange(30) / 30.0, [1.0, 0.0, 0.0])
    lean = Rotation.from_euler("y", 0.5)
    qpos[:, 3:7] = (lean * Rotation.from_quat(qpos[:, 3:7], scalar_first=True)).as_quat(scalar_first=True)
    pinhole = problem.first.pinhole
    found = candidate(problem.body, torch.tensor(qpos), pinhole, problem.body.unscaled())
    points = torch.tensor(problem.contact_points)
    palms = [i for group in palm_groups(problem.body, humanoid).values() for i in group]
    on = (~torch.isin(points, torch.tensor(palms))).expand(30, -1)
    stance = Stance(points, on.double(), on.long())
    terms = _floor_terms(problem, found, stance, 0.005)
    misfits = [float(terms[name][0](found)) for name in ("balance", "poise")]
    assert all(misfit > 1.0 for misfit in misfits) if speed < BRISK else misfits == [0.0, 0.0]
