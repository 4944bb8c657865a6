"""A policy by what a person calls it: a run, a folder, a file, or `tracker`, the policy of many clips that sfv brings.

Light: what is asked of a policy before any work is in the head of its file, and no weights are read for it.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from envs.config import TrackingConfig
from policies.config import TrainConfig
from sfv.errors import InputError, blamed
from sfv.work.run_folder import POLICY

TRACKER = Path("tracker")
"""What the policy that comes with sfv is called, where nothing else in the folder is."""
AUTO, SCRATCH = Path("auto"), Path("scratch")
"""What training may begin with besides a policy: the tracker where it follows enough of the motion, and nothing."""
ACTS = ("control_hz", "action_scale")
"""Settings of the task that decide what an action does."""


def policy_file(place: Path) -> Path:
    """The policy of a run, or in the folder of a policy, or the file itself; or sfv's own tracker.

    Raises:
        InputError: there is none.
    """
    for path in (place / POLICY / "policy.safetensors", place / "policy.safetensors", place):
        if path.is_file():
            return path
    if place == TRACKER:
        return shipped_tracker()
    raise InputError(
        f"{place} holds no policy; name a run, a folder that sfv train made, or {TRACKER}, which comes with sfv"
    )


def in_words_of_today(content: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same settings; before 0.2.0 training began from scratch where no policy was named."""
    named = content.get("begun_from") is not None or "begun_from" not in content
    return content if named else {**content, "begun_from": str(SCRATCH)}


def shipped_tracker() -> Path:
    """The file of sfv's own tracker, whatever else in the folder is called so."""
    from sfv.character import ASSETS

    return ASSETS / "weights" / "tracker.safetensors"


def suited(config: TrainConfig, policy: Path, character: str, tracking: TrackingConfig) -> TrainConfig:
    """The settings of a training that begins from `policy`: with its layers, where nobody asked for others.

    Raises:
        InputError: the file is none of sfv's, its character has other joints, or its actions mean something else.
    """
    about = record_of(policy)
    with blamed(f"{policy} is no policy of sfv", "train it again"):
        hidden, whose = tuple(int(width) for width in about["hidden"]), about.get("character", character)
        acts = {name: float(about[name]) for name in ACTS}
    if whose not in (character, Path(character).stem) and not _of_one_build(whose, character):
        raise InputError(
            f"{policy} is a policy of {whose}, whose joints are others than those of {character}; name a policy of "
            f"{character}, or begin from scratch without --from"
        )
    for name, its in acts.items():
        if its != (mine := getattr(tracking, name)):
            option = f"--{name.replace('_', '-')}"
            raise InputError(
                f"{policy} was trained with {option} {its:g} and not {mine:g}, so its actions would "
                f"mean something else; train with {option} {its:g}, or from scratch without --from"
            )
    return replace(config, hidden=hidden) if config.hidden == TrainConfig.hidden else config


def record_of(policy: Path) -> dict[str, Any]:
    """What the head of a policy's file says of it.

    Raises:
        InputError: the file is none of sfv's.
    """
    from safetensors import safe_open

    with blamed(f"{policy} is no policy of sfv", "train it again"), safe_open(policy, framework="np") as file:
        return dict(json.loads((file.metadata() or {})["about"]))


def _of_one_build(one: str, other: str) -> bool:
    """Whether two characters have the same bodies and joints, so that what one observes and does suits the other."""
    from sfv.character import load_character

    try:
        first, second = (load_character(name) for name in (one, other))
    except InputError:  # the file of a user's robot may be gone; whose it was is then not known
        return False
    return (first.skeleton.body_names, first.skeleton.joint_names, first.key_bodies) == (
        second.skeleton.body_names, second.skeleton.joint_names, second.key_bodies
    )  # fmt: skip
