"""Which way up, at which scale and from which frame a motion file was meant, judged from the motion itself.

Each function answers one question that files leave open; the readers decide what to do about it.
"""

import mujoco
import numpy as np
from jaxtyping import Float

from sfv.motion import Motion
from sfv.skeleton import Skeleton

UNITS = {"m": 1.0, "cm": 0.01, "mm": 0.001, "inches": 0.0254, "CMU units of 0.45 inches": 0.0254 / 0.45}
SPAN = 2.3  # m from toes to fingertips or head through the bones of a grown person; CMU 2.2 to 2.5

CALIBRATION = 8  # frames in which calibration poses are looked for


def likely_unit(span: float) -> tuple[str, float]:
    """The unit (name, m) in which `span`, the longest path through the bones, is nearest to a grown person's."""
    name = min(UNITS, key=lambda unit: abs(np.log(max(span, 1e-9) * UNITS[unit] / SPAN)))
    return name, UNITS[name]


def is_z_up_read_as_y_up(motion: Motion) -> bool:
    """Whether a reader that turned y up into z up should not have: the file's z, our -y, points from feet to head.

    That is so when the head stands on that side of the feet in most frames and yet the body does not rest on the
    ground, as somebody would who really lies there. Bodies are known by their names; without head and feet it is False.
    """
    names = [name.lower() for name in motion.skeleton.body_names]
    head = [i for i, name in enumerate(names) if "head" in name or "neck" in name]
    feet = [i for i, name in enumerate(names) if any(word in name for word in ("foot", "ankle", "toe"))]
    if not head or not feet:
        return False
    xpos = _positions(motion.skeleton, motion.qpos[np.linspace(0, len(motion) - 1, 30).astype(int)])
    up = xpos[:, head].mean(1) - xpos[:, feet].mean(1)
    stands = up[:, 1] < -0.8 * np.linalg.norm(up, axis=1)
    rests = abs(float(np.median(xpos[..., 2].min(1)))) < 0.15  # m; the lowest joint lies within a hand's breadth
    return bool(stands.mean() > 0.6) and not rests


def calibration_frames(skeleton: Skeleton, qpos: Float[np.ndarray, "T nq"]) -> int:
    """How many frames at the start are calibration poses, as CMU's BVH files have one to five.

    The step out of them moves all joints at once, far more than 99 of 100 later steps. The mean over the joints says
    so; the largest angle would also find the half turns by which single joints jump in such files.
    """
    starts = [
        int(adr) + (3 if kind == "free" else 0)
        for adr, kind in zip(skeleton.model.jnt_qposadr, skeleton.joint_kinds, strict=True)
        if kind != "hinge"
    ]
    quats = np.stack([qpos[:, start : start + 4] for start in starts], 1)
    step = 2.0 * np.arccos(np.abs((quats[1:] * quats[:-1]).sum(-1)).clip(0, 1)).mean(1)
    if len(step) < 4 * CALIBRATION:
        return 0
    far = max(0.12, 2.5 * float(np.quantile(step[CALIBRATION:], 0.99)))  # rad; CMU's steps out are 0.16 to 0.77
    return int(np.max(np.flatnonzero(step[:CALIBRATION] > far) + 1, initial=0))


def _positions(skeleton: Skeleton, qpos: Float[np.ndarray, "T nq"]) -> Float[np.ndarray, "T n 3"]:
    data = mujoco.MjData(skeleton.model)
    xpos = np.zeros((len(qpos), skeleton.model.nbody - 1, 3))
    for t, frame in enumerate(qpos):
        data.qpos[:] = frame
        mujoco.mj_kinematics(skeleton.model, data)
        xpos[t] = data.xpos[1:]
    return xpos
