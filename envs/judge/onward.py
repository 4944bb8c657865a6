"""What a policy does from one moment of its clip on: tries with a little noise, and how long they stay up.

It knows motions and policies, and not why somebody begins there.
"""

from dataclasses import dataclass

import torch

from envs.config import TrackingConfig
from envs.judge.evaluation import judging_env
from envs.judge.rollouts import roll_out, shown, wanted_rows
from sfv.character import Character
from sfv.interfaces import Policy
from sfv.judged import Shown
from sfv.motion import Motion


@dataclass(frozen=True)
class Onward:
    """What became of the tries.

    Attributes:
        up: (n,) s that each followed the clip, bodies on average within 0.5 m of it.
        seconds: s that there were to go: what was asked for, or what is left of a clip that ends.
        shown: the first try, which begins without noise.
    """

    up: tuple[float, ...]
    seconds: float
    shown: Shown

    def share(self, seconds: float) -> float:
        """Of the tries that were up so long, or to the clip's end."""
        enough = min(seconds, self.seconds) - 1e-6
        return sum(up >= enough for up in self.up) / len(self.up)


def go_on(
    policy: Policy,
    motion: Motion,
    character: Character,
    config: TrackingConfig,
    begin: float,
    seconds: float,
    tries: int,
    seed: int,
) -> Onward:
    """Begin at `begin` s of the motion, `tries` times, and go on for `seconds`, or to the end of a clip that ends."""
    env = judging_env([motion], character, config.in_place(), tries, seed, seconds)
    env.generator.manual_seed(seed)
    every, hz = env.control_ticks, config.control_hz
    last = int(env.library.ticks[0])
    tick = round(begin * hz) * every
    tick = tick % last if motion.loop else min(tick, last - every)
    env.reset_to(torch.zeros(tries, dtype=torch.long), torch.full((tries,), tick))
    first = torch.tensor([0])
    env.sim.qvel[0] = env.reference(env.tick[first], first).qvel[0].double()
    left = round(seconds * hz) if motion.loop else min(round(seconds * hz), (last - tick) // every)
    done = roll_out(env, policy, torch.full((tries,), left))
    ticks = tick + torch.arange(left + 1) * every
    wanted = wanted_rows(env, env.reference(ticks, torch.zeros_like(ticks)), ticks)
    first_try = shown(env, motion, done, 0, wanted)
    return Onward(tuple(float(steps) / hz for steps in done.survived), left / hz, first_try)
