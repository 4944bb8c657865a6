"""Where a result comes from: what was typed, with which versions of what, on which machine, and when.

It collects and judges nothing; a report carries it.
"""

import os
import platform
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from sfv import __version__
from sfv.work.config import plain

PACKAGES = ("mujoco", "torch", "stable-baselines3", "mediapipe", "numpy")


def provenance(config: Any, seed: int) -> dict[str, Any]:
    """Command, configuration, seed, git revision if there is one, versions, machine and date, in plain types."""
    return {
        "command": shlex.join(["sfv", *sys.argv[1:]]),
        "config": plain(config),
        "seed": seed,
        "git_revision": git_revision(),
        "versions": {"sfv": __version__, "python": platform.python_version()} | _versions(),
        "machine": {"cores": len(os.sched_getaffinity(0)), "processor": processor(), "system": platform.platform()},
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def git_revision() -> str | None:
    """The commit that this sfv was checked out from, with '+' when files differ from it; None outside a checkout."""
    folder = Path(__file__).parents[2]
    if not (folder / ".git").exists():
        return None
    try:
        run = [
            subprocess.run(["git", "-C", str(folder), *what], capture_output=True, text=True, timeout=10, check=True)
            for what in (("rev-parse", "HEAD"), ("status", "--porcelain", "--untracked-files=no"))
        ]
    except (OSError, subprocess.SubprocessError):
        return None  # no git here, or no commit yet
    return run[0].stdout.strip() + ("+" if run[1].stdout.strip() else "")


def processor() -> str:
    """The processor's own name for itself, such as 'AMD EPYC 7B13'."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
