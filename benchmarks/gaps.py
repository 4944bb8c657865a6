"""Gaps of a video, filled by the fit alone or by a prior: beside the truth, on rendered people.

    python benchmarks/gaps.py MOTION.npz ... --work FOLDER --out gaps.csv [--gaps 0.3 0.7 1.0 1.5] [--prior mdm]

Each motion of the humanoid is rendered and its person found, once. Then a gap is planted between the estimator and
the reconstruction. Errors are those of landmarks within the gap, the motions laid on the truth by the frames outside
it. `slerp` is the reconstruction with straight ways through the gap.
"""

import argparse
import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
from recon_rendered import FPS, ROOM, SIZE, camera_of

from recon.config import PoseConfig, ReconstructConfig
from recon.gaps import made_anew, unseen
from recon.reconstruct import reconstruct
from recon.scorecard import LIMBS, landmark_positions
from recon.shipped import NONE
from sfv import metrics
from sfv.character import Character, load_character
from sfv.check.check import check
from sfv.clip import Clip
from sfv.kinematics import motion_state
from sfv.motion import Motion
from sfv.pose import PoseTrack
from sfv.priors.rows import load_prior
from sfv.view.person import PERSON
from sfv.view.render import Renderer, scene
from sfv.view.video import write_video
from sfv.work.mask import runs

LONGEST, EDGE = 5.0, 0.6
"""s that is rendered of a motion, and that is seen before a gap and after it."""
FIELDS = ("gap s", "row", "cases", "error mm", "mean mm", "better", "jerk m/s^3", "passes")


def prepare(source: Path, place: Path, view: int, character: Character) -> tuple[Motion, PoseTrack]:
    """The truth and the track of its rendered clip, made if they are not there."""
    from recon.pose.estimate import estimate_pose

    place.mkdir(parents=True, exist_ok=True)
    motion = Motion.load(source)
    truth = Motion(motion.skeleton, FPS, motion.at(np.arange(int(min(motion.duration, LONGEST) * FPS) + 1) / FPS))
    if not (place / "track.npz").exists():
        eye = camera_of(truth, view)
        with Renderer(scene([(character, PERSON)], ROOM), *SIZE) as renderer:
            write_video(place / "clip.mp4", (renderer.frame(pose, eye) for pose in truth.qpos), FPS, crf=20)
        estimate_pose(Clip.open(place / "clip.mp4"), PoseConfig()).track.save(place / "track.npz")
    return truth, PoseTrack.load(place / "track.npz")


def fitted(track: PoseTrack, place: Path, character: Character) -> Motion:
    """The reconstruction of a track by the fit alone, from the file if it is there."""
    if not place.exists():
        reconstruct(track, character, ReconstructConfig(gaps=NONE)).motion.save(place)
    return Motion.load(place)


def planted(track: PoseTrack, begin: float, seconds: float) -> PoseTrack:
    """The track without what is seen for so long from a time on."""
    times = track.times - track.times[0]
    gone = (times >= begin - 1e-6) & (times < begin + seconds - 1e-6)
    fields = {name: getattr(track, name).copy() for name in ("points_2d", "points_3d", "confidence")}
    fields["points_2d"][gone], fields["points_3d"][gone], fields["confidence"][gone] = np.nan, np.nan, 0.0
    return replace(track, **fields)


def straight(motion: Motion, gaps: np.ndarray) -> Motion:
    """Straight ways from the last frame before a gap to the first after it."""
    qpos = motion.qpos.copy()
    for first, stop in runs(gaps):
        ends = replace(motion, qpos=motion.qpos[[first - 1, stop]], fps=1.0, contacts=None, contact_names=())
        qpos[first:stop] = ends.at(np.linspace(0.0, 1.0, stop - first + 2))[1:-1]
    return replace(motion, qpos=qpos)


def error(motion: Motion, truth: Motion, first: int, gaps: np.ndarray, character: Character) -> float:
    """Mean distance (mm) of landmarks in the gap, the motion laid on the truth by what is outside it."""
    ours = landmark_positions(character, motion, LIMBS)
    theirs = landmark_positions(character, truth, LIMBS)[first : first + len(ours)]
    ours, gaps = ours[: len(theirs)], gaps[: len(theirs)]
    a, b = ours[~gaps].reshape(-1, 3), theirs[~gaps].reshape(-1, 3)
    middle, target = a.mean(0), b.mean(0)
    u, s, vt = np.linalg.svd((b - target).T @ (a - middle))
    flip = np.diag((1.0, 1.0, np.sign(np.linalg.det(u @ vt))))
    scale = (s * np.diag(flip)).sum() / ((a - middle) ** 2).sum()
    laid = scale * (ours[gaps] - middle) @ (u @ flip @ vt).T + target
    return 1000.0 * float(np.linalg.norm(laid - theirs[gaps], axis=-1).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("motions", nargs="+", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--gaps", nargs="+", type=float, default=[0.3, 0.7, 1.0, 1.5])
    parser.add_argument("--prior", default="mdm")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    character = load_character("humanoid")
    prior = load_prior(args.prior, character)
    found: dict[tuple[float, str], list[tuple[float, float, bool]]] = {}
    for number, source in enumerate(args.motions):
        truth, track = prepare(source, args.work / source.stem, number % 3, character)
        first = round(float(track.times[0]) * FPS)
        chance = np.random.default_rng(number)
        for seconds in args.gaps:
            room = float(track.times[-1] - track.times[0]) - 2 * EDGE - seconds
            begin = EDGE + float(chance.uniform()) * max(room, 0.0)
            if room < 0.0:
                continue
            seen = planted(track, begin, seconds)
            motion = fitted(seen, args.work / source.stem / f"fit-{seconds:g}.npz", character)
            if abs(motion.duration - float(track.times[-1] - track.times[0])) > 0.1:
                continue  # a part of it alone, on one of two floors
            gap = (motion.times > begin) & (motion.times < begin + seconds)
            gaps = unseen(seen, motion)
            rows = {
                "fit": motion,
                "slerp": straight(motion, gap),
                args.prior: made_anew(motion, gaps, prior, character),
            }
            for row, one in rows.items():
                part = slice(max(np.flatnonzero(gap)[0] - 3, 0), np.flatnonzero(gap)[-1] + 4)
                jerk = metrics.mean_jerk(motion_state(one).xpos[part, 1:], FPS)
                figures = error(one, truth, first, gap, character), jerk, check(one, character).passed
                found.setdefault((seconds, row), []).append(figures)
                print(source.stem, seconds, row, *(f"{v:.4g}" for v in figures), flush=True)
    with open(args.out, "w", newline="", encoding="utf-8") as stream:
        table = csv.DictWriter(stream, FIELDS)
        table.writeheader()
        for (seconds, row), figures_ in found.items():
            errors, jerks, passes = (np.array(column) for column in zip(*figures_, strict=True))
            base = np.array([one[0] for one in found[seconds, "fit"]])
            table.writerow({
                "gap s": seconds, "row": row, "cases": len(errors), "error mm": f"{np.median(errors):.3g}",
                "mean mm": f"{errors.mean():.3g}", "better": int((errors < base).sum()),
                "jerk m/s^3": f"{np.median(jerks):.3g}", "passes": int(passes.sum()),
            })  # fmt: skip


if __name__ == "__main__":
    main()
