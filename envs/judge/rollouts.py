"""Rollouts that are judged: nothing is reset on the way, and each counts until it failed.

A rollout has failed when the bodies are on average 0.5 m from the reference (PHC's definition); in a task with recovery
when they stay so for as long as that waits. It knows no clip and no report: where rollouts start and how long they go
on is the caller's business.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from envs import rewards, terminations
from envs.tracking import TrackingEnv
from sfv.interfaces import Policy
from sfv.judged import Figures

FAILURE = 0.5
"""Mean distance (m) of the bodies from the reference at which a rollout has failed."""
STRICT = 0.25
"""Distance (m) within which every body stays in a strict success."""
DERIVED = ("actuator_force", "actuator_velocity")
"""Fields to bind before the first step: a derived field is zero until the step after that."""


@dataclass(frozen=True)
class Rollouts:
    """What n rollouts came to, one in each environment.

    Attributes:
        steps: (n,) control steps that each was to last.
        survived: (n,) control steps before it failed.
        returns: (n,) sums of DeepMimic's reward until then.
        error, root_error: (n,) mean distance (m) of the bodies from the reference, in the world and from the root; NaN
            for what failed in its first step.
        worst: (n,) largest distance (m) of any body.
        power: (n,) mean mechanical power of the actuators, W; NaN likewise.
        paths: (k, nq) states of each of the first rollouts, as many as were watched, their starts included.
        wanted: (k, nq) the references of these at the same moments.
        first_error: mean distance (m) of the first rollout's bodies at each step.
    """

    steps: Int[Tensor, "n"]
    survived: Float[Tensor, "n"]
    returns: Float[Tensor, "n"]
    error: Float[Tensor, "n"]
    root_error: Float[Tensor, "n"]
    worst: Float[Tensor, "n"]
    power: Float[Tensor, "n"]
    paths: tuple[Float[np.ndarray, "k nq"], ...]
    wanted: tuple[Float[np.ndarray, "k nq"], ...]
    first_error: list[float]

    @property
    def whole(self) -> Float[Tensor, "n"]:
        """1 where a rollout reached its end."""
        return (self.survived >= self.steps).float()

    @property
    def normalised_return(self) -> Float[Tensor, "n"]:
        """Returns as a share of the best that each could have had."""
        return self.returns / self.steps


@torch.no_grad()
def roll_out(env: TrackingEnv, policy: Policy, steps: Int[Tensor, "n"], watched: int = 1) -> Rollouts:
    """Act from where the environments stand, each for its number of control steps; DERIVED fields are bound.

    Of the first `watched` rollouts the states are kept.
    """
    n = env.num_envs
    alive = torch.ones(n, dtype=torch.bool)
    survived, returns, power, error, root_error, worst = (torch.zeros(n) for _ in range(6))
    some = env.everyone[:watched]
    seen, first_error = [env.sim.qpos[:watched].numpy().copy()], []
    wanted = [env.reference(env.tick[some], some).qpos.double().numpy()]
    for t in range(int(steps.max())):
        env.advance(policy(env.observe()))
        moment = env.moment()
        broken = terminations.not_finite(moment)
        away = terminations.body_errors(moment).nan_to_num(1e3)
        counted = (t < steps) & alive
        env.count_broken(broken & counted)
        alive &= ~(counted & (broken | env.failed(away.mean(-1) > FAILURE, moment)))
        counted &= alive
        reward, _ = rewards.total(rewards.DEEPMIMIC, moment)
        returns += torch.where(counted, reward, 0.0)
        survived += counted.float()
        error += torch.where(counted, away.mean(-1), 0.0)
        worst = torch.maximum(worst, torch.where(counted, away.max(-1).values, 0.0))
        relative = (moment.xpos - moment.past.xpos)[:, 1:] - (moment.xpos - moment.past.xpos)[:, 1:2]
        root_error += torch.where(counted, torch.linalg.vector_norm(relative, dim=-1).mean(-1), 0.0)
        watts = (env.sim.actuator_force * env.sim.actuator_velocity).abs().sum(-1).float()
        power += torch.where(counted, watts, 0.0)
        seen.append(env.sim.qpos[:watched].numpy().copy())
        wanted.append(moment.ref.qpos[:watched].double().numpy())
        if bool(alive[0]) and t < int(steps[0]):
            first_error.append(float(away[0].mean()))
        if not bool((alive & (t + 1 < steps)).any()):
            break  # the rest would only watch fallen bodies
    ran = torch.where(survived > 0, survived, float("nan"))  # what broke at once has no error, which is not 0
    paths, references = (
        tuple(whole[: 1 + int(survived[i]), i] for i in range(watched)) for whole in (np.array(seen), np.array(wanted))
    )
    return Rollouts(
        steps, survived, returns, error / ran, root_error / ran, worst, power / ran, paths, references, first_error
    )


def figures(done: Rollouts, start: Bool[Tensor, "n"], hz: float, among: Bool[Tensor, "n"] | None = None) -> Figures:
    """How well it went from the clips' starts and, where `start` is false, from random phases; `among` some of all."""
    some = torch.ones_like(start) if among is None else among
    first, later = some & start, some & ~start
    whole, nr = done.whole, done.normalised_return
    strict = (done.worst[first] < STRICT) & (whole[first] > 0)
    return Figures(
        success=float(whole[first].mean()),
        success_random_phase=float(whole[later].mean()),
        strict_success=float(strict.float().mean()),
        normalised_return=float(nr[first].mean()),
        normalised_return_random_phase=float(nr[later].mean()),
        survival=float((done.survived / done.steps)[some].clamp_max(1.0).mean()),
        time_to_fall=float(done.survived[first].mean()) / hz,
        mpjpe_global=1000.0 * float(done.error[first].nanmean()),
        mpjpe_root_relative=1000.0 * float(done.root_error[first].nanmean()),
    )
