"""Which way up, at which scale and from which frame a motion file was meant, judged from the motion itself.

Each function answers one question that files leave open; the readers decide what to do about it.
"""

from dataclasses import dataclass

import mujoco
import numpy as np
from jaxtyping import Float

from sfv.joints.part_names import head_and_feet
from sfv.motion import Motion
from sfv.reading import Reading
from sfv.skeleton import Skeleton

AXES = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
"""Maps (x left, y up, z forward), in which animation files have people, to our (x forward, y left, z up)."""
WORLDS = {
    "y": AXES,
    "z": np.eye(3),
    "-y": AXES @ np.diag([-1.0, -1.0, 1.0]),  # a camera: x right, y down, z away
}
"""By the file's axis that points up: the matrix that maps its world to ours."""

UNITS = {"m": 1.0, "cm": 0.01, "mm": 0.001, "inches": 0.0254, "CMU units of 0.45 inches": 0.0254 / 0.45}
SPAN = 2.3  # m from toes to fingertips or head through the bones of a grown person; CMU 2.2 to 2.5
SMALLEST, TALLEST = 1.0, 2.3
"""m that people measure from the soles to the crown, children included."""

CALIBRATION = 8  # frames in which calibration poses are looked for
SAMPLES = 60
"""Frames at which a motion is looked at."""
ALONG = 0.8
"""Cosine to an axis from which on the body is along it."""
MOSTLY = 0.6
"""Share of the frames."""
FLOOR = 0.15
"""m from the level 0 at which the lowest joint of somebody on the ground is: a sole's or a hand's breadth."""


def rate(reading: Reading, taken: float) -> tuple[float, str]:
    """Frames per second of a file that names none, and a note on where they are from."""
    return (taken, f"{taken:g} fps taken") if reading.fps is None else (reading.fps, f"{reading.fps:g} fps given")


def likely_unit(span: float) -> tuple[str, float]:
    """The unit (name, m) in which `span`, the longest path through the bones, is nearest to a grown person's."""
    name = min(UNITS, key=lambda unit: abs(np.log(max(span, 1e-9) * UNITS[unit] / SPAN)))
    return name, UNITS[name]


def is_z_up_read_as_y_up(motion: Motion, z: Float[np.ndarray, "3"] = AXES[:, 2]) -> bool:
    """Whether a reader that turned y up into z up should not have.

    A person who stands in a world with z up, read so, lies; and somebody who lies, read so, may stand. Told by the
    skeleton's zero pose, by which way the body is along in most frames, and by where its lowest joint is: somebody's
    feet stand on level 0 over and over, and nobody lies with the feet at just that place on the floor. Bodies are known
    by their names; without head and feet it is False. `z` is where the reader turned the file's z to.
    """
    head, feet = head_and_feet(motion.skeleton)
    if not head or not feet:
        return False
    rest = _Evidence.of(motion.skeleton, motion.skeleton.qpos0[None], head, feet, z)
    some = np.unique(np.linspace(0, len(motion) - 1, SAMPLES).astype(int))
    seen = _Evidence.of(motion.skeleton, motion.qpos[some], head, feet, z)
    if seen.along_y > MOSTLY:  # stands as it was read; where the bones are z's, it may lie in a world with z up
        return rest.along_z > MOSTLY and abs(seen.level_z) < FLOOR < abs(seen.level_y)
    if seen.along_z > MOSTLY:
        if rest.along_z > MOSTLY or abs(seen.level_z) < FLOOR:
            return True
        return abs(seen.level_y) > FLOOR  # lies in the air
    return rest.along_z > MOSTLY and not abs(seen.level_y) < FLOOR < abs(seen.level_z)


@dataclass(frozen=True)
class _Evidence:
    """What poses say of the file's y, which is our z, and of its z.

    Attributes:
        along_y, along_z: the share of poses in which the body is along it from feet to head.
        level_y, level_z: where the lowest joint is, m: a tenth of the poses have it lower.
    """

    along_y: float
    along_z: float
    level_y: float
    level_z: float

    @classmethod
    def of(
        cls,
        skeleton: Skeleton,
        qpos: Float[np.ndarray, "T nq"],
        head: list[int],
        feet: list[int],
        z: Float[np.ndarray, "3"],
    ) -> "_Evidence":
        xpos = _positions(skeleton, qpos)
        body = xpos[:, head].mean(1) - xpos[:, feet].mean(1)
        body = body / np.linalg.norm(body, axis=1, keepdims=True).clip(1e-9)
        lowest = xpos[..., 2].min(1), (xpos @ z).min(1)
        return cls(
            float((body[:, 2] > ALONG).mean()),
            float((body @ z > ALONG).mean()),
            *(float(np.percentile(level, 10)) for level in lowest),
        )


def stature(skeleton: Skeleton) -> float | None:
    """Metres from the farthest foot to the farthest end of the head through the bones; None where names tell neither.

    Of people that is a hand's breadth more or less than their height.
    """
    head, feet = head_and_feet(skeleton)
    if not head or not feet:
        return None
    places = _positions(skeleton, skeleton.qpos0[None])[0]

    def way(body: int) -> float:
        out = 0.0
        while skeleton.parents[body] >= 0:
            out += float(np.linalg.norm(places[body] - places[skeleton.parents[body]]))
            body = skeleton.parents[body]
        return out

    return max(way(body) for body in head) + max(way(body) for body in feet)


def without_calibration(motion: Motion) -> tuple[Float[np.ndarray, "T nq"], str]:
    """qpos without the calibration poses at the start, and a word about them; "" where there are none."""
    skip = calibration_frames(motion.skeleton, motion.qpos)
    return motion.qpos[skip:], f"{skip} calibration {'frames' if skip > 1 else 'frame'} dropped" if skip else ""


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
