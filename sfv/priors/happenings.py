"""What happens at moments of a motion: jumps, kicks, lifted legs and blows, found by where feet and hands are.

A take of a minute is said to have "high kicks", and most of its windows have none. What a window shows is measured
here, so that its sentence can say it and windows can be drawn around what is rare. It knows no sentences of takes.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from sfv.priors.features import Features

CLEAR = 0.12
"""m: who jumps has both soles higher than this at once; CMU's runs at 3 m/s have .11 at most."""
HIGH, FAST = 0.6, 2.0
"""m, and m/s: an ankle that comes so high kicks if it rises as fast as this, and else the leg is lifted."""
THRUST, AHEAD = 2.5, 0.4
"""m/s, and m: a fist that goes away from its shoulder as fast as this, and ends so far before it, strikes."""
PAUSE = 6
"""Frames between what are two happenings of a kind and not one."""
Kind = Literal["jump", "kick", "lift", "punch"]
WORDS: dict[Kind, str] = {
    "jump": "jumps",
    "kick": "kicks with the {} leg",
    "lift": "lifts the {} leg high",
    "punch": "punches with the {} arm",
}
"""What a person does."""


@dataclass(frozen=True)
class Happening:
    """Something that happens from a frame to another, both included; `side` is "" where it has none."""

    kind: Kind
    side: str
    first: int
    last: int

    @property
    def words(self) -> str:
        """What a person does in it."""
        return WORDS[self.kind].format(self.side)


def happenings(rows: Float[Tensor, "T D"], features: Features, gait: bool) -> list[Happening]:
    """All that happens in the rows of a motion, in the order of beginning.

    Args:
        rows: not normalised.
        features: what they mean; ankles, wrists and shoulders that the character's file does not mark do nothing.
        gait: whether it walks or runs: then flights are no jumps.
    """
    bodies, soles = features.places(rows)
    marks = features.character.keypoints
    place = {
        name: bodies[:, features.skeleton.body_names.index(marks[name][0])]
        for name in (f"{side}_{part}" for side in ("left", "right") for part in ("ankle", "wrist", "shoulder"))
        if name in marks
    }
    flights = [] if gait else _runs("jump", "", soles[..., 2].amin(-1) > CLEAR)
    out = [found for found in flights if found.last > found.first]
    for side, other in (("left", "right"), ("right", "left")):
        if {f"{side}_ankle", f"{other}_ankle"} <= place.keys():
            out += _legs(place[f"{side}_ankle"][:, 2], place[f"{other}_ankle"][:, 2], side, features.fps)
        if {f"{side}_wrist", f"{side}_shoulder"} <= place.keys():
            away = place[f"{side}_wrist"] - place[f"{side}_shoulder"]
            speed = torch.nn.functional.pad(away.norm(dim=-1).diff(), (1, 0)) * features.fps
            padded = torch.nn.functional.pad(away[:, 0], (0, PAUSE - 1))
            out += _runs("punch", side, (speed > THRUST) & (padded.unfold(0, PAUSE, 1).amax(-1) > AHEAD))
    return sorted(out, key=lambda found: (found.first, found.kind, found.side))


def said_of(found: list[Happening]) -> str:
    """What a person does in happenings, each thing once, in order; "" where there is nothing to be said."""
    return " and ".join(dict.fromkeys(one.words for one in found))


def _legs(height: Float[Tensor, " T"], other: Float[Tensor, " T"], side: str, fps: float) -> list[Happening]:
    """Kicks of a leg and slow lifts of it, by the heights of its ankle and of the one that stands."""
    out = []
    for found in _runs("kick", side, (height > HIGH) & (other < HIGH / 2)):
        rise = height[max(0, found.first - PAUSE) : found.last + 1].diff() * fps
        kicks = len(rise) > 0 and float(rise.max()) > FAST
        out.append(found if kicks else Happening("lift", side, found.first, found.last))
    return out


def _runs(kind: Kind, side: str, on: Bool[Tensor, " T"]) -> list[Happening]:
    """The runs of frames in which something is on; short pauses do not end one."""
    out: list[Happening] = []
    for frame in torch.nonzero(on)[:, 0].tolist():
        if out and frame - out[-1].last <= PAUSE:
            out[-1] = Happening(kind, side, out[-1].first, frame)
        else:
            out.append(Happening(kind, side, frame, frame))
    return out
