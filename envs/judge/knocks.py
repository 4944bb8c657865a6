"""What one push does, or one thrown box: who stays up (DeepMimic's measure), and who goes on with the clip from where
he was knocked to.

Each rollout begins at a random phase and is hit once. It knows no cells, no files and no pages.
"""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from envs.events import Events
from envs.judge.evaluation import begin
from envs.judge.rollouts import FAILURE
from envs.sim.cpu import CpuSim
from envs.terminations import any_body_away, body_errors, not_finite
from envs.tracking import TrackingEnv
from sfv import rotation
from sfv.interfaces import Policy

BEFORE, AFTER = 1.0, 5.0
"""s: from the start to a push, and for how long after it nothing may touch the ground that the clip keeps off it
(DeepMimic, section 7, has the latter)."""
TOGETHER = 1.0
"""s at the end of those for which body and reference must have been together without a break, to have resumed."""
DIRECTIONS = {"forward": 0.0, "left": 90.0, "backward": 180.0, "right": 270.0}
"""Where pushes go, degrees to the left of where the body faces in the clip's first frame."""
Flags = dict[str, Bool[Tensor, "n"]]
"""Of each rollout: `rollouts` says whether it counts, the others what became of it."""


@torch.no_grad()
def survive(env: TrackingEnv, policy: Policy, events: Events, along: bool = False) -> Flags:
    """Of what is begun (`pushed`, `thrown_at`), `successes` stay up by DeepMimic's measure, and `followed` within 0.5 m
    of the reference in the mean.

    With `along`, in a task with recovery, the reference goes along with the body: it is where the body is, and faces
    where that faces. DeepMimic's policies, too, are asked for no place in the world.
    """
    touch = env.touching()
    assert isinstance(env.sim, CpuSim), "policies are judged on the processor"
    everyone = torch.ones(env.num_envs, dtype=torch.bool)
    up, near, down = everyone.clone(), everyone.clone(), ~everyone
    for step in range(_steps(env, events)):
        env.advance(policy(env.observe()))
        moment = env.moment()
        near &= body_errors(moment).nan_to_num(1e3).mean(-1) < FAILURE
        if along:
            assert env.recovery is not None
            env.recovery.bring(everyone, moment.qpos, env.library.at(env.clip, env.tick).qpos)
        if step < round(BEFORE * env.config.control_hz):
            down |= touch(env.clip) | ~near  # who falls by himself is no witness of pushes
        up &= ~touch(env.clip)
        env.sim.rest(~(up | near))
    env.sim.rest(None)
    return {"rollouts": ~down, "successes": up & ~down, "followed": near & ~down}


@torch.no_grad()
def resume(env: TrackingEnv, policy: Policy, force: Float[Tensor, "n"], seed: int) -> Flags:
    """A push from any side, in a task with recovery, whose reference waits.

    `successes` have been with the reference for the last TOGETHER s, `down` touched the ground with what the clip keeps
    off it, and `risen` did both.
    """
    assert env.recovery is not None
    events, touch = _to_come(env, "push", force, seed), env.touching()
    events.push_angle[:] = 2.0 * math.pi * torch.rand(env.num_envs, generator=env.generator)
    down = torch.zeros(env.num_envs, dtype=torch.bool)
    witness, together = ~down, torch.zeros(env.num_envs, dtype=torch.long)
    for step in range(_steps(env, events)):
        env.advance(policy(env.observe()))
        moment = env.moment()
        away = any_body_away(moment, env.config.max_deviation) | not_finite(moment)
        env.failed(away, moment)
        together = torch.where(away, 0, together + 1)
        down |= touch(env.clip)
        if step < round(BEFORE * env.config.control_hz):
            witness &= ~(down | away)
    back = witness & (together >= round(TOGETHER * env.config.control_hz))
    return {"rollouts": witness, "successes": back, "down": down & witness, "risen": down & back}


def pushed(env: TrackingEnv, force: Float[Tensor, "n"], direction: str, seed: int) -> Events:
    """Begin each rollout at a random phase, with one push to come, in one of DIRECTIONS."""
    events, clip = _to_come(env, "push", force, seed), torch.zeros(1, dtype=torch.long)
    first = env.library.at(clip, clip).qpos
    events.push_angle[:] = rotation.heading(first[:, 3:7]) + math.radians(DIRECTIONS[direction])
    return events


def thrown_at(env: TrackingEnv, speed: Float[Tensor, "n"], seed: int) -> Events:
    """Begin each rollout at a random phase, with one box to come, from any side."""
    events = _to_come(env, "box", speed, seed)
    events.box_angle[:] = 2.0 * math.pi * torch.rand(env.num_envs, generator=env.generator)
    return events


def _to_come(env: TrackingEnv, event: str, value: Float[Tensor, "n"], seed: int) -> Events:
    """Begin each rollout at a random phase, with one push or box to come, whose way is to be said."""
    events = env.events
    assert events is not None
    events.once = True
    events.hold(event, value)
    everyone = torch.zeros(env.num_envs, dtype=torch.long)
    begin(env, everyone, everyone != 0, seed)
    events.push_at[:] = events.box_at[:] = round(BEFORE * env.config.control_hz)
    return events


def _steps(env: TrackingEnv, events: Events) -> int:
    return round((BEFORE + AFTER) * env.config.control_hz) + events.push_steps
