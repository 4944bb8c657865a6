"""What a viewer shows: who moves how, on which ground, with what along its time, and who can act live.

It is data. `sfv.pipeline` makes it of runs, whoever has motions of his own by hand.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from sfv.character import Character
from sfv.motion import Motion
from sfv.terrain.terrain import FLAT, Terrain
from sfv.view.live import Live
from sfv.view.web.timeline import Timeline
from sfv.view.web.wish import Sample, Wish


@dataclass(frozen=True)
class Actor:
    """A named motion: as a person, or where it is what another was to do as a translucent ghost.

    Attributes:
        beside: of the same number stand on the same ground, a reference and who follows it.
        body: who it is; None for whom its skeleton is known to be of.
    """

    name: str
    motion: Motion
    ghost: bool = False
    terrain: Terrain = FLAT
    beside: int = 0
    body: Character | None = None


@dataclass(frozen=True)
class Shot:
    """The camera that took a clip, where the first actor is.

    Attributes:
        size: width and height of the clip's frames, px; the principal point is their middle.
        focal: px.
        position: of the pinhole, m.
        axes: its directions to the right, down and away, in the actor's world.
    """

    size: tuple[int, int]
    focal: float
    position: Float[np.ndarray, "3"]
    axes: Float[np.ndarray, "3 3"]


@dataclass(frozen=True)
class Pictures:
    """Frames of the clip behind a motion as JPEG files, and their times, s of the motion.

    Attributes:
        shot: the camera that took them; None where nobody knows.
        warps: of each, from the pixels of the shot to its own, where the camera turned or zoomed.
    """

    times: Float[np.ndarray, " n"]
    files: tuple[bytes, ...]
    shot: Shot | None = None
    warps: Float[np.ndarray, "n 3 3"] | None = None


NOTHING = Pictures(np.zeros(0), ())


@dataclass(frozen=True)
class Asking:
    """A generative prior that those who watch may ask: its name, the parts of a wish that it heeds beside the sentence,
    and what makes a show of a wish, which tells how far it is; it raises an InputError where it cannot. `labels` are
    the categories that a wish may name.
    """

    name: str
    heeds: frozenset[str]
    make: "Callable[[Wish, Callable[[str], None]], Show]"
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Show:
    """Everything about what is shown.

    Attributes:
        title: in words.
        actors: at least one.
        timeline: what stands along their time.
        pictures: of the clip behind them.
        live: makes the policies that act for one watcher; None where there are none, or not yet.
        news: a sentence for those who watch: what is on its way, or what went wrong.
        asking: a prior that may be asked for motions; None where there is none.
        samples: what is said of the actors, where a prior made them.
    """

    title: str
    actors: tuple[Actor, ...]
    timeline: Timeline
    pictures: Pictures = field(default=NOTHING)
    live: Callable[[], Live] | None = None
    news: str = ""
    asking: Asking | None = None
    samples: tuple[Sample, ...] = ()

    @property
    def seconds(self) -> float:
        """How long it goes."""
        return max(actor.motion.duration for actor in self.actors)
