"""Retargeting against mink: every DeepMimic clip to SMPL-22, to the G1 and back, one row per clip and way.

    python benchmarks/retarget.py --clips DEEPMIMIC --g1 G1.xml --out rows.csv

mink (pip install mink) poses each frame by itself: a FrameTask on every part of the joint map with the same scaled
places and turns that ours gets, and its joint limits. "lifted" raises each of its frames out of the floor, as ours is.
All see the clips at no more than 30 Hz. Rows that stand in the file are not made again, so a stopped run goes on; at
the end the tables are printed.
"""

import argparse
import csv
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import mujoco
import numpy as np

from recon.retarget.ik import turns_at
from recon.retarget.keys import keys_of, lifted, sole_level
from recon.retarget.parts import parts_of
from recon.retarget.retarget import KEY, Goal, finished, goal_for, judged, retarget, solid_of
from sfv.character import Character, load_character
from sfv.errors import InputError
from sfv.formats.files import read_motion
from sfv.joints.joint_map import joint_map
from sfv.kinematics import motion_state
from sfv.metrics import penetration
from sfv.motion import Motion
from sfv.progress import bar

FIELDS = ("clip", "way", "method", "key_cm", "slide_cms", "penetration_cm", "violation_deg", "back_cm", "seconds")
ORIENTATION = 0.02
"""Cost of 1 rad beside 1 of 1 m: of 0.02 and 0.1, what brings key bodies nearer on the kick."""
STEPS = 10
"""Of mink's differential inverse kinematics per frame, 100 for the first one."""


def mink_motion(motion: Motion, goal: Goal, orientation: float) -> Motion:
    """mink's per-frame result on the same scaled key places; `orientation` is the cost of 1 rad, 1 m costs 1."""
    try:
        import mink
    except ImportError as error:
        raise InputError("the baseline needs mink, which is not installed; type: pip install mink") from error
    parts = goal.parts
    model = solid_of(goal.character, parts, 0.0).model
    configuration = mink.Configuration(model)
    limits = [mink.ConfigurationLimit(model)]
    pairs: list[tuple[Any, np.ndarray, np.ndarray]] = []
    rest = turns_at(model, parts.t_pose, parts)
    count = len(goal.keys.points["pelvis"])
    still = np.tile(np.eye(3), (count, 1, 1))
    for part, places in goal.keys.points.items():
        pairs.append((mink.FrameTask(part, "site", position_cost=1.0, orientation_cost=0.0), places, still))
    for part, turns in goal.keys.frames.items():
        frame = mink.FrameTask(parts.frames[part], "body", position_cost=0.0, orientation_cost=orientation)
        pairs.append((frame, np.zeros((count, 3)), turns @ rest[part]))
    posture = mink.PostureTask(model, cost=1e-3)
    posture.set_target(model.qpos0)
    pose, out = parts.t_pose.copy(), np.zeros((count, model.nq))
    mujoco.mju_mat2Quat(pose[3:7], (goal.keys.frames["pelvis"][0] @ rest["pelvis"]).ravel())
    pose[:3] = goal.keys.points["pelvis"][0]
    configuration.update(pose)
    tasks = [pair[0] for pair in pairs] + [posture]
    for t in range(count):
        for frame, places, turns in pairs:
            rotation = mink.SO3.from_matrix(turns[t])
            frame.set_target(mink.SE3.from_rotation_and_translation(rotation, places[t]))
        for _ in range(100 if t == 0 else STEPS):
            velocity = mink.solve_ik(configuration, tasks, 1.0, "daqp", damping=1e-3, limits=limits)
            configuration.integrate_inplace(velocity, 1.0)
            if np.abs(velocity).max() < 1e-3:
                break
        out[t] = configuration.q
    qpos = out[goal.window]
    return finished(motion, goal.character, goal, qpos, close=False)


def out_of_the_floor(motion: Motion, goal: Goal) -> Motion:
    """The same, each frame raised by as much as it is under the floor."""
    qpos = motion.qpos.copy()
    qpos[:, 2] += 0.01 * penetration(goal.solid.model, motion_state(motion, goal.solid.model))
    return replace(motion, qpos=qpos)


def round_trip(source: Motion, back: Motion) -> float:
    """Mean distance of the key bodies of a motion from those of the original, both on their floors, cm."""
    keys = []
    for motion in (source, back):
        parts = parts_of(motion.skeleton, joint_map(motion.skeleton, "the motion"))
        own = keys_of(motion.skeleton, parts, motion.qpos)
        keys.append(lifted(own, -sole_level(own, motion.fps)))
    names = [p for p in keys[0].points if p.removeprefix("left_").removeprefix("right_") in KEY]
    gaps = [np.linalg.norm(keys[0].points[p] - keys[1].points[p], axis=1).mean() for p in names]
    return float(100.0 * np.mean(gaps))


def by(method: str, motion: Motion, character: Character, iterations: int) -> tuple[dict[str, Any], Motion]:
    """A row's figures and the result."""
    start = time.process_time()
    if method == "ours":
        result = retarget(motion, character, iterations)
    else:
        goal = goal_for(motion, character)
        posed = mink_motion(motion, goal, ORIENTATION)
        result = judged(goal, out_of_the_floor(posed, goal) if method == "mink lifted" else posed)
    numbers = {
        "key_cm": result.key_error,
        "slide_cms": result.slide,
        "penetration_cm": result.penetration,
        "violation_deg": result.violation,
        "seconds": time.process_time() - start,
    }
    return {name: f"{value:.3f}" for name, value in numbers.items()}, result.motion


def table(path: Path) -> None:
    """Print the means per way and method, and a row per clip and body, of what is in the file."""
    with path.open() as stream:
        rows = list(csv.DictReader(stream))
    methods = list(dict.fromkeys(row["method"] for row in rows))

    def column(name: str, **wanted: str) -> list[float]:
        chosen = [row for row in rows if all(row[key] == value for key, value in wanted.items())]
        return [float(row[name]) for row in chosen if row[name] and row[name] != "nan"]

    def shown(values: list[float], digits: int, reduce: Callable[[list[float]], float] = np.mean) -> str:
        return f"{reduce(values):.{digits}f}" if values else "-"

    print("| way | method | clips | key bodies cm | back cm | slide cm/s | penetration cm | beyond limits deg (worst) "
          "| CPU s |")  # fmt: skip
    print("| --- " * 9 + "|")
    for way in dict.fromkeys(row["way"] for row in rows):
        for method in methods:
            keys, back, slide, deep, beyond, seconds = (
                column(name, way=way, method=method)
                for name in ("key_cm", "back_cm", "slide_cms", "penetration_cm", "violation_deg", "seconds")
            )
            print(f"| {way} | {method} | {len(keys)} | {shown(keys, 2)} | {shown(back, 2)} | {shown(slide, 1)} "
                  f"| {shown(deep, 2)} | {shown(beyond, 1, max)} | {shown(seconds, 1)} |")  # fmt: skip
    names = " / ".join(methods)
    print(
        f"\n| clip | way | key bodies cm: {names} | slide cm/s: {names} | penetration cm: {names} | back cm: {names} |"
    )
    print("| --- " * 6 + "|")
    for clip in sorted({row["clip"] for row in rows}):
        for way in ("smpl22", "g1"):
            there, again = {"clip": clip, "way": way}, {"clip": clip, "way": f"{way} and back"}
            cells = [
                " / ".join(shown(column(name, method=method, **wanted), digits) for method in methods)
                for name, digits, wanted in (
                    ("key_cm", 2, there), ("slide_cms", 1, there), ("penetration_cm", 2, there), ("back_cm", 2, again),
                )
            ]  # fmt: skip
            print(f"| {clip} | {way} | " + " | ".join(cells) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=Path, required=True)
    parser.add_argument("--g1", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", nargs="*", default=None, help="names of clips")
    parser.add_argument("--methods", nargs="*", default=["ours", "mink", "mink lifted"])
    parser.add_argument("--iterations", type=int, default=50)
    args = parser.parse_args()
    bodies = {"smpl22": load_character("smpl22"), "g1": load_character(args.g1)}
    humanoid = load_character("humanoid")
    done = set()
    if args.out.exists():
        with args.out.open() as stream:
            done = {(row["clip"], row["way"], row["method"]) for row in csv.DictReader(stream)}
    clips = [p for p in sorted(args.clips.glob("humanoid3d_*.txt")) if not args.only or p.stem[11:] in args.only]
    with bar("retargeting", len(clips) * len(bodies) * len(args.methods)) as advance:
        for path in clips:
            motion = read_motion(path)
            motion = motion.resampled(30.0) if motion.fps > 30.5 else motion
            for name, body in bodies.items():
                for method in args.methods:
                    if (path.stem[11:], name, method) not in done:
                        row, there = by(method, motion, body, args.iterations)
                        again, back = by(method, there, humanoid, args.iterations)
                        again["back_cm"] = f"{round_trip(motion, back):.3f}"
                        rows = [{"way": name, **row}, {"way": f"{name} and back", **again}]
                        new = not args.out.exists()
                        with args.out.open("a", newline="") as stream:
                            writer = csv.DictWriter(stream, FIELDS)
                            if new:
                                writer.writeheader()
                            writer.writerows({"clip": path.stem[11:], "method": method, **r} for r in rows)
                    advance(1)
    table(args.out)


if __name__ == "__main__":
    main()
