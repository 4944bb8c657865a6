"""A body for any skeleton: sfv's own character where the skeleton is its, else sticks along the bones.

It knows how a motion's body can look, not how it moves.
"""

import mujoco
import numpy as np

from sfv.character import ASSETS, Character, load_character
from sfv.skeleton import Skeleton

THICKNESS = 0.025
"""Radius of the sticks, m."""


def figure(skeleton: Skeleton) -> Character:
    """A character to draw motions of this skeleton with; its qpos is the skeleton's."""
    for path in sorted(ASSETS.glob("*.xml")):
        character = load_character(path.stem)
        if skeleton.difference_to(character.skeleton) is None:
            return character
    return sticks(skeleton)


def sticks(skeleton: Skeleton) -> Character:
    """Capsules from each body to its children, and a ball at each end."""
    spec = mujoco.MjSpec.from_string(skeleton.xml)
    for geom in list(spec.geoms):
        spec.delete(geom)
    for body in spec.bodies[1:]:
        shape = {"mass": 0.1, "contype": 0, "conaffinity": 0}
        body.add_geom(type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[1.6 * THICKNESS, 0, 0], **shape)
        for child in body.bodies:
            if np.linalg.norm(child.pos) > THICKNESS:
                ends = [0.0, 0.0, 0.0, *child.pos]
                body.add_geom(type=mujoco.mjtGeom.mjGEOM_CAPSULE, fromto=ends, size=[THICKNESS, 0, 0], **shape)
    spec.compile()
    return Character("sticks", spec.to_xml())
