"""The worst cases of a matrix, to look at: the ground and the push that fell a policy soonest.

It is the kind of ground, and the direction of pushes, with the fewest successes. Each is taken at its easiest setting
that at most half get through, and there the rollout that is over first. It knows no files and no pictures.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Int
from torch import Tensor

from envs.events import PUSH_SECONDS
from envs.judge.evaluation import begin
from envs.judge.knocks import BEFORE, pushed
from envs.judge.robustness import Columns, Part, Robustness
from envs.judge.rollouts import FAILURE
from envs.terminations import body_errors
from envs.tracking import TrackingEnv
from sfv.interfaces import Policy
from sfv.judged import Shown
from sfv.motion import Motion
from sfv.terrain.kinds import KINDS

TRIES = 16
"""Of which one is shown."""
EARLIER, LATER = 3.0, 1.5
"""s that are shown before the end of a rollout and after it."""
LONGEST = 20.0
"""s that somebody is watched, waiting for an end."""


@dataclass(frozen=True)
class Case:
    """A rollout, and what it was under."""

    words: str
    shown: Shown


def worst_cases(judge: Robustness, parts: Mapping[str, Part], found: Mapping[str, Columns]) -> tuple[Case, ...]:
    """Of a ground, where there was more than one, and of a push."""
    cases = []
    for measure, case in (("terrain", _ground), ("push", _push)):
        measured = {name: columns for name, columns in found.items() if parts[name].measure == measure}
        if measured:
            name = min(measured, key=lambda name: _share(measured[name]).mean())
            shares = _share(measured[name])
            cell = int(np.argmax(shares <= 0.5)) if (shares <= 0.5).any() else int(shares.argmin())
            settings = {setting: [values[cell]] for setting, values in parts[name].cells.items()}
            part = replace(parts[name], cells=settings, rollouts=TRIES)
            shown, words = case(judge, part)
            cases.append(Case(f"{words}: {100 * shares[cell]:.0f} % get through", shown))
    return tuple(cases)


def _share(columns: Columns) -> np.ndarray:
    return np.array(columns["successes"]) / np.maximum(np.array(columns["rollouts"]), 1.0)


def _ground(judge: Robustness, part: Part) -> tuple[Shown, str]:
    env, kind = judge.on_terrain(part), KINDS[part.what]
    everyone = torch.zeros(TRIES, dtype=torch.long)
    begin(env, everyone, everyone == 0, judge.seed)

    def over() -> Bool[Tensor, "n"]:
        return body_errors(env.moment()).nan_to_num(1e3).mean(-1) > FAILURE

    words = f"{part.what.replace('_', ' ')}, {part.cells['size'][0]:g} {kind.unit}"
    return _first(env, judge.policy, judge.motion, over), words


def _push(judge: Robustness, part: Part) -> tuple[Shown, str]:
    (newtons,) = part.cells["force"]
    env = judge.disturbed(part)
    touch = env.touching()
    pushed(env, torch.full((TRIES,), newtons), part.what, judge.seed)
    since, by_himself = round(BEFORE * env.config.control_hz), torch.zeros(TRIES, dtype=torch.bool)

    def over() -> Bool[Tensor, "n"]:
        nonlocal by_himself
        down = touch(env.clip)
        by_himself = by_himself | (down & (env.age <= since))  # who fell before the push is no witness of it
        return down & ~by_himself

    words = f"pushed {part.what} with {newtons:.0f} N for {PUSH_SECONDS:g} s"
    return _first(env, judge.policy, judge.motion, over), words


@torch.no_grad()
def _first(env: TrackingEnv, policy: Policy, motion: Motion, over: Callable[[], Bool[Tensor, "n"]]) -> Shown:
    """The rollout that is `over` first, or the first of all where none is within LONGEST."""
    hz = env.config.control_hz
    seen, wanted = [env.sim.qpos.numpy().copy()], [env.reference(env.tick, env.everyone).qpos.numpy()]
    ended: Int[Tensor, "n"] = torch.full((env.num_envs,), -1)
    for step in range(1, round(LONGEST * hz) + 1):
        env.advance(policy(env.observe()))
        seen.append(env.sim.qpos.numpy().copy())
        wanted.append(env.reference(env.tick, env.everyone).qpos.numpy())
        ended = torch.where((ended < 0) & over(), step, ended)
        if (ended >= 0).any() and step >= int(ended[ended >= 0].min()) + round(LATER * hz):
            break
        if not bool(env.library.loop[0]) and bool((env.tick >= env.library.last[0]).all()):
            break
    who = int(torch.where(ended < 0, len(seen), ended).argmin())
    last = len(seen) if ended[who] < 0 else int(ended[who]) + round(LATER * hz)
    part = slice(max(0, last - round((EARLIER + LATER) * hz)), max(last, 2))
    skeleton = env.character.skeleton
    simulated, reference = (np.array(rows)[part, who].astype(float) for rows in (seen, wanted))
    sound = np.isfinite(simulated).all(1)  # what went to NaN stays as it was seen last
    simulated = simulated[np.maximum.accumulate(np.where(sound, np.arange(len(sound)), 0))]
    return Shown(
        Motion(skeleton, hz, simulated, source="simulation", ground=motion.ground),
        Motion(skeleton, hz, reference, source=motion.source, ground=motion.ground),
        env.terrain,
        None,
    )
