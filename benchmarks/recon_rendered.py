"""Reconstruction against exact truth: mocap performed by a person-like character and seen by known cameras.

    python benchmarks/recon_rendered.py FOLDER --work runs/recon [--motions backflip kick] [--views 3] [--in-turn]
        [--rows raw ours] [--camera still|pan|travel] [--lifter FILE]

FOLDER holds DeepMimic's `humanoid3d_*.txt`. Each motion is rendered from each view once, its people are found once, and
each row is computed once; all of it is kept in `--work`, so a stopped run goes on and a new row costs only itself.

Cameras: one that stands still far enough away to see the whole way; one held in a hand, nearer, that turns after the
person; and one that is carried along, whose path is known.

Rows: the truth itself, since mocap slides and shakes too; the estimator's own points, placed at the depth at which they
project; the same after a Gaussian filter; the terms of SFV (Peng et al. 2018: pixels, the estimator's pose, smoothness;
no floor); ours; ours without a term or the lifter; and ours with a lifter that `sfv fit` made, called after its file.
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.spatial.transform import Rotation

from recon.config import PoseConfig, ReconstructConfig, TermWeights
from recon.fit.lifting import bridged, lift
from recon.reconstruct import reconstruct
from recon.scorecard import LIMBS, at_times, landmark_positions
from recon.shipped import AUTO, NONE
from sfv import metrics
from sfv.character import Character, load_character
from sfv.clip import Clip
from sfv.formats.files import read_motion
from sfv.kinematics import GRAVITY, motion_state
from sfv.motion import Motion
from sfv.pose import PoseTrack
from sfv.quaternions import heading
from sfv.surface import lowest, surface_points, surface_track
from sfv.view.person import PERSON
from sfv.view.render import Floor, Renderer, scene
from sfv.view.video import write_video
from sfv.view.viewpoint import Viewpoint
from sfv.work.files import replacing, write_json

FPS, SIZE = 30.0, (720, 540)
SECONDS = 3.0
"""Shorter loops are repeated."""
FARTHEST = 4.0
"""m: who goes farther is shown for less long, since a still camera must see all of it."""
MOTIONS = (
    "walk", "run", "jog", "jump", "kick", "punch", "cartwheel", "roll", "backflip", "spin", "dance_a", "getup_facedown",
)  # fmt: skip
VIEWS = ((35.0, 36.0, 1.1), (95.0, 46.0, 1.5), (150.0, 30.0, 0.8))
"""Azimuth from the motion's first heading (deg), vertical field of view (deg), height of the camera (m)."""
CLOSER, SWAY = 0.62, 0.1
"""How much nearer a camera that moves is, and how far (m, about) its aim strays."""
ROOM = Floor(
    light=(0.66, 0.64, 0.61), dark=(0.62, 0.60, 0.57), sky_top=(0.80, 0.84, 0.86), sky_bottom=(0.90, 0.91, 0.90)
)
PATH = "path.txt"
TERMS = ("bones", "smooth", "limits", "ground", "stance", "friction", "balance", "sway", "poise", "flight")
COLUMNS = {
    "pa": "PA-MPJPE mm", "root": "root-relative mm", "wa": "WA-MPJPE mm", "drift": "root drift %", "jerk": "jerk m/s^3",
    "kept": "swing %", "slide": "slide mm/frame", "under": "deepest cm", "f1": "contact F1", "fall": "a/g in flight",
    "cpu": "CPU s/s",
}  # fmt: skip

MEANS = ("pa", "wa")
"""Columns of which the mean is shown too: a median of few cases jumps."""


def truth_of(folder: Path, name: str, character: Character) -> Motion:
    """The clip at 30 Hz, at least SECONDS long where it is a loop, its lowest points on the floor."""
    motion = read_motion(folder / f"humanoid3d_{name}.txt")
    seconds = max(SECONDS, motion.duration) if motion.loop else motion.duration
    speed = float(np.linalg.norm(motion.qpos[-1, :2] - motion.qpos[0, :2])) / motion.duration
    seconds = min(seconds, max(FARTHEST / max(speed, 1e-6), motion.duration))
    qpos = motion.at(np.arange(int(seconds * FPS) + 1) / FPS)
    motion = Motion(character.skeleton, FPS, qpos, source=f"DeepMimic {name}")
    low = lowest(character.model, motion_state(motion, character.model))
    # mocap's feet sink a little: the usual lowest point is the floor
    qpos[:, 2] -= np.percentile(low, 20)
    return replace(motion, qpos=qpos)


def standing(motion: Motion, character: Character) -> np.ndarray:
    """(T, F) 1 where a foot's lowest point is within 5 cm of the floor and slower than 0.6 m/s, over some 0.1 s.

    Mocap's standing feet hover and slide: the backflip's at 0.3 to 0.6 m/s, the punch's at 3 to 4 cm.
    """
    points = surface_track(character.model, motion_state(motion, character.model))
    points = gaussian_filter1d(points, 0.05 * motion.fps, axis=0)
    bodies = surface_points(character.model)[0]
    out = []
    for foot in character.feet:
        mine = points[:, bodies == character.model.body(foot).id]
        speed = np.linalg.norm(np.gradient(mine, axis=0), axis=-1) * motion.fps
        out.append(((mine[..., 2] < 0.05) & (speed < 0.6)).any(1))
    return np.stack(out, 1).astype(np.float64)


def cameras_of(truth: Motion, view: int, camera: str) -> list[Viewpoint]:
    """The camera in each frame."""
    still = camera_of(truth, view)
    if camera == "still":
        return [still] * len(truth)
    eye, aim = np.array(still.position), np.array(still.target)
    away = CLOSER * (eye - aim) * [1, 1, 0] + [0, 0, eye[2]]
    sway = gaussian_filter1d(np.random.default_rng(view).standard_normal((len(truth), 3)), 6, axis=0, mode="nearest")
    way = gaussian_filter1d(truth.qpos[:, :2], 8, axis=0, mode="nearest")
    targets = np.concatenate([way, np.full((len(way), 1), aim[2])], 1) + SWAY * sway
    stands = way if camera == "travel" else np.tile(aim[:2], (len(way), 1))
    eyes = np.concatenate([stands, np.zeros((len(way), 1))], 1) + away
    lines = zip(eyes.tolist(), targets.tolist(), strict=True)
    return [Viewpoint((a[0], a[1], a[2]), (b[0], b[1], b[2]), still.fovy) for a, b in lines]


def write_path(path: Path, cameras: list[Viewpoint]) -> None:
    """Rows of seconds, place and quaternion (x, y, z, w) of a camera with axes x right, y down, z away."""
    turns = Rotation.from_matrix(np.stack([c.axes() * [1, -1, -1] for c in cameras])).as_quat()
    times = np.arange(len(cameras))[:, None] / FPS
    np.savetxt(path, np.concatenate([times, [c.position for c in cameras], turns], 1), fmt="%.6f")


def camera_of(truth: Motion, view: int) -> Viewpoint:
    """A still camera that sees the whole way."""
    azimuth, fovy, height = VIEWS[view]
    middle = 0.5 * (truth.qpos[:, :2].min(0) + truth.qpos[:, :2].max(0))
    reach = 0.5 * np.ptp(truth.qpos[:, :2], axis=0).max()
    high, wide = 1.15, 0.75 * (reach + 0.8)  # half of what must be seen, m, in units of the picture's height
    distance = max(high, wide) / np.tan(np.radians(fovy / 2)) + 0.5 * reach
    angle = heading(truth.qpos[0, 3:7]) + np.radians(azimuth)
    where = middle + distance * np.array([np.cos(angle), np.sin(angle)])
    return Viewpoint((float(where[0]), float(where[1]), height), (float(middle[0]), float(middle[1]), 0.9), fovy)


def prepare(folder: Path, place: Path, name: str, view: int, camera: str, character: Character) -> None:
    """Render the clip and find the person in it, if that is not done yet."""
    from recon.pose.estimate import estimate_pose

    if not (place / "clip.mp4").exists():
        place.mkdir(parents=True, exist_ok=True)
        truth = truth_of(folder, name, character)
        cameras = cameras_of(truth, view, camera)
        truth.save(place / "truth.npz")
        write_json(place / "camera.json", cameras[0].record(SIZE))
        write_path(place / PATH, cameras)
        with Renderer(scene([(character, PERSON)], ROOM), *SIZE) as renderer:
            frames = (renderer.frame(pose, c) for pose, c in zip(truth.qpos, cameras, strict=True))
            write_video(place / "clip.mp4", frames, FPS, crf=20)
    if not (place / "track.npz").exists():
        started = time.process_time()
        estimate_pose(Clip.open(place / "clip.mp4"), PoseConfig()).track.save(place / "track.npz")
        write_json(place / "pose.json", {"cpu": time.process_time() - started})


Points = tuple[np.ndarray, Motion | None]


def raw(track: PoseTrack, character: Character, path: Path | None, sigma: float = 0.0) -> Points:
    """(T, 12, 3) the estimator's points in the world that lifting finds; smoothed over `sigma` frames."""
    frames = int(np.floor((track.times[-1] - track.times[0]) * FPS + 1e-6)) + 1
    focal = 1.2 * max(track.image_size)
    guess = lift(track, character, 1.0, focal, frames, FPS, None)
    roots = guess.qpos[:, :3]
    own = bridged(track, 1.0)[:, [track.index(name) for name in LIMBS]]
    own = at_times(own, 1.0 / float(np.median(np.diff(track.times))), np.arange(frames) / FPS)
    hips = own[:, [LIMBS.index("left_hip"), LIMBS.index("right_hip")]].mean(1, keepdims=True)
    # camera axes: x right, y down, z away; here x away, y left, z up
    points = (own - hips)[..., [2, 0, 1]] * [1, -1, -1] + roots[:, None]
    return (gaussian_filter1d(points, sigma, axis=0) if sigma else points), None


def fitted(
    track: PoseTrack, character: Character, path: Path | None, weights: TermWeights, lifter: Path = AUTO
) -> Points:
    """Our reconstruction with these weights and this lifter, and the camera's path where it is told."""
    result = reconstruct(track, character, ReconstructConfig(weights=weights, camera_path=path, lifter=lifter))
    return landmark_positions(character, result.motion, LIMBS), result.motion


SFV = TermWeights(
    reprojection=10.0, bones=30.0, smooth=3.0, limits=0.0, solid=0.0, ground=0.0, stance=0.0, friction=0.0, balance=0.0,
    sway=0.0, poise=0.0, flight=0.0,
)  # fmt: skip
TRUTH = "truth"
"""The row of what was rendered: mocap's feet slide too."""
ROWS: dict[str, Callable[[PoseTrack, Character, Path | None], Points]] = {
    "raw": raw,
    "gaussian": partial(raw, sigma=3.0),
    "sfv": partial(fitted, weights=SFV, lifter=NONE),
    "ours": partial(fitted, weights=TermWeights()),
    "without-lifter": partial(fitted, weights=TermWeights(), lifter=NONE),
    "with-solid": partial(fitted, weights=TermWeights(solid=1.0)),
    **{f"without-{term}": partial(fitted, weights=replace(TermWeights(), **{term: 0.0})) for term in TERMS},
}


def judge(
    points: np.ndarray, motion: Motion | None, truth: Motion, first: int, character: Character
) -> dict[str, float]:
    """The columns for points (T, 12, 3) whose frame 0 is the truth's frame `first`."""
    model = character.model
    target = landmark_positions(character, truth, LIMBS)[first : first + len(points)]
    points = points[: len(target)]
    hips = np.array([LIMBS.index("left_hip"), LIMBS.index("right_hip")])
    whole = metrics.procrustes(points.reshape(1, -1, 3), target.reshape(1, -1, 3)).reshape(target.shape)
    windows = [slice(i, i + 100) for i in range(0, len(points), 100)]
    aligned = np.concatenate([
        metrics.procrustes(points[w].reshape(1, -1, 3), target[w].reshape(1, -1, 3)).reshape(target[w].shape)
        for w in windows
    ])  # fmt: skip
    path = np.linalg.norm(np.diff(target[:, hips].mean(1), axis=0), axis=-1).sum()
    drift = np.linalg.norm((whole - target)[:, hips].mean(1)[[0, -1]], axis=-1).mean()
    scale = np.sqrt(((target - target[:, hips].mean(1, keepdims=True)) ** 2).sum()
                    / ((points - points[:, hips].mean(1, keepdims=True)) ** 2).sum())  # fmt: skip
    own, theirs = ((p - p[:, hips].mean(1, keepdims=True)) for p in (scale * points, target))
    out = {
        "pa": metrics.pa_mpjpe(points, target),
        "root": metrics.root_mpjpe(whole, target, hips),
        "wa": metrics.mpjpe(aligned, target),
        "drift": 100.0 * drift / path,
        "jerk": metrics.mean_jerk(own, FPS),
        "kept": metrics.amplitude_kept(own, theirs),
    }
    contacts = standing(truth, character)[first : first + len(points)] > 0.5
    ankles = whole[:, [LIMBS.index("right_ankle"), LIMBS.index("left_ankle")]]
    steps = np.linalg.norm(np.diff(ankles[..., :2], axis=0), axis=-1)
    both = contacts[1:] & contacts[:-1]
    out["slide"] = 1000.0 * float(steps[both].mean()) if both.any() else float("nan")
    if motion is not None and motion.contacts is not None:
        state = motion_state(motion, model)
        out["under"] = float(metrics.penetration(model, state).max())
        found = motion.contacts[: len(contacts)] > 0.5
        hits = float((found & contacts).sum())
        out["f1"] = 2 * hits / max(float(found.sum() + contacts.sum()), 1.0)
        low = lowest(model, motion_state(truth, model))[first : first + len(points)]
        air = (low > 0.05)[1:-1]
        com = state.com[: len(points)]
        if air.sum() > 3:
            out["fall"] = float(-np.median(np.diff(com[:, 2], n=2)[air[: len(com) - 2]]) * FPS**2 / GRAVITY)
    return out


def compute(place: Path, row: str, camera: str, character: Character) -> dict[str, float]:
    """One row of one case, from the file if it is there."""
    kept = place / f"{row}.json"
    if not kept.exists():
        track, truth = PoseTrack.load(place / "track.npz"), Motion.load(place / "truth.npz")
        started = time.process_time()
        first = round(float(track.times[0]) * FPS)
        if row == TRUTH:
            points, motion = landmark_positions(character, truth, LIMBS)[first:], None
        else:
            points, motion = ROWS[row](track, character, place / PATH if camera == "travel" else None)
        spent = time.process_time() - started + json.loads((place / "pose.json").read_text())["cpu"]
        if motion is not None:
            motion.save(place / f"{row}.npz")
        write_json(kept, judge(points, motion, truth, first, character) | {"cpu": spent / truth.duration})
    # what there is none of is written as null
    values = {key: np.nan if value is None else float(value) for key, value in json.loads(kept.read_text()).items()}
    return values


def main() -> None:
    """Compute what is missing and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--motions", nargs="+", default=list(MOTIONS))
    parser.add_argument("--views", type=int, default=len(VIEWS))
    parser.add_argument("--in-turn", action="store_true", help="each motion from one view only, which go round")
    parser.add_argument("--camera", choices=("still", "pan", "travel"), default="still")
    parser.add_argument("--rows", nargs="+", choices=[TRUTH, *ROWS], default=[TRUTH, "raw", "gaussian", "sfv", "ours"])
    parser.add_argument("--lifter", type=Path, help="a file of sfv fit; adds its row")
    parser.add_argument("--out", type=Path, help="markdown file for the tables, else they are printed")
    args = parser.parse_args()
    if args.lifter:
        args.rows.append(args.lifter.stem)
        ROWS[args.lifter.stem] = partial(fitted, weights=TermWeights(), lifter=args.lifter)
    character = load_character("humanoid")
    cases = [(name, view) for name in args.motions for view in range(args.views)]
    if args.in_turn:
        cases = [(name, -index % args.views) for index, name in enumerate(args.motions)]
    values: dict[str, list[dict[str, float]]] = {row: [] for row in args.rows}
    for name, view in cases:
        place = args.work / (f"{name}-{view}" + (f"-{args.camera}" if args.camera != "still" else ""))
        prepare(args.folder, place, name, view, args.camera, character)
        for row in args.rows:
            values[row].append(compute(place, row, args.camera, character))
            print(f"{name}-{view} {row}: " + " ".join(f"{k} {v:.3g}" for k, v in values[row][-1].items()), flush=True)
    seen = "in turn from" if args.in_turn else "each from"
    lines = [f"{len(args.motions)} motions, {seen} {args.views} views: {len(cases)} cases; medians.", ""]
    means = [f"mean {COLUMNS[key]}" for key in MEANS]
    lines += ["| row | " + " | ".join([*COLUMNS.values(), *means]) + " |"]
    lines += ["| --- " * (len(COLUMNS) + len(MEANS) + 1) + "|"]
    for row in args.rows:
        cells = [[case[key] for case in values[row] if np.isfinite(case.get(key, np.nan))] for key in COLUMNS]
        shown = [f"{round(np.median(c), 6):.3g}" if c else "" for c in cells]
        shown += [f"{round(np.mean([case[key] for case in values[row]]), 6):.3g}" for key in MEANS]
        lines.append(f"| {row} | " + " | ".join(shown) + " |")
    found = [row for row in args.rows if row != TRUTH]
    lines += ["", "| case | " + " | ".join(f"{row}: PA / WA mm" for row in found) + " |"]
    lines += ["| --- " * (len(found) + 1) + "|"]
    for index, (name, view) in enumerate(cases):
        cells_ = [f"{values[row][index]['pa']:.0f} / {values[row][index]['wa']:.0f}" for row in found]
        lines.append(f"| {name}-{view} | " + " | ".join(cells_) + " |")
    text = "\n".join(lines) + "\n"
    if args.out:
        with replacing(args.out) as temporary:
            temporary.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
