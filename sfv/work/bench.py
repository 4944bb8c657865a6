"""A stage's workbench: the folder `making` beside its results, where new files are made while the old ones stay.

When all are whole they take the old ones' places. Files cannot be swapped all at once, so a bench whose mark says
'done' is emptied by whoever comes next, from wherever the last one was killed. Half-done work of other settings is set
aside, and taken up again when those are asked for.
"""

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sfv.work.files import TEMPORARY
from sfv.work.mark import Mark

MARK = "stage.json"


@dataclass(frozen=True)
class Bench:
    """Where the results of one stage are made.

    Attributes:
        mark: the mark of the finished results, which lie beside it.
    """

    mark: Path

    @property
    def folder(self) -> Path:
        """Of what is being made."""
        return self.mark.with_name(f"{self.mark.name.removesuffix(MARK)}making")

    @property
    def begun(self) -> Mark | None:
        """The mark of what is half done, if anything is."""
        return Mark.read(self.folder / MARK)

    def at(self, result: Path) -> Path:
        """Where a result is while it is being made."""
        return self.folder / os.path.relpath(result, self.mark.parent)

    def finish(self) -> None:
        """Put finished files into their places, if there are any: the mark is taken away first and written last."""
        mark = self.begun
        if mark is None:
            remove(self.folder)  # killed before it was laid out, or after it was emptied
        if mark is None or mark.state != "done":
            return
        self.mark.unlink(missing_ok=True)
        for new in sorted(self.folder.iterdir()):
            if new.name != MARK and not new.name.startswith(TEMPORARY):
                _replace(new, self.mark.parent / new.name)
        _replace(self.folder / MARK, self.mark)
        remove(self.folder)
        for left in self._aside():  # what was half done before has a successor now
            remove(left)

    def adopt(self, results: Iterable[Path]) -> None:
        """Take in half-done work that an earlier sfv left among the results."""
        mark = Mark.read(self.mark)
        if mark is None or mark.state != "begun":
            return
        self.folder.mkdir(exist_ok=True)
        for path in results:
            if path.exists():
                _replace(path, self.at(path))
        _replace(self.mark, self.folder / MARK)

    def take_up(self, begun_from: str) -> bool:
        """Bring out half-done work of this fingerprint, wherever it lies; whether there is any."""
        mark = self.begun
        if mark and mark.begun_from == begun_from:
            return True
        self.set_aside()
        for folder in self._aside():
            mark = Mark.read(folder / MARK)
            if mark and mark.begun_from == begun_from:
                os.replace(folder, self.folder)
                return True
        return False

    def set_aside(self) -> None:
        """Keep half-done work under another name."""
        if self.begun is None:
            return
        number = 1
        while (aside := self.folder.with_name(f"{self.folder.name}-{number}")).exists():
            number += 1
        os.replace(self.folder, aside)

    def _aside(self) -> list[Path]:
        """Folders of half-done work of other settings."""
        return sorted(self.mark.parent.glob(f"{self.folder.name}-[0-9]*"))


def remove(path: Path) -> None:
    """A file, or a folder with all that is in it, or nothing."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _replace(new: Path, old: Path) -> None:
    """Move a file or a folder to where another may be."""
    if old.is_dir():
        shutil.rmtree(old)  # killed here, `new` is still there, and the next one comes by again
    os.replace(new, old)
