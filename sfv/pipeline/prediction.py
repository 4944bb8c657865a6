"""What happens next in a photograph: the trained policy whose clip passes nearest to the pose takes over.

The character begins where that clip is then, since one picture tells neither speed nor height over the ground; what is
seen decides which clip, and which moment of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from envs.judge.onward import Onward, go_on
from recon.nearest import Nearness, nearest
from recon.pose.people import Sighting
from sfv.errors import InputError
from sfv.pipeline.live import Act
from sfv.report import Number, Report

if TYPE_CHECKING:
    import numpy as np

FAR = 20.0
"""Degrees between bones, root mean square, from which a clip is not near: 19 of 20 rendered frames of clips are under
16 from their own (docs/predict.md)."""
STAYS = 1.0
"""s that a try must stay up to count."""


@dataclass(frozen=True)
class Prediction:
    """Which policy takes over, where, and what it did.

    Attributes:
        act: the policy, with its clip and its character.
        time: s of the clip at which it begins.
        found: name of a run -> how near its clip comes, the one that explains the pose best first.
        onward: its tries.
    """

    act: Act
    time: float
    found: dict[str, Nearness]
    onward: Onward

    def report(self) -> Report:
        """The figures, and how near every run was."""
        chosen = self.found[self.act.name]
        numbers = (
            Number("begins", self.time, "s of the clip", "none"),
            Number("phase", self.time / self.act.motion.duration, "of the clip", "none"),
            Number("pose_gap", chosen.degrees, "deg", "lower"),
            Number("stays_up", self.onward.share(STAYS), f"share of tries that last {STAYS:g} s", "higher"),
            Number("tries", float(len(self.onward.up)), "with noise", "none"),
            Number("time_up", sum(self.onward.up) / len(self.onward.up), "s", "higher"),
            Number("time_to_go", self.onward.seconds, "s", "none"),
        )
        whole = sum(near.evidence for near in self.found.values())
        others = {}
        for name, near in self.found.items():
            gap, share = Number("pose_gap", near.degrees, "deg", "lower"), near.evidence / whole
            others[name] = Report(name, (gap, Number("belief", share, "share of all runs", "none")))
        return Report(f"what happens next: {self.act.name}", numbers, clips=others)


def person_at(photo: Path, model: Literal["lite", "full", "heavy"]) -> "tuple[np.ndarray, Sighting]":
    """A photograph, and the person in it.

    Raises:
        InputError: it cannot be read, or shows nobody, several, or no legs.
    """
    from recon.pose.pose_landmarker import PoseLandmarker
    from recon.pose.still import person_in
    from recon.pose.weights import pose_landmarker
    from sfv.clip import photograph

    picture = photograph(photo)
    with PoseLandmarker(pose_landmarker(model)) as landmarker:
        return picture, person_in(picture, landmarker.look, str(photo))


def acts_of(runs: Sequence[Path]) -> list[Act]:
    """The policies of runs, by the names of their folders.

    Raises:
        InputError: there are none, or two of one name.
    """
    if not runs:
        raise InputError("there is no policy that could take over; name finished runs with --runs RUN [RUN ...]")
    acts: dict[str, Act] = {}
    for run in runs:
        name = run.absolute().name
        if name in acts:
            raise InputError(f"two of the runs are called {name}; rename one")
        acts[name] = Act.load(run, name)
    return list(acts.values())


def predicted(seen: Sighting, acts: Sequence[Act], seconds: float, tries: int, seed: int, name: str) -> Prediction:
    """Who takes over from the pose in the photograph called `name`, and how it goes on.

    Raises:
        InputError: no clip comes near, or a character has no landmarks.
    """
    near = {act.name: nearest(seen, act.motion, act.character) for act in acts}
    near = dict(sorted(near.items(), key=lambda item: -item[1].evidence))
    chosen = next(iter(near))
    if near[chosen].degrees > FAR:
        listed = ", ".join(f"{run} {found.degrees:.0f}" for run, found in near.items())
        raise InputError(
            f"no clip comes near to the pose in {name}: the nearest is {near[chosen].degrees:.0f} degrees off, and "
            f"{FAR:.0f} are allowed ({listed}); give --runs of clips with such a pose"
        )
    act = next(act for act in acts if act.name == chosen)
    time = near[chosen].frame / act.motion.fps
    task = replace(act.tracking, threads=1)
    onward = go_on(act.policy, act.motion, act.character, task, time, seconds, tries, seed)
    return Prediction(act, time, near, onward)
