"""Films of many people, in shards, each of one person and made of a cast and a number alone: a stopped making goes on.

A shard is an `.npz` with the estimator's points beside the true ones, `Film` after `Film`. It knows no networks.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from platformdirs import user_cache_path

from recon.lifter import clothing, figure
from recon.lifter.acting import FRAMES, TUMBLING, act
from recon.lifter.clothing import outfit
from recon.lifter.figure import some_figure, some_look
from recon.lifter.filming import Film, Looks, film
from recon.lifter.human import Human, anybody, human
from recon.lifter.points import POINTS, RATE
from recon.lifter.studio import Studio
from recon.pose.pose_landmarker import PoseLandmarker
from recon.pose.weights import pose_landmarker
from sfv.character import Character
from sfv.errors import InputError, blamed
from sfv.interfaces import Take
from sfv.motion import Motion
from sfv.work.contents import arrays_of, content_of
from sfv.work.files import fingerprint, replacing

ESTIMATOR = "mediapipe pose landmarker full"
"""Whose errors are in the films, as tracks call it."""
FORMAT, VERSION = "sfv.films", 2
"""The version is to be raised when the same number comes to make another film."""
WINDOWS = 8
"""Of one person."""
HELD_OUT = 8
"""Every eighth of a cast is held out, and does what is said to be for that."""
PEOPLE, ACROBATS, FIGURES = "people", "acrobats", "figures"
"""Casts: people who do what motions show, those who turn over in half of their windows, and sfv's own figure."""
PREFIXES = {PEOPLE: "", ACROBATS: "acrobats-", FIGURES: "figures-"}
"""Of the names of their shards."""
TURNING = {PEOPLE: TUMBLING, ACROBATS: 0.5, FIGURES: 0.25}
"""Shares of the windows in which somebody of a cast turns over."""
_ARRAYS = ("seen", "metres", "confidence", "truth", "up")


@dataclass(frozen=True)
class Shard:
    """The films of one person; `held_out` from fitting, to judge it."""

    films: tuple[Film, ...]
    clips: tuple[str, ...]
    held_out: bool


def folder_of(place: Path, takes: Sequence[Take], character: Character, seed: int) -> Path:
    """Where in `place` the films of these takes are kept."""
    moves = [(take.split, hashlib.sha256(take.motion.qpos.tobytes()).hexdigest()) for take in takes]
    return place / fingerprint(VERSION, seed, ESTIMATOR, character.xml, moves)[:12]


def filmed(
    takes: Sequence[Take],
    place: Path | None,
    casts: Mapping[str, int],
    seed: int,
    character: Character,
    advance: Callable[[float, str], None] = lambda shards, text: None,
) -> list[Shard]:
    """The films of so many people of each cast, as ESTIMATOR sees them; `place` (None: the user's cache) keeps those
    that were made.

    Raises:
        InputError: see `make_films`; or anny or the estimator's weights are not here.
    """
    folder = folder_of(place or user_cache_path("sfv") / "films", takes, character, seed)
    with PoseLandmarker(pose_landmarker("full"), 1) as estimator:
        paths = make_films(takes, folder, casts, seed, character, estimator, advance)
    return [read_shard(path) for path in paths]


def make_films(
    takes: Sequence[Take],
    folder: Path,
    casts: Mapping[str, int],
    seed: int,
    character: Character,
    estimator: Looks,
    advance: Callable[[float, str], None] = lambda shards, text: None,
) -> list[Path]:
    """The shards of so many people of each cast; those that are there already are left as they are.

    Args:
        takes: motions of the character, with their split: those of "val" are for people who are held out.
        folder: `folder_of`.
        casts: how many people of each.
        seed: of everything that is drawn.
        character: the humanoid.
        estimator: whose errors are to be learnt.
        advance: called with the number of shards done, and what it is about.

    Raises:
        InputError: there is nothing for people who are held out to do, or nothing for the others.
    """
    of = {held: [take.motion for take in takes if take.split == ("val" if held else "train")] for held in (False, True)}
    if not of[False] or not of[True]:
        raise InputError("films need motions of the splits train and val; name them in --captions, in the column split")
    paths = []
    for cast, number in ((cast, number) for cast, count in casts.items() for number in range(count)):
        path = folder / f"{PREFIXES[cast]}{number:05d}.npz"
        if not path.exists():
            held_out = number % HELD_OUT == HELD_OUT - 1
            # a 0 at the end changes nothing: people are drawn as before there were other casts
            rng = np.random.default_rng([seed, number, list(PREFIXES).index(cast)])
            write_shard(path, _made(cast, of[held_out], held_out, rng, character, estimator))
        paths.append(path)
        advance(1, f"filmed {len(paths) * WINDOWS * FRAMES / RATE / 60:.1f} minutes")
    return paths


def _made(
    cast: str, motions: list[Motion], held_out: bool, rng: np.random.Generator, character: Character, estimator: Looks
) -> Shard:
    """Somebody of a cast, drawn by chance, filmed WINDOWS times."""
    body: Human | figure.Figure
    if cast == FIGURES:
        body = own = some_figure(rng)
        wear = figure.wearing(own, some_look(rng))
    else:
        body = somebody = human(anybody(rng))
        wear = clothing.wearing(somebody, outfit(somebody, rng))
    films, clips = [], []
    with Studio(body.bones, wear) as studio:
        for _ in range(WINDOWS):
            done = act(motions, body, character, rng, TURNING[cast])
            films.append(film(studio, done, estimator, rng)[0])
            clips.append(done.clip)
    return Shard(tuple(films), tuple(clips), held_out)


def write_shard(path: Path, shard: Shard) -> None:
    """Write it whole or not at all; the same shard gives the same bytes."""
    arrays = {name: np.stack([getattr(one, name) for one in shard.films]).astype(np.float32) for name in _ARRAYS}
    arrays |= {
        "format": np.array(FORMAT),
        "version": np.array(VERSION),
        "units": np.array("tangents from the camera's axis, metres, Hz"),
        "points": np.array(POINTS),
        "rate": np.array(RATE),
        "clips": np.array(shard.clips),
        "held_out": np.array(shard.held_out),
    }
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def read_shard(path: Path) -> Shard:
    """Read what `write_shard` wrote.

    Raises:
        InputError: there is no such file, or it is none of ours.
    """
    with blamed(f"{path} is no film of sfv", "delete it and run again"):
        content = arrays_of(content_of(path), str(path))
        if str(content["format"]) != FORMAT or int(content["version"]) != VERSION:
            raise InputError(f"{path} is no film of this sfv; delete it and run again")
        rows = zip(*(content[name].astype(np.float64) for name in _ARRAYS), strict=True)
        films = tuple(Film(*row) for row in rows)
        return Shard(films, tuple(content["clips"].tolist()), bool(content["held_out"]))
