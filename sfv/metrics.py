"""The figures by which motions are judged: plain numpy on points (T, J, 3) in metres and on Motions.

Each function says its unit. It knows no limits and no verdicts, and not where a motion came from.
"""

import mujoco
import numpy as np
from jaxtyping import Float, Int

from sfv.kinematics import MotionState, velocities
from sfv.motion import Motion
from sfv.surface import lowest, surface_points, surface_track
from sfv.terrain.terrain import FLAT, Terrain, height_above

FLOOR_CLEARANCE = 0.02
"""m: a foot's surface point within this of the ground bears weight, for the measure of sliding."""


def mpjpe(estimate: Float[np.ndarray, "T J 3"], truth: Float[np.ndarray, "T J 3"]) -> float:
    """Mean per-joint position error in the world, mm."""
    return _millimetres(estimate - truth)


def root_mpjpe(
    estimate: Float[np.ndarray, "T J 3"], truth: Float[np.ndarray, "T J 3"], root: Int[np.ndarray, " r"]
) -> float:
    """MPJPE after moving the mean of the joints `root` to the origin in every frame, mm."""
    difference = estimate - truth
    return _millimetres(difference - difference[:, root].mean(1, keepdims=True))


def pa_mpjpe(estimate: Float[np.ndarray, "T J 3"], truth: Float[np.ndarray, "T J 3"]) -> float:
    """MPJPE after the best similarity (rotation, translation, scale) of every frame by itself, in mm of the truth."""
    return _millimetres(procrustes(estimate, truth) - truth)


def procrustes(points: Float[np.ndarray, "*n J 3"], onto: Float[np.ndarray, "*n J 3"]) -> Float[np.ndarray, "*n J 3"]:
    """`points` under the similarity that brings them nearest to `onto` (Umeyama 1991), each frame by itself."""
    mu, nu = points.mean(-2, keepdims=True), onto.mean(-2, keepdims=True)
    a, b = points - mu, onto - nu
    u, s, vt = np.linalg.svd(np.swapaxes(a, -1, -2) @ b)
    sign = np.sign(np.linalg.det(u @ vt))
    s = s.copy()
    s[..., -1] *= sign
    u = u.copy()
    u[..., :, -1] *= sign[..., None]
    scale = s.sum(-1) / (a * a).sum((-1, -2))
    return scale[..., None, None] * (a @ u @ vt) + nu


def mean_jerk(points: Float[np.ndarray, "T J 3"], fps: float) -> float:
    """Mean length of the third time derivative (jitter), m/s^3. Compare only at one frame rate."""
    if len(points) < 4:
        return 0.0
    return float(np.linalg.norm(np.diff(points, 3, axis=0), axis=-1).mean() * fps**3)


def peak_acceleration(points: Float[np.ndarray, "T J 3"], fps: float) -> float:
    """99th percentile of the length of the second time derivative, m/s^2."""
    if len(points) < 3:
        return 0.0
    return float(np.percentile(np.linalg.norm(np.diff(points, 2, axis=0), axis=-1), 99) * fps**2)


def amplitude(points: Float[np.ndarray, "T J 3"]) -> Float[np.ndarray, " J"]:
    """How far each point swings: the root mean square distance from its own mean, m."""
    return np.sqrt(((points - points.mean(0)) ** 2).sum(-1).mean(0))


def amplitude_kept(points: Float[np.ndarray, "T J 3"], reference: Float[np.ndarray, "T J 3"]) -> float:
    """Swing of the points as a share of the reference's swing, pooled over points, %."""
    return float(100.0 * np.sqrt((amplitude(points) ** 2).sum() / max((amplitude(reference) ** 2).sum(), 1e-12)))


def penetration(model: mujoco.MjModel, state: MotionState) -> Float[np.ndarray, " T"]:
    """How deep the body's deepest point is under the ground, cm, 0 where it is not."""
    return 100.0 * np.maximum(-lowest(model, state), 0.0)


def stance_height(
    model: mujoco.MjModel, state: MotionState, contacts: Float[np.ndarray, "T F"]
) -> Float[np.ndarray, " N"]:
    """Height of the body's lowest point, cm, in each of the N frames that claim a contact."""
    return 100.0 * np.maximum(lowest(model, state)[(contacts > 0.5).any(1)], 0.0)


def foot_slide(
    model: mujoco.MjModel,
    state: MotionState,
    fps: float,
    feet: tuple[str, ...],
    contacts: Float[np.ndarray, "T F"] | None = None,
    terrain: Terrain = FLAT,
) -> float:
    """Mean horizontal speed of standing feet, cm/s.

    Of a foot in contact (`contacts`, column per foot, or all frames when None) the lowest surface point of two
    consecutive frames is followed, if it is within FLOOR_CLEARANCE of the ground in both. NaN when no foot ever stands.
    """
    points, (bodies, _, _) = surface_track(model, state), surface_points(model)
    speeds = []
    for f, foot in enumerate(feet):
        mine = points[:, bodies == model.body(foot).id]
        t = np.arange(len(mine) - 1)
        height = height_above(mine, terrain)
        low = (height[:-1] + height[1:]).argmin(1)
        a, b = mine[t, low], mine[t + 1, low]
        stands = np.maximum(height[t, low], height[t + 1, low]) < FLOOR_CLEARANCE
        if contacts is not None:
            stands &= (contacts[:-1, f] > 0.5) & (contacts[1:, f] > 0.5)
        speeds.append(np.linalg.norm((b - a)[stands, :2], axis=-1))
    pooled = np.concatenate(speeds)
    return float(100.0 * fps * pooled.mean()) if len(pooled) else float("nan")


def joint_limit_violation(model: mujoco.MjModel, qpos: Float[np.ndarray, "T nq"]) -> Float[np.ndarray, " T"]:
    """Largest excess over any joint's range, degrees, 0 inside: hinges their angle, balls their rotation from zero."""
    excess = np.zeros(len(qpos))
    for j in range(model.njnt):
        if not model.jnt_limited[j]:
            continue
        at, (low, high) = int(model.jnt_qposadr[j]), model.jnt_range[j]
        if model.jnt_type[j] == mujoco.mjtJoint.mjJNT_BALL:
            quat = qpos[:, at : at + 4]
            angle = 2.0 * np.arctan2(np.linalg.norm(quat[:, 1:], axis=1), np.abs(quat[:, 0]))
            low = 0.0
        else:
            angle = qpos[:, at]
        excess = np.maximum(excess, np.maximum(low - angle, angle - high))
    return np.degrees(excess)


def peak_joint_speed(motion: Motion) -> float:
    """99.5th percentile of the joints' speeds, rad/s."""
    return float(np.percentile(np.abs(velocities(motion.skeleton.model, motion.qpos, motion.fps)[:, 6:]), 99.5))


def _millimetres(difference: np.ndarray) -> float:
    return float(1000.0 * np.linalg.norm(difference, axis=-1).mean())
