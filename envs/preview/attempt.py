"""Planning and acting by turns: at every control step the plan is improved, and its first control is carried out.

Where the character is lost, time is turned back and it is tried again in another manner. It knows the task as states,
controls and costs.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from envs.preview.config import PreviewConfig
from envs.preview.ilqr import Plan, improve, linearise, roll
from envs.preview.task import FARTHER, RETRY_NOISE, Task
from sfv.progress import Advance

CENTRAL, ONE_SIDED = 1e-3, 1e-4
"""m, rad, m/s, rad/s: how far finite differences reach."""
FIRST_ITERATIONS = 6
"""Improvements of a plan that starts from the motion's own targets, or is tried in another manner."""
SPREAD = (0.012, 0.024, 0.06)
"""rad: standard deviations of the noisy candidates."""


@dataclass(frozen=True)
class Manner:
    """How to plan: how many control steps farther than usual, with which differences, with what noisy candidates."""

    farther: int
    central: bool
    noise: int


MANNERS = (Manner(0, False, 0), Manner(0, True, 0), Manner(FARTHER, False, 0), Manner(FARTHER, False, RETRY_NOISE))
"""One after the other where the character was lost. None is best: the first loses the spin, another follows it."""


@dataclass(frozen=True)
class Attempt:
    """What the planner made of a task. When the character was lost, the last state is the one in which it was found so.

    Attributes:
        x: (k + 1, x) states.
        u: (k, u) controls.
        error: (k + 1, nbody - 1) distances of the bodies from the motion, m.
        tries: 1, and one more for each time that it was turned back.
        lost: it was not followed to the end.
    """

    x: Float[np.ndarray, "k1 x"]
    u: Float[np.ndarray, "k u"]
    error: Float[np.ndarray, "k1 b"]
    tries: int
    lost: bool


def attempt(task: Task, config: PreviewConfig, advance: Advance) -> Attempt:
    """Plan and act until the end, or until it is lost for good: then the try that came farthest.

    `advance` hears how many control steps it went on (or back), and how it stands.
    """
    planner = Planner(task, config)
    x = [task.start]
    u: list[np.ndarray] = []
    plans: list[Plan] = []
    error = [task.error(task.start, 0)]
    best: Attempt | None = None
    losses, care, until = 0, 0, -1
    plan: Plan | None = None
    anew = True
    while len(u) < len(task):
        k = len(u)
        care = care if k <= until else 0
        plan = planner.plan(k, x[-1], plan, care, anew)
        anew = False
        plans.append(plan)
        x.append(plan.x[1])
        u.append(plan.u[0])
        error.append(task.error(x[-1], k + 1))
        worst = float(error[-1].max())
        advance(1, f"following, {100 * worst:3.0f} cm off")
        if worst <= config.lost:  # false for NaN
            continue
        losses += 1
        if best is None or len(u) > len(best.u):
            best = Attempt(np.array(x), np.array(u), np.array(error), losses, True)
        if losses >= config.tries:
            return replace(best, tries=losses)
        care = min(care + 1, len(MANNERS) - 1) if k <= until else 1
        until = max(until, k + config.horizon)
        back = max(0, k + 1 - config.horizon * (1 + care))
        advance(back - k - 1, f"lost at {(k + 1) / config.control_hz:.2f} s, again")
        plan = plans[back - 1] if back else None
        anew = True
        del x[back + 1 :], u[back:], error[back + 1 :], plans[back:]
    return Attempt(np.array(x), np.array(u), np.array(error), losses + 1, False)


class Planner:
    """Plans for a task, each from the one before.

    Args:
        task: the problem.
        config: how far to look and how hard to try.
    """

    def __init__(self, task: Task, config: PreviewConfig) -> None:
        self.task, self.config = task, config
        self._generator = np.random.default_rng(config.seed)

    def plan(self, k: int, x: Float[np.ndarray, " x"], last: Plan | None, care: int, anew: bool) -> Plan:
        """The plan from state x at control step k.

        Args:
            k: control steps since the start.
            x: the state now.
            last: the plan of the step before, or None.
            care: how often the character was lost around here: which of MANNERS.
            anew: `last` was not made for this attempt, so it is improved FIRST_ITERATIONS times.
        """
        task, config, manner = self.task, self.config, MANNERS[care]
        look = min(config.horizon + manner.farther, len(task.base) - k)
        goal, base = task.goal[k : k + look + 1], task.base[k : k + look]
        u = base.copy()
        if last is not None:
            kept = min(len(last.u) - 1, look)
            u[:kept] = last.u[1 : 1 + kept]
        plan = roll(task.dynamics, x, u, goal, base, task.cost)
        many = max(config.noise, manner.noise)
        reach = CENTRAL if manner.central else ONE_SIDED
        for _ in range(FIRST_ITERATIONS if anew else config.iterations):
            linear = linearise(task.dynamics, plan.x[:-1], plan.u, reach, manner.central)
            noise = self._noise(many, plan.u.shape) if many else None
            plan = improve(task.dynamics, plan, linear, goal, base, task.cost, noise)
        return plan

    def _noise(self, count: int, shape: tuple[int, ...]) -> Float[np.ndarray, "n H u"]:
        """Smooth noise on the controls: AR(1) with 0.7 per step, stationary."""
        noise = self._generator.standard_normal((count, *shape))
        for t in range(1, shape[0]):
            noise[:, t] = 0.7 * noise[:, t - 1] + np.sqrt(1 - 0.7**2) * noise[:, t]
        return noise * np.resize(SPREAD, count)[:, None, None]
