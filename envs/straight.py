"""How a clip is laid along a strip of ground: its way along +x, and a loop that bends a little made straight.

People do not walk quite straight: a loop of a walk that turns by 7 degrees a cycle goes in a circle within a minute. On
stairs it would soon walk along them, and then down. It knows clips and no ground.
"""

from dataclasses import replace

import mujoco
import numpy as np
from jaxtyping import Float
from scipy.ndimage import gaussian_filter1d

from envs.limbs import TOUCHING, floor_of
from sfv.kinematics import motion_state
from sfv.motion import Motion
from sfv.surface import surface_track

STILL = 0.3
"""m: a clip that ends nearer to its start than this goes nowhere, and is left as it is."""
BENT = np.radians(15.0)
"""A loop that turns by more in a cycle means to turn, and goes on doing so."""
BLUR = 0.05
"""s: standard deviation by which what a body turns about goes from one foot to the other."""


def laid(motion: Motion, model: mujoco.MjModel) -> Motion:
    """The motion with its way along +x, where it goes anywhere, and straight, if it is a loop that hardly turns."""
    bends = motion.loop and _way(motion) >= STILL and abs(motion.cycle()[0]) < BENT
    return along_x(_straight(motion, model) if bends else motion)


def _way(motion: Motion) -> float:
    return float(np.linalg.norm(motion.qpos[-1, :2] - motion.qpos[0, :2]))


def _straight(motion: Motion, model: mujoco.MjModel) -> Motion:
    """A loop turned back steadily by what it turns in a cycle, about what it stands on, so that feet keep their places.

    Frame t is turned by a_t about z and moved by b_t, with b_{t+1} = b_t + (R(a_t) - R(a_{t+1})) c, c where it stands.
    """
    angles = -motion.cycle()[0] * np.arange(len(motion)) / (len(motion) - 1)
    c, s = np.cos(angles), np.sin(angles)
    turns = np.stack((np.stack((c, -s), -1), np.stack((s, c), -1)), -2)
    stand = _standing(motion, model)
    steps = np.einsum("tij,tj->ti", turns[:-1] - turns[1:], 0.5 * (stand[:-1] + stand[1:]))
    moves = np.concatenate((np.zeros((1, 2)), np.cumsum(steps, 0)))
    qpos = motion.qpos.copy()
    qpos[:, :2] = np.einsum("tij,tj->ti", turns, motion.qpos[:, :2]) + moves
    for row, angle in zip(qpos, angles, strict=True):
        _turn(row, angle)
    return replace(motion, qpos=qpos)


def _standing(motion: Motion, model: mujoco.MjModel) -> Float[np.ndarray, "T 2"]:
    """Where (m) a loop stands in each frame: the mean of what is on its floor; below the root where nothing is."""
    surface = surface_track(model, motion_state(motion, model))
    height = surface[..., 2] - floor_of(surface[..., 2])
    weight = np.clip(1.0 - height / TOUCHING, 0.0, 1.0)[..., None]
    root = motion.qpos[:, :2]
    aside = ((surface[..., :2] - root[:, None]) * weight).sum(1) / np.maximum(weight.sum(1), 1e-9)
    return root + gaussian_filter1d(aside, BLUR * motion.fps, axis=0, mode="wrap")


def along_x(motion: Motion) -> Motion:
    """The motion turned about z so that its way from first to last frame is along +x; as it is, if it goes nowhere."""
    if _way(motion) < STILL:
        return motion
    x, y = motion.qpos[-1, :2] - motion.qpos[0, :2]
    angle = -np.arctan2(y, x)
    c, s = np.cos(angle), np.sin(angle)
    qpos = motion.qpos.copy()
    qpos[:, :2] = motion.qpos[:, :2] @ np.array([[c, s], [-s, c]])
    for row in qpos:
        _turn(row, angle)
    return replace(motion, qpos=qpos)


def _turn(row: Float[np.ndarray, " nq"], angle: float) -> None:
    """Turn the root of a pose about z, in place."""
    about = np.array([np.cos(0.5 * angle), 0.0, 0.0, np.sin(0.5 * angle)])
    mujoco.mju_mulQuat(row[3:7], about, row[3:7].copy())
