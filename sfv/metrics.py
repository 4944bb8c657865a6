"""The figures by which motions are judged: plain numpy on points (T, J, 3) in metres and on Motions.

Each function says its unit. It knows no limits and no verdicts, and not where a motion came from.
"""

from dataclasses import replace

import mujoco
import numpy as np
from jaxtyping import Float, Int

from sfv.kinematics import MotionState, motion_state, velocities
from sfv.motion import Motion
from sfv.surface import lowest, surface_points, surface_track

RATE = 30.0
"""1/s: what has a derivative in it is measured at this rate, whatever the motion's own; differences grow with it."""
CLEARANCE = 0.02
"""m: a surface point within this of the ground may bear weight."""
SMALL = 0.1
"""m: who moves nothing farther away than this is a finger, a thumb, a toe or the end of a bone."""


def mpjpe(estimate: Float[np.ndarray, "T J 3"], truth: Float[np.ndarray, "T J 3"]) -> float:
    """Mean per-joint position error in the world, mm."""
    return _millimetres(estimate - truth)


def body_errors(motion: Motion, reference: Motion) -> tuple[Float[np.ndarray, " T"], Float[np.ndarray, "T B"]]:
    """How far each body of `Skeleton.body_names` is from where the reference has it, over the time of both.

    Returns:
        times (s) and distances (mm), at the motion's rate.
    """
    times = motion.times[motion.times <= reference.duration + 0.5 / motion.fps]
    wanted = replace(reference, fps=motion.fps, qpos=reference.at(times), loop=False, contacts=None, contact_names=())
    there = motion_state(motion).xpos[: len(times)]
    return times, 1000.0 * np.linalg.norm(there - motion_state(wanted).xpos, axis=-1)[:, 1:]


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
    """Mean length of the third time derivative at RATE (jitter), m/s^3."""
    points = at_rate(points, fps)
    return float(np.linalg.norm(np.diff(points, 3, axis=0), axis=-1).mean() * RATE**3) if len(points) > 3 else 0.0


def peak_acceleration(points: Float[np.ndarray, "T J 3"], fps: float) -> float:
    """99th percentile of the length of the second time derivative at RATE, m/s^2."""
    sizes = accelerations(points, fps)
    return float(np.percentile(sizes, 99)) if len(sizes) else 0.0


def accelerations(points: Float[np.ndarray, "T J 3"], fps: float) -> Float[np.ndarray, "N J"]:
    """Lengths of the second time derivative at RATE, m/s^2; the first is of the second moment, 1 / RATE s."""
    return np.linalg.norm(np.diff(at_rate(points, fps), 2, axis=0), axis=-1) * RATE**2


def at_rate(points: Float[np.ndarray, "T J 3"], fps: float) -> Float[np.ndarray, "N J 3"]:
    """Points RATE times a second, linearly between frames; as they are within a hundredth of that rate."""
    if abs(fps / RATE - 1.0) < 0.01 or len(points) < 2:
        return points
    grid = np.arange(int((len(points) - 1) / fps * RATE + 1e-6) + 1) / RATE * fps
    low = np.minimum(grid.astype(int), len(points) - 2)
    part = (grid - low)[:, None, None]
    return points[low] * (1 - part) + points[low + 1] * part


def levers(model: mujoco.MjModel) -> Float[np.ndarray, " nbody"]:
    """How far (m) from each body's origin the farthest of what it carries is in the zero pose, its own shapes included.

    Where a model has no solid shapes, as sticks have none, only the origins of bodies count.
    """
    data, out = mujoco.MjData(model), np.zeros(model.nbody)
    mujoco.mj_kinematics(model, data)
    solid = [g for g in range(model.ngeom) if model.geom_contype[g] or model.geom_conaffinity[g]]
    ends = [(body, data.xpos[body], 0.0) for body in range(1, model.nbody)]
    ends += [(int(model.geom_bodyid[g]), data.geom_xpos[g], float(model.geom_rbound[g])) for g in solid]
    for body, place, radius in ends:
        while body > 0:
            out[body] = max(out[body], float(np.linalg.norm(place - data.xpos[body])) + radius)
            body = int(model.body_parentid[body])
    return out


def limbs(model: mujoco.MjModel) -> Int[np.ndarray, " B"]:
    """The root, and bodies that reach far or end a long bone: no fingers and toes, whose shaking says little."""
    long = np.linalg.norm(model.body_pos, axis=1) >= SMALL
    long[:2] = (False, True)  # the root's place in the zero pose is no bone, but it moves with the body
    return np.flatnonzero(long | (levers(model) >= SMALL))


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


def contact_slide(
    model: mujoco.MjModel, state: MotionState, fps: float, bodies: tuple[str, ...], contacts: Float[np.ndarray, "T F"]
) -> float:
    """Mean horizontal speed, cm/s, of what is declared to stand (`contacts`, a column per body).

    The lowest surface point of two consecutive frames is followed, if it is within CLEARANCE of z = 0 in both; NaN when
    nothing ever is. What nobody declared is judged by `sfv.check.support.support_slide`.
    """
    points, (owners, _, _) = surface_track(model, state), surface_points(model)
    speeds = []
    for f, name in enumerate(bodies):
        mine = points[:, owners == model.body(name).id]
        t = np.arange(len(mine) - 1)
        low = (mine[:-1, :, 2] + mine[1:, :, 2]).argmin(1)
        a, b = mine[t, low], mine[t + 1, low]
        stands = (np.maximum(a[:, 2], b[:, 2]) < CLEARANCE) & (contacts[:-1, f] > 0.5) & (contacts[1:, f] > 0.5)
        speeds.append(np.linalg.norm((b - a)[stands, :2], axis=-1))
    pooled = np.concatenate(speeds)
    return float(100.0 * fps * pooled.mean()) if len(pooled) else float("nan")


def limit_violations(model: mujoco.MjModel, qpos: Float[np.ndarray, "T nq"]) -> Float[np.ndarray, "T njnt"]:
    """Excess over each joint's range, degrees, 0 inside: hinges their angle, balls their rotation from zero."""
    excess = np.zeros((len(qpos), model.njnt))
    for j in np.flatnonzero(model.jnt_limited):
        at, (low, high) = int(model.jnt_qposadr[j]), model.jnt_range[j]
        if model.jnt_type[j] == mujoco.mjtJoint.mjJNT_BALL:
            quat = qpos[:, at : at + 4]
            angle = 2.0 * np.arctan2(np.linalg.norm(quat[:, 1:], axis=1), np.abs(quat[:, 0]))
            low = 0.0
        else:
            angle = qpos[:, at]
        excess[:, j] = np.maximum(0.0, np.maximum(low - angle, angle - high))
    return np.degrees(excess)


def joint_limit_violation(model: mujoco.MjModel, qpos: Float[np.ndarray, "T nq"]) -> Float[np.ndarray, " T"]:
    """Largest excess over any joint's range, degrees."""
    return limit_violations(model, qpos).max(1)


def joint_speeds(model: mujoco.MjModel, motion: Motion) -> tuple[Int[np.ndarray, " L"], Float[np.ndarray, "N L"]]:
    """The joints that move more than SMALL, but for the root's, and how fast each turns at RATE, rad/s."""
    even = motion if abs(motion.fps / RATE - 1.0) < 0.01 else motion.resampled(RATE)
    qvel, reach = velocities(model, even.qpos, even.fps), levers(model)
    turning = (model.jnt_type != mujoco.mjtJoint.mjJNT_FREE) & (reach[model.jnt_bodyid] >= SMALL)
    joints = np.flatnonzero(turning)
    speeds = np.zeros((len(even), len(joints)))
    for column, j in enumerate(joints):
        at, ball = int(model.jnt_dofadr[j]), model.jnt_type[j] == mujoco.mjtJoint.mjJNT_BALL
        speeds[:, column] = np.linalg.norm(qvel[:, at : at + (3 if ball else 1)], axis=1)
    return joints, speeds


def peak_joint_speed(model: mujoco.MjModel, motion: Motion) -> float:
    """99.5th percentile of the joints' speeds, rad/s."""
    speeds = joint_speeds(model, motion)[1]
    return float(np.percentile(speeds, 99.5)) if speeds.size else 0.0


def _millimetres(difference: np.ndarray) -> float:
    return float(1000.0 * np.linalg.norm(difference, axis=-1).mean())
