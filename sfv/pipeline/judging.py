"""A policy as a judge of motions: the task that it knows, and references as `sfv run` makes them of motion files."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envs.config import TrackingConfig
from policies.config import TrainConfig
from sfv.errors import InputError, blamed
from sfv.pipeline.policy_file import AUTO, policy_file, record_of, shipped_tracker

if TYPE_CHECKING:
    from envs.judge.following import Following
    from sfv.character import Character
    from sfv.interfaces import Policy
    from sfv.motion import Motion
    from sfv.pipeline.settings import Settings

log = logging.getLogger(__name__)

TRIES, SEED = 8, 2000
"""Tries of a motion, and the seed of the noise at their starts, unless told."""
ENOUGH = 0.5
"""The share of a motion's time that the tracker must follow untrained, for AUTO to begin with it. Six of the
seven of these that were trained came to .9 of the starts with a fifth of the samples or fewer. A jump and a run, of
which it follows a quarter and less, did not (docs/tracker.md)."""


@dataclass(frozen=True)
class Judge:
    """A policy and the task that it knows.

    Attributes:
        actor: the policy.
        about: its record.
        body: whose policy it is.
        task: on level ground and undisturbed.
        place: what it was called.
    """

    actor: "Policy"
    about: Mapping[str, Any]
    body: "Character"
    task: TrackingConfig
    place: Path

    @classmethod
    def of(cls, policy: Path, like: TrackingConfig) -> "Judge":
        """The policy of a run, or in a file; what its record does not say is as in `like`.

        Raises:
            InputError: there is no such policy, or its record is damaged.
        """
        from policies.export import load_policy
        from sfv.character import load_character

        actor, about = load_policy(policy_file(policy))
        return cls(actor, about, load_character(about_of(about, policy)), task_of(about, policy, like), policy)

    def follow(self, motions: "Mapping[str, Motion]", tries: int, seed: int) -> "Iterator[tuple[str, Following]]":
        """How far it follows each of one or more motions of its body.

        Raises:
            InputError: it observes something else than its task shows.
        """
        from envs.judge.following import follow

        require_same_view(self.about, next(iter(motions.values())), self.body, self.task, self.place)
        yield from follow(self.actor, motions, self.body, self.task, tries, seed)


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
    from sfv.pipeline.reference import reference_of

    judge = Judge.of(policy, settings.tracking)
    settings = replace(settings, tracking=judge.task, performer=judge.body.name)
    yield from judge.follow(
        {name: reference_of(file, judge.body, settings).motion for name, file in files.items()}, tries, seed
    )


def tracker_knows(config: TrainConfig, character: str, tracking: TrackingConfig) -> bool:
    """Whether sfv's own tracker knows this task, and nobody asked for layers that are not its.

    Raises:
        InputError: the tracker's file is damaged.
    """
    file = shipped_tracker()
    about = record_of(file)
    known = character == about_of(about, file) and tracking == task_of(about, file, tracking)
    elsewhere = tracking.terrain or tracking.scan or tracking.ahead or tracking.object
    return known and not elsewhere and config.hidden == TrainConfig.hidden


def untrained(motion: "Motion", tracking: TrackingConfig) -> "Following":
    """How far the tracker follows a motion of a task that it knows, undisturbed, before any training on it.

    Raises:
        InputError: the tracker's file is damaged.
    """
    judge = Judge.of(shipped_tracker(), tracking)  # a folder called tracker may be what is trained into
    level = replace(judge, task=judge.task.undisturbed())
    ((_, found),) = level.follow({"motion": motion}, TRIES, SEED)
    return found


def say_untrained(found: "Following", asked: Path) -> None:
    """Say how far the tracker follows, and what training begins with where AUTO or SCRATCH was `asked`."""
    how = "all of it" if found.success == 1.0 else f"{found.seconds:.1f} of {found.duration:.1f} s of it"
    if asked == AUTO:
        then = "training begins with it" if enough(found) else "training begins from scratch"
    else:
        then = "training begins from scratch" + (", and would succeed sooner with --from auto" if enough(found) else "")
    log.warning("untrained, the tracker follows %s; %s", how, then)


def enough(found: "Following") -> bool:
    """Whether the tracker follows ENOUGH of a motion."""
    return found.seconds >= ENOUGH * found.duration


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
            "trained without --scan and --ahead"
        )
