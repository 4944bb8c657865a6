"""HumanML3D's .npy files: (T, 263) features, or (T, 22, 3) joint places; 20 fps, y up, metres, SMPL's 22 joints.

Features (EricGuo5513/HumanML3D, motion_representation.ipynb): the root's turn about y per frame (half of it), its
velocity in x and z in its own heading, its height, 21 joints in that heading, and what is not needed here. Joint places
say nothing of twist, so bones are swung from their rest directions; head, hands and feet stay straight.
"""

from pathlib import Path

import numpy as np
from jaxtyping import Float

from sfv.errors import InputError
from sfv.formats import smpl
from sfv.formats.conventions import rate
from sfv.formats.restricted import load_npy
from sfv.formats.rotations import between, from_matrix
from sfv.motion import Motion
from sfv.quaternions import about, apply, conjugate, multiply
from sfv.reading import AS_IT_SAYS, Reading
from sfv.work.contents import content_of

RATE = 20.0
STRETCH = 0.08
"""How much a bone's length may vary (standard deviation over median). HumanML3D's are constant to 1e-6, generated ones
to a few per cent; features that are still normalised vary by far more."""


def read_humanml3d(path: Path | str, reading: Reading = AS_IT_SAYS) -> Motion:
    """Features or joint places as a Motion of SMPL-22, its bones as long as the file's (median).

    Raises:
        InputError: another shape, features that are still normalised, NaN, or axes that are not y up.
    """
    table = load_npy(content_of(path), str(path))
    if not isinstance(table, np.ndarray) or not is_humanml3d(table.shape) or len(table) < 2:
        shape = getattr(table, "shape", type(table).__name__)
        raise InputError(f"{path} is {shape} but HumanML3D's files are (T, 263) or (T, 22, 3); check the file")
    table = table.astype(np.float64)
    if not np.isfinite(table).all():
        raise InputError(f"{path}: NaN or infinity in frame {int(np.argwhere(~np.isfinite(table))[0, 0])}; repair it")
    points = recover(table) if table.ndim == 2 else table
    lengths = _lengths(points)
    stretch = (lengths.std(0) / np.median(lengths, 0).clip(1e-6)).max()
    if stretch > STRETCH:
        raise InputError(
            f"{path}: bones change their length by {100 * stretch:.0f} %, so the features are still normalised "
            "(undo it with Mean.npy and Std.npy), or it is another representation"
        )
    up, note = smpl.up_axis(reading, points, "y")
    fps, pace = rate(reading, RATE)
    joints, rotations = fit(points)
    source = f"{Path(path).name} (HumanML3D, {note}, {pace}, twist unknown)"
    return smpl.smpl_motion(joints, rotations, points[:, 0], fps, up, source)


def is_humanml3d(shape: tuple[int, ...]) -> bool:
    """Whether an array's shape is one of the two."""
    return (len(shape) == 2 and shape[1] == 263) or (len(shape) == 3 and shape[1:] == (22, 3))


def recover(features: Float[np.ndarray, "T 263"]) -> Float[np.ndarray, "T 22 3"]:
    """Joint places (m) out of the features; the first frame stands at x = z = 0 and faces +z."""
    # the features hold the arcsine of the quaternion's y, which is half the angle, and the turn is undone by it
    half = np.concatenate(([0.0], np.cumsum(features[:-1, 0])))
    heading = conjugate(about(np.array([0.0, 1.0, 0.0]), 2.0 * half))
    step = np.zeros((len(features), 3))
    step[1:, [0, 2]] = features[:-1, 1:3]
    root = np.cumsum(apply(heading, step), 0)
    root[:, 1] = features[:, 3]
    others = apply(heading[:, None], features[:, 4:67].reshape(-1, 21, 3)) + root[:, None] * [1.0, 0.0, 1.0]
    return np.concatenate((root[:, None], others), 1)


def fit(points: Float[np.ndarray, "T 22 3"]) -> tuple[Float[np.ndarray, "22 3"], Float[np.ndarray, "T 22 4"]]:
    """Joints of a T-pose with these bones' lengths, and rotations that put its bones along the given ones.

    Bodies with several children (pelvis, spine3) are turned as a whole, by the least squares of Kabsch; the others by
    the shortest turn from their parent's orientation. Leaves are not turned.
    """
    rest, lengths = smpl.mean_joints(), np.median(_lengths(points), 0)
    joints = rest.copy()
    for i in range(1, 22):
        bone = rest[i] - rest[smpl.PARENTS[i]]
        joints[i] = joints[smpl.PARENTS[i]] + bone * lengths[i - 1] / np.linalg.norm(bone)
    world: list[np.ndarray] = []
    local = np.zeros((len(points), 22, 4))
    for i in range(22):
        children = [j for j in range(22) if smpl.PARENTS[j] == i]
        up = world[smpl.PARENTS[i]] if i else np.tile([1.0, 0.0, 0.0, 0.0], (len(points), 1))
        if len(children) > 1:
            turn = _kabsch(joints[children] - joints[i], points[:, children] - points[:, [i]])
        elif children:
            bone = apply(up, (joints[children[0]] - joints[i])[None])
            turn = multiply(between(bone, points[:, children[0]] - points[:, i]), up)
        else:
            turn = up
        world.append(turn)
        local[:, i] = multiply(conjugate(up), turn)
    return joints, local


def _kabsch(rest: Float[np.ndarray, "k 3"], seen: Float[np.ndarray, "T k 3"]) -> Float[np.ndarray, "T 4"]:
    u, _, vt = np.linalg.svd(np.einsum("tki,kj->tij", seen, rest))
    flip = np.ones((len(seen), 3))
    flip[:, 2] = np.sign(np.linalg.det(u @ vt))
    return from_matrix((u * flip[:, None]) @ vt)


def _lengths(points: Float[np.ndarray, "T 22 3"]) -> Float[np.ndarray, "T 21"]:
    return np.linalg.norm(points[:, 1:] - points[:, list(smpl.PARENTS[1:])], axis=-1)
