"""Iterative LQR over a short horizon, on plain arrays: it knows a dynamics, a quadratic cost, and no character.

Tassa, Erez and Todorov, "Synthesis and stabilization of complex behaviors through online trajectory optimization",
IROS 2012. What differs: all regularisations are solved side by side, and all step sizes of all of them are rolled out
in one batch, so nothing is tried in turn. A plan is kept when no candidate is better, so it never gets worse.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

REGULARISATIONS = ((0.006, 0.0), (0.02, 0.03), (0.07, 0.1), (0.25, 0.6), (0.9, 3.0))
"""Pairs: added to the controls' Hessian, and to the value's (as if deviations of the next state cost more)."""
STEPS = (1.0, 0.6, 0.35, 0.2, 0.1, 0.05, 0.02)
"""Shares of the feedforward change that are tried with each regularisation."""

ASTRAY = 100.0
"""m, rad, m/s, rad/s: a candidate that is farther than this from the plan in any direction is given up."""


@runtime_checkable
class Dynamics(Protocol):
    """A discrete system whose states are rows of numbers, and whose differences live in a tangent space."""

    tangent: int
    """Size of a difference of states."""

    def outputs(self, x: Float[np.ndarray, "n x"]) -> Float[np.ndarray, "n p"]:
        """Other quantities of states, whose differences from the goals' are judged too."""
        ...

    def slopes(self, x: Float[np.ndarray, "n x"]) -> Float[np.ndarray, "n p d"]:
        """Derivatives of the outputs along the tangent directions."""
        ...

    def step(self, x: Float[np.ndarray, "n x"], u: Float[np.ndarray, "n u"]) -> Float[np.ndarray, "n x"]:
        """The states after one control step."""
        ...

    def difference(self, a: Float[np.ndarray, "n x"], b: Float[np.ndarray, "n x"]) -> Float[np.ndarray, "n d"]:
        """b minus a."""
        ...

    def moved(self, x: Float[np.ndarray, "n x"], d: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n x"]:
        """x plus d, so that difference(x, moved(x, d)) = d."""
        ...


@dataclass(frozen=True)
class Cost:
    """sum over t of e' diag(state) e + y' diag(output) y after each step, and r' diag(control) r, over 2.

    e is the state minus the goal, y its outputs minus the goal's, r the control minus the base control. What the last
    state costs counts `final` times.

    Attributes:
        state: (d,) weights.
        output: (p,) weights.
        control: (u,) weights.
        final: factor on the last state's.
    """

    state: Float[np.ndarray, " d"]
    output: Float[np.ndarray, " p"]
    control: Float[np.ndarray, " u"]
    final: float = 2.0


@dataclass(frozen=True)
class Plan:
    """Controls over the horizon, the states that follow from them, and what they cost.

    Attributes:
        x: (H + 1, x) states, from now on.
        u: (H, u) controls.
        cost: the sum.
    """

    x: Float[np.ndarray, "H1 x"]
    u: Float[np.ndarray, "H u"]
    cost: float


@dataclass(frozen=True)
class Linear:
    """d[t + 1] = A[t] d[t] + B[t] r[t] about a plan: A (H, d, d), B (H, d, u)."""

    A: Float[np.ndarray, "H d d"]
    B: Float[np.ndarray, "H d u"]


def linearise(
    dynamics: Dynamics, x: Float[np.ndarray, "H x"], u: Float[np.ndarray, "H u"], reach: float, central: bool = False
) -> Linear:
    """Finite differences of the dynamics at H pairs of state and control, in one batch.

    Args:
        dynamics: the system.
        x: states.
        u: controls.
        reach: how far each tangent direction and control is moved.
        central: to both sides, at twice the price.
    """
    (count, nu), nd = u.shape, dynamics.tangent
    directions = np.eye(nd + nu) * reach
    directions = np.concatenate([directions, -directions if central else np.zeros((1, nd + nu))])
    many = len(directions)
    d = np.tile(directions, (count, 1))  # (H * many, d + u)
    start = dynamics.moved(np.repeat(x, many, 0), d[:, :nd])
    end = dynamics.step(start, np.repeat(u, many, 0) + d[:, nd:]).reshape(count, many, -1)
    low = end[:, nd + nu :]
    low = np.broadcast_to(low, (count, nd + nu, low.shape[-1]))
    change = dynamics.difference(
        low.reshape(count * (nd + nu), -1), np.ascontiguousarray(end[:, : nd + nu]).reshape(count * (nd + nu), -1)
    )
    slope = change.reshape(count, nd + nu, nd).swapaxes(1, 2) / (2 * reach if central else reach)
    return Linear(slope[..., :nd], slope[..., nd:])


def backward(
    linear: Linear,
    control: Float[np.ndarray, " u"],
    gradient: Float[np.ndarray, "H1 d"],
    curvature: Float[np.ndarray, "H1 d d"],
    residual: Float[np.ndarray, "H u"],
    regularisations: Float[np.ndarray, "m 2"],
) -> tuple[Float[np.ndarray, "m H u"], Float[np.ndarray, "m H u d"]]:
    """The Riccati recursion for m regularisations side by side: changes k and gains K, du = k + K dx.

    Args:
        linear: the dynamics about the plan.
        control: (u,) weights.
        gradient: (H + 1, d) of the cost at each state; the first is not judged.
        curvature: (H + 1, d, d) likewise.
        residual: (H, u) controls minus base controls.
        regularisations: (m, 2), as REGULARISATIONS.
    """
    count, nd, nu = linear.B.shape
    m = len(regularisations)
    lam, mu = regularisations[:, 0, None, None], regularisations[:, 1, None, None]
    R = np.diag(control)
    Vx = np.tile(gradient[count], (m, 1))[..., None]  # (m, d, 1)
    Vxx = np.tile(curvature[count], (m, 1, 1))
    k, K = np.zeros((m, count, nu)), np.zeros((m, count, nu, nd))
    for t in reversed(range(count)):
        A, B = linear.A[t], linear.B[t]
        Qu = (control * residual[t])[:, None] + B.T @ Vx
        VA, VB = Vxx @ A, Vxx @ B
        Quu, Qux = R + B.T @ VB, B.T @ VA
        solved = -np.linalg.solve(
            Quu + mu * (B.T @ B) + lam * np.eye(nu), np.concatenate([Qu, Qux + mu * (B.T @ A)], -1)
        )
        kt, Kt = solved[..., :1], solved[..., 1:]
        k[:, t], K[:, t] = kt[..., 0], Kt
        judged = 1.0 if t else 0.0  # the first state is as it is
        KT = Kt.swapaxes(1, 2)
        Vx = judged * gradient[t][:, None] + A.T @ Vx + KT @ (Quu @ kt + Qu) + Qux.swapaxes(1, 2) @ kt
        Vxx = judged * curvature[t] + A.T @ VA + KT @ (Quu @ Kt + Qux) + Qux.swapaxes(1, 2) @ Kt
        Vxx = 0.5 * (Vxx + Vxx.swapaxes(1, 2))
    return k, K


def roll(
    dynamics: Dynamics, x0: Float[np.ndarray, " x"], u: Float[np.ndarray, "H u"], goal: Float[np.ndarray, "H1 x"],
    base: Float[np.ndarray, "H u"], cost: Cost,
) -> Plan:  # fmt: skip
    """The plan that the controls u make from the state x0."""
    x = [x0[None]]
    for row in u:
        x.append(dynamics.step(x[-1], row[None]))
    states = np.concatenate(x)
    return Plan(states, u, float(_cost(dynamics, states[:, None], u[:, None], goal, base, cost)[0]))


def improve(
    dynamics: Dynamics,
    plan: Plan,
    linear: Linear,
    goal: Float[np.ndarray, "H1 x"],
    base: Float[np.ndarray, "H u"],
    cost: Cost,
    noise: Float[np.ndarray, "n H u"] | None = None,
) -> Plan:
    """One iteration: the best of all closed-loop rollouts of all regularisations and step sizes, and of the plan.

    Args:
        dynamics: the system.
        plan: to improve.
        linear: its linearisation, or that of a plan near it.
        goal: (H + 1, x) states to be in.
        base: (H, u) controls that cost nothing.
        cost: the weights.
        noise: added to the controls of n more candidates, each with a regularisation and a step size of its own.
    """
    count = len(plan.u)
    gradient, curvature = _expanded(dynamics, plan.x, goal, cost)
    k, K = backward(linear, cost.control, gradient, curvature, plan.u - base, np.array(REGULARISATIONS))
    m, s = len(REGULARISATIONS), len(STEPS)
    which, share = np.repeat(np.arange(m), s), np.tile(STEPS, m)
    shake = np.zeros((m * s, count, plan.u.shape[1]))
    if noise is not None:
        extra = np.arange(len(noise)) % (m * 3)  # of the three largest steps
        which, share = np.append(which, extra % m), np.append(share, np.array(STEPS)[extra // m])
        shake = np.concatenate([shake, noise])
    x = np.repeat(plan.x[:1], len(which), 0)
    astray = np.zeros(len(which), bool)
    states, controls = [x], []
    for t in range(count):
        dx = dynamics.difference(np.broadcast_to(plan.x[t], x.shape), x)
        # what diverges is brought back, since it costs the most time and everything after it is nonsense
        astray |= ~(np.abs(dx).max(1) < ASTRAY)
        x[astray], dx[astray] = plan.x[t], 0.0
        u = plan.u[t] + share[:, None] * k[which, t] + (K[which, t] @ dx[..., None])[..., 0] + shake[:, t]
        x = dynamics.step(x, u)
        states.append(x)
        controls.append(u)
    costs = _cost(dynamics, np.array(states), np.array(controls), goal, base, cost)
    costs[astray] = np.inf
    best = int(costs.argmin())
    if not costs[best] < plan.cost:
        return plan
    return Plan(np.array([x[best] for x in states]), np.array([u[best] for u in controls]), float(costs[best]))


def candidates(noise: int) -> int:
    """How many states `improve` steps at once, with so many noisy candidates."""
    return len(REGULARISATIONS) * len(STEPS) + noise


def _expanded(
    dynamics: Dynamics, x: Float[np.ndarray, "H1 x"], goal: Float[np.ndarray, "H1 x"], cost: Cost
) -> tuple[Float[np.ndarray, "H1 d"], Float[np.ndarray, "H1 d d"]]:
    """Gradient and curvature (Gauss-Newton) of what the states cost."""
    off, slopes = dynamics.outputs(x) - dynamics.outputs(goal), dynamics.slopes(x)
    weighed = cost.output[:, None] * slopes  # (H1, p, d)
    gradient = cost.state * dynamics.difference(goal, x) + (weighed.swapaxes(1, 2) @ off[..., None])[..., 0]
    curvature = np.diag(cost.state) + slopes.swapaxes(1, 2) @ weighed
    gradient[-1] *= cost.final
    curvature[-1] *= cost.final
    return gradient, curvature


def _cost(
    dynamics: Dynamics, x: np.ndarray, u: np.ndarray, goal: np.ndarray, base: np.ndarray, cost: Cost
) -> Float[np.ndarray, " n"]:
    """Of n rollouts: x (H + 1, n, x), u (H, n, u). What diverged costs infinity."""
    count, n = u.shape[:2]
    after = x[1:].reshape(count * n, -1)
    error = dynamics.difference(np.repeat(goal[1 : count + 1], n, 0), after).reshape(count, n, -1)
    off = dynamics.outputs(after).reshape(count, n, -1) - dynamics.outputs(goal[1 : count + 1])[:, None]
    times = np.ones(count)
    times[-1] = cost.final
    total = 0.5 * np.einsum("tnd,d,t->n", error**2, cost.state, times)
    total += 0.5 * np.einsum("tnp,p,t->n", off**2, cost.output, times)
    total += 0.5 * np.einsum("tnu,u->n", (u - base[:, None]) ** 2, cost.control)
    return np.where(np.isfinite(total), total, np.inf)
