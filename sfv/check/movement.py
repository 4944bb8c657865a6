"""How a motion moves: jerk, tempo, peaks, joints beyond their limits. No ground and no masses are asked.

Derivatives are those of a motion at `sfv.metrics.RATE`, which the check makes of every motion, and of limbs: fingers,
thumbs and toes shake in most files and say nothing.
"""

import mujoco
import numpy as np
from jaxtyping import Float
from scipy.ndimage import gaussian_filter1d

from sfv import metrics
from sfv.check.finding import NOTHING, Finding, place
from sfv.check.performance import Performance

INTENT = 0.04
"""s: standard deviation of the Gaussian that velocities pass before tempo is read from them. What is left of noise then
changes as fast as what people do; of 190 files, and the same at twice the speed, this width told most apart."""
SLOWEST = 0.3
"""m/s, of all levers together: less is standing still, which has no tempo. The stillest of all clips, a balance on one
foot, has 0.65."""


def jerk(performance: Performance) -> Finding:
    """Mean jerk of the limbs, m/s^3, and where it is greatest."""
    bodies, points = _limbs(performance)
    sizes = np.linalg.norm(np.diff(points, 3, axis=0), axis=-1)
    if not len(sizes):
        return NOTHING
    frame, body = np.unravel_index(int(sizes.argmax()), sizes.shape)
    where = place(_body(performance, int(bodies[body])), (frame + 1.5) / metrics.RATE)
    return Finding(metrics.mean_jerk(points, performance.motion.fps), where)


def peak_acceleration(performance: Performance) -> Finding:
    """99th percentile of the limbs' accelerations, m/s^2, and where they are greatest."""
    bodies, points = _limbs(performance)
    sizes = metrics.accelerations(points, performance.motion.fps)
    if not len(sizes):
        return NOTHING
    frame, body = np.unravel_index(int(sizes.argmax()), sizes.shape)
    where = place(_body(performance, int(bodies[body])), (frame + 1) / metrics.RATE)
    return Finding(float(np.percentile(sizes, 99)), where)


def joint_speed(performance: Performance) -> Finding:
    """99.5th percentile of the joints' speeds, rad/s, and which is the fastest when."""
    joints, speeds = metrics.joint_speeds(performance.character.model, performance.motion)
    if not len(joints):
        return NOTHING
    frame, joint = np.unravel_index(int(speeds.argmax()), speeds.shape)
    where = place(_joint(performance, int(joints[joint])), frame / metrics.RATE)
    return Finding(metrics.peak_joint_speed(performance.character.model, performance.motion), where)


def joint_limits(performance: Performance) -> Finding:
    """The largest excess over a joint's range, deg, and which joint's it is."""
    excess = metrics.limit_violations(performance.character.model, performance.motion.qpos)
    if not excess.any():
        return Finding(0.0)
    frame, joint = np.unravel_index(int(excess.argmax()), excess.shape)
    return Finding(float(excess.max()), place(_joint(performance, int(joint)), frame / performance.motion.fps))


def tempo(performance: Performance) -> Finding:
    """Mean change of velocity over mean velocity, 1/s: how soon a body does something else.

    With u = L w, w the turning velocities of root and joints in the tangent space, L how far each one's body reaches
    (`sfv.metrics.levers`), and both smoothed by INTENT: mean |u'| / mean |u|. It grows by a half when the motion is
    played at twice its speed. NaN for who hardly moves.
    """
    motion, model = performance.motion, performance.character.model
    steps = np.zeros((len(motion) - 1, model.nv))
    for t in range(len(steps)):
        mujoco.mj_differentiatePos(model, steps[t], 1.0 / motion.fps, motion.qpos[t], motion.qpos[t + 1])
    velocity = gaussian_filter1d(steps * _arms(model), INTENT * motion.fps, axis=0, mode="nearest")
    speed = float(np.linalg.norm(velocity, axis=1).mean())
    if len(velocity) < 3 or speed < SLOWEST:
        return NOTHING
    change = np.diff(velocity, axis=0) * motion.fps
    return Finding(float(np.linalg.norm(change, axis=1).mean()) / speed)


def _limbs(performance: Performance) -> tuple[np.ndarray, Float[np.ndarray, "T B 3"]]:
    bodies = metrics.limbs(performance.character.model)
    return bodies, metrics.at_rate(performance.state.xpos[:, bodies], performance.motion.fps)


def _arms(model: mujoco.MjModel) -> Float[np.ndarray, " nv"]:
    """How far (m) each degree of freedom reaches; 0 for the root's way, which is no turn."""
    reach, out = metrics.levers(model), np.zeros(model.nv)
    for j in range(model.njnt):
        at, kind = int(model.jnt_dofadr[j]), model.jnt_type[j]
        first = 3 if kind == mujoco.mjtJoint.mjJNT_FREE else 0
        size = 1 if kind == mujoco.mjtJoint.mjJNT_HINGE else 3
        out[at + first : at + first + size] = reach[model.jnt_bodyid[j]]
    return out


def _body(performance: Performance, body: int) -> str:
    return str(performance.character.model.body(body).name)


def _joint(performance: Performance, joint: int) -> str:
    return str(performance.character.model.joint(joint).name)
