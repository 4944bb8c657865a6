"""Trained policies that act while somebody watches: what `sfv.view.live.Live` asks for, of runs.

All meet the same: one push, box or condition is everybody's. It knows no browser.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from envs.arena import Arena
from envs.config import TrackingConfig
from policies.export import load_policy
from sfv.character import Character, load_character
from sfv.errors import InputError, did_you_mean
from sfv.interfaces import Policy
from sfv.motion import Motion
from sfv.pipeline.trained import Trained
from sfv.terrain.kinds import KINDS
from sfv.view.live import Conditions, Player, Seen


@dataclass(frozen=True)
class Act:
    """A policy, loaded, with what it does."""

    name: str
    policy: Policy
    motion: Motion
    character: Character
    tracking: TrackingConfig

    @classmethod
    def load(cls, folder: Path, name: str, only: str | None = None) -> "Act":
        """That of a run or the folder of a policy; of one that does several motions the one named, or the first.

        Raises:
            InputError: there is no finished policy, or its motion is gone.
        """
        trained = Trained.find(folder)
        known = trained.references()
        motion = Motion.load(known[only or next(iter(known))])
        policy, _ = load_policy(trained.policy)
        return cls(name, policy, motion, load_character(trained.character), trained.tracking)


class Troupe:
    """Policies beside each other, for one watcher. A `sfv.view.live.Live`."""

    def __init__(self, acts: Sequence[Act]) -> None:
        self._acts = tuple(acts)
        self.arenas = [Arena(act.motion, act.character, act.tracking) for act in acts]
        self.hz = self.arenas[0].config.control_hz
        if any(arena.config.control_hz != self.hz for arena in self.arenas):
            raise InputError(
                "these policies act at different rates, so they cannot be watched side by side; "
                "name runs of one --control-hz"
            )
        self.seconds = max(act.motion.duration for act in acts)

    @property
    def players(self) -> tuple[Player, ...]:
        """Who acts."""
        return tuple(
            Player(act.name, act.character, tuple(arena.env.describe()["actuators"]), arena.env.terrain)
            for act, arena in zip(self._acts, self.arenas, strict=True)
        )

    @property
    def over(self) -> bool:
        """Whether all have come to their end."""
        return all(arena.over for arena in self.arenas)

    def arrange(self, conditions: Conditions) -> None:
        """Put all under these from now on; on other ground they begin anew.

        Raises:
            InputError: there is no such ground.
        """
        if conditions.terrain not in KINDS:
            raise InputError(
                f"{conditions.terrain!r} is not a kind of terrain{did_you_mean(conditions.terrain, KINDS)}"
            )
        for arena in self.arenas:
            arena.arrange(conditions)

    def begin(self, seconds: float) -> list[Seen]:
        """Let all begin at a time of their clips."""
        return [arena.begin(seconds) for arena in self.arenas]

    @torch.no_grad()
    def step(self) -> list[Seen]:
        """One control step of all."""
        return [arena.step(act.policy(arena.observe())) for act, arena in zip(self._acts, self.arenas, strict=True)]

    def push(self, body: str, force: float, degrees: float) -> None:
        """Push a body of each."""
        for arena in self.arenas:
            arena.push(body, force, degrees)

    def throw(self, speed: float, degrees: float) -> None:
        """Throw a box at each."""
        for arena in self.arenas:
            arena.throw(speed, degrees)
