"""Every motion file that sfv reads or writes, by one name: `read_motion` and `write_motion`.

A file is recognised by its content, whatever it is called; its name decides only what is written. Whatever is wrong
with a file ends as one sentence here. Pickles are read without running them (`sfv.formats.restricted`).
"""

import logging
import warnings
from dataclasses import replace
from pathlib import Path

from sfv.errors import InputError, blamed, did_you_mean
from sfv.excerpt import WHOLE, Excerpt
from sfv.formats import restricted
from sfv.formats.conventions import SMALLEST, TALLEST, stature
from sfv.formats.known import CONTACTS, FORMATS, FPS, GROUND, LOOP, Body, Format, known
from sfv.formats.tensors import is_torch
from sfv.motion import Motion
from sfv.reading import AS_IT_SAYS, Reading
from sfv.work.contents import array_names, content_of
from sfv.work.files import require_place

log = logging.getLogger(__name__)


def holds_motion(path: Path) -> bool:
    """Whether the name is that of a motion file, plain or gzipped; everything else is a video."""
    return path.name.lower().removesuffix(".gz").endswith(tuple(s for kind in FORMATS.values() for s in kind.suffixes))


def read_motion(
    path: Path | str,
    format: str | None = None,
    fps: float | None = None,
    character: Body = None,
    reading: Reading = AS_IT_SAYS,
) -> Motion:
    """Read a motion file, plain or gzipped.

    Args:
        path: the file.
        format: one of FORMATS; None recognises it by the content.
        fps: the rate of the frames, where the file names a wrong one (to change the rate, use `Motion.resampled`).
        character: whose motion it is, for files that hold joint angles and no bones.
        reading: the same and more, as verbs take it; what stands here by itself comes first.

    Raises:
        InputError: no such file, a format that is not known, a pickle that names code, a damaged file, or settings that
            do nothing for a file of this format.
    """
    path = Path(path)
    reading = replace(reading, format=format or reading.format, fps=reading.fps if fps is None else fps)
    reading.check()
    with blamed(f"{path} is damaged, or no motion file", "copy or export it again"):
        name = reading.format or _recognised(path)
        kind = _named(name)
        for setting in set(reading.given) & {"up", "unit"} - kind.takes:
            raise InputError(f"--{setting} does nothing for {path}, which is {kind.title}'s and leaves it in no doubt")
        # numbers that overflow in here, or means of nothing, are none of a motion
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            motion = kind.read(path, reading, character if character is not None else reading.character)
    return _paced(motion, kind, reading)


def read_asked(path: Path | str, reading: Reading, excerpt: Excerpt = WHOLE, body: bool = False) -> Motion:
    """What the verbs that read a motion do: `read_motion` as asked, the part asked for, and a word on what was guessed.

    Args:
        path: the file.
        reading: how.
        excerpt: which part of it, in seconds as the file plays.
        body: whether the verb itself has a use for `reading.character`, too.

    Raises:
        InputError: as `read_motion`, a character that does nothing for the file, or no such part.
    """
    motion = read_motion(path, reading=reading)
    if reading.character is not None and not body and "character" not in FORMATS[_format(path, reading)].takes:
        raise InputError(f"--character does nothing for {path}, which holds its own bones; leave it out")
    if motion.source and _format(path, reading) != "npz":
        log.warning("read: %s", motion.source)
    tall = stature(motion.skeleton)
    if tall is not None and not SMALLEST <= tall <= TALLEST:
        log.warning("%s: whoever moves in it measures %.2g m; if that is wrong, name the file's --unit", path, tall)
    if excerpt.whole:
        return motion
    played = replace(motion, fps=motion.fps * reading.speed).part(excerpt)
    return replace(played, fps=motion.fps)


def write_motion(motion: Motion, path: Path | str, format: str | None = None) -> None:
    """Write a motion file, atomically; text formats are gzipped when the name ends in .gz.

    What the motion has and the format cannot hold is said.

    Args:
        motion: what to write.
        path: the file.
        format: one of FORMATS; None takes the one of the file's suffix.

    Raises:
        InputError: an unknown format or suffix, a motion that the format cannot hold, or a place that is not writable.
    """
    kind = require_writable(path, format)
    assert kind.write is not None
    kind.write(motion, Path(path))
    say_lost(motion, path, kind.drops)


def say_lost(motion: Motion, path: Path | str, drops: frozenset[str]) -> None:
    """Say what a written file does not hold of a motion, of what one of its format may not (CONTACTS and others)."""
    absent = {LOOP: not motion.loop, CONTACTS: motion.contacts is None, GROUND: motion.ground.flat}
    if lost := [what for what in sorted(drops) if not absent.get(what, False)]:
        log.warning("%s does not hold of the motion: %s; an .npz does", path, ", ".join(lost))


def require_writable(path: Path | str, format: str | None = None) -> Format:
    """What a motion would be written as; asked before the work that makes it.

    Raises:
        InputError: as `write_motion`, over the format and the place.
    """
    path = Path(path)
    require_place(path)
    if format is None:
        suffix = (Path(path.stem).suffix if path.suffix.lower() == ".gz" else path.suffix).lower()
        suited = [name for name, kind in FORMATS.items() if suffix in kind.suffixes]
        format = next((name for name in suited if FORMATS[name].write), None)
        if format is None and suited:
            raise InputError(f"{path}: sfv reads {suited[0]} but does not write it; {_written()}")
        if format is None:
            raise InputError(f"{path} has a suffix that names no motion format that sfv writes; {_written()}")
    kind = _named(format)
    if kind.write is None:
        raise InputError(f"sfv reads {format} but does not write it; {_written()}")
    return kind


def _written() -> str:
    """Suffixes and formats that are written, for a sentence."""
    named: list[str] = []
    others: list[str] = []
    taken: set[str] = set()
    for name, kind in FORMATS.items():
        if kind.write is None:
            continue
        if taken.issuperset(kind.suffixes):
            others.append(name)
        else:
            named.append(f"{' or '.join(kind.suffixes)} ({kind.title})")
        taken |= set(kind.suffixes)
    return f"there are: {', '.join(named)}; sfv convert writes .glb, too, and with --out-format {', '.join(others)}"


def _recognised(path: Path) -> str:
    content = content_of(path)
    if not content.strip():
        raise InputError(f"{path} is empty; make it again")
    name = next((name for name, kind in FORMATS.items() if kind.recognises(content)), None)
    if name is not None:
        return name
    if restricted.is_pickle(content) or is_torch(array_names(content)):
        raise InputError(
            f"{path} is a pickle with no motion that sfv knows, and it was not run; "
            f"save the motion as one of: {known()}"
        )
    if keys := array_names(content):
        held = ", ".join(sorted(keys)[:12])
        raise InputError(f"{path} holds {held}, and no format that sfv knows has these; there are: {known()}")
    raise InputError(f"{path} is no motion file that sfv knows; there are: {known()}")


def _format(path: Path | str, reading: Reading) -> str:
    return reading.format or _recognised(Path(path))


def _paced(motion: Motion, kind: Format, reading: Reading) -> Motion:
    """At the rate that was given, and as fast as it happened."""
    notes = []
    if reading.fps is not None and FPS not in kind.takes:
        notes.append(f"{reading.fps:g} fps given")
        motion = replace(motion, fps=reading.fps)
    if reading.speed != 1.0:
        notes.append(f"played at {reading.speed:g} of its speed")
        motion = replace(motion, fps=motion.fps / reading.speed)
    return replace(motion, source=", ".join(filter(None, (motion.source, *notes)))) if notes else motion


def _named(format: str) -> Format:
    if format not in FORMATS:
        raise InputError(f"{format!r} is not a motion format{did_you_mean(format, FORMATS)}")
    return FORMATS[format]
