"""The T-pose of skeletons of bare bones, as mocap files bring them: standing, arms out, facing X.

The zero pose of most is one already, or stands with hanging arms, which are raised. Where it is neither (LAFAN1's bones
all point along their own X), the motion tells: hips and shoulders say how the trunk is turned, bent knees and elbows
how limbs are, standing feet how soles lie. Where heels, soles and the middle of the head are, which such files lack,
and toes and hands where they are left out, follows from the bones. It knows no names of files.
"""

from collections.abc import Mapping

import mujoco
import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from recon.retarget.hinges import by_hinges, held_out
from sfv.errors import InputError
from sfv.formats.rotations import between
from sfv.joints.joint_map import LIMBS
from sfv.quaternions import matrix
from sfv.skeleton import Skeleton

UPRIGHT = 40.0
"""degrees: a zero pose whose limbs and trunk are all so near to a T-pose's is one (mocap's legs are spread by 20)."""
LEG = 0.83
"""m: the leg that HEEL_BACK, SOLE_DOWN and HEAD_UP belong to; others have them in proportion."""
HEEL_BACK, SOLE_DOWN, HEAD_UP = 0.045, 0.025, 0.09
"""m: a heel is so far behind its ankle, a sole so far under the toes' joint, a head's middle so far over its joint."""
TOE_AHEAD, ANKLE_UP, FOREARM = 0.13, 0.08, 0.25
"""m: where a skeleton has no toes, they are so far ahead of the ankle and the sole so far under it; and no hands."""
LEAST, SLANT = np.cos(np.radians(UPRIGHT)), np.sin(np.radians(UPRIGHT))
BENT = 0.35
"""Sine of the least bend (20 degrees) of a knee or elbow that says which way it bends."""
FEWEST, MOST = 5, 600
"""Frames that must say so, and that are looked at (about)."""
LOW = 0.02
"""m over their lowest at which toes stand, and by which the ankles of feet that stand differ."""
DOWN, SIDE, UP = np.array([0.0, 0.0, -1.0]), np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0])

Places = dict[str, Float[np.ndarray, "T 3"]]
"""Part -> where it is in T poses, m."""


def t_pose_of(
    skeleton: Skeleton, points: Mapping[str, str], frames: Mapping[str, str], poses: Float[np.ndarray, "T nq"] | None
) -> Float[np.ndarray, " nq"]:
    """(nq,) the skeleton standing with its arms out.

    Args:
        skeleton: bodies, of which `points` are landmarks ('left_knee' -> body) and `frames` turn with a part.
        points: without heels.
        frames: part ('left_thigh') -> body.
        poses: a motion of the skeleton, which tells where the zero pose does not.

    Raises:
        InputError: the zero pose is no T-pose and there is no motion to tell.
    """
    zero = skeleton.qpos0.copy()
    here = {part: place[0] for part, place in _places(skeleton, points, zero[None]).items()}
    ahead = np.cross(here["left_hip"] - here["right_hip"], UP)
    yaw = Rotation.from_euler("z", -np.arctan2(ahead[1], ahead[0]))
    here = {part: yaw.apply(place) for part, place in here.items()}
    if _is_upright(here):
        hang, turned = _arms_hang(here), yaw * Rotation.from_quat(zero[3:7], scalar_first=True)
        zero[3:7] = turned.as_quat(scalar_first=True)
        if hang is not False and by_hinges(skeleton, points):
            return held_out(skeleton, points, zero)
        if hang is not None:
            return _raised(skeleton, points, zero) if hang else zero
    if poses is None:
        raise InputError(
            "the skeleton's zero pose is none that stands with its arms out or down, and no motion tells how it "
            "stands; give it one with the arms out"
        )
    return _told(skeleton, points, frames, poses)


def bare_offsets(
    skeleton: Skeleton, points: Mapping[str, str], t_pose: Float[np.ndarray, " nq"]
) -> dict[str, tuple[str, tuple[float, float, float]]]:
    """Heels, toes and the head: part -> body and place in its frame (m)."""
    here = {part: place[0] for part, place in _places(skeleton, points, t_pose[None]).items()}
    data = mujoco.MjData(skeleton.model)
    data.qpos[:] = t_pose
    mujoco.mj_kinematics(skeleton.model, data)
    out = {}

    def put(part: str, body: str, place: Float[np.ndarray, "3"]) -> None:
        at = data.body(body)
        x, y, z = (float(v) for v in at.xmat.reshape(3, 3).T @ (place - at.xpos))
        out[part] = (body, (x, y, z))

    size = _leg(here) / LEG
    for side in ("left", "right"):
        ankle = here[f"{side}_ankle"]
        toe = here.get(f"{side}_toe", ankle + size * np.array([TOE_AHEAD, 0.0, SOLE_DOWN - ANKLE_UP]))
        ahead = (toe - ankle) * [1, 1, 0] / max(float(np.linalg.norm((toe - ankle)[:2])), 1e-6)
        sole = float(toe[2] - SOLE_DOWN * size)
        # under the joint of the toes, which the foot carries
        put(f"{side}_toe", points[f"{side}_ankle"], np.array([*toe[:2], sole]))
        put(f"{side}_heel", points[f"{side}_ankle"], np.array([*(ankle - HEEL_BACK * size * ahead)[:2], sole]))
        if f"{side}_wrist" not in points:
            out_there = SIDE if side == "left" else -SIDE
            put(f"{side}_wrist", points[f"{side}_elbow"], here[f"{side}_elbow"] + FOREARM * size * out_there)
    if "head" in points:
        put("head", points["head"], here["head"] + HEAD_UP * size * UP)
    return out


def bodies_in(skeleton: Skeleton, qpos: Float[np.ndarray, "T nq"]) -> tuple[np.ndarray, np.ndarray]:
    """(T, nbody, 3) origins and (T, nbody, 3, 3) rotations of all bodies."""
    model, data = skeleton.model, mujoco.MjData(skeleton.model)
    xpos, xmat = np.zeros((len(qpos), model.nbody, 3)), np.zeros((len(qpos), model.nbody, 3, 3))
    for t, pose in enumerate(qpos):
        data.qpos[:] = pose
        mujoco.mj_kinematics(model, data)
        xpos[t], xmat[t] = data.xpos, data.xmat.reshape(-1, 3, 3)
    return xpos, xmat


def _places(skeleton: Skeleton, points: Mapping[str, str], qpos: Float[np.ndarray, "T nq"]) -> Places:
    """Where the origins of the landmarks' bodies are."""
    xpos, _ = bodies_in(skeleton, qpos)
    return {part: xpos[:, skeleton.model.body(body).id] for part, body in points.items()}


def _leg(here: Mapping[str, Float[np.ndarray, "3"]]) -> float:
    bones = (("hip", "knee"), ("knee", "ankle"))
    return sum(float(np.linalg.norm(here[f"left_{a}"] - here[f"left_{b}"])) for a, b in bones)


def _is_upright(here: Mapping[str, Float[np.ndarray, "3"]]) -> bool:
    """Whether legs, trunk and feet point where those of somebody do who stands and faces X."""
    bones = [(_middle(here, "shoulder") - _middle(here, "hip"), UP)]
    for side in ("left", "right"):
        for a, b in (("hip", "knee"), ("knee", "ankle")):
            bones.append((here[f"{side}_{b}"] - here[f"{side}_{a}"], DOWN))
        if f"{side}_toe" in here and (here[f"{side}_toe"] - here[f"{side}_ankle"])[0] <= 0.0:
            return False
    return all(bone @ way > LEAST * np.linalg.norm(bone) for bone, way in bones)


def _arms_hang(here: Mapping[str, Float[np.ndarray, "3"]]) -> bool | None:
    """Whether the arms of somebody who stands and faces X hang, at whatever angle; None where they do neither."""
    out, hang = [], []
    for side, way in (("left", SIDE), ("right", -SIDE)):
        for bone in _arm_bones(here, side).values():
            bone = bone / np.linalg.norm(bone)
            out.append(bone @ way > LEAST)
            # neither ahead nor behind, nor across the body, nor up
            hang.append(abs(bone[0]) < SLANT and bone @ way > -SLANT and bone[2] < SLANT)
    return False if all(out) else True if all(hang) else None


def _arm_bones(here: Mapping[str, Float[np.ndarray, "3"]], side: str) -> dict[str, Float[np.ndarray, "3"]]:
    """'shoulder' and 'elbow' -> the bone from there on (m), of those that have an end."""
    shoulder, elbow = here[f"{side}_shoulder"], here[f"{side}_elbow"]
    bones = {"shoulder": elbow - shoulder}
    return bones | ({"elbow": here[f"{side}_wrist"] - elbow} if f"{side}_wrist" in here else {})


def _raised(skeleton: Skeleton, points: Mapping[str, str], zero: Float[np.ndarray, " nq"]) -> Float[np.ndarray, " nq"]:
    """(nq,) the standing pose with each bone of the arms turned outwards by the shortest way, which is abduction."""
    here = {part: place[0] for part, place in _places(skeleton, points, zero[None]).items()}
    _, xmat = bodies_in(skeleton, zero[None])
    turns = {}
    for side, way in (("left", SIDE), ("right", -SIDE)):
        for part, bone in _arm_bones(here, side).items():
            body = points[f"{side}_{part}"]
            own = skeleton.model.body(body)
            if not own.jntnum[0] or skeleton.model.jnt_type[own.jntadr[0]] != mujoco.mjtJoint.mjJNT_BALL:
                raise InputError(
                    f"the arms hang in the skeleton's zero pose, and {body} has no ball joint to raise them by; "
                    "give one whose zero pose has the arms out"
                )
            turns[body] = Rotation.from_matrix(matrix(between(bone, way)) @ xmat[0, own.id])
    return _posed(skeleton, turns, zero)


def _middle(here: Mapping[str, np.ndarray], joint: str) -> np.ndarray:
    return np.asarray(0.5 * (here[f"left_{joint}"] + here[f"right_{joint}"]))


def _told(
    skeleton: Skeleton, points: Mapping[str, str], frames: Mapping[str, str], poses: Float[np.ndarray, "T nq"]
) -> Float[np.ndarray, " nq"]:
    """The T-pose as a motion tells it: bodies get the turns at which their parts' frames are the world's."""
    poses = poses[:: max(1, len(poses) // MOST)]
    xpos, xmat = bodies_in(skeleton, poses)
    here = {part: xpos[:, skeleton.model.body(body).id] for part, body in points.items()}
    own = {part: xmat[:, skeleton.model.body(body).id] for part, body in frames.items()}
    turns: dict[str, Rotation] = {}

    def tell(part: str, wanted: Float[np.ndarray, "T 3 3"], sure: Float[np.ndarray, " T"]) -> None:
        # (the body's turn)^T (its part's frame) is the same in all frames; in the T-pose that frame is the world's
        offsets = Rotation.from_matrix(np.swapaxes(own[part][sure > 0], -1, -2) @ wanted[sure > 0])
        turns[part] = offsets.mean(sure[sure > 0]).inv()

    def carried(part: str, near: str, bone: Float[np.ndarray, "T 3"], way: Float[np.ndarray, "3"]) -> None:
        """As the part `near` is turned, and from there straight to where the bone points."""
        frame = own[near] @ turns[near].inv().as_matrix()
        tell(part, matrix(between(frame @ way, bone)) @ frame, np.ones(len(poses)))

    if not {"left_wrist", "right_wrist"} <= here.keys():
        raise InputError(
            "the skeleton's zero pose is none that stands, and without hands nobody knows how its forearms lie; "
            "name them with --map FILE, in lines such as `left_wrist: BODY`"
        )
    trunk = _middle(here, "shoulder") - _middle(here, "hip")
    for part, joint in (("pelvis", "hip"), ("thorax", "shoulder"), ("head", "shoulder")):
        if part in own:
            tell(part, _frame(here[f"left_{joint}"] - here[f"right_{joint}"], trunk, "yz"), np.ones(len(poses)))
    for side, sign in (("left", 1.0), ("right", -1.0)):
        for names, joints, near in ((("thigh", "shin"), ("hip", "knee", "ankle"), "pelvis"),
                                    (("upper_arm", "forearm"), ("shoulder", "elbow", "wrist"), "thorax")):  # fmt: skip
            # of a limb of several bodies the last points along it
            tops = (xpos[:, skeleton.model.body(frames[f"{side}_{name}"]).id] for name in names)
            upper, lower = (here[f"{side}_{end}"] - top for top, end in zip(tops, joints[1:], strict=True))
            bend = np.cross(upper, lower)
            sine = np.linalg.norm(bend, axis=1) / np.linalg.norm(upper, axis=1) / np.linalg.norm(lower, axis=1)
            sure = np.where(sine > BENT, sine, 0.0)
            before = near
            for name, bone in zip(names, (upper, lower), strict=True):
                part = f"{side}_{name}"
                if (sure > 0).sum() < FEWEST:
                    carried(part, before, bone, DOWN if near == "pelvis" else sign * SIDE)
                # a knee bends about the left; an elbow of an arm that is out, palm down, about what is up
                elif near == "pelvis":
                    tell(part, _frame(-bone, bend, "zy"), sure)
                else:
                    tell(part, _frame(sign * bone, -sign * bend, "yz"), sure)
                before = part
        ankle, toe = here[f"{side}_ankle"], here.get(f"{side}_toe", here[f"{side}_ankle"])
        # a foot without toes points where the pelvis does
        ahead = toe - ankle if f"{side}_toe" in here else own["pelvis"] @ turns["pelvis"].inv().as_matrix()[:, 0]
        tell(f"{side}_foot", _frame(np.tile(UP, (len(toe), 1)), ahead, "zx"), _stands(ankle, toe))
    told = _with_limbs(skeleton, points, frames, turns)
    return _posed(skeleton, told, _mean_pose(skeleton, poses))


def _with_limbs(
    skeleton: Skeleton, points: Mapping[str, str], frames: Mapping[str, str], turns: Mapping[str, Rotation]
) -> dict[str, Rotation]:
    """Body -> its turn: that of the parts, and limbs of several bodies are as straight as in the zero pose."""
    _, zero = bodies_in(skeleton, skeleton.qpos0[None])
    out = {}
    for part, turn in turns.items():
        body = skeleton.model.body(frames[part])
        out[body.name] = turn
        side, _, limb = part.partition("_")
        first = skeleton.model.body(points[f"{side}_{LIMBS[limb][0]}"]).id if limb in LIMBS else body.id
        for above in _up_to(skeleton, int(body.id), int(first)):
            out[skeleton.model.body(above).name] = turn * Rotation.from_matrix(zero[0, body.id].T @ zero[0, above])
    return out


def _up_to(skeleton: Skeleton, body: int, first: int) -> list[int]:
    """The bodies above one, up to and with another."""
    out = []
    while body > first:
        body = int(skeleton.model.body_parentid[body])
        out.append(body)
    return out


def _frame(first: Float[np.ndarray, "T 3"], second: Float[np.ndarray, "T 3"], axes: str) -> Float[np.ndarray, "T 3 3"]:
    """Right-handed frames whose axis axes[0] is along `first`, and axes[1] as near to `second` as that lets it."""
    i, j = "xyz".index(axes[0]), "xyz".index(axes[1])
    k = 3 - i - j
    out = np.zeros((len(first), 3, 3))
    out[:, :, i] = first / (np.linalg.norm(first, axis=1, keepdims=True) + 1e-12)
    rest = second - (second * out[:, :, i]).sum(1, keepdims=True) * out[:, :, i]
    length = np.linalg.norm(rest, axis=1, keepdims=True)
    anything = np.cross(out[:, :, i], np.array([0.577, 0.211, 0.788]))
    out[:, :, j] = np.where(length > 1e-6, rest, anything)
    out[:, :, j] /= np.linalg.norm(out[:, :, j], axis=1, keepdims=True)
    out[:, :, k] = np.cross(out[:, :, i], out[:, :, j]) * (1.0 if (j - i) % 3 == 1 else -1.0)
    return out


def _stands(ankle: Float[np.ndarray, "T 3"], toe: Float[np.ndarray, "T 3"]) -> Float[np.ndarray, " T"]:
    """1 in the frames in which the toes are low and the ankle as high over them as it mostly is then."""
    high, low = ankle[:, 2] - toe[:, 2], toe[:, 2] < np.percentile(toe[:, 2], 10) + LOW
    return (low & (np.abs(high - np.median(high[low])) < LOW)).astype(np.float64)


def _posed(
    skeleton: Skeleton, turns: Mapping[str, Rotation], rest: Float[np.ndarray, " nq"]
) -> Float[np.ndarray, " nq"]:
    """(nq,) bodies turned as told, in the world; the others towards their parents as they are in the pose `rest`."""
    model, qpos = skeleton.model, skeleton.qpos0.copy()
    world = [Rotation.identity()]
    for index in range(1, model.nbody):
        body = model.body(index)
        world.append(world[body.parentid[0]] * Rotation.from_quat(body.quat, scalar_first=True))
        joint = model.joint(body.jntadr[0]) if body.jntnum[0] else None
        if joint is None or joint.type[0] == mujoco.mjtJoint.mjJNT_HINGE:
            continue
        free = joint.type[0] == mujoco.mjtJoint.mjJNT_FREE
        at = int(joint.qposadr[0]) + 3 * free
        before = Rotation.identity() if free else world[index]
        if body.name in turns:
            turn = before.inv() * turns[body.name]
        else:
            turn = Rotation.from_quat(rest[at : at + 4], scalar_first=True)
        qpos[at : at + 4] = turn.as_quat(scalar_first=True)
        world[index] = before * turn
    return qpos


def _mean_pose(skeleton: Skeleton, poses: Float[np.ndarray, "T nq"]) -> Float[np.ndarray, " nq"]:
    """(nq,) the mean turn of every joint over poses; hinges and the root's place as in the zero pose."""
    out = skeleton.qpos0.copy()
    for start, kind in zip(skeleton.model.jnt_qposadr, skeleton.joint_kinds, strict=True):
        if kind != "hinge":
            at = int(start) + (3 if kind == "free" else 0)
            mean = Rotation.from_quat(poses[:, at : at + 4], scalar_first=True).mean()
            out[at : at + 4] = mean.as_quat(scalar_first=True)
    return out
