"""Rollouts that are judged: nothing is reset on the way, and each counts until it failed.

A rollout has failed when the bodies are on average 0.5 m from the reference (PHC's definition), or a box that is to be
pushed is so far from its place; in a task with recovery when the bodies stay so for as long as that waits. It knows no
clip and no report: where rollouts start and how long they go on is the caller's business.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from envs import rewards, terminations
from envs.library import Reference
from envs.sim.cpu import CpuSim
from envs.tracking import TrackingEnv
from sfv.interfaces import Policy
from sfv.judged import Figures, Pushed, Shown
from sfv.motion import Motion

FAILURE = 0.5
"""Mean distance (m) of the bodies from the reference, and of a box from its place, at which a rollout has failed."""
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
        paths: (k, q) positions of each of the first rollouts, as many as were watched, their starts included: those of
            the body, and of a box behind it.
        wanted: (k, r) the references of these at the same moments, likewise.
        first_error: mean distance (m) of the first rollout's bodies at each step.
        moved: (n,) m along the ground from where a box was to where it was last before a failure; NaN without one.
        broken: (n,) whether the physics went to NaN.
    """

    steps: Int[Tensor, "n"]
    survived: Float[Tensor, "n"]
    returns: Float[Tensor, "n"]
    error: Float[Tensor, "n"]
    root_error: Float[Tensor, "n"]
    worst: Float[Tensor, "n"]
    power: Float[Tensor, "n"]
    paths: tuple[Float[np.ndarray, "_ q"], ...]
    wanted: tuple[Float[np.ndarray, "_ r"], ...]
    first_error: list[float]
    moved: Float[Tensor, "n"]
    broken: Bool[Tensor, "n"]

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

    Of the first `watched` rollouts the states are kept. Who failed, or is at his end, rests.
    """
    n = env.num_envs
    assert isinstance(env.sim, CpuSim), "policies are judged on the processor"
    env.sim.rest(None)
    alive = torch.ones(n, dtype=torch.bool)
    diverged = ~alive
    survived, returns, power, error, root_error, worst = (torch.zeros(n) for _ in range(6))
    some = env.everyone[:watched]
    seen, first_error = [_watched(env, watched)], []
    wanted = [wanted_rows(env, env.reference(env.tick[some], some), env.tick[some])]
    begun = last = env.box.state(env.sim)[0][:, :2] if env.box else torch.full((n, 2), float("nan"))
    for t in range(int(steps.max())):
        env.advance(policy(env.observe()))
        moment = env.moment()
        broken, lost = terminations.not_finite(moment), terminations.box_away(moment, FAILURE)
        away = terminations.body_errors(moment).nan_to_num(1e3)
        counted = (t < steps) & alive
        env.count_broken(broken & counted)
        diverged |= broken & counted
        alive &= ~(counted & (broken | lost | env.failed(away.mean(-1) > FAILURE, moment)))
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
        if moment.box is not None:
            last = torch.where(counted[:, None], moment.box[0][:, :2], last)
        seen.append(_watched(env, watched))
        wanted.append(wanted_rows(env, moment.ref, env.tick)[:watched])
        if bool(alive[0]) and t < int(steps[0]):
            first_error.append(float(away[0].mean()))
        if not bool((goes_on := alive & (t + 1 < steps)).any()):
            break  # the rest would only watch fallen bodies
        env.sim.rest(~goes_on)
    env.sim.rest(None)
    ran = torch.where(survived > 0, survived, float("nan"))  # what broke at once has no error, which is not 0
    paths, references = (
        tuple(whole[: 1 + int(survived[i]), i] for i in range(watched)) for whole in (np.array(seen), np.array(wanted))
    )
    return Rollouts(
        steps, survived, returns, error / ran, root_error / ran, worst, power / ran, paths, references, first_error,
        torch.linalg.vector_norm(last - begun, dim=-1), diverged,
    )  # fmt: skip


def shown(env: TrackingEnv, motion: Motion, done: Rollouts, index: int, wanted: Float[np.ndarray, "T r"]) -> Shown:
    """What a watched rollout of a motion looked like beside its reference, which is given as `wanted_rows` has it."""
    path, own = done.paths[index], env.model.nq
    if len(path) < 2:  # fell in the first step: a motion has at least two frames
        path = np.repeat(path, 2, 0)
    if len(wanted) < 2:
        wanted = np.repeat(wanted, 2, 0)
    skeleton, hz, ground = env.character.skeleton, env.config.control_hz, motion.ground
    return Shown(
        Motion(skeleton, hz, path[:, :own], source="simulation", ground=ground),
        Motion(skeleton, hz, wanted[:, :own], source=motion.source, ground=ground),
        env.terrain,
        Pushed(env.box.parcel, path[:, own : own + 7], wanted[:, own:]) if env.box else None,
    )


def wanted_rows(env: TrackingEnv, ref: Reference, tick: Int[Tensor, "k"]) -> Float[np.ndarray, "k r"]:
    """References at ticks: the body's qpos, and behind it where a box is to be."""
    parts = (ref.qpos, env.box.goal(ref, tick)) if env.box else (ref.qpos,)
    return torch.cat(parts, -1).double().numpy()


def _watched(env: TrackingEnv, watched: int) -> Float[np.ndarray, "k q"]:
    """The positions of the first environments, boxes behind the body included."""
    return env.sim.whole("qpos")[:watched].numpy().copy()


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
