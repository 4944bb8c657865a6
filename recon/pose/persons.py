"""Which of the pieces that were followed are whose: pieces end where another is followed, and are joined again.

A piece is broken where size, clothes or place jump, since then somebody else is followed from there on. Pieces that
agree in clothes and size and are never there at once are one person's. It knows neither pictures nor estimators.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float, Int

from recon.pose.clothes import OTHER, unlike
from recon.pose.people import Sighting, worn

Piece = dict[int, Sighting]
"""Somebody's sightings by the index of the frame, in its order."""

BEFORE = 5
"""Sightings to either side of a jump whose medians are compared: single frames are misread more often."""
OTHER_SIZE = float(np.log(1.35))
"""Of the logarithm of px per metre, from one sighting to the next."""
NEAR, FASTEST = 0.3, 10.0
"""m, and m/s across the picture, that somebody may move between two sightings; sprinters do 10."""
WANDERS = 3.0
"""m/s across the picture, that somebody unseen moves on from where they were seen last."""
SAME_SIZE = float(np.log(1.6)), float(np.log(2.5))
"""How px per metre may have changed over an absence: within a scene, and where it was long or the scene is another."""


@dataclass(frozen=True)
class Person:
    """Everything that was seen of one person: pieces in order of time, none overlapping; gaps within one are short."""

    pieces: tuple[Piece, ...]


def persons(
    followed: Sequence[Piece], times: Float[np.ndarray, " T"], scenes: Int[np.ndarray, " T"], max_gap: float
) -> list[Person]:
    """The people behind the pieces that were followed.

    Args:
        followed: what was followed without a break, each within one scene.
        times: s, of the clip's frames.
        scenes: the number of the scene that each frame shows.
        max_gap: s of absence, within a scene, that a piece may hold.
    """
    pieces = sorted((part for piece in followed for part in broken(piece, times)), key=min)
    owners: list[list[Piece]] = []
    for piece in pieces:
        costs = [_strangeness(owner[-1], piece, times, scenes, max_gap) for owner in owners]
        best = int(np.argmin(costs)) if costs else -1
        if best < 0 or not np.isfinite(costs[best]):
            owners.append([piece])
        elif _goes_on(owners[best][-1], piece, times, scenes, max_gap):
            owners[best][-1] = owners[best][-1] | piece
        else:
            owners[best].append(piece)
    return [Person(tuple(owner)) for owner in owners]


def broken(piece: Piece, times: Float[np.ndarray, " T"]) -> list[Piece]:
    """The parts of a piece between jumps of clothes, size or place."""
    frames = list(piece)
    seen = [piece[frame] for frame in frames]
    jumps = np.zeros(len(frames))
    for k in range(1, len(frames)):
        jumps[k] = _jump(seen[max(k - BEFORE, 0) : k], seen[k : k + BEFORE])
        here, there = times[frames[k - 1]], times[frames[k]]
        middle = slice(max(k - 2, 0), k), slice(k, k + 2)
        way = _metres(seen[middle[0]], seen[middle[1]])
        span = float(there - here) + float(np.diff(times).min(initial=1.0))
        jumps[k] = max(jumps[k], way / (NEAR + FASTEST * span))
    edges = [0, *_peaks(jumps, seen), len(frames)]
    parts = [frames[a:b] for a, b in pairwise(edges)]
    return [{frame: piece[frame] for frame in part} for part in parts if len(part) > 1]


def _jump(before: Sequence[Sighting], after: Sequence[Sighting]) -> float:
    """How far clothes or size differ on either side; 1 and more is somebody else."""
    size = abs(np.log(_scale(after) / _scale(before)))
    return max(_unlike(before, after), float(size) / OTHER_SIZE)


def _peaks(jumps: Float[np.ndarray, " N"], seen: Sequence[Sighting]) -> list[int]:
    """Of each run of jumps the sighting that differs most from the one before it."""
    over = np.flatnonzero(jumps >= 1.0)
    runs = np.split(over, np.flatnonzero(np.diff(over) > 1) + 1) if len(over) else []
    return [int(max(run, key=lambda k: _jump(seen[k - 1 : k], seen[k : k + 1]))) for run in runs]


def _strangeness(
    known: Piece, piece: Piece, times: Float[np.ndarray, " T"], scenes: Int[np.ndarray, " T"], max_gap: float
) -> float:
    """How unlike a known person a later piece is; infinite where it is another's."""
    last, first = max(known), min(piece)
    if first <= last:
        return float(np.inf)
    away = float(times[first] - times[last])
    there, here = list(known.values()), list(piece.values())
    near = away <= max_gap and scenes[last] == scenes[first]
    dress = _unlike(there, here)
    size = abs(np.log(_scale(here[:BEFORE]) / _scale(there[-BEFORE:]))) / SAME_SIZE[0 if near else 1]
    # in another scene, and after long, people are elsewhere
    place = _metres(there[-BEFORE:], here[:BEFORE]) / (2 * NEAR + WANDERS * away) if near else 0.0
    if max(dress, size, place) > 1.0:
        return float(np.inf)
    return float(dress + size + place + (0.0 if near else 1.0))


def _goes_on(
    known: Piece, piece: Piece, times: Float[np.ndarray, " T"], scenes: Int[np.ndarray, " T"], max_gap: float
) -> bool:
    last, first = max(known), min(piece)
    return bool(times[first] - times[last] <= max_gap and scenes[last] == scenes[first])


def _unlike(before: Sequence[Sighting], after: Sequence[Sighting]) -> float:
    """How far the clothes differ; 1 and more is somebody else, and 0 where nobody asked for them."""
    one, other = worn(before), worn(after)
    return unlike(one, other) / OTHER if one is not None and other is not None else 0.0


def _scale(seen: Sequence[Sighting]) -> float:
    return float(np.median([person.scale for person in seen]))


def _metres(before: Sequence[Sighting], after: Sequence[Sighting]) -> float:
    """How far apart two short series of sightings are across the picture, m; without metres, in bodies of 1.7 m."""
    places = [np.median([person.points_2d.mean(axis=0) for person in seen], axis=0) for seen in (before, after)]
    size = _scale((*before, *after))
    if not any(np.any(person.points_3d) for person in (*before, *after)):
        size /= 1.7
    return float(np.linalg.norm(places[1] - places[0])) / size
