"""Who is who over time: people seen in single pictures become continuous tracks.

`follow_people` looks at the whole picture a few times a second to notice people, and in every frame at a window around
each of those it knows, so that small people are seen as sharply as large ones. It knows neither the estimator (it is
given a function that looks) nor which of the people is wanted.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import islice

import numpy as np
from jaxtyping import Float, UInt8
from scipy.optimize import linear_sum_assignment

from recon.pose.clothes import OTHER, unlike, usual
from sfv.work.abreast import abreast

SCAN_EVERY = 0.25
"""Seconds between searches of the whole picture for people not yet known."""
MIN_BELIEF = 0.45
"""Mean confidence of the points below which even somebody expected there counts as imagined."""
NEW_BELIEF = 0.6
"""The same for somebody new: bushes and shadows reach 0.5."""
TURNED_BELIEF = 0.75
"""The same for somebody who does not stand: shadows are more often taken for lying people."""
MIN_HEIGHT = 0.08
"""Smallest person followed, as a share of the picture's shorter side; less than this is a handful of pixels."""
ROOM = 1.4
"""Side of the window around a person over the person's longer side. In wider ones backlit people are missed."""
SECOND_LOOKS = ((1.4, 2), (1.2, 0), (1.9, 0), (1.4, 1), (1.4, 3))
"""Margins and quarter turns tried on somebody lost: handstands and somersaults are seen better turned."""
SAME_PERSON = 0.25
"""Mean distance of the points, over the person's size, below which two sightings in one frame are one person."""
SAME_BOX = 0.5
"""Overlap of the boxes (intersection over union) from which they are one person too, seen in two poses."""
REACH = 0.6
"""The same between the predicted and the seen person, from one frame to the next."""
REMEMBERED = 15
"""Sightings whose median clothes are a person's."""


@dataclass(frozen=True)
class Window:
    """A square of the picture: upper left corner and side in px, and how it is turned before looking."""

    x: int
    y: int
    side: int
    turns: int = 0
    """Counterclockwise quarter turns; somebody upside down is recognised more surely upright."""
    mirrored: bool = False
    """Whether to look in the mirror; what is seen is reported as it is, left still the person's own."""


@dataclass(frozen=True)
class Sighting:
    """One person in one picture."""

    points_2d: Float[np.ndarray, "K 2"]
    """px of the whole picture."""
    points_3d: Float[np.ndarray, "K 3"]
    """Metres, camera axes, origin mid-hip."""
    confidence: Float[np.ndarray, " K"]
    turns: int = 0
    """Counterclockwise quarter turns of the picture after which the person's head is above the hips."""
    clothes: Float[np.ndarray, "2 3"] | None = None
    """Colours of trunk and thighs (`recon.pose.clothes`), where the picture was asked for them."""

    @cached_property
    def low(self) -> Float[np.ndarray, " 2"]:
        return self.points_2d.min(axis=0)

    @cached_property
    def high(self) -> Float[np.ndarray, " 2"]:
        return self.points_2d.max(axis=0)

    @property
    def centre(self) -> Float[np.ndarray, " 2"]:
        return (self.low + self.high) / 2

    @property
    def extent(self) -> float:
        """The longer side of the box around the points, px."""
        return float((self.high - self.low).max())

    @cached_property
    def scale(self) -> float:
        """px per metre across the picture, whatever the pose; without metres the extent, px."""
        pixels, metres = (points - points.mean(axis=0) for points in (self.points_2d, self.points_3d[:, :2]))
        across = float(np.linalg.norm(metres))
        return float(np.linalg.norm(pixels)) / across if across > 0 else self.extent

    @property
    def belief(self) -> float:
        return float(self.confidence.mean())

    def distance(self, other: "Sighting") -> float:
        """Mean distance between like points, over the larger person's size."""
        apart = np.linalg.norm(self.points_2d - other.points_2d, axis=1)
        return float(apart.mean() / max(self.extent, other.extent))

    def same(self, other: "Sighting") -> bool:
        """Whether these are one person, seen twice."""
        if self.distance(other) <= SAME_PERSON:
            return True
        shared = np.prod(np.clip(np.minimum(self.high, other.high) - np.maximum(self.low, other.low), 0, None))
        union = np.prod(self.high - self.low) + np.prod(other.high - other.low) - shared
        return bool(shared >= SAME_BOX * union)


@dataclass
class Followed:
    """One person while being followed: the frames in which they were seen."""

    sightings: dict[int, Sighting]
    last_time: float
    velocity: Float[np.ndarray, " 2"] = field(default_factory=lambda: np.zeros(2))
    """px/s of the middle of the box."""

    @classmethod
    def since(cls, index: int, time: float, seen: Sighting) -> "Followed":
        return cls({index: seen}, time)

    @property
    def last(self) -> Sighting:
        return next(reversed(self.sightings.values()))

    def add(self, index: int, time: float, seen: Sighting) -> None:
        # half the old velocity is kept: one frame's detection is noisy
        self.velocity = 0.5 * self.velocity + 0.5 * (seen.centre - self.last.centre) / (time - self.last_time)
        self.sightings[index] = seen
        self.last_time = time

    def predicted(self, time: float) -> Sighting:
        """Where the person would be now, had they gone on as they went; in the clothes that they wore lately."""
        shift = self.velocity * (time - self.last_time)
        latest = list(islice(reversed(self.sightings.values()), REMEMBERED))
        return replace(self.last, points_2d=self.last.points_2d + shift, clothes=worn(latest))


def worn(seen: Iterable[Sighting]) -> Float[np.ndarray, "2 3"] | None:
    """The median clothes in several sightings of one person; None where nobody asked for them."""
    colours = [person.clothes for person in seen if person.clothes is not None]
    return usual(np.stack(colours)) if colours else None


def strangers(a: Sighting, b: Sighting) -> bool:
    """Whether their clothes are so unlike that these are two people."""
    return a.clothes is not None and b.clothes is not None and unlike(a.clothes, b.clothes) > OTHER


Look = Callable[[UInt8[np.ndarray, "H W 3"], Window], list[Sighting]]


def follow_people(
    frames: Iterable[UInt8[np.ndarray, "H W 3"]],
    times: Float[np.ndarray, " T"],
    look: Look,
    max_gap: float,
    advance: Callable[[float], None] = lambda steps: None,
    cuts: Collection[int] = (),
    show: Callable[[int, UInt8[np.ndarray, "H W 3"], list[Sighting]], None] = lambda index, image, people: None,
) -> list[dict[int, Sighting]]:
    """Each person's sightings by frame index, in order of first appearance.

    A person unseen for longer than `max_gap` seconds is gone, and so is everybody at a cut; who comes back is somebody
    new. Somebody seen once only is dropped.

    Args:
        frames: the pictures.
        times: s, of each.
        look: what sees the people in a window of a picture, for several threads at once.
        max_gap: s.
        advance: called with 1.0 after each frame.
        cuts: frames with which another scene begins; a frame's may be added just before that is given.
        show: called with each frame's index and picture, and who is followed in it.
    """
    active: list[Followed] = []
    gone: list[Followed] = []
    next_scan = -np.inf
    for index, (image, time) in enumerate(zip(frames, times.tolist(), strict=True)):
        cut = index in cuts
        gone += [person for person in active if cut or time - person.last_time > max_gap]
        active = [person for person in active if not (cut or time - person.last_time > max_gap)]
        next_scan = time if cut else next_scan
        expected = [person.predicted(time) for person in active]
        known = [s for where in expected for s in _looked_for(image, where, look)]
        scanned: list[Sighting] = []
        scanning = time >= next_scan
        if scanning:
            seen = abreast(partial(look, image), scan_windows(image))
            scanned = [s for people in seen for s in _plausible(people, image, NEW_BELIEF)]
            next_scan = time + SCAN_EVERY
        people = _distinct(known, scanned)
        pairs = _pairs(expected, people)
        for i, where in enumerate(expected):
            found = None if i in pairs else _second_look(image, where, look, people)
            if found is not None:
                pairs[i] = len(people)
                people.append(found)
        for i, j in pairs.items():
            active[i].add(index, time, people[j])
        if scanning:
            unknown = [person for j, person in enumerate(people) if j not in pairs.values()]
            unknown = [s for s in unknown if s.belief >= NEW_BELIEF and not any(s.same(where) for where in expected)]
            active += [Followed.since(index, time, person) for person in unknown]
        show(index, image, [person.last for person in active if person.last_time == time])
        advance(1.0)
    everyone = sorted(gone + active, key=lambda person: min(person.sightings))
    return [person.sightings for person in everyone if len(person.sightings) > 1]


def around(person: Sighting, margin: float = ROOM, turns: int = 0) -> Window:
    """The window in which to look for a person expected there."""
    side = max(int(margin * person.extent), 64)
    x, y = (person.centre - side / 2).astype(int)
    return Window(int(x), int(y), side, turns)


def scan_windows(image: UInt8[np.ndarray, "H W 3"]) -> list[Window]:
    """The whole picture, and squares of its shorter side that overlap by half.

    The estimator's detector sees 224 px whatever it is given: in a wide picture people of half its height are missed.
    """
    height, width = image.shape[:2]
    short, long = min(height, width), max(height, width)
    whole = Window((width - long) // 2, (height - long) // 2, long)
    if long < 1.1 * short:
        return [whole]
    count = int(np.ceil((long - short) / (short / 2))) + 1
    starts = np.linspace(0, long - short, count).astype(int).tolist()
    return [whole] + [Window(s, 0, short) if width > height else Window(0, s, short) for s in starts]


def _plausible(seen: list[Sighting], image: UInt8[np.ndarray, "H W 3"], belief: float) -> list[Sighting]:
    """Without the people that the estimator imagines in bushes and shadows."""
    height, width = image.shape[:2]
    kept = []
    for person in seen:
        middle_inside = bool((person.centre >= 0).all() and (person.centre < (width, height)).all())
        large = person.extent >= MIN_HEIGHT * min(height, width)
        if person.belief >= belief and middle_inside and large:
            kept.append(person)
    return kept


def _looked_for(image: UInt8[np.ndarray, "H W 3"], expected: Sighting, look: Look) -> list[Sighting]:
    """Who is seen where somebody is expected; somebody lying or upside down is also looked at turned upright.

    Of all looks the surest counts. On a rendered backflip this took 5 % off the error in 3D, on a cartwheel nothing.
    """
    seen = _plausible(look(image, around(expected)), image, MIN_BELIEF)
    hints = [s for s in (expected, *seen) if s.belief >= TURNED_BELIEF and s.distance(expected) <= REACH]
    for turns in sorted({s.turns for s in hints} - {0}):
        seen += _plausible(look(image, around(expected, turns=turns)), image, TURNED_BELIEF)
    return seen


def _distinct(*groups: list[Sighting]) -> list[Sighting]:
    """One sighting per person: from the first group that has one, and the most confident in it."""
    kept: list[Sighting] = []
    for group in groups:
        for person in sorted(group, key=lambda s: -s.belief):
            if not any(person.same(other) for other in kept):
                kept.append(person)
    return kept


def _pairs(expected: list[Sighting], people: list[Sighting]) -> dict[int, int]:
    """Which of the expected is which of the people seen: the assignment of least total distance, within reach."""
    if not expected or not people:
        return {}
    cost = np.array([[10.0 if strangers(a, b) else min(a.distance(b), 10.0) for b in people] for a in expected])
    cost[cost > REACH] = 1e3
    rows, columns = linear_sum_assignment(cost)
    return {int(i): int(j) for i, j in zip(rows, columns, strict=True) if cost[i, j] <= REACH}


def _second_look(
    image: UInt8[np.ndarray, "H W 3"], expected: Sighting, look: Look, people: list[Sighting]
) -> Sighting | None:
    """Somebody lost, looked for in other windows; whoever is in reach and not one of the `people` already seen."""
    for margin, turns in SECOND_LOOKS:
        seen = _plausible(look(image, around(expected, margin, turns)), image, MIN_BELIEF)
        seen = [s for s in seen if s.distance(expected) <= REACH and not strangers(s, expected)]
        seen = [s for s in seen if not any(s.same(other) for other in people)]
        if seen:
            return max(seen, key=lambda s: s.belief)
    return None
