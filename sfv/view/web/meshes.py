"""The shapes of bodies and grounds as triangles: what a browser draws.

It knows MuJoCo's geoms and nothing of browsers.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import mujoco
import numpy as np
from jaxtyping import Float, Int

from sfv.terrain.geoms import boxes
from sfv.terrain.terrain import Terrain
from sfv.view.person import VISIBLE_GROUP

if TYPE_CHECKING:
    import trimesh

BELOW = 0.02
"""m of a ground's sides that are drawn below its lowest point."""


@dataclass(frozen=True)
class Surface:
    """Triangles: points (v, 3) m, and the indices of the corners of each."""

    points: Float[np.ndarray, "v 3"]
    faces: Int[np.ndarray, "f 3"]


def body_mesh(model: mujoco.MjModel, body: int) -> "trimesh.Trimesh | None":
    """The visible geoms of a body as one mesh with colours, in the body's frame; None when it has none."""
    import trimesh

    meshes = []
    for geom in range(int(model.body_geomadr[body]), int(model.body_geomadr[body] + model.body_geomnum[body])):
        if model.geom_group[geom] > VISIBLE_GROUP or (mesh := _geom_mesh(model, geom)) is None:
            continue
        turn, place = np.zeros(9), np.eye(4)
        mujoco.mju_quat2Mat(turn, model.geom_quat[geom])
        place[:3, :3], place[:3, 3] = turn.reshape(3, 3), model.geom_pos[geom]
        mesh.apply_transform(place)
        colours = np.tile((255 * model.geom_rgba[geom]).astype(np.uint8), (len(mesh.vertices), 1))
        mesh.visual = trimesh.visual.ColorVisuals(mesh, vertex_colors=colours)
        meshes.append(mesh)
    joined: Any = trimesh.util.concatenate(meshes) if meshes else None
    return joined


def ground_surface(terrain: Terrain) -> Surface:
    """The ground's grid, cut as it is touched, and its blocks."""
    nx, ny = terrain.heights.shape
    x, y = (terrain.corner[axis] + terrain.cell * np.arange(count) for axis, count in enumerate((nx, ny)))
    points = np.stack([*np.meshgrid(x, y, indexing="ij"), terrain.heights], -1).reshape(-1, 3)
    a = (np.arange(nx - 1)[:, None] * ny + np.arange(ny - 1)).ravel()
    b, c, d = a + ny, a + 1, a + ny + 1  # the corners one on along x, along y, and along both
    faces = np.concatenate([np.stack([a, b, d], 1), np.stack([a, d, c], 1)])
    low = float(terrain.heights.min()) - BELOW
    parts, count = [(points, faces)], len(points)
    for x0, x1, y0, y1, top in boxes(terrain):
        corners = np.array([(i, j, k) for i in (x0, x1) for j in (y0, y1) for k in (low, top)])
        parts.append((corners, _CUBE + count))
        count += 8
    return Surface(np.concatenate([p for p, _ in parts]), np.concatenate([f for _, f in parts]))


_CUBE = np.array(
    [[0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1],
     [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3]]
)  # fmt: skip
"""The triangles of a box, from outside anticlockwise; its corners go along z first, then y, then x."""


def _geom_mesh(model: mujoco.MjModel, geom: int) -> "trimesh.Trimesh | None":
    import trimesh

    kind, size = mujoco.mjtGeom(model.geom_type[geom]), model.geom_size[geom]
    if kind == mujoco.mjtGeom.mjGEOM_SPHERE:
        return trimesh.creation.icosphere(2, float(size[0]))
    if kind == mujoco.mjtGeom.mjGEOM_ELLIPSOID:
        return trimesh.creation.icosphere(2, 1.0).apply_scale(size)
    if kind == mujoco.mjtGeom.mjGEOM_BOX:
        return trimesh.creation.box(2 * size)
    if kind == mujoco.mjtGeom.mjGEOM_CYLINDER:
        return trimesh.creation.cylinder(float(size[0]), 2 * float(size[1]), sections=20)
    if kind == mujoco.mjtGeom.mjGEOM_CAPSULE:
        capsule = trimesh.creation.capsule(2 * float(size[1]), float(size[0]), count=[12, 8])
        return capsule.apply_translation((0, 0, -float(capsule.bounds.mean(0)[2])))
    if kind == mujoco.mjtGeom.mjGEOM_MESH:
        mesh = int(model.geom_dataid[geom])
        first, count = int(model.mesh_vertadr[mesh]), int(model.mesh_vertnum[mesh])
        start, number = int(model.mesh_faceadr[mesh]), int(model.mesh_facenum[mesh])
        return trimesh.Trimesh(model.mesh_vert[first : first + count], model.mesh_face[start : start + number])
    return None

