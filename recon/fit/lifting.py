"""The first guess: where the camera looks and where the person stands, from the estimator's metric points alone.

Each frame's metric points are put at the depth at which they project onto the pixels; upright legs and trunks show
which way is up; the torso gives the root's orientation, and inverse kinematics, frame after frame, the limbs.
"""

from dataclasses import dataclass

import mujoco
import numpy as np
from jaxtyping import Float
from scipy.ndimage import gaussian_filter1d, median_filter
from scipy.spatial.transform import Rotation, Slerp

from recon.camera import camera_from_world, view_rotations
from sfv.character import Character
from sfv.pose import PoseTrack

LEAN = -0.08
"""rad about the camera's x: MediaPipe sees people lean to the camera by 5 degrees (a rendered and a real clip)."""
IK_STEPS, IK_DAMPING = 6, 0.01
"""Gauss-Newton steps in each frame, and m^2 added to the squared Jacobian."""
STRAIGHT = 0.97
"""A leg is straight when hip to ankle is at least this share of thigh plus shin (28 degrees of knee)."""


@dataclass(frozen=True)
class Lift:
    """A first guess of the motion and of the camera at (0, 0, height), looking along X.

    Attributes:
        qpos: (T, nq).
        pitch, roll: rad. height: m above the floor.
    """

    qpos: Float[np.ndarray, "T nq"]
    pitch: float
    roll: float
    height: float


def lift(
    track: PoseTrack, character: Character, size: float, focal: float, frames: int, fps: float, pitch: float | None,
    lean: float = LEAN,
) -> Lift:  # fmt: skip
    """The first guess. `size` scales the character's body to the person's; `pitch` (rad) is given or found; `lean` is
    what the track's points usually lean by."""
    points = bridged(track, size * _relative_size(track, character))
    count = np.isfinite(track.points_2d).all(-1).sum(1)
    with np.errstate(invalid="ignore", divide="ignore"):  # frames without the person stay NaN until bridged
        middle = np.nan_to_num(bridge(np.nansum(track.points_2d, 1) / count[:, None]))
    points = np.einsum("nij,nkj->nki", view_rotations(middle, focal, track.image_size), points)
    places = _translations(track, points, focal)
    if track.shift is not None:
        places = places + track.shift

    points = points @ Rotation.from_euler("x", lean).as_matrix().T
    measured, roll = _tilt(track, points)
    pitch = measured if pitch is None else pitch
    world = camera_from_world(pitch, roll).T
    upright, places_w = points @ world.T, places @ world.T

    feet = [i for i, name in enumerate(track.names) if "heel" in name or "foot_index" in name or "ankle" in name]
    soles = (upright[:, feet, 2] + places_w[:, None, 2]).min(1)
    height = -float(np.median(soles))

    root_pos, root_rot = _roots(track, character, upright, places_w, size)
    root_pos[:, 2] += height
    grid = np.arange(frames) / fps
    times = track.times - track.times[0]
    roots = np.stack([np.interp(grid, times, column) for column in root_pos.T], 1)
    turns = Slerp(times, Rotation.from_matrix(root_rot))(np.clip(grid, times[0], times[-1]))
    # landmarks about the root, in the character's size
    hung = (upright + places_w[:, None] + [0.0, 0.0, height] - root_pos[:, None]) / size
    hung = np.stack([np.interp(grid, times, column) for column in hung.reshape(len(hung), -1).T], 1)
    names = [name for name in track.names if name in character.keypoints]
    targets = hung.reshape(frames, len(track.names), 3)[:, [track.index(name) for name in names]]
    qpos = _posed(character.model, turns.as_quat(scalar_first=True), targets, names)
    qpos[:, :3] += roots
    return Lift(qpos, pitch, roll, height)


def _posed(
    model: mujoco.MjModel, turns: Float[np.ndarray, "T 4"], targets: Float[np.ndarray, "T K 3"], names: list[str]
) -> Float[np.ndarray, "T nq"]:
    """Inverse kinematics by damped Gauss-Newton steps: the sites `names` to `targets` about the root at the origin.

    Each frame starts from the one before, which keeps it on one branch; the root is kept.
    """
    data, sites = mujoco.MjData(model), [model.site(name).id for name in names]
    jacobian, step = np.zeros((len(sites), 3, model.nv)), np.zeros(model.nv)
    hinges = [j for j in range(model.njnt) if model.jnt_type[j] == mujoco.mjtJoint.mjJNT_HINGE and model.jnt_limited[j]]
    at = model.jnt_qposadr[hinges]
    qpos = np.tile(_bent(model), (len(targets), 1))
    for t, (turn, target) in enumerate(zip(turns, targets, strict=True)):
        if t:
            qpos[t] = qpos[t - 1]
        qpos[t, :7] = (0.0, 0.0, 0.0, *turn)
        for _ in range(IK_STEPS if t else 4 * IK_STEPS):
            data.qpos[:] = qpos[t]
            mujoco.mj_kinematics(model, data)
            mujoco.mj_comPos(model, data)
            for k, site in enumerate(sites):
                mujoco.mj_jacSite(model, data, jacobian[k], None, site)
            flat = jacobian[:, :, 6:].reshape(-1, model.nv - 6)
            error = (target - data.site_xpos[sites]).ravel()
            step[6:] = np.linalg.solve(flat.T @ flat + IK_DAMPING * np.eye(model.nv - 6), flat.T @ error)
            mujoco.mj_integratePos(model, qpos[t], np.clip(step, -0.5, 0.5), 1.0)
            qpos[t, at] = np.clip(qpos[t, at], *model.jnt_range[hinges].T)
    return qpos


def bridged(track: PoseTrack, scale: float) -> Float[np.ndarray, "N K 3"]:
    """The metric points times `scale`, gaps filled linearly in time."""
    flat = track.points_3d.reshape(len(track), -1)
    return scale * bridge(flat).reshape(track.points_3d.shape)


def bridge(columns: Float[np.ndarray, "N d"]) -> Float[np.ndarray, "N d"]:
    """Columns with their gaps (NaN) filled linearly; 0 where a column has nothing else."""
    index, out = np.arange(len(columns)), columns.copy()
    for i, column in enumerate(columns.T):
        good = np.isfinite(column)
        if good.any():
            out[:, i] = np.interp(index, index[good], column[good])
    return np.nan_to_num(out)


def _relative_size(track: PoseTrack, character: Character) -> float:
    """The character's bones over the estimator's: the sum over legs, arms and trunk of medians."""
    data = mujoco.MjData(character.model)
    mujoco.mj_kinematics(character.model, data)
    pairs = [(f"{s}_{a}", f"{s}_{b}") for s in ("left", "right")
             for a, b in (("hip", "knee"), ("knee", "ankle"), ("shoulder", "hip"), ("shoulder", "elbow"))]  # fmt: skip
    own = sum(float(np.linalg.norm(data.site(a).xpos - data.site(b).xpos)) for a, b in pairs)
    bones = [track.points_3d[:, track.index(a)] - track.points_3d[:, track.index(b)] for a, b in pairs]
    return own / sum(float(np.nanmedian(np.linalg.norm(bone, axis=-1))) for bone in bones)


def _translations(track: PoseTrack, points: np.ndarray, focal: float) -> np.ndarray:
    """(N, 3) where in camera axes the origin of each frame's points is, by weighted least squares on the projection.

    x (Z + t_z) = X + t_x for each landmark: linear in t. Depth, the uncertain part, is then smoothed.
    """
    xy = (track.points_2d - 0.5 * np.array(track.image_size)) / focal
    out = np.full((len(track), 3), np.nan)
    for n, (rays, p, w) in enumerate(zip(xy, points, track.confidence, strict=True)):
        ok = np.isfinite(rays).all(-1) & (w > 0.3)
        if ok.sum() < 6:
            continue
        zero, one = np.zeros(ok.sum()), np.ones(ok.sum())
        rows = np.concatenate([np.stack((one, zero, -rays[ok, 0]), 1), np.stack((zero, one, -rays[ok, 1]), 1)])
        right = np.concatenate([rays[ok, i] * p[ok, 2] - p[ok, i] for i in (0, 1)])
        weight = np.tile(w[ok], 2)
        out[n] = np.linalg.lstsq(rows * weight[:, None], right * weight, rcond=None)[0]
    out = bridge(out)
    rate = 1.0 / np.median(np.diff(track.times))
    depth = median_filter(out[:, 2], size=max(3, int(0.25 * rate) | 1), mode="nearest")
    depth = gaussian_filter1d(depth, 0.2 * rate, mode="nearest")
    return out * (depth / out[:, 2])[:, None]


def _tilt(track: PoseTrack, points: np.ndarray) -> tuple[float, float]:
    """Pitch and roll (rad) at which standing people stand upright on the whole.

    Assumption, not studied: cameras are level within 15 degrees and held straight within 3. A median posture is upright
    within 7, to either side too (36 rendered clips: runners seen from the side lean by 14 degrees, kicks by 9).
    """

    def at(name: str) -> np.ndarray:
        return points[:, track.index(name)]

    straight = np.ones(len(points), bool)
    for side in ("left", "right"):
        hip, knee, ankle = at(f"{side}_hip"), at(f"{side}_knee"), at(f"{side}_ankle")
        leg = np.linalg.norm(hip - knee, axis=-1) + np.linalg.norm(knee - ankle, axis=-1)
        straight &= np.linalg.norm(hip - ankle, axis=-1) > STRAIGHT * leg
    ankles, shoulders = (0.5 * (at(f"left_{n}") + at(f"right_{n}")) for n in ("ankle", "shoulder"))
    up = (shoulders - ankles) / np.linalg.norm(shoulders - ankles, axis=-1, keepdims=True)
    chosen = straight & track.found & (up[:, 1] < -0.8)
    if chosen.sum() < 5:
        chosen = up[:, 1] < -0.8
    if not chosen.any():
        return 0.0, 0.0
    pitch, roll = np.arctan2(-up[chosen, 2], -up[chosen, 1]), np.arctan2(-up[chosen, 0], -up[chosen, 1])
    return float(np.median(pitch)) * 15**2 / (15**2 + 7**2), float(np.median(roll)) * 3**2 / (3**2 + 7**2)


def _roots(
    track: PoseTrack, character: Character, points: np.ndarray, places: np.ndarray, size: float
) -> tuple[np.ndarray, np.ndarray]:
    """Root positions (N, 3) and rotations (N, 3, 3): the character's torso landmarks laid onto the points."""
    data = mujoco.MjData(character.model)
    data.qpos[:7] = (0, 0, 0, 1, 0, 0, 0)
    mujoco.mj_kinematics(character.model, data)
    names = ("left_hip", "right_hip", "left_shoulder", "right_shoulder")
    own = size * np.array([data.site(name).xpos for name in names])
    theirs = points[:, [track.index(name) for name in names]]
    a, b = own - own[:2].mean(0), theirs - theirs[:, :2].mean(1, keepdims=True)
    rotations = np.stack([Rotation.align_vectors(frame, a, weights=[1, 1, 2, 2])[0].as_matrix() for frame in b])
    return places + theirs[:, :2].mean(1) - rotations @ own[:2].mean(0), rotations


def _bent(model: mujoco.MjModel) -> np.ndarray:
    """The zero pose with every hinge 0.4 rad into its larger side, so that bending has a direction to start with."""
    qpos = np.array(model.qpos0)
    for j in range(model.njnt):
        if model.jnt_type[j] == mujoco.mjtJoint.mjJNT_HINGE and model.jnt_limited[j]:
            low, high = model.jnt_range[j]
            qpos[model.jnt_qposadr[j]] = np.clip(0.4 if high > -low else -0.4, low, high)
    return qpos
