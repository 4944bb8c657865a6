"""A motion as a file that animators open: the body in today's look on its bones, moving (.glb).

It knows what bodies look like; how the file is laid out is `sfv.formats.glb`'s.
"""

from pathlib import Path

import mujoco
import numpy as np
import trimesh

from sfv.character import Character
from sfv.formats.glb import Coat, write_glb
from sfv.motion import Motion
from sfv.view.figure import figure
from sfv.view.meshes import geom_colour, visible_meshes
from sfv.view.person import PERSON, dress, is_person

CREASE = np.radians(40.0)
"""Faces that meet at a sharper angle are not smoothed over: a box keeps its edges."""
SMALLEST = 1e-12
"""m^2: triangles below are none."""


def write_animated(motion: Motion, path: Path | str, body: Character | None = None, name: str = "motion") -> None:
    """Write a motion on the body that it is of.

    Args:
        motion: what it does.
        path: the .glb file.
        body: whose meshes are drawn, with the motion's skeleton; None is sfv's own figure, or sticks along the bones.
        name: of the animation.

    Raises:
        InputError: the motion is not of that body, the body has nothing to draw, or the file cannot be written.
    """
    if body is not None:
        motion.require(body.skeleton, body.name)
    write_glb(motion, coats(body or figure(motion.skeleton)), path, name)


def coats(body: Character) -> list[Coat]:
    """What a character looks like: a coat for each colour."""
    spec = mujoco.MjSpec.from_string(body.xml)
    if is_person(spec):
        dress(spec, PERSON)
    model = spec.compile()
    pieces: dict[tuple[float, ...], list[tuple[int, trimesh.Trimesh]]] = {}
    for number in range(1, model.nbody):
        for geom, mesh in visible_meshes(model, number):
            mesh.update_faces(mesh.area_faces > SMALLEST)
            colour = tuple(round(float(part), 4) for part in geom_colour(model, geom))
            pieces.setdefault(colour, []).append((number - 1, trimesh.graph.smooth_shade(mesh, angle=CREASE)))
    return [_coat(colour, parts) for colour, parts in pieces.items()]


def _coat(colour: tuple[float, ...], parts: list[tuple[int, trimesh.Trimesh]]) -> Coat:
    sizes = [len(mesh.vertices) for _, mesh in parts]
    starts = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    red, green, blue, opacity = colour
    normals = np.concatenate([mesh.vertex_normals for _, mesh in parts])
    return Coat(
        colour=(red, green, blue, opacity),
        bodies=np.repeat([number for number, _ in parts], sizes),
        points=np.concatenate([np.asarray(mesh.vertices) for _, mesh in parts]),
        normals=normals / np.linalg.norm(normals, axis=1, keepdims=True),
        faces=np.concatenate([mesh.faces + start for (_, mesh), start in zip(parts, starts, strict=True)]),
    )
