"""A policy as a judge of motions: the task that it knows, and references as `sfv run` makes them of motion files."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envs.config import TrackingConfig
from sfv.errors import InputError, blamed
from sfv.pipeline.policy_file import TRACKER, policy_file

if TYPE_CHECKING:
    from envs.judge.following import Following
    from sfv.character import Character
    from sfv.motion import Motion
    from sfv.pipeline.settings import Settings

log = logging.getLogger(__name__)


def judged(
    policy: Path, files: Mapping[str, Path], settings: "Settings", tries: int, seed: int
) -> Iterator[tuple[str, "Following"]]:
    """How far the policy of a run, or in a file, follows each motion.

    Args:
        policy: a run, the folder of a policy, or its file.
        files: name -> a motion file of any format.
        settings: how files are read, and whether they are mended.
        tries: of each motion.
        seed: of the noise at the starts.

    Raises:
        InputError: there is no such policy, it observes something else than this task shows, or a file cannot be read.
    """
    from envs.judge.following import follow
    from policies.export import load_policy
    from sfv.character import load_character
    from sfv.pipeline.reference import reference_of

    actor, about = load_policy(policy_file(policy))
    body, task = load_character(about_of(about, policy)), task_of(about, policy, settings.tracking)
    settings = replace(settings, tracking=task, performer=body.name)
    motions: dict[str, Motion] = {name: reference_of(file, body, settings).motion for name, file in files.items()}
    require_same_view(about, next(iter(motions.values())), body, task, policy)
    yield from follow(actor, motions, body, task, tries, seed)


def say_untrained(motion: "Motion", body: "Character", tracking: TrackingConfig) -> None:
    """Say how far the tracker follows a motion before any training on it, where it is of its body and on level ground.

    Raises:
        InputError: the tracker's file is damaged.
    """
    from envs.judge.following import follow
    from policies.export import load_policy

    actor, about = load_policy(policy_file(TRACKER))
    known = body.name == about_of(about, TRACKER) and task_of(about, TRACKER, tracking) == tracking
    if not known or tracking.terrain or tracking.scan:
        return
    ((_, found),) = follow(actor, {"motion": motion}, body, replace(tracking, randomise=()))
    how = "all of it" if found.success == 1.0 else f"{found.seconds:.1f} of {found.duration:.1f} s of it"
    log.warning("untrained, the tracker (--from %s) follows %s", TRACKER, how)


def about_of(about: Mapping[str, Any], policy: Path) -> str:
    """Whose policy it is.

    Raises:
        InputError: it does not say.
    """
    if not isinstance(about.get("character"), str):
        raise InputError(f"{policy} does not say whose policy it is; name one that sfv train made")
    return str(about["character"])


def task_of(about: Mapping[str, Any], policy: Path, like: TrackingConfig) -> TrackingConfig:
    """The task that a policy's actions are meant for, on level ground and undisturbed.

    Raises:
        InputError: its record is damaged.
    """
    with blamed(f"the record in {policy} is damaged", "train it again"):
        hz, scale = float(about["control_hz"]), float(about["action_scale"])
        task = replace(like, control_hz=hz, decimation=round(float(about["physics_hz"]) / hz), action_scale=scale)
        task.check()
    return task


def require_same_view(
    about: Mapping[str, Any], motion: "Motion", body: "Character", task: TrackingConfig, policy: Path
) -> None:
    """Raise InputError unless the policy observes as many numbers as this task shows of a motion."""
    from envs.tracking import TrackingEnv

    shows = TrackingEnv([motion], body, task, 1).obs_size
    if about.get("obs_size") != shows:
        raise InputError(
            f"{policy} observes {about.get('obs_size')} numbers and this task shows {shows}; name a policy that was "
            "trained without --scan"
        )
