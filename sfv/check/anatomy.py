"""Whether a motion is one of a body with a head, two legs and solid parts: figures that catch files read wrongly.

Most need a character that faces X in its zero pose and names its feet; NaN for others. Of sticks the names of bodies
tell head and feet.
"""

from dataclasses import dataclass
from itertools import combinations

import mujoco
import numpy as np
from jaxtyping import Float

from sfv.check.finding import NOTHING, Finding
from sfv.check.performance import Performance
from sfv.joints.joint_map import found_parts
from sfv.joints.part_names import head_and_feet

BONES, UP = 0.93, 0.87
"""Share of a stature that the bones from foot to head have, which begin at an ankle and end under the skull; and share
of their length that is between head and feet when somebody stands: hips are wide, and backs are bent."""
ERECT = 0.75
"""Share of its stature that somebody who stands has between head and feet."""
STEEP = 0.5
"""Cosine of the angle from the vertical up to which a pelvis is upright."""
OFTEN = 0.25
"""Share of the frames in which somebody stands along the axis that is truly up: those read wrongly stand in most. And
of those with an upright pelvis, without which nothing is said of toes."""
LEVEL = 0.1
"""m that the lowest point of who lies on the floor is off it."""


def uprightness(performance: Performance) -> Finding:
    """How high the top of the body gets above its feet in the best seventh of the frames, as a share of standing."""
    ends = _ends(performance)
    if ends is None:
        return NOTHING
    return Finding(float(np.percentile(_standing(performance, ends, 2, 1.0), 85)))


def lies(performance: Performance) -> str:
    """Why it is no fault of reading that nobody stands up: somebody crawls, or lies on the floor; "" where it is one.

    Read with a wrong axis up, somebody stands along another one, and has no floor at z = 0 to lie on.
    """
    ends = _ends(performance)
    if ends is None:
        return ""
    ways = [(axis, sign) for axis in (0, 1, 2) for sign in (1.0, -1.0) if (axis, sign) != (2, 1.0)]
    elsewhere = max(float((_standing(performance, ends, *way) > ERECT).mean()) for way in ways)
    lowest = performance.lowest if performance.dynamic else performance.state.xpos[:, 1:, 2].min(1)
    rests = abs(float(np.median(lowest))) < LEVEL and float(np.percentile(np.abs(lowest), 90)) < 2.0 * LEVEL
    if elsewhere > OFTEN and not rests:
        return ""
    return "it never stands up, which is no fault if it crawls or lies on the floor"


def size(performance: Performance) -> Finding:
    """Stature (m) by the lengths of the bones from head to foot. Of bodies of characters' files it is not asked."""
    ends = None if performance.dynamic else _ends(performance)
    return NOTHING if ends is None else Finding(ends.tall / UP / BONES)


def toe_out(performance: Performance) -> Finding:
    """Median angle (deg) by which the feet turn away from each other, from the pelvis' own forward; < 0 is inwards."""
    left, right, forward = _toes(performance)
    if left is None or right is None:
        return NOTHING
    turned = (np.arctan2(left, forward[:, 0]), -np.arctan2(right, forward[:, 1]))
    return Finding(float(np.degrees(np.median(turned))))


def toes_forward(performance: Performance) -> Finding:
    """Share of frames in which both feet point to the side that the pelvis faces."""
    left, _, forward = _toes(performance)
    return NOTHING if left is None else Finding(float((forward > 0).mean()))


def ankles_apart(performance: Performance) -> Finding:
    """Median of how far the left foot is to the left of the right one along the line of the hips, in hip widths."""
    sides = _sides(performance)
    if sides is None:
        return NOTHING
    model, state, (left, right) = performance.character.model, performance.state, sides
    zero = _zero(model)
    width = zero.xpos[left, 1] - zero.xpos[right, 1]
    across = _axis(performance, 1, 1)
    return Finding(float(np.median(((state.xpos[:, left] - state.xpos[:, right]) * across).sum(1)) / width))


def self_penetration(performance: Performance, legs: bool = False) -> Float[np.ndarray, " T"]:
    """How deep (cm) the body's own solid parts are in each other, the deepest pair of every frame.

    The pairs are those of `solid_pairs`. With `legs` only one leg in another counts.
    """
    model, data = performance.character.model, mujoco.MjData(performance.character.model)
    pairs = solid_pairs(model)
    if legs:
        mine = _leg_bodies(performance)
        pairs = [pair for pair in pairs if mine.issuperset(int(model.geom_bodyid[g]) for g in pair)]
    reach = model.geom_rbound
    out = np.zeros(len(performance.motion))
    first, second = np.array(pairs, int).reshape(-1, 2).T
    for t, qpos in enumerate(performance.motion.qpos):
        data.qpos[:] = qpos
        mujoco.mj_kinematics(model, data)
        apart = np.linalg.norm(data.geom_xpos[first] - data.geom_xpos[second], axis=1)
        for i in np.flatnonzero(apart < reach[first] + reach[second]):
            away = mujoco.mj_geomDistance(model, data, int(first[i]), int(second[i]), 0.01, None)
            out[t] = max(out[t], -100.0 * away)
    return out


def solid_pairs(model: mujoco.MjModel) -> list[tuple[int, int]]:
    """Pairs of a body's solid geoms that must stay out of each other.

    Neighbours in the tree, up to the grandparent, and pairs that overlap in the zero pose are left out.
    """
    solid = [g for g in range(model.ngeom) if model.geom_bodyid[g]]
    solid = [g for g in solid if model.geom_contype[g] or model.geom_conaffinity[g]]
    data = _zero(model)
    apart = [pair for pair in combinations(solid, 2) if not _neighbours(model, *pair)]
    return [pair for pair in apart if mujoco.mj_geomDistance(model, data, *pair, 0.01, None) > 0.0]


@dataclass(frozen=True)
class _Ends:
    """The body's head and feet, and the height (m) of one over the other when it stands."""

    head: int
    feet: list[int]
    tall: float


def _ends(performance: Performance) -> _Ends | None:
    model = performance.character.model
    if performance.feet:
        zero, feet = _zero(model), performance.foot_bodies
        head = int(zero.xpos[1:, 2].argmax()) + 1
        return _Ends(head, feet, float(zero.xpos[head, 2] - zero.xpos[feet, 2].min()))
    skeleton = performance.motion.skeleton
    skull, feet = found_parts(skeleton).get("head"), [1 + foot for foot in head_and_feet(skeleton)[1]]
    if performance.dynamic or skull is None or not feet:
        return None
    top = int(model.body(skull).id)
    tall = max(_bones(model, top, foot) for foot in feet) * UP
    return _Ends(top, feet, tall) if tall > 0.0 else None


def _bones(model: mujoco.MjModel, one: int, other: int) -> float:
    """Length of the bones between two bodies, m."""
    ways = []
    for body in (one, other):
        way = [body]
        while way[-1] > 0:
            way.append(int(model.body_parentid[way[-1]]))
        ways.append(way)
    joint = next(body for body in ways[0] if body in ways[1])
    return float(sum(np.linalg.norm(model.body_pos[b]) for way in ways for b in way[: way.index(joint)]))


def _standing(performance: Performance, ends: _Ends, axis: int, sign: float) -> Float[np.ndarray, " T"]:
    """How far the head is over the lower foot along an axis of the world, as a share of standing."""
    along = sign * performance.state.xpos[..., axis]
    return (along[:, ends.head] - along[:, ends.feet].min(1)) / ends.tall


def _leg_bodies(performance: Performance) -> set[int]:
    """From the feet up to what the legs hang on, which is not among them."""
    model, out = performance.character.model, set()
    for foot in performance.feet:
        body = model.body(foot).id
        while body > 1:
            out.add(int(body))
            body = int(model.body_parentid[body])
    return out


def _neighbours(model: mujoco.MjModel, a: int, b: int) -> bool:
    one, other = int(model.geom_bodyid[a]), int(model.geom_bodyid[b])
    return other in _ancestors(model, one) or one in _ancestors(model, other)


def _ancestors(model: mujoco.MjModel, body: int) -> tuple[int, int, int]:
    """The body, its parent and its grandparent."""
    parent = int(model.body_parentid[body])
    return body, parent, int(model.body_parentid[parent])


def _zero(model: mujoco.MjModel) -> mujoco.MjData:
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    return data


def _sides(performance: Performance) -> tuple[int, int] | None:
    """The left and the right foot, by where they are in the zero pose; None unless there are two."""
    if len(performance.feet) != 2:
        return None
    model = performance.character.model
    ids = [model.body(foot).id for foot in performance.feet]
    left, right = sorted(ids, key=lambda body: -_zero(model).xpos[body, 1])
    return left, right


def _axis(performance: Performance, body: int, axis: int) -> Float[np.ndarray, "T 3"]:
    """Where a body's axis points that is the world's `axis` in the zero pose."""
    fixed = _zero(performance.character.model).xmat[body].reshape(3, 3).T[:, axis]
    q = performance.state.xquat[:, body]
    t = 2.0 * np.cross(q[:, 1:], fixed)
    return fixed + q[:, :1] * t + np.cross(q[:, 1:], t)


def _toes(performance: Performance) -> tuple[np.ndarray | None, np.ndarray | None, Float[np.ndarray, "N 2"]]:
    """Of the left and the right foot's direction the share to the pelvis' left, (N,) each, and forward, (N, 2).

    Only of frames in which the pelvis is upright: who crawls has feet that point behind.
    """
    sides = _sides(performance)
    upright = _axis(performance, 1, 2)[:, 2] > STEEP
    if sides is None or upright.mean() < OFTEN:
        return None, None, np.zeros((0, 2))
    ahead, across = _axis(performance, 1, 0)[upright], _axis(performance, 1, 1)[upright]
    toes = [_axis(performance, foot, 0)[upright] for foot in sides]
    forward = np.stack([(toe * ahead).sum(1) for toe in toes], 1)
    return (toes[0] * across).sum(1), (toes[1] * across).sum(1), forward
