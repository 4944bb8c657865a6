import mujoco
import numpy as np
import pytest
import torch

from sfv.character import load_character
from sfv.kinematics import TorchKinematics, motion_state, velocities, within_limits
from sfv.motion import Motion
from sfv.skeleton import Skeleton

SPINNER = """<mujoco><worldbody><body name="base"><freejoint name="base"/><geom size=".1" mass="3"/>
  <body name="arm" pos="1 0 0"><joint name="hinge" axis="0 0 1"/><geom size=".1" mass="1"/></body>
</body></worldbody></mujoco>"""


def random_model(seed, bodies=9):
    """A random tree: balls, single and double hinges off-centre, welded bodies, tilted frames."""
    generator = np.random.default_rng(seed)

    def numbers(count):
        return " ".join(f"{x:.6f}" for x in generator.normal(size=count))

    def tree(i, children):
        joint = ["ball", "hinge", "two hinges", "none"][int(generator.integers(4))] if i else "free"
        parts = {
            "free": "<freejoint/>",
            "ball": f'<joint type="ball" pos="{numbers(3)}"/>',
            "hinge": f'<joint axis="{numbers(3)}" pos="{numbers(3)}" ref="0.4"/>',
            "two hinges": f'<joint axis="{numbers(3)}" pos="{numbers(3)}"/><joint axis="{numbers(3)}"/>',
            "none": "",
        }[joint]
        inside = "".join(tree(child, children) for child in children[i])
        return f'<body pos="{numbers(3)}" quat="{numbers(4)}">{parts}<geom size=".1"/>{inside}</body>'

    children = [[] for _ in range(bodies)]
    for i in range(1, bodies):
        children[int(generator.integers(i))].append(i)
    xml = f'<mujoco><compiler angle="radian"/><worldbody>{tree(0, children)}</worldbody></mujoco>'
    return mujoco.MjModel.from_xml_string(xml)


def random_qpos(model, count, seed=0):
    qpos = np.random.default_rng(seed).normal(size=(count, model.nq))
    for row in qpos:
        mujoco.mj_normalizeQuat(model, row)
    return qpos


def mujoco_poses(model, qpos):
    data = mujoco.MjData(model)
    xpos, xquat = [], []
    for row in qpos:
        data.qpos[:] = row
        mujoco.mj_kinematics(model, data)
        xpos.append(data.xpos.copy())
        xquat.append(data.xquat.copy())
    return np.array(xpos), np.array(xquat)


@pytest.mark.parametrize("seed", range(6))
def test_torch_agrees_with_mujoco_on_random_trees(seed):
    model = random_model(seed)
    qpos = random_qpos(model, 20)
    xpos, xquat = mujoco_poses(model, qpos)
    for dtype, tolerance in ((torch.float64, 1e-10), (torch.float32, 1e-5)):
        pos, quat = TorchKinematics(model, dtype).quaternions(torch.tensor(qpos, dtype=dtype))
        np.testing.assert_allclose(pos.numpy(), xpos, atol=tolerance)
        np.testing.assert_allclose(np.abs((quat.numpy() * xquat).sum(-1)), 1.0, atol=tolerance)


def test_torch_agrees_with_mujoco_on_the_humanoid():
    model = load_character("humanoid").model
    qpos = random_qpos(model, 50)
    xpos, _ = mujoco_poses(model, qpos)
    pos, _ = TorchKinematics(model).quaternions(torch.tensor(qpos, dtype=torch.float32))
    np.testing.assert_allclose(pos.numpy(), xpos, atol=1e-5)


def test_any_leading_dimensions_and_quaternions_of_any_length():
    model = random_model(3)
    qpos = torch.tensor(random_qpos(model, 6))
    kinematics = TorchKinematics(model, torch.float64)
    pos, quat = kinematics.quaternions(qpos)
    stacked, _ = kinematics.quaternions(qpos.reshape(2, 3, -1))
    torch.testing.assert_close(stacked.reshape(pos.shape), pos)
    longer = qpos.clone()
    longer[:, 3:7] *= 3.0
    torch.testing.assert_close(kinematics.quaternions(longer), (pos, quat))


def test_points_ride_on_their_bodies():
    model = load_character("humanoid").model
    qpos = random_qpos(model, 3)
    data = mujoco.MjData(model)
    bodies = [int(b) for b in model.site_bodyid]
    points = TorchKinematics(model, torch.float64).points(torch.tensor(qpos), bodies, torch.tensor(model.site_pos))
    for row, found in zip(qpos, points, strict=True):
        data.qpos[:] = row
        mujoco.mj_kinematics(model, data)
        np.testing.assert_allclose(found.numpy(), data.site_xpos, atol=1e-9)


@pytest.mark.parametrize("seed", [0, 4])
def test_gradients_agree_with_finite_differences(seed):
    model = random_model(seed, bodies=5)
    kinematics = TorchKinematics(model, torch.float64)
    qpos = torch.tensor(random_qpos(model, 1)).requires_grad_()
    assert torch.autograd.gradcheck(lambda q: kinematics.quaternions(q)[0], qpos)


def test_velocities_of_an_even_spin():
    model = mujoco.MjModel.from_xml_string(SPINNER)
    fps, frames = 50.0, 40
    time = np.arange(frames) / fps
    qpos = np.zeros((frames, model.nq))
    qpos[:, 0] = 0.5 * time  # m/s
    qpos[:, 3], qpos[:, 5] = np.cos(1.5 * time), np.sin(1.5 * time)  # 3 rad/s about y, more than a turn
    qpos[:, 7] = -2.0 * time
    expected = np.tile([0.5, 0, 0, 0, 3.0, 0, -2.0], (frames, 1))
    np.testing.assert_allclose(velocities(model, qpos, fps), expected, atol=1e-9)


def test_velocities_do_not_see_the_sign_of_a_quaternion():
    model = load_character("humanoid").model
    qpos = np.repeat(random_qpos(model, 1), 4, 0)
    qpos[1::2, 3:7] *= -1
    np.testing.assert_allclose(velocities(model, qpos, 30.0), 0.0, atol=1e-6)


def test_state_of_a_motion():
    model = mujoco.MjModel.from_xml_string(SPINNER)
    skeleton = Skeleton.of(model)
    qpos = np.tile(skeleton.qpos0, (2, 1))
    qpos[1, :3] = 1.0, 2.0, 3.0
    motion = Motion(skeleton, 10.0, qpos)
    state = motion_state(motion, model)
    np.testing.assert_allclose(state.xpos[1, 1:], [(1, 2, 3), (2, 2, 3)])
    np.testing.assert_allclose(state.com[1], (1.25, 2, 3))  # 3 kg at 1 m, 1 kg at 2 m
    np.testing.assert_allclose(motion_state(motion).com[1], (1.5, 2, 3))  # a skeleton's bodies weigh the same
    np.testing.assert_allclose(state.qvel[:, :3], [(10, 20, 30)] * 2)
    assert state.xquat.shape == (2, 3, 4)


def test_joints_are_cut_to_their_ranges_and_nothing_else_changes():
    humanoid = load_character("humanoid")
    model = humanoid.model
    qpos = np.tile(humanoid.skeleton.qpos0, (3, 1))
    elbow, neck = (int(model.joint(name).qposadr[0]) for name in ("left_elbow", "neck"))
    qpos[1, elbow] = 3.2  # of at most 2.8
    # turns of the neck by 2 rad, of at most 1.5: half angles 1 and 0.75; both signs of a quaternion are one rotation
    qpos[1, neck : neck + 4] = np.cos(1.0), 0.0, 0.0, np.sin(1.0)
    qpos[2, neck : neck + 4] = -np.cos(1.0), 0.0, -np.sin(1.0), 0.0
    inside = within_limits(model, qpos)
    assert inside[1, elbow] == pytest.approx(2.8)
    np.testing.assert_allclose(inside[1, neck : neck + 4], [np.cos(0.75), 0.0, 0.0, np.sin(0.75)], atol=1e-9)
    np.testing.assert_allclose(inside[2, neck : neck + 4], [np.cos(0.75), 0.0, np.sin(0.75), 0.0], atol=1e-9)
    changed = np.argwhere(inside != qpos)
    assert set(changed[:, 1].tolist()) <= {elbow, *range(neck, neck + 4)}
    assert 0 not in changed[:, 0]
