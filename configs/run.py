"""Presets of `sfv run`: functions from a clip and a folder to all settings."""

from dataclasses import replace
from pathlib import Path

from sfv.pipeline.run import RunConfig


def standard(clip: Path, out: Path) -> RunConfig:
    """What `sfv run` does when nothing else is said: train until the policy does the clip, on two cores."""
    return RunConfig(clip, out)


def quick(clip: Path, out: Path) -> RunConfig:
    """A first look in a few minutes: is the clip usable, is the reference right, does learning start?"""
    config = standard(clip, out)
    return replace(config, train=replace(config.train, budget="2min"))
