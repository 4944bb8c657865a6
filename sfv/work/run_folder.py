"""A run folder: the names of its parts, and what its files say of how long and how well they went.

Whoever reads or writes a run asks here for a place and types no folder's name. It makes nothing.
"""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sfv.errors import blamed
from sfv.work.folder import alone_in
from sfv.work.mark import Mark

POSE, MOTION, POLICY, REPORT, ROBUSTNESS = "1-pose", "2-motion", "3-policy", "4-report", "5-robustness"
"""The stages of a run, and the folders of what they make."""
DEPTH = 4
"""Folders in each other in which runs are looked for."""


@dataclass(frozen=True)
class RunFolder:
    """Where the files of one run are."""

    root: Path

    def pose(self, name: str) -> Path:
        """Stage 1: track.npz, overlay.mp4."""
        return self.root / POSE / name

    def motion(self, name: str) -> Path:
        """Stage 2: motion.npz, scorecard.json."""
        return self.root / MOTION / name

    def preview(self, name: str) -> Path:
        """Of stage 2, where it was asked for: preview.npz, preview.mp4, index.html."""
        return self.root / MOTION / "preview" / name

    def policy(self, name: str) -> Path:
        """Stage 3: policy.safetensors, policy.zip, policy.onnx, policy.json, config.yaml, progress.csv."""
        return self.root / POLICY / name

    def report(self, name: str) -> Path:
        """Stage 4: report.json, index.html, rollout.mp4, worst.mp4."""
        return self.root / REPORT / name

    def robustness(self, name: str) -> Path:
        """Where it was asked for: robustness.json, index.html."""
        return self.root / ROBUSTNESS / name

    @classmethod
    def around(cls, policy: Path) -> "RunFolder | None":
        """The run that the folder of a policy is part of, or None when it stands alone."""
        whole = policy.absolute()  # "." has no name, and is its own parent
        return cls(policy.parent if policy.name else whole.parent) if whole.name == POLICY else None


def is_run(folder: Path) -> bool:
    """Whether a folder has a part of a run in it."""
    return any((folder / part).is_dir() for part in (POSE, MOTION, POLICY, REPORT))


def runs_in(folder: Path, depth: int = DEPTH) -> Iterator[Path]:
    """The runs in a folder and in the folders in it, by name; what is in a run is no run of its own."""
    if is_run(folder):
        yield folder
    elif depth:
        for place in sorted(place for place in folder.iterdir() if place.is_dir() and place.name[0] != "."):
            yield from runs_in(place, depth - 1)


@contextmanager
def alone_for(result: Path) -> Iterator[None]:
    """Be the only sfv that writes a result: of a run, whose lock all share, or anywhere, where only its name is taken.

    Raises:
        InputError: another sfv is at work there, or the folder cannot be written.
    """
    run = _run_of(result.parent)
    with alone_in(run.root) if run else alone_in(result.parent, f".{result.stem}.lock"):
        yield


@contextmanager
def alone_at(folder: Path) -> Iterator[None]:
    """Be the only sfv that writes into a folder of results, or into the run that it is part of.

    Raises:
        InputError: another sfv is at work there, or the folder cannot be written.
    """
    run = _run_of(folder)
    with alone_in(run.root if run else folder):
        yield


def _run_of(folder: Path) -> RunFolder | None:
    """The run that a folder is part of, if it is."""
    places = (folder.absolute(), *folder.absolute().parents)
    return next((RunFolder(place.parent) for place in places if _is_part(place)), None)


def _is_part(folder: Path) -> bool:
    """Whether a folder is called as a part of a run: 3-policy, 4-report-walk."""
    return folder.name.startswith((POSE, MOTION, POLICY, REPORT, ROBUSTNESS))


def stage_minutes(folder: RunFolder) -> dict[str, float]:
    """Stage name -> how long it took, of the stages of a run that are done; of a training, all its goes together."""
    marks = {place("").name: Mark.read(place("stage.json")) for place in (folder.pose, folder.motion, folder.policy)}
    minutes = {name: mark.seconds / 60.0 for name, mark in marks.items() if mark and mark.state == "done"}
    if POLICY in minutes:
        trained = read_columns(folder.policy("progress.csv")).get("minutes", [0.0])
        minutes[POLICY] = max(minutes[POLICY], trained[-1])
    return {name: round(spent, 2) for name, spent in minutes.items()}


def read_columns(path: Path) -> dict[str, list[float]]:
    """The columns of a table of numbers (.csv); what is empty is NaN.

    Raises:
        InputError: it is no such table.
    """
    with (
        blamed(f"{path} is damaged", "delete it and train on, or report without it"),
        path.open(newline="", encoding="utf-8") as file,
    ):
        rows = list(csv.DictReader(file))
        return {name: [float(row[name] or "nan") for row in rows] for name in (rows[0] if rows else ())}
