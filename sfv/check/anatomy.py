"""Whether a motion is one of a body with a head, two legs and solid parts: figures that catch files read wrongly.

They need a character that faces X in its zero pose and names its feet; NaN for others.
"""

from itertools import combinations

import mujoco
import numpy as np
from jaxtyping import Float

from sfv.check.performance import Performance


def uprightness(performance: Performance) -> float:
    """How high the top of the body gets above its feet in the best twentieth of the frames, as a share of standing."""
    if not performance.feet:
        return float("nan")
    model = performance.character.model
    zero = _zero(model)
    head = int(zero.xpos[1:, 2].argmax()) + 1
    feet = [model.body(foot).id for foot in performance.feet]
    tall = zero.xpos[head, 2] - zero.xpos[feet, 2].min()
    height = performance.state.xpos[:, head, 2] - performance.state.xpos[:, feet, 2].min(1)
    return float(np.percentile(height, 95) / tall)


def toe_out(performance: Performance) -> float:
    """Mean angle (deg) by which the feet turn away from each other, from the pelvis' own forward; < 0 is inwards."""
    left, right, forward = _toes(performance)
    if left is None or right is None:
        return float("nan")
    return float(np.degrees(0.5 * (np.arctan2(left, forward[:, 0]) - np.arctan2(right, forward[:, 1])).mean()))


def toes_forward(performance: Performance) -> float:
    """Share of frames in which both feet point to the side that the pelvis faces."""
    left, _, forward = _toes(performance)
    return float("nan") if left is None else float((forward > 0).mean())


def ankles_apart(performance: Performance) -> float:
    """Median of how far the left foot is to the left of the right one along the line of the hips, in hip widths."""
    sides = _sides(performance)
    if sides is None:
        return float("nan")
    model, state, (left, right) = performance.character.model, performance.state, sides
    zero = _zero(model)
    width = zero.xpos[left, 1] - zero.xpos[right, 1]
    across = _axis(performance, 1, 1)
    return float(np.median(((state.xpos[:, left] - state.xpos[:, right]) * across).sum(1)) / width)


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


def _toes(performance: Performance) -> tuple[np.ndarray | None, np.ndarray | None, Float[np.ndarray, "T 2"]]:
    """Of the left and the right foot's direction the share to the pelvis' left, (T,) each, and forward, (T, 2)."""
    sides = _sides(performance)
    if sides is None:
        return None, None, np.zeros((len(performance.motion), 2))
    ahead, across = _axis(performance, 1, 0), _axis(performance, 1, 1)
    toes = [_axis(performance, foot, 0) for foot in sides]
    forward = np.stack([(toe * ahead).sum(1) for toe in toes], 1)
    return (toes[0] * across).sum(1), (toes[1] * across).sum(1), forward
