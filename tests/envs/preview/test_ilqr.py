"""The planner against what is known: the Riccati recursion, the least-squares optimum, MuJoCo's own derivatives."""

import mujoco
import numpy as np
import pytest

from envs.preview.dynamics import BatchDynamics
from envs.preview.ilqr import Cost, Linear, backward, improve, linearise, roll

SWINGING = """
<mujoco>
  <option timestep="0.004"/>
  <worldbody>
    <body name="trunk" pos="0 0 1">
      <freejoint/>
      <geom type="box" size=".1 .15 .2" mass="5"/>
      <body name="arm" pos="0 .2 .1">
        <joint name="ball" type="ball" damping=".3"/>
        <geom type="capsule" size=".04" fromto="0 0 0 0 .3 0" mass="1"/>
        <body name="hand" pos="0 .3 0">
          <joint name="hinge" type="hinge" axis="1 0 0" damping=".1"/>
          <geom type="capsule" size=".03" fromto="0 0 0 0 .2 0" mass=".5"/>
        </body>
      </body>
    </body>
  </worldbody>
  <actuator>
    <position joint="ball" gear="1 0 0 0 0 0" kp="20" kv="1"/>
    <position joint="ball" gear="0 0 1 0 0 0" kp="20" kv="1"/>
    <position joint="hinge" kp="10" kv=".5"/>
  </actuator>
</mujoco>
"""


class LinearSystem:
    """x' = A x + B u, with outputs C x: differences are plain ones."""

    def __init__(self, A: np.ndarray, B: np.ndarray, C: np.ndarray) -> None:
        self.A, self.B, self.C, self.tangent = A, B, C, len(A)

    def step(self, x: np.ndarray, u: np.ndarray) -> np.ndarray:
        return x @ self.A.T + u @ self.B.T

    def difference(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return b - a

    def moved(self, x: np.ndarray, d: np.ndarray) -> np.ndarray:
        return x + d

    def outputs(self, x: np.ndarray) -> np.ndarray:
        return x @ self.C.T

    def slopes(self, x: np.ndarray) -> np.ndarray:
        return np.tile(self.C, (len(x), 1, 1))


@pytest.fixture
def system() -> tuple[LinearSystem, Cost, np.ndarray, np.ndarray, np.ndarray]:
    """A random system of 4 states, 2 controls, 3 outputs over 6 steps: dynamics, cost, start, goal, base controls."""
    rng = np.random.default_rng(0)
    A, B, C = np.eye(4) + 0.2 * rng.standard_normal((4, 4)), rng.standard_normal((4, 2)), rng.standard_normal((3, 4))
    dynamics = LinearSystem(A, B, C)
    cost = Cost(rng.uniform(0.5, 2.0, 4), rng.uniform(0.5, 2.0, 3), rng.uniform(0.1, 0.5, 2), final=3.0)
    return dynamics, cost, rng.standard_normal(4), rng.standard_normal((7, 4)), rng.standard_normal((6, 2))


@pytest.fixture(scope="module")
def swinging() -> tuple[mujoco.MjModel, np.ndarray, np.ndarray]:
    """The model, some states of it in motion, and controls."""
    model = mujoco.MjModel.from_xml_string(SWINGING)
    rng = np.random.default_rng(1)
    x = np.zeros((3, model.nq + 2 * model.nv))
    for row in x:
        row[: model.nq] = model.qpos0
        mujoco.mj_integratePos(model, row[: model.nq], rng.standard_normal(model.nv), 0.5)
        row[model.nq : model.nq + model.nv] = rng.standard_normal(model.nv)
    return model, x, 0.3 * rng.standard_normal((3, model.nu))


def test_gains_of_a_linear_system_are_riccatis(system):
    dynamics, cost, _, _, _ = system
    A, B, R = dynamics.A, dynamics.B, np.diag(cost.control)
    Q = np.diag(cost.state) + dynamics.C.T @ np.diag(cost.output) @ dynamics.C
    P, wanted = cost.final * Q, []
    for _ in range(6):
        G = np.linalg.inv(R + B.T @ P @ B) @ B.T @ P @ A
        P = Q + A.T @ P @ (A - B @ G)
        wanted.append(-G)
    linear = Linear(np.repeat(A[None], 6, 0), np.repeat(B[None], 6, 0))
    curvature = np.concatenate([np.tile(Q, (6, 1, 1)), cost.final * Q[None]])
    k, K = backward(linear, cost.control, np.zeros((7, 4)), curvature, np.zeros((6, 2)), np.zeros((1, 2)))
    np.testing.assert_allclose(K[0], wanted[::-1], atol=1e-10)
    np.testing.assert_allclose(k, 0.0, atol=1e-12)  # nothing to change where it is already right


def test_it_finds_the_optimum_of_a_linear_system(system):
    dynamics, cost, x0, goal, base = system
    A, B = dynamics.A, dynamics.B
    # all later states as an affine function of all controls, then weighted least squares
    reach, free, x = np.zeros((24, 12)), [], x0
    for t in range(6):
        x = A @ x
        free.append(x)
        for s in range(t + 1):
            reach[4 * t : 4 * t + 4, 2 * s : 2 * s + 2] = np.linalg.matrix_power(A, t - s) @ B
    judged = np.concatenate([np.eye(4), dynamics.C])  # states and outputs
    reach = np.concatenate([judged @ rows for rows in reach.reshape(6, 4, 12)])
    one = np.concatenate([cost.state, cost.output])
    weight = np.sqrt(np.concatenate([np.tile(one, 5), cost.final * one, np.tile(cost.control, 6)]))
    left = np.concatenate([reach, np.eye(12)]) * weight[:, None]
    right = np.concatenate([((goal[1:] - np.array(free)) @ judged.T).ravel(), base.ravel()]) * weight
    wanted = np.linalg.lstsq(left, right)[0].reshape(6, 2)

    plan = roll(dynamics, x0, base.copy(), goal, base, cost)
    linear = linearise(dynamics, plan.x[:-1], plan.u, 1e-3)
    costs = [plan.cost]
    for _ in range(8):
        plan = improve(dynamics, plan, linear, goal, base, cost)
        costs.append(plan.cost)
    np.testing.assert_allclose(plan.u, wanted, atol=1e-5)
    assert costs == sorted(costs, reverse=True)
    assert plan.cost == pytest.approx(0.5 * float(((left @ wanted.ravel() - right) ** 2).sum()), rel=1e-9)


def test_no_candidate_makes_a_plan_worse(system):
    dynamics, cost, x0, goal, base = system
    plan = roll(dynamics, x0, base.copy(), goal, base, cost)
    wrong = Linear(np.repeat(-dynamics.A[None], 6, 0), np.repeat(-dynamics.B[None], 6, 0))
    assert improve(dynamics, plan, wrong, goal, base, cost).cost <= plan.cost


def test_noise_finds_a_way_down_where_the_derivatives_see_none(system):
    dynamics, cost, x0, goal, base = system
    plan = roll(dynamics, x0, base.copy(), goal, base, cost)
    blind = Linear(np.zeros((6, 4, 4)), np.zeros((6, 4, 2)))
    assert improve(dynamics, plan, blind, goal, base, cost).cost == pytest.approx(plan.cost, rel=1e-12)
    # the plan is no optimum, so of a small change and its opposite one is an improvement
    change = np.full((1, 6, 2), 1e-4)
    better = improve(dynamics, plan, blind, goal, base, cost, np.concatenate([change, -change]))
    assert better.cost < plan.cost - 1e-6


@pytest.mark.parametrize(("central", "tolerance"), [(True, 1e-6), (False, 2e-4)])
def test_derivatives_are_mujocos(swinging, central, tolerance):
    model, x, u = swinging
    dynamics = BatchDynamics(model, 3 * (4 * model.nv + 2 * model.nu), 1)
    linear = linearise(dynamics, x, u, 1e-5, central)
    data = mujoco.MjData(model)
    for i in range(3):
        data.qpos[:], data.qvel[:], data.ctrl[:] = x[i, : model.nq], x[i, model.nq : -model.nv], u[i]
        A, B = np.zeros((2 * model.nv, 2 * model.nv)), np.zeros((2 * model.nv, model.nu))
        mujoco.mjd_transitionFD(model, data, 1e-5, True, A, B, None, None)
        np.testing.assert_allclose(linear.A[i], A, atol=tolerance)
        np.testing.assert_allclose(linear.B[i], B, atol=tolerance)


def test_a_step_is_mj_step_to_the_last_bit(swinging):
    model, x, u = swinging
    dynamics = BatchDynamics(model, 3, 5)
    twice = dynamics.step(dynamics.step(x, u), u)
    for i in range(3):
        data = mujoco.MjData(model)
        data.qpos[:], data.qvel[:], data.ctrl[:] = x[i, : model.nq], x[i, model.nq : -model.nv], u[i]
        mujoco.mj_step(model, data, 10)
        assert (twice[i, : model.nq] == data.qpos).all()
        assert (twice[i, model.nq : -model.nv] == data.qvel).all()


def test_outputs_are_the_bodies_places_and_slopes_their_derivatives(swinging):
    model, x, _ = swinging
    dynamics = BatchDynamics(model, 1, 1)
    slopes, reach = dynamics.slopes(x), 1e-6
    for d in range(dynamics.tangent):
        step = np.zeros((len(x), dynamics.tangent))
        step[:, d] = reach
        change = dynamics.outputs(dynamics.moved(x, step)) - dynamics.outputs(dynamics.moved(x, -step))
        np.testing.assert_allclose(slopes[:, :, d], change / (2 * reach), atol=1e-6)
    data = mujoco.MjData(model)
    data.qpos[:] = x[1, : model.nq]
    mujoco.mj_forward(model, data)
    np.testing.assert_allclose(dynamics.outputs(x)[1], data.xpos[1:].ravel(), atol=1e-12)


def test_differences_are_mujocos_and_are_undone(swinging):
    model, x, _ = swinging
    dynamics = BatchDynamics(model, 1, 1)
    d = dynamics.difference(x[:2], x[1:])
    for i in range(2):
        wanted = np.zeros(model.nv)
        mujoco.mj_differentiatePos(model, wanted, 1.0, x[i, : model.nq], x[i + 1, : model.nq])
        np.testing.assert_allclose(d[i, : model.nv], wanted, atol=1e-12)
        np.testing.assert_allclose(d[i, model.nv :], (x[i + 1] - x[i])[model.nq : -model.nv], atol=1e-12)
    np.testing.assert_allclose(dynamics.difference(x[:2], dynamics.moved(x[:2], d)), d, atol=1e-9)
