"""How far a policy follows motions that it need not have seen: what a reference is worth, before any training on it.

Each motion is tried several times from its first frame, with a little noise on the velocities. It knows no files.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch

from envs.config import TrackingConfig
from envs.judge.evaluation import begin, judging_env
from envs.judge.rollouts import roll_out
from sfv.character import Character
from sfv.interfaces import Policy
from sfv.motion import Motion

AT_ONCE = 512
"""Simulations side by side: more are no faster on a processor."""


@dataclass(frozen=True)
class Following:
    """What became of the tries of one motion.

    Attributes:
        success: the share of tries that came to its end, bodies on average within 0.5 m of the reference (PHC's).
        seconds: how long a try followed it, in the mean.
        duration: how long a whole one is, s; 20 of a loop.
        error: mean distance of the bodies from the reference while it was followed, mm; NaN of what was lost at once.
        power: mean mechanical power of the actuators, W; NaN likewise.
        broken: whether the physics went to NaN in a try.
    """

    success: float
    seconds: float
    duration: float
    error: float
    power: float
    broken: bool


def follow(
    policy: Policy,
    motions: Mapping[str, Motion],
    character: Character,
    config: TrackingConfig,
    tries: int = 8,
    seed: int = 2000,
) -> Iterator[tuple[str, Following]]:
    """Try each motion; those of like length side by side, shortest first, and those with a ground of their own after.

    Args:
        policy: whose following is judged.
        motions: name -> a motion of the character.
        character: who does it.
        config: the task that the policy knows.
        tries: of each motion.
        seed: of the noise at the starts.

    Yields:
        Name, and what became of it.
    """
    names = sorted(motions, key=lambda name: motions[name].duration)
    for some in _batches(names, motions, max(1, AT_ONCE // tries)):
        alone = config.in_place()  # a reference that waits would be followed by who lost it
        env = judging_env([motions[name] for name in some], character, alone, tries * len(some), seed)
        clip = torch.arange(len(some)).repeat_interleave(tries)
        done = roll_out(env, policy, begin(env, clip, torch.ones_like(clip, dtype=torch.bool), seed))
        for index, name in enumerate(some):
            mine = clip == index
            yield (
                name,
                Following(
                    float(done.whole[mine].mean()),
                    float(done.survived[mine].mean()) / config.control_hz,
                    float(done.steps[mine][0]) / config.control_hz,
                    1000.0 * float(done.error[mine].nanmean()),
                    float(done.power[mine].nanmean()),
                    bool(done.broken[mine].any()),
                ),
            )


def _batches(names: list[str], motions: Mapping[str, Motion], most: int) -> list[list[str]]:
    """Who is tried together: nobody else is on a ground that a motion brings."""
    level = [name for name in names if motions[name].ground.flat]
    together = [level[first : first + most] for first in range(0, len(level), most)]
    return together + [[name] for name in names if not motions[name].ground.flat]
