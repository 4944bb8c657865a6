"""What repair makes of mocap: the physics check of each motion before and after, at the control rate.

    python benchmarks/repair.py MOTION [MOTION ...] [--steps 200]

Prints a row per motion file of the humanoid. "taken" says whether `sfv run` would train on the repaired motion.
"""

import argparse
import time
from pathlib import Path

from recon.repair import moved, repair, way
from sfv.character import load_character
from sfv.check.check import check
from sfv.formats.files import read_motion
from sfv.pipeline.reference import REPAIR_STEPS

FPS = 30.0
SHOWN = {
    "penetration, deepest": "deepest cm",
    "slide of what stands": "slide cm/s",
    "jerk": "jerk m/s³",
    "fall in flight": "fall g",
    "root force missing, mean": "force BW",
    "root moment missing, mean": "moment BW m",
    "zero-moment point outside": "ZMP out",
    "seam of the loop": "seam cm",
    "self-penetration": "in itself cm",
}


def main() -> None:
    """Repair and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("motions", type=Path, nargs="+")
    parser.add_argument("--steps", type=int, default=int(REPAIR_STEPS))
    args = parser.parse_args()
    character = load_character("humanoid")
    names = ["motion", *SHOWN.values(), "moved cm", "way m", "worth a word before", "after", "taken", "CPU s"]
    print("| " + " | ".join(names) + " |")
    print("| --- " * len(names) + "|")
    for path in args.motions:
        motion = read_motion(path).resampled(FPS)
        started = time.process_time()
        mended = repair(motion, character, iterations=args.steps)
        spent = time.process_time() - started
        before, after = check(motion, character), check(mended, character)
        values = [{row.name: row.value for row in found.rows} for found in (before, after)]
        cells = [" → ".join(f"{v[name]:.2g}" if name in v else "–" for v in values) for name in SHOWN]
        cells += [f"{100 * moved(motion, mended, character):.1f}", f"{way(motion):.2f} → {way(mended):.2f}"]
        cells += [", ".join(before.mendable) or "nothing", ", ".join(after.mendable) or "nothing"]
        name = path.name.removeprefix("humanoid3d_").split(".")[0]
        print(
            f"| {name} | " + " | ".join(cells) + f" | {'yes' if after.flaws < before.flaws else 'no'} | {spent:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
