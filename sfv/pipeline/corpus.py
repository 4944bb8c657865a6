"""A corpus: motions of many bodies, each put on one character once, checked, mended, and kept with its provenance.

It is what generative priors are fitted to. A motion whose file, rate and character are those of last time is not made
again, so a corpus that was stopped goes on where it was. It does not know what the motions are for.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sfv.character import Character
from sfv.formats.files import read_motion
from sfv.interfaces import Take
from sfv.motion import Motion
from sfv.pipeline.reference import mended, retargeted
from sfv.priors.captions import Said, said_of
from sfv.work.files import fingerprint, read_json, write_json

log = logging.getLogger(__name__)

VERSION = 1
"""To be raised when a motion comes to be put on a character in another way."""
RATE = 30.0
"""Frames a second of what priors are fitted to."""
IMPOSSIBLE = frozenset({"floating", "root force missing, mean"})
"""Rows of the physics check: who fails in one holds on to something that is not there, as who climbs does."""
ABSENT = 0.15
"""Share of the time that somebody may stand or sit on what is not in the motion: to mend a climb takes the other rows
away, and it stays a climb."""


@dataclass(frozen=True)
class Source:
    """A motion file of any format.

    Attributes:
        path: the file.
        fps: its true rate, where the file names a wrong one or none.
        performer: an MJCF file, where it holds joint angles and no bones.
        map: which of its bodies are whose hip, knee or hand, where their names do not say.
    """

    path: Path
    fps: float | None = None
    performer: Path | None = None
    map: Path | None = None


@dataclass(frozen=True)
class Entry:
    """A motion of the corpus, and the rows of the physics check that it fails even so.

    Attributes:
        unsupported: share of its time that it stands or sits on what is not there.
    """

    source: Source
    motion: Motion
    failed: tuple[str, ...]
    unsupported: float

    @property
    def impossible(self) -> str:
        """Why no body could do it; "" where nothing speaks against it."""
        if wrong := sorted(IMPOSSIBLE & set(self.failed)):
            return f"the physics check fails in {', '.join(wrong)}"
        return "it stands or sits on what is not there" if self.unsupported > ABSENT else ""


def corpus(sources: Sequence[Source], folder: Path, character: Character, rate: float) -> Iterator[Entry]:
    """Each source's motion on the character, `rate` frames a second; small files first.

    Raises:
        InputError: a file cannot be read, or no joint map fits its skeleton.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number, source in enumerate(sorted(sources, key=lambda source: source.path.stat().st_size)):
        told = (source.map,) if source.map else ()
        identity = fingerprint(VERSION, source.path, source.performer, source.fps, character.xml, rate, *told)
        place = folder / f"{source.path.name.split('.')[0]}-{identity[:12]}.npz"
        record = place.with_suffix(".json")
        if not record.exists():
            log.warning("%d of %d: %s", number + 1, len(sources), source.path)
            motion = read_motion(source.path, fps=source.fps, character=source.performer).resampled(rate)
            if motion.skeleton.difference_to(character.skeleton) is not None:
                motion = retargeted(motion, character, source.map)
            motion, found = mended(motion, character)
            motion.save(place)
            write_json(
                record,
                {
                    "file": source.path.name,
                    "sha256": fingerprint(source.path),
                    "fps": source.fps,
                    "seconds": motion.duration,
                    "failed": list(found.failed),
                    "rows": {row.name: row.value for row in found.rows},
                },
            )
        said, motion = read_json(record), Motion.load(place)
        unsupported = said["rows"].get("on nothing", 0.0) / max(motion.duration, 1.0)
        yield Entry(source, motion, tuple(said["failed"]), unsupported)


def default_folder() -> Path:
    """Where motions are kept that nobody gave a folder for."""
    from platformdirs import user_cache_path

    return user_cache_path("sfv") / "corpus"


def takes(
    files: Sequence[Path],
    said: dict[str, Said],
    folder: Path,
    character: Character,
    performer: Path | None = None,
    joints: Path | None = None,
) -> list[Take]:
    """Motions with what is said of them, put on the character; those that no body could do are left out with a word.

    Args:
        files: motion files of any format.
        said: by file name (`read_captions`); empty where nothing is said.
        folder: where motions on the character are kept.
        character: whose motions they are to be.
        performer: an MJCF file, for those of the files that hold joint angles and no bones.
        joints: which of their bodies are whose hip, knee or hand, where the names do not say.

    Raises:
        InputError: a file cannot be read, no joint map fits, or nothing is said of one while of others there is.
    """
    about = {path: said_of(path, said) if said else Said((), "", "", "train", None) for path in files}
    robot = {path: performer if path.name.removesuffix(".gz").endswith(".csv") else None for path in files}
    sources = [Source(path, about[path].fps, robot[path], joints) for path in files]
    out = []
    for entry in corpus(sources, folder, character, RATE):
        path = entry.source.path
        if entry.impossible:
            log.warning("%s is left out: %s", path, entry.impossible)
            continue
        words = about[path]
        motion = replace(entry.motion, source=path.name)
        out.append(Take(motion, words.captions, words.label, words.person, words.split))
    return out
