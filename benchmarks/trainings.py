"""Many `sfv run`s, one thread each, some at once; and what their trainings logged. For the other benchmarks."""

import csv
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from sfv.work.run_folder import RunFolder


def run_all(out: Path, commands: Mapping[str, list[str]], at_once: int) -> None:
    """Bring every run to its end, in a folder of `out` by its name; what is done is not done again.

    Args:
        out: where the folders go.
        commands: name -> what follows `sfv run --from scratch`.
        at_once: so many side by side.
    """
    waiting, working = list(commands.items()), dict[subprocess.Popen[bytes], str]()
    while waiting or working:
        while waiting and len(working) < at_once:
            name, flags = waiting.pop(0)
            place = out / name
            place.mkdir(parents=True, exist_ok=True)
            command = [sys.executable, "-m", "sfv", "run", "--from", "scratch", *flags]
            command += ["--out", str(place), "--threads", "1"]
            with (place / "log.txt").open("ab") as log:
                one = {**os.environ, "OMP_NUM_THREADS": "1"}
                working[subprocess.Popen(command, stdout=log, stderr=log, env=one)] = name
        time.sleep(1.0)
        for process in [p for p in working if p.poll() is not None]:
            name = working.pop(process)
            print(f"{name}: {'done' if process.returncode == 0 else f'failed, see {out / name}/log.txt'}", flush=True)


def progress(run: Path) -> list[dict[str, float]]:
    """The log of a run's training."""
    return log_of(RunFolder(run).policy("progress.csv"))


def log_of(path: Path) -> list[dict[str, float]]:
    """A training's log."""
    with path.open(newline="") as file:
        return [{name: float(value) for name, value in row.items() if value} for row in csv.DictReader(file)]


def learnt_after(rows: list[dict[str, float]]) -> float | None:
    """Samples until .9 of the starts succeeded; None: they never did."""
    return next((row["samples"] for row in rows if row["success"] >= 0.9), None)
