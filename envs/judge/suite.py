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
from sfv.motion import Motion
from sfv.report import Number, Report


class Suite:
    """Evaluates policies on named clips.

    Args:
        motions: name -> clip.
        character: whose they are.
        config: the task.
        rollouts: from each clip's start, and as many from random phases.
        seed: of starts and noise.
    """

    def __init__(
        self, motions: Mapping[str, Motion], character: Character, config: TrackingConfig, rollouts: int = 8,
        seed: int = 1000,
    ) -> None:  # fmt: skip
        self.names, self.rollouts, self.seed = tuple(motions), rollouts, seed
        self.env = judging_env(list(motions.values()), character, config, 2 * rollouts * len(motions), seed)

    def __call__(self, policy: Policy) -> Report:
        """Run all rollouts of all clips side by side."""
        count, n = len(self.names), self.rollouts
        clip = torch.arange(count).repeat_interleave(2 * n)
        start = (torch.arange(2 * n) < n).repeat(count)
        done = roll_out(self.env, policy, begin(self.env, clip, start, self.seed))
        numbers = list(figures(done, start, self.env.config.control_hz))
        numbers.append(Number("physics_nan", float(self.env.broken), "rollouts", "lower"))
        numbers.append(Number("rollouts", float(n), "from each start, and as many from random phases", "none"))
        for index, name in enumerate(self.names):
            mine = start & (clip == index)
            whole, nr, error = done.whole[mine], done.normalised_return[mine], done.error[mine]
            numbers += [
                Number(f"success {name}", float(whole.mean()), "share of rollouts from the start", "higher"),
                Number(f"normalised_return {name}", float(nr.mean()), "0..1", "higher"),
                Number(f"mpjpe_global {name}", 1000.0 * float(error.mean()), "mm", "lower"),
            ]
        return Report(f"evaluation of {count} clips", tuple(numbers))
