"""Key places: where the parts of a joint map are in a motion, and where they belong on a body of other proportions.

Points are landmarks of parts, frames the turns of parts since the T-pose. It knows no optimiser and no floor but the
level that standing feet show.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy.ndimage import gaussian_filter1d

from recon.fit.contacts import FAST, SLOW, kept_places
from recon.retarget.parts import Parts
from recon.retarget.t_pose import bodies_in
from sfv.formats.rotations import between
from sfv.joints.part_names import SIDES
from sfv.motion import Motion
from sfv.quaternions import matrix
from sfv.skeleton import Skeleton
from sfv.work.mask import runs

LIMBS = {
    "upper_arm": ("shoulder", "elbow"),
    "forearm": ("elbow", "wrist"),
    "thigh": ("hip", "knee"),
    "shin": ("knee", "ankle"),
}
"""Frame -> the landmarks at its ends: these bones keep their direction in the world."""
ATTACHED = {
    "hip": ("pelvis", "pelvis"),
    "shoulder": ("thorax", "thorax"),
    "heel": ("ankle", "foot"),
    "toe": ("ankle", "foot"),
}
"""Landmark -> the landmark that it is counted from, and the frame that carries it."""
HEEL_TOE, HAND = 0.03, 0.075
"""m over the floor below which a heel or toe, or a wrist, may bear weight; a hand is 3 to 4 cm thick."""
GIVEN = 0.06
"""m, the same for feet of which the motion itself says that they stand."""


@dataclass(frozen=True)
class Keys:
    """Where parts are in T poses.

    Attributes:
        points: part -> (T, 3) m.
        frames: part -> (T, 3, 3) its turn in the world since the T-pose.
    """

    points: dict[str, Float[np.ndarray, "T 3"]]
    frames: dict[str, Float[np.ndarray, "T 3 3"]]


def keys_of(skeleton: Skeleton, parts: Parts, qpos: Float[np.ndarray, "T nq"]) -> Keys:
    """The key places of poses, by MuJoCo's kinematics."""
    model = skeleton.model
    xpos, xmat = bodies_in(skeleton, np.concatenate((parts.t_pose[None], qpos)))
    points, frames = {}, {}
    for part, (body, offset) in parts.points.items():
        b = model.body(body).id
        points[part] = (xpos[:, b] + xmat[:, b] @ np.array(offset))[1:]
    for part, body in parts.frames.items():
        b = model.body(body).id
        frames[part] = (xmat[:, b] @ xmat[0, b].T)[1:]
    return Keys(points, frames)


def t_pose_keys(skeleton: Skeleton, parts: Parts) -> Keys:
    """The key places in the T-pose, one frame, the lowest of heels and toes on the floor."""
    keys = keys_of(skeleton, parts, parts.t_pose[None])
    soles = [keys.points[f"{side}_{part}"][0, 2] for side in SIDES for part in ("heel", "toe")]
    return lifted(keys, -float(min(soles)))


def lifted(keys: Keys, height: float) -> Keys:
    """The same, higher by `height` (m)."""
    return Keys({part: p + np.array([0.0, 0.0, height]) for part, p in keys.points.items()}, keys.frames)


def on_other_bones(keys: Keys, own: Keys, other: Keys) -> Keys:
    """Key places scaled to another body, over the same floor z = 0.

    The middle of the hips moves in proportion to the legs, each limb keeps its direction and gets the other's length,
    hips, shoulders, feet and head stay where the other's trunk and feet carry them. `own` and `other` are the two
    bodies' key places in the T-pose (one frame each), their lowest sole on the floor.
    """
    a = {part: p[0] for part, p in own.points.items() if part in other.points}
    b = {part: other.points[part][0] for part in a}
    ankle_a, ankle_b = (0.5 * (k["left_ankle"][2] + k["right_ankle"][2]) for k in (a, b))
    # by the bones, not by the hips' height over the ankles: CMU's legs are spread in the T-pose, which makes them short
    ratio = _leg(b) / _leg(a)
    points = {"pelvis": keys.points["pelvis"] * ratio + np.array([0.0, 0.0, ankle_b - ratio * ankle_a])}
    frames = {part: keys.frames[part] for part in keys.frames if part in other.frames}

    def attach(child: str, parent: str, frame: str | None) -> None:
        if child not in a:
            return
        bone, mine, theirs = keys.points[child] - keys.points[parent], a[child] - a[parent], b[child] - b[parent]
        scale = np.linalg.norm(theirs) / np.linalg.norm(mine)
        if frame is not None:
            turn = keys.frames[frame]
            bent = matrix(between(mine, theirs))
            bone = np.einsum("tij,jk,tlk,tl->ti", turn, bent, turn, bone)
        points[child] = points[parent] + scale * bone

    attach("thorax", "pelvis", None)
    attach("head", "thorax", "thorax")
    for side in SIDES:
        for child, (parent, frame) in list(ATTACHED.items())[:2]:
            attach(f"{side}_{child}", parent, frame)
        for frame, (start, end) in LIMBS.items():
            attach(f"{side}_{end}", f"{side}_{start}", None)
            # the other's bone may lean in its T-pose, as SMPL's thighs do
            mine, theirs = (k[f"{side}_{end}"] - k[f"{side}_{start}"] for k in (a, b))
            frames[f"{side}_{frame}"] = keys.frames[f"{side}_{frame}"] @ matrix(between(theirs, mine))
        for child, (parent, frame) in list(ATTACHED.items())[2:]:
            attach(f"{side}_{child}", f"{side}_{parent}", f"{side}_{frame}")
    return Keys(points, frames)


def _leg(places: dict[str, Float[np.ndarray, "3"]]) -> float:
    """Length of both legs from the hips to the ankles, m."""
    bones = [(f"{side}_{a}", f"{side}_{b}") for side in SIDES for a, b in (("hip", "knee"), ("knee", "ankle"))]
    return sum(float(np.linalg.norm(places[a] - places[b])) for a, b in bones)


def bearing_weight(motion: Motion, keys: Keys, parts: Parts) -> dict[str, Bool[np.ndarray, " T"]]:
    """When heels, toes and hands bear weight: low, slow, and in one place; feet only where the motion's contacts allow.

    `keys` are the motion's, over a floor z = 0; a part is 'left_heel', 'right_wrist' and so on.
    """
    out = {}
    for side in SIDES:
        claimed = _claimed(motion, parts.feet[side])
        for part in ("heel", "toe", "wrist"):
            name, reach = f"{side}_{part}", HAND if part == "wrist" else HEEL_TOE if claimed is None else GIVEN
            low = keys.points[name][:, 2] < reach
            out[name] = _in_place(keys.points[name], low if claimed is None or part == "wrist" else low & claimed,
                                  motion.fps)  # fmt: skip
    return out


def sole_level(keys: Keys, fps: float) -> float:
    """Height (m) at which slow flat feet are, in the middle; of the lowest tenth of soles where none is flat."""
    heights, flat = [], []
    for side in SIDES:
        heel, toe = keys.points[f"{side}_heel"], keys.points[f"{side}_toe"]
        heights.append(np.minimum(heel[:, 2], toe[:, 2]))
        flat.append((_speed(heel, fps) < SLOW) & (_speed(toe, fps) < SLOW) & (np.abs(heel - toe)[:, 2] < HEEL_TOE))
    height, lowest = np.stack(heights), np.min(heights, 0)
    # a foot that waits in the air is slow and flat too
    rests = np.stack(flat) & (height < np.median(lowest) + HEEL_TOE)
    return float(np.median(height[rests])) if rests.any() else float(np.percentile(lowest, 10))


def _claimed(motion: Motion, feet: tuple[str, ...]) -> Bool[np.ndarray, " T"] | None:
    """Where the motion's own contacts say that one of the foot's bodies stands; None where it has none of them."""
    columns = [i for i, name in enumerate(motion.contact_names) if name in feet]
    if motion.contacts is None or not columns:
        return None
    return np.asarray((motion.contacts[:, columns] > 0.5).any(1))


def _in_place(points: Float[np.ndarray, "T 3"], low: Bool[np.ndarray, " T"], fps: float) -> Bool[np.ndarray, " T"]:
    speed = _speed(points, fps)
    on = np.zeros(len(low), bool)
    for start, stop in runs(low & (speed < FAST)):
        sure = np.flatnonzero(speed[start:stop] < SLOW)
        if len(sure):
            on[start + sure[0] : start + sure[-1] + 1] = True
    return kept_places(on, points[:, :2], speed, fps)


def _speed(points: Float[np.ndarray, "T 3"], fps: float) -> Float[np.ndarray, " T"]:
    """Horizontal speed, m/s, of the path smoothed over 0.04 s."""
    path = gaussian_filter1d(points[:, :2], 0.04 * fps, axis=0, mode="nearest")
    return np.linalg.norm(np.gradient(path, axis=0), axis=1) * fps
