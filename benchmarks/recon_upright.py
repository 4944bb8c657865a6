"""What users of other tools saw go wrong with people who merely stand, swing their arms or come nearer, measured.

    python benchmarks/recon_upright.py FOLDER --work runs/upright [--lifter auto none]

FOLDER holds DeepMimic's `humanoid3d_walk.txt`. sfv's figure stands for ten seconds, swings its arms, and walks to and
from the camera along its axis; each is rendered, looked at by `sfv pose` and reconstructed. All is kept in `--work`.

- lean: of the trunk towards the camera (to the side: aside), beyond the truth's; asked: under 3 degrees.
- head: how far it moves to and fro along the camera's direction while only the arms swing; asked: under 2 cm.
- way: of the walk over the truth's; asked: within 5 %.
- drift: how far a standing foot is from where it was on the mean, at most; asked: under 1 cm.
"""

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from recon_rendered import FPS, ROOM, SIZE, truth_of
from scipy.spatial.transform import Rotation

from recon.config import PoseConfig, ReconstructConfig
from recon.pose.estimate import estimate_pose
from recon.reconstruct import reconstruct
from recon.scorecard import landmark_positions
from sfv.character import Character, load_character
from sfv.clip import Clip
from sfv.motion import Motion
from sfv.pose import PoseTrack
from sfv.quaternions import heading
from sfv.view.person import PERSON
from sfv.view.render import Renderer, scene
from sfv.view.video import write_video
from sfv.view.viewpoint import Viewpoint

HEIGHTS = {"low": 0.3, "breast": 1.3, "high": 2.6}
"""m of cameras."""
FAR, FOVY = 3.8, 38.0
"""m from a person who stands, and degrees."""
POINTS = (
    "left_shoulder", "right_shoulder", "left_hip", "right_hip", "left_ankle", "right_ankle", "left_ear", "right_ear",
)  # fmt: skip
SHOULDERS, HIPS, ANKLES, EARS = ([2 * k, 2 * k + 1] for k in range(4))
Case = tuple[Motion, Viewpoint]


def standing(character: Character, seconds: float, swing: float) -> Motion:
    """Somebody whose trunk, head and arms sway by a degree or two, and whose arms swing by `swing` degrees, in turn."""
    model, t = character.model, np.arange(int(seconds * FPS) + 1) / FPS
    qpos = np.tile(model.qpos0, (len(t), 1))

    def turned(joint: str, axis: str, degrees: np.ndarray) -> None:
        at = model.jnt_qposadr[model.joint(joint).id]
        turn = Rotation.from_euler(axis, degrees[:, None], degrees=True)
        qpos[:, at : at + 4] = turn.as_quat(scalar_first=True)

    if swing == 0.0:
        turned("chest", "x", 1.0 * np.sin(2 * np.pi * 0.23 * t))
        turned("neck", "z", 8.0 * np.sin(2 * np.pi * 0.11 * t))
    for side, sign in (("left", 1.0), ("right", -1.0)):
        turned(f"{side}_shoulder", "y", sign * (swing or 3.0) * np.sin(2 * np.pi * (0.8 if swing else 0.3) * t))
    return Motion(character.skeleton, FPS, qpos, source="standing")


def cases(folder: Path, character: Character) -> dict[str, Case]:
    """Name -> what is done, and the camera: from ahead and a little aside, or on the way itself."""
    still, swing = standing(character, 10.0, 0.0), standing(character, 4.0, 45.0)
    brief, walk = replace(still, qpos=still.qpos[: int(3 * FPS)]), truth_of(folder, "walk", character)
    ahead = FAR * np.array([np.cos(0.4), np.sin(0.4)])
    out = {
        f"standing, {name} camera": (still if name == "breast" else brief, _camera(ahead, height, np.zeros(2)))
        for name, height in HEIGHTS.items()
    }
    out["arms swing, seen from ahead"] = swing, _camera(np.array([FAR, 0.0]), 1.3, np.zeros(2))
    out["arms swing, seen from aside"] = swing, _camera(ahead, 1.3, np.zeros(2))
    begin, end = walk.qpos[0, :2], walk.qpos[-1, :2]
    way = heading(walk.qpos[0, 3:7])
    along = np.array([np.cos(way), np.sin(way)])
    out["walks to the camera"] = walk, _camera(end + 2.8 * along, 1.3, begin)
    out["walks away from the camera"] = walk, _camera(begin - 2.8 * along, 1.3, end)
    return out


def _camera(where: np.ndarray, height: float, aim: np.ndarray) -> Viewpoint:
    wide = FOVY if np.linalg.norm(where - aim) < FAR + 0.1 else 1.3 * FOVY
    return Viewpoint((float(where[0]), float(where[1]), height), (float(aim[0]), float(aim[1]), 0.85), wide)


def tracked(place: Path, case: Case, character: Character) -> PoseTrack:
    """The pose track of the rendered clip."""
    motion, camera = case
    if not (place / "track.npz").exists():
        place.mkdir(parents=True, exist_ok=True)
        with Renderer(scene([(character, PERSON)], ROOM), *SIZE) as renderer:
            write_video(place / "clip.mp4", (renderer.frame(pose, camera) for pose in motion.qpos), FPS, crf=20)
        estimate_pose(Clip.open(place / "clip.mp4"), PoseConfig()).track.save(place / "track.npz")
    return PoseTrack.load(place / "track.npz")


def measured(case: Case, found: Motion, first: int, character: Character) -> dict[str, float]:
    """All figures of a motion, turned about the vertical and laid upon the truth once, of its own size."""
    truth, camera = case
    theirs = landmark_positions(character, truth, POINTS)[first : first + len(found.qpos)]
    own = landmark_positions(character, found, POINTS)[: len(theirs)]
    own = own @ _about_the_vertical(own, theirs)
    way = np.subtract(camera.target, camera.position)[:2]
    away, aside = way / np.linalg.norm(way), np.array([-way[1], way[0]]) / np.linalg.norm(way)

    def lean(points: np.ndarray, towards: np.ndarray) -> float:
        trunk = points[:, SHOULDERS].mean(1) - points[:, HIPS].mean(1)
        return float(np.degrees(np.arctan2(trunk[:, :2] @ towards, trunk[:, 2]).mean()))

    def gone(points: np.ndarray) -> float:
        hips = points[:, HIPS].mean(1)[:, :2]
        return float(np.linalg.norm(hips[-1] - hips[0]))

    feet, head = own[:, ANKLES], own[:, EARS].mean(1)[:, :2] @ away
    return {
        "lean": lean(own, -away) - lean(theirs, -away), "aside": lean(own, aside) - lean(theirs, aside),
        "head": 100.0 * float(np.ptp(head)), "way": gone(own) / max(gone(theirs), 1e-9),
        "drift": 100.0 * float(np.linalg.norm(feet - feet.mean(0), axis=-1).max()),
    }  # fmt: skip


def _about_the_vertical(own: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """(3, 3) by which rows of `own` are multiplied to lie upon `theirs` best, turned about z alone."""
    a, b = ((p - p.mean((0, 1)))[..., :2].reshape(-1, 2) for p in (own, theirs))
    angle = np.arctan2((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum(), (a * b).sum())
    return np.asarray(Rotation.from_euler("z", angle).as_matrix().T)


SHOWN: dict[str, Callable[[str], bool]] = {
    "lean": lambda name: True, "aside": lambda name: True, "head": lambda name: name.startswith("arms"),
    "way": lambda name: name.startswith("walks"), "drift": lambda name: not name.startswith("walks"),
}  # fmt: skip


def main() -> None:
    """Make what is missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--lifter", type=Path, nargs="+", default=[Path("none"), Path("auto")])
    args = parser.parse_args()
    character = load_character("humanoid")
    print("| case | lifter | lean to the camera, deg | aside, deg | head, cm | way | feet, cm |\n" + "| --- " * 7 + "|")
    for name, case in cases(args.folder, character).items():
        track = tracked(args.work / name.replace(",", "").replace(" ", "-"), case, character)
        first = round(float(track.times[0]) * FPS)
        for lifter in args.lifter:
            motion = reconstruct(track, character, ReconstructConfig(lifter=lifter)).motion
            figures = measured(case, motion, first, character)
            cells = [f"{value:.2f}" if SHOWN[key](name) else "" for key, value in figures.items()]
            print(f"| {name} | {lifter.stem} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
