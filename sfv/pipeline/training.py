"""Training: where the task, its judges, its teachers and the learner meet. It knows nothing of stages and marks."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import torch

from envs.config import TrackingConfig
from envs.judge.evaluate import training_judge
from envs.tracking import TrackingEnv
from policies.config import TrainConfig
from policies.export import load_policy
from policies.group import joined
from policies.teachers import Teachers
from policies.train import CHECKPOINT, train
from sfv.character import Character
from sfv.judged import Broken
from sfv.motion import Motion
from sfv.pipeline.judging import enough, say_untrained, tracker_knows, untrained
from sfv.pipeline.policy_file import AUTO, SCRATCH, TRACKER, shipped_tracker, suited


def train_policy(
    motions: Mapping[str, Path],
    body: Character,
    tracking: TrackingConfig,
    config: TrainConfig,
    folder: Path,
    teachers: Mapping[str, Path],
    lessons: float,
    begun_from: Path = SCRATCH,
) -> tuple[Broken | None, Path]:
    """Train one policy of one motion or several and write its files into `folder`; see `pipeline.stages.policy_stage`.

    Returns:
        The episodes in which the physics broke, if it did; and what was begun from: a policy's file, TRACKER or
        SCRATCH.

    Raises:
        InputError: a file cannot be used.
    """
    clips, group = {name: Motion.load(path) for name, path in motions.items()}, joined()
    if tracking.threads:  # two learners side by side would wait for each other's threads
        torch.set_num_threads(tracking.threads)
    if begun_from in (AUTO, SCRATCH) and len(clips) == 1 and not teachers:
        (clip,) = clips.values()
        begun_from = _beginning(clip, body, tracking, config, folder, begun_from)
        if begun_from == TRACKER:
            config = suited(config, shipped_tracker(), body.name, tracking)
    file = {TRACKER: shipped_tracker(), SCRATCH: None}.get(begun_from, begun_from)
    env = TrackingEnv(list(clips.values()), body, tracking, group.share(config.num_envs), config.seed + group.rank)
    teacher = Teachers([load_policy(teachers[name])[0] for name in clips], env.clip) if teachers else None
    judge, again = training_judge(clips, body, tracking), partial(training_judge, clips, body, tracking, again=True)
    train(env, judge, config, folder, None, teacher, lessons, file, again)
    return env.breakage.found(env.whole), TRACKER if file == shipped_tracker() else begun_from


def _beginning(
    clip: Motion, body: Character, tracking: TrackingConfig, config: TrainConfig, folder: Path, asked: Path
) -> Path:
    """TRACKER if AUTO is `asked` and it follows enough of the clip, else SCRATCH; what it follows is said at the first
    go in `folder`.

    Raises:
        InputError: the tracker's file is damaged.
    """
    first = joined().rank == 0 and not (folder / CHECKPOINT).exists()
    if not tracker_knows(config, body.name, tracking) or (asked == SCRATCH and not first):
        return SCRATCH
    found = untrained(clip, tracking)
    if first:
        say_untrained(found, asked)
    return TRACKER if asked == AUTO and enough(found) else SCRATCH
