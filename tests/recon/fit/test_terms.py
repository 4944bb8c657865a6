from dataclasses import replace

import numpy as np
import pytest
import torch

from recon.fit import terms
from recon.fit.evidence import gather
from recon.fit.fit import Pinhole, candidate
from recon.fit.scaled_body import ScaledBody
from recon.fit.terms import Stance, charbonnier, geman_mcclure


@pytest.fixture(scope="module")
def body(humanoid):
    return ScaledBody(humanoid)


@pytest.fixture(scope="module")
def truth(body, jump, camera):
    """The jump as a candidate in the world of the fit."""
    c, s = np.cos(camera.heading / 2), np.sin(camera.heading / 2)
    qpos = jump.qpos.copy()
    turn = np.array([[c * c - s * s, -2 * s * c, 0], [2 * s * c, c * c - s * s, 0], [0, 0, 1]])
    qpos[:, :3] = (qpos[:, :3] - [*camera.position[:2], 0.0]) @ turn
    w, x, y, z = jump.qpos[:, 3:7].T
    qpos[:, 3:7] = np.stack((c * w + s * z, c * x + s * y, c * y - s * x, c * z - s * w), 1)
    pinhole = Pinhole(*(torch.tensor(v).double() for v in (camera.focal, camera.pitch, 0.0, camera.position[2], -0.08)))
    return candidate(body, torch.tensor(qpos), pinhole, body.unscaled())


def standing(body, frames, height):
    """A candidate that stands in the zero pose with its soles at `height`."""
    qpos = torch.tensor(body.model.qpos0).repeat(frames, 1)
    pinhole = Pinhole(*(torch.tensor(v).double() for v in (1000.0, 0.0, 0.0, 1.0, 0.0)))
    first = candidate(body, qpos, pinhole, body.unscaled())
    qpos[:, 2] += height - float(first.placed.surface[0, :, 2].min())
    return candidate(body, qpos, pinhole, body.unscaled())


def soles(body, frames):
    """The stance of a body all of whose lowest points stand throughout."""
    lowest = standing(body, 1, 0.0).placed.surface[0, :, 2]
    points = torch.nonzero(lowest < 0.005)[:, 0]
    stretch = torch.arange(1, len(points) + 1).repeat(frames, 1)
    return Stance(points, torch.ones(frames, len(points), dtype=torch.float64), stretch)


def test_robust_kernels():
    small, large = torch.tensor(1e-6).double(), torch.tensor(1e6).double()
    assert torch.isclose(geman_mcclure(small, 3.0), small)
    assert torch.isclose(geman_mcclure(large, 3.0), torch.tensor(9.0).double(), rtol=1e-4)
    assert torch.isclose(charbonnier(small, 2.0), small)
    # far out 2 c |x|: 2 * 2 * 1000, less 2 c^2
    assert torch.isclose(charbonnier(large, 2.0), torch.tensor(3992.0).double(), rtol=1e-3)


def test_truth_explains_what_is_seen(body, humanoid, jump, camera, filmed, truth):
    evidence = gather(filmed(jump, camera, pixels=0.0, metres=0.0), body.landmark_names, len(jump), 30.0, camera.focal)
    columns = [body.landmark_names.index(name) for name in evidence.names]
    assert terms.reprojection(truth, evidence, columns) < 1e-3
    assert terms.bones(truth, evidence, columns) < 1e-3
    askew = replace(truth, pinhole=replace(truth.pinhole, pitch=truth.pinhole.pitch + 0.05))
    assert terms.reprojection(askew, evidence, columns) > 1.0


def test_landing_needs_no_force_from_nowhere(body, jump, truth):
    air = torch.zeros(len(jump), dtype=torch.float64)
    air[42:49] = 1.0  # strictly between take-off and touch-down
    free = terms.flight(truth, air, body.lump_share, 30.0)
    hanging = terms.flight(standing(body, len(jump), 0.5), air, body.lump_share, 30.0)
    assert free < 0.1 * hanging


def test_limits_by_hand(body):
    x = standing(body, 4, 0.0)
    assert terms.limits(x, body) == 0.0
    bent = x.qpos.clone()
    knee = body.hinge_qpos[0]
    high = float(body.model.jnt_range[body.hinges[0], 1])
    bent[:, knee] = high + 0.1
    # (0.1 rad / 0.05 rad)^2 in one of the joints
    joints = len(body.hinges) + len(body.balls)
    value = terms.limits(candidate(body, bent, x.pinhole, x.proportions), body)
    assert torch.isclose(value, torch.tensor(4.0 / joints).double())


def test_ground_pushes_only_what_is_below(body):
    assert terms.ground(standing(body, 3, 0.02)) == 0.0
    count = len(soles(body, 1).points)
    # every sole point 2 cm deep: 2^2 each
    assert torch.isclose(terms.ground(standing(body, 3, -0.02)), torch.tensor(4.0 * count).double(), rtol=1e-6)


def test_stance_and_friction_see_a_slide(body):
    given, x = soles(body, 6), standing(body, 6, 0.0)
    assert terms.stance(x, given, 0.005) < 1e-9
    touching = torch.ones(6, len(given.points), dtype=torch.float64)
    assert terms.friction(x, given.points.tolist(), touching, 30.0) < 1e-9
    slid = x.qpos.clone()
    slid[:, 0] += 0.01 * torch.arange(6)
    slid = candidate(body, slid, x.pinhole, x.proportions)
    assert terms.stance(slid, given, 0.005) > 1.0
    assert terms.friction(slid, given.points.tolist(), touching, 30.0) > 1.0


def test_balance_sees_a_lean(body):
    given, x = soles(body, 6), standing(body, 6, 0.0)
    upright = terms.balance(x, given, body.lump_share, 30.0)
    leaning = x.qpos.clone()
    leaning[:, 3:7] = torch.tensor([np.cos(0.15), 0.0, np.sin(0.15), 0.0])  # 17 degrees forward about the hips
    tilted = terms.balance(candidate(body, leaning, x.pinhole, x.proportions), given, body.lump_share, 30.0)
    assert tilted > upright + 0.1


def test_sway_sees_a_lean_across_the_way_and_none_along_it(body):
    """17 degrees to the side about the hips: the middle of mass is some 15 cm beside the feet."""
    given, x = soles(body, 6), standing(body, 6, 0.0)
    leaning = x.qpos.clone()
    leaning[:, 3:7] = torch.tensor([np.cos(0.15), np.sin(0.15), 0.0, 0.0])
    tilted = candidate(body, leaning, x.pinhole, x.proportions)

    def sway(of, across):
        return float(terms.sway(of, given, body.lump_share, torch.tensor(across).double().repeat(6, 1), 30.0))

    assert sway(x, (0.0, 1.0)) == 0.0
    assert sway(tilted, (0.0, 1.0)) > 1.0
    assert sway(tilted, (1.0, 0.0)) == pytest.approx(sway(x, (1.0, 0.0)), abs=1e-3)
    assert sway(tilted, (0.0, 0.0)) == 0.0  # nobody walks


def test_the_zero_moment_point_of_who_slides_is_behind(body):
    """All of the body speeds up by 2 m/s^2 to the front: z x'' / g = 0.2 z behind the middle of mass."""
    x = standing(body, 5, 0.0)
    qpos = x.qpos.clone()
    qpos[:, 0] += (torch.arange(5) / 30.0) ** 2
    moved = candidate(body, qpos, x.pinhole, x.proportions)
    com = moved.placed.com[1:-1]
    where = terms.zero_moment(moved, body.lump_share, 30.0)
    torch.testing.assert_close(where[:, 0], com[:, 0] - com[:, 2] * 2.0 / 9.81, atol=1e-3, rtol=0.0)


def test_smooth_is_zero_on_a_parabola(body):
    x = standing(body, 10, 0.0)
    fall = x.qpos.clone()
    fall[:, 2] += 2.0 - 4.905 * (torch.arange(10) / 30.0) ** 2
    ease = torch.ones(10, len(body.names), dtype=torch.float64)
    assert terms.smooth(candidate(body, fall, x.pinhole, x.proportions), 30.0, ease) < 1e-9


def test_gradients_agree_with_differences(body, truth, jump, camera, filmed):
    evidence = gather(filmed(jump, camera), body.landmark_names, len(jump), 30.0, camera.focal)
    columns = [body.landmark_names.index(name) for name in evidence.names]
    step = torch.randn(len(jump), body.model.nv, generator=torch.Generator().manual_seed(0), dtype=torch.float64)

    def value(amount):
        x = candidate(body, body.moved(truth.qpos, amount * 0.01 * step), truth.pinhole, truth.proportions)
        return terms.reprojection(x, evidence, columns) + terms.bones(x, evidence, columns) + terms.ground(x)

    at = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(value(at), at)
    difference = (value(torch.tensor(0.5001)) - value(torch.tensor(0.4999))) / 0.0002
    assert torch.isclose(slope, difference.double(), rtol=1e-3)


def test_a_straight_leg_that_turns_about_itself_costs_by_its_acceleration(body, humanoid):
    """Both thighs turn about the vertical, faster by 60 rad/s^2; the arms are still.

    Of 4 limbs 2 have a misfit of 1 in both inner frames, but for the sine: rho(1) = 8 (sqrt(1.25) - 1)
    = 0.944, and half of it over all limbs. A knee bent by 60 degrees leaves cos(60)^4 = 1/16.
    """
    fps = 240.0
    qpos = standing(body, 4, 0.0).qpos.clone()
    rate = 60.0 / fps * torch.arange(4, dtype=torch.float64)  # rad/s over each step
    angle = torch.cumsum(rate, 0) / fps
    for side in ("left", "right"):
        at = int(humanoid.model.joint(f"{side}_hip").qposadr[0])
        qpos[:, at], qpos[:, at + 3] = torch.cos(angle / 2), torch.sin(angle / 2)
    pinhole, straight = standing(body, 1, 0.0).pinhole, body.unscaled()
    cost = float(terms.twist(candidate(body, qpos, pinhole, straight), body.limbs, fps))
    assert cost == pytest.approx(0.944 / 2, rel=0.01)
    for side in ("left", "right"):
        qpos[:, int(humanoid.model.joint(f"{side}_knee").qposadr[0])] = -np.pi / 3
    assert float(terms.twist(candidate(body, qpos, pinhole, straight), body.limbs, fps)) == pytest.approx(
        cost / 16, rel=0.01
    )


def test_a_foot_that_turns_at_once_costs_and_one_that_goes_with_its_leg_does_not(body, humanoid):
    """Both feet bend faster by 100 rad/s^2: a misfit of 1 in every inner frame, rho(1) = 0.944."""
    fps = 240.0
    stands = standing(body, 5, 0.0)
    feet = body.borne(humanoid.feet)
    angle = torch.cumsum(100.0 / fps * torch.arange(5, dtype=torch.float64), 0) / fps
    bent, fallen = stands.qpos.clone(), stands.qpos.clone()
    for side in ("left", "right"):
        at = int(humanoid.model.joint(f"{side}_ankle").qposadr[0])
        bent[:, at], bent[:, at + 2] = torch.cos(angle / 2), torch.sin(angle / 2)
    fallen[:, 3], fallen[:, 5] = torch.cos(angle / 2), torch.sin(angle / 2)
    cost = [float(terms.ankles(candidate(body, q, stands.pinhole, body.unscaled()), feet, fps)) for q in (bent, fallen)]
    assert cost[0] == pytest.approx(0.944, rel=0.01)
    assert cost[1] == pytest.approx(0.0, abs=1e-9)
