"""Training: where the task, its judges, its teachers and the learner meet. It knows nothing of stages and marks."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from envs.config import TrackingConfig
from envs.judge.evaluation import Evaluator
from envs.judge.suite import Suite
from envs.tracking import TrackingEnv
from policies.config import TrainConfig
from policies.export import load_policy
from policies.group import joined
from policies.teachers import Teachers
from policies.train import train
from sfv.character import Character
from sfv.motion import Motion

if TYPE_CHECKING:
    import mujoco
    from torch import Tensor

JUDGED_LOOP, JUDGED = 32, 128
"""Rollouts from the start by which training chooses its best policy, of a loop and of a clip that ends: the latter take
a few seconds instead of 20, and so many tell a policy that fails once in a hundred from one that does not."""


@dataclass(frozen=True)
class Broken:
    """What went to NaN while a policy was trained.

    Attributes:
        count: episodes that ended so.
        state: an mjSTATE_INTEGRATION row from which the physics went to NaN; None where it never did.
        model: whose state it is.
    """

    count: int
    state: "Tensor | None"
    model: "mujoco.MjModel"


def train_policy(
    motions: Mapping[str, Path],
    body: Character,
    tracking: TrackingConfig,
    config: TrainConfig,
    folder: Path,
    teachers: Mapping[str, Path],
    lessons: float,
    begun_from: Path | None = None,
) -> Broken:
    """Train one policy of one motion or several and write its files into `folder`; see `pipeline.stages.policy_stage`.

    Raises:
        InputError: a file cannot be used.
    """
    clips, group = {name: Motion.load(path) for name, path in motions.items()}, joined()
    if tracking.threads:  # two learners side by side would wait for each other's threads
        torch.set_num_threads(tracking.threads)
    env = TrackingEnv(list(clips.values()), body, tracking, group.share(config.num_envs), config.seed + group.rank)
    teacher = Teachers([load_policy(teachers[name])[0] for name in clips], env.clip) if teachers else None
    if len(clips) > 1:
        train(env, Suite(clips, body, tracking), config, folder, None, teacher, lessons, begun_from)
    else:
        (clip,) = clips.values()
        evaluator = Evaluator(clip, body, tracking, JUDGED_LOOP if clip.loop else JUDGED)
        train(env, lambda policy: evaluator(policy).report, config, folder, None, teacher, lessons, begun_from)
    return Broken(env.broken, env.broken_state, env.model)
