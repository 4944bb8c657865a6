"""Reconstruction against measured truth: the joints that `gt/bodypose3d` triangulated from two cameras, raw and ours.

    python benchmarks/recon_truth.py FOLDER TRACK.npz [MOTION.npz]

FOLDER holds `kpts_3d.dat`; TRACK is the pose track of its `cam0.mp4`; without MOTION the track is reconstructed. The
truth has no scale of its own: its unit is set by taking its median leg (hip to knee to ankle) as that of a person of
1.70 m, 0.491 of the stature (Winter 2009, fig. 4.1).
"""

import sys
from pathlib import Path

import numpy as np

from recon.config import ReconstructConfig
from recon.reconstruct import reconstruct
from recon.scorecard import at_times, landmark_positions
from sfv import metrics
from sfv.character import load_character
from sfv.motion import Motion
from sfv.pose import PoseTrack

JOINTS = tuple(
    f"{side}_{joint}" for joint in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle") for side in ("left", "right")
)
"""The order of the columns of `kpts_3d.dat`."""
LEG = 1.70 * 0.491
"""m."""


def read_truth(folder: Path) -> np.ndarray:
    """(T, 12, 3) in metres, in the calibration board's axes."""
    truth = np.loadtxt(folder / "kpts_3d.dat").reshape(-1, len(JOINTS), 3)

    def length(a: str, b: str) -> float:
        return float(np.median(np.linalg.norm(truth[:, JOINTS.index(a)] - truth[:, JOINTS.index(b)], axis=-1)))

    legs = [length(f"{s}_hip", f"{s}_knee") + length(f"{s}_knee", f"{s}_ankle") for s in ("left", "right")]
    return truth * LEG / np.mean(legs)


def main(arguments: list[str]) -> None:
    """Print the table."""
    folder, track = Path(arguments[0]), PoseTrack.load(arguments[1])
    character = load_character("humanoid")
    rows: dict[str, np.ndarray] = {"MediaPipe, raw": track.points_3d[:, [track.index(name) for name in JOINTS]]}
    if len(arguments) > 2:
        motion = Motion.load(arguments[2])
    else:
        result = reconstruct(track, character, ReconstructConfig())
        motion = result.motion
        columns = [result.point_names.index(name) for name in JOINTS]
        rows["ours, person"] = at_times(result.points[:, columns], motion.fps, track.times - track.times[0])
    performed = landmark_positions(character, motion, JOINTS)
    rows[f"ours, {character.name}"] = at_times(performed, motion.fps, track.times - track.times[0])

    truth = read_truth(folder)
    frames = np.round(track.times * track_rate(track)).astype(int)
    keep = track.found & (frames < len(truth))
    truth, fps = truth[frames[keep]], track_rate(track)
    hips = [JOINTS.index("left_hip"), JOINTS.index("right_hip")]
    print(f"{'':24s} {'PA-MPJPE':>9s} {'world':>9s} {'jerk':>9s} {'swing':>7s}   on {keep.sum()} frames")
    print(f"{'':24s} {'mm':>9s} {'mm':>9s} {'m/s^3':>9s} {'%':>7s}")
    for name, points in {**rows, "truth": truth}.items():
        points = points[keep] if len(points) == len(keep) else points
        hung = points - points[:, hips].mean(1, keepdims=True)
        own = truth - truth[:, hips].mean(1, keepdims=True)
        hung = hung * np.sqrt((own**2).sum() / (hung**2).sum())
        world = metrics.procrustes(points.reshape(1, -1, 3), truth.reshape(1, -1, 3)).reshape(truth.shape)
        print(
            f"{name:24s} {metrics.pa_mpjpe(points, truth):9.1f} {metrics.mpjpe(world, truth):9.1f} "
            f"{metrics.mean_jerk(hung, fps):9.1f} {metrics.amplitude_kept(hung, own):7.1f}"
        )


def track_rate(track: PoseTrack) -> float:
    """Frames per second of the clip."""
    return float(1.0 / np.median(np.diff(track.times)))


if __name__ == "__main__":
    main(sys.argv[1:])
