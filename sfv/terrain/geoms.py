"""The ground as MuJoCo has it: a plane, level or tilted, or a height field; and a box for each block.

Both simulators build from the same spec, so what is here is all that they know of a terrain.
"""

from itertools import pairwise

import mujoco
import numpy as np
from jaxtyping import Float

from sfv.terrain.terrain import NO_BLOCK, Terrain

SEAT = 4
"""The contype of seats: they collide with what has this bit in its conaffinity."""
DEEP = 0.5
"""m of ground below its lowest point."""
SOLID = 1.0
"""m: what a body must not sink through; the thickness of a height field below its lowest point."""


def add_ground(spec: mujoco.MjSpec, terrain: Terrain, **looks: object) -> bool:
    """Add the ground to a world: geoms that collide with what has conaffinity 1, the first of them named 'floor'.

    Args:
        spec: of the world.
        terrain: the ground.
        looks: what else each geom is given, such as a material.

    Returns:
        Whether that floor is a height field, and no plane.
    """
    given = {"contype": 1, "conaffinity": 0, "friction": [terrain.friction, 0.005, 1e-4]} | looks
    low, high = float(terrain.heights.min()), float(terrain.heights.max())
    half = 0.5 * terrain.cell * (np.array(terrain.heights.shape) - 1)
    if terrain.slope == (0.0, 0.0):
        spec.worldbody.add_geom(
            name="floor", type=mujoco.mjtGeom.mjGEOM_PLANE, size=[0, 0, 1], pos=[0, 0, low], **given
        )
    elif terrain.slope:
        normal = np.array([-terrain.slope[0], -terrain.slope[1], 1.0])
        quat = np.zeros(4)
        mujoco.mju_quatZ2Vec(quat, normal / np.linalg.norm(normal))
        middle = [*(np.array(terrain.corner) + half), 0.5 * (low + high)]
        spec.worldbody.add_geom(
            name="floor", type=mujoco.mjtGeom.mjGEOM_PLANE, size=[0, 0, 1], pos=middle, quat=quat, **given
        )
    else:
        spec.add_hfield(
            name="ground",
            ncol=terrain.heights.shape[0],
            nrow=terrain.heights.shape[1],
            size=[*half, high - low, SOLID],
            userdata=terrain.heights.T.ravel(),
        )
        spec.worldbody.add_geom(
            name="floor",
            type=mujoco.mjtGeom.mjGEOM_HFIELD,
            hfieldname="ground",
            pos=[*(np.array(terrain.corner) + half), low],
            **given,
        )
    seats = terrain.seats if terrain.seats is not None else np.full_like(terrain.tops, NO_BLOCK)
    for tops, bits in ((terrain.tops, given), (seats, given | {"contype": SEAT} | looks)):
        for x0, x1, y0, y1, top in boxes(terrain, tops):
            bottom = max(low - DEEP, top - terrain.thick)
            first, last = np.array([x0, y0, bottom]), np.array([x1, y1, top])
            spec.worldbody.add_geom(
                type=mujoco.mjtGeom.mjGEOM_BOX, pos=(first + last) / 2, size=(last - first) / 2, **bits
            )
    return terrain.slope is None


def boxes(terrain: Terrain, tops: Float[np.ndarray, "cx cy"]) -> Float[np.ndarray, "k 5"]:
    """Its blocks or seats, whose `tops` are given, as boxes: x from and to, y from and to, and top, m.

    Equal neighbours are one.
    """
    open_: dict[tuple[int, int, float], int] = {}  # run of equal cells -> the row that it began in
    done: list[tuple[float, ...]] = []
    for i, row in enumerate(tops):
        edges = [0, *(np.flatnonzero(row[1:] != row[:-1]) + 1), len(row)]
        runs = {(j, k, row[j]): i for j, k in pairwise(edges) if np.isfinite(row[j])}
        done += [(first, i, *run) for run, first in open_.items() if run not in runs]
        open_ = {run: open_.get(run, i) for run in runs}
    done += [(first, len(tops), *run) for run, first in open_.items()]
    found = np.array(done, float).reshape(-1, 5)
    found[:, :2] = terrain.corner[0] + terrain.cell * found[:, :2]
    found[:, 2:4] = terrain.corner[1] + terrain.cell * found[:, 2:4]
    return found
