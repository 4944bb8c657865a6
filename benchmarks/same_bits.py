"""Whether two commits make the same policy to the bit: `python benchmarks/same_bits.py BEFORE AFTER MOTION [OPTIONS]`.

A move of code changes no number. Each commit is checked out into a folder of its own and goes from a motion file to a
report, with one thread and a few thousand samples; then what both made is compared by SHA-256. No hash is stored, since
processors differ. OPTIONS go to `sfv run` of both. Exits with 1 where they differ.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RUN = ("--budget", "24k", "--num-envs", "64", "--threads", "1", "--no-compile", "--rollouts", "4")
FILES = ("2-motion/motion.npz", "3-policy/policy.safetensors", "4-report/simulated.npz")


def made_by(commit: str, motion: Path, folder: Path, options: list[str]) -> dict[str, str]:
    """Name -> SHA-256, of what a tiny run of a commit makes in `folder`."""
    tree, out = folder / "tree", folder / "run"
    subprocess.run(["git", "worktree", "add", "--detach", tree, commit], cwd=ROOT, check=True, capture_output=True)
    try:
        command = [sys.executable, "-m", "sfv", "run", str(motion), "--out", str(out), *RUN, *options]
        environment = os.environ | {"PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1"}
        subprocess.run(command, cwd=tree, env=environment, check=True)
    finally:
        subprocess.run(["git", "worktree", "remove", "--force", tree], cwd=ROOT, check=True)
    made = {name: hashlib.sha256((out / name).read_bytes()).hexdigest() for name in FILES}
    report = json.loads((out / "4-report" / "report.json").read_text())
    numbers = json.dumps(report["numbers"], sort_keys=True)
    return made | {"numbers of the report": hashlib.sha256(numbers.encode()).hexdigest()}


def main() -> int:
    before, after, motion, *options = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        places = [Path(folder) / name for name in ("before", "after")]
        for place in places:
            place.mkdir()
        was, now = (
            made_by(commit, Path(motion).resolve(), place, options)
            for commit, place in zip((before, after), places, strict=True)
        )
    for name, value in was.items():
        print(f"{'same     ' if now[name] == value else 'DIFFERENT'}  {name}  {value[:16]} {now[name][:16]}")
    return int(was != now)


if __name__ == "__main__":
    sys.exit(main())
