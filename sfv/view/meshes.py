"""What MuJoCo's geoms look like as triangles, and in which colour.

It knows compiled models; of motions, pages and files it knows nothing.
"""

from typing import Any

import mujoco
import numpy as np
import trimesh
from jaxtyping import Float

from sfv.view.person import PERSON, VISIBLE_GROUP

UNSAID = (0.5, 0.5, 0.5, 1.0)
"""The colour of a geom for which the MJCF names none."""


FINE, COARSE = 3, 2
"""How often the faces of what is round are halved: for files, and for what is drawn thirty times a second."""


def body_mesh(model: mujoco.MjModel, body: int, detail: int = FINE) -> trimesh.Trimesh | None:
    """The visible geoms of a body as one mesh with colours, in the body's frame; None when it has none."""
    meshes = []
    for geom, mesh in visible_meshes(model, body, detail):
        colours = np.tile((255 * geom_colour(model, geom)).astype(np.uint8), (len(mesh.vertices), 1))
        mesh.visual = trimesh.visual.ColorVisuals(mesh, vertex_colors=colours)
        meshes.append(mesh)
    joined: Any = trimesh.util.concatenate(meshes) if meshes else None
    return joined


def visible_meshes(model: mujoco.MjModel, body: int, detail: int = FINE) -> list[tuple[int, trimesh.Trimesh]]:
    """Each geom of a body that is drawn, and its mesh in the body's frame."""
    found = []
    for geom in range(int(model.body_geomadr[body]), int(model.body_geomadr[body] + model.body_geomnum[body])):
        if model.geom_group[geom] > VISIBLE_GROUP or (mesh := geom_mesh(model, geom, detail)) is None:
            continue
        turn, place = np.zeros(9), np.eye(4)
        mujoco.mju_quat2Mat(turn, model.geom_quat[geom])
        place[:3, :3], place[:3, 3] = turn.reshape(3, 3), model.geom_pos[geom]
        mesh.apply_transform(place)
        found.append((geom, mesh))
    return found


def geom_colour(model: mujoco.MjModel, geom: int) -> Float[np.ndarray, "4"]:
    """Red, green, blue and opacity, 0..1: the geom's own, else its material's, else plain."""
    own = model.geom_rgba[geom]
    if not np.allclose(own, UNSAID):
        return np.array(own, np.float64)
    material = int(model.geom_matid[geom])
    return np.array(model.mat_rgba[material] if material >= 0 else (*PERSON.plain, 1.0), np.float64)


def geom_mesh(model: mujoco.MjModel, geom: int, detail: int = FINE) -> trimesh.Trimesh | None:
    """The shape of a geom in its own frame; None for planes and heights."""
    kind, size = mujoco.mjtGeom(model.geom_type[geom]), model.geom_size[geom]
    if kind == mujoco.mjtGeom.mjGEOM_SPHERE:
        return trimesh.creation.icosphere(2, float(size[0]))
    if kind == mujoco.mjtGeom.mjGEOM_ELLIPSOID:
        return trimesh.creation.icosphere(detail, 1.0).apply_scale(size)
    if kind == mujoco.mjtGeom.mjGEOM_BOX:
        return trimesh.creation.box(2 * size)
    if kind == mujoco.mjtGeom.mjGEOM_CYLINDER:
        return trimesh.creation.cylinder(float(size[0]), 2 * float(size[1]), sections=24)
    if kind == mujoco.mjtGeom.mjGEOM_CAPSULE:
        capsule = trimesh.creation.capsule(2 * float(size[1]), float(size[0]), count=[4 * detail + 8, 4 * detail])
        return capsule.apply_translation((0, 0, -float(capsule.bounds.mean(0)[2])))
    if kind == mujoco.mjtGeom.mjGEOM_MESH:
        mesh = int(model.geom_dataid[geom])
        first, count = int(model.mesh_vertadr[mesh]), int(model.mesh_vertnum[mesh])
        start, number = int(model.mesh_faceadr[mesh]), int(model.mesh_facenum[mesh])
        return trimesh.Trimesh(model.mesh_vert[first : first + count], model.mesh_face[start : start + number])
    return None
