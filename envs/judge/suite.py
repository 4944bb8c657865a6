"""How well one policy does many clips: an `Evaluator` of all of them at once, without pictures.

The figures are means over clips, and success and error of each clip stand beside them.
"""

from collections.abc import Mapping

import torch

from envs.config import TrackingConfig
from envs.judge.evaluation import begin, judging_env
from envs.judge.rollouts import figures, roll_out
from sfv.character import Character
from sfv.interfaces import Policy
from sfv.judged import Judged
from sfv.motion import Motion
from sfv.report import Number, Report

OF_CLIPS = ("success", "normalised_return", "mpjpe_global")
"""Figures that are given of each clip."""


class Suite:
    """Evaluates policies on named clips.

    Args:
        motions: name -> clip.
        character: whose they are.
        config: the task.
        rollouts: from each clip's start, and as many from random phases.
        seed: of starts and noise.
        seconds: no rollout lasts longer than this; None: to the end of its clip, 20 s of a loop.
    """

    def __init__(
        self, motions: Mapping[str, Motion], character: Character, config: TrackingConfig, rollouts: int = 8,
        seed: int = 1000, seconds: float | None = None,
    ) -> None:  # fmt: skip
        self.names, self.rollouts, self.seed = tuple(motions), rollouts, seed
        self.most = None if seconds is None else round(seconds * config.control_hz)
        self.env = judging_env(list(motions.values()), character, config, 2 * rollouts * len(motions), seed)

    def __call__(self, policy: Policy) -> Judged:
        """Run all rollouts of all clips side by side."""
        count, n, hz = len(self.names), self.rollouts, self.env.config.control_hz
        clip = torch.arange(count).repeat_interleave(2 * n)
        start = (torch.arange(2 * n) < n).repeat(count)
        steps = begin(self.env, clip, start, self.seed)
        steps = steps if self.most is None else steps.clamp_max(self.most)
        done = roll_out(self.env, policy, steps)
        found = figures(done, start, hz)
        numbers = (
            *found.numbers(),
            Number("physics_nan", float(self.env.breakage.count), "rollouts", "lower"),
            Number("rollouts", float(n), "from each start, and as many from random phases", "none"),
        )
        clips = {
            name: Report(name, figures(done, start, hz, clip == index).numbers(*OF_CLIPS))
            for index, name in enumerate(self.names)
        }
        report = Report(f"evaluation of {count} clips", numbers, clips=clips)
        return Judged(found, report, self.env.breakage.found(self.env.whole))
