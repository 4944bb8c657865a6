"""Presets of `sfv run` and `sfv batch`: functions that return settings; a variant calls another and replaces fields."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from sfv.pipeline.policy_file import AUTO
from sfv.pipeline.settings import Settings


def standard() -> Settings:
    """What `sfv run` does when nothing else is said: train until the policy does the clip, on two cores."""
    return Settings()


def quick() -> Settings:
    """A first look in a few minutes: is the clip usable, is the reference right, does learning start?"""
    settings = standard()
    return replace(settings, train=replace(settings.train, budget="2min"), begun_from=AUTO, rollouts=8)


def quality() -> Settings:
    """For a clip that matters: up to two hours of training, and four times as many tries to judge it by."""
    settings = standard()
    return replace(settings, train=replace(settings.train, budget="120min"), rollouts=128)


def acrobatic() -> Settings:
    """For flips and cartwheels: samples enough for any skill of docs/skills.md, however slow the machine, exploration
    that takes its time, and a page of what physics makes of the reference before so long a training."""
    settings = standard()
    return replace(settings, train=replace(settings.train, budget="9M", narrowing=1.5e6), preview=True)


def robot() -> Settings:
    """For a robot's stiff servos and light limbs: twice the control rate, twice as fine physics, smaller actions.

    What the check finds is left as it is: a repair needs landmarks on the feet, which robots' files lack. The numbers
    are an assumption, not studied.
    """
    settings = standard()
    tracking = replace(settings.tracking, control_hz=60.0, action_scale=0.25)
    reconstruct = replace(settings.reconstruct, fps=tracking.control_hz)
    return replace(settings, tracking=tracking, reconstruct=reconstruct, mend=False)


PRESETS: Mapping[str, Callable[[], Settings]] = {
    preset.__name__: preset for preset in (standard, quick, quality, acrobatic, robot)
}
"""By the names that --config takes."""
