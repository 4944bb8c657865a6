"""A body for any skeleton: sfv's own character where the skeleton is its, a person on bones that are named like the
humanoid's, else sticks along the bones.

It knows how a motion's body can look, not how it moves.
"""

import mujoco
import numpy as np

from sfv.bodies.remeasured import HEIGHT, Measures, crown_of, offsets_of, remeasured, sided, stretches
from sfv.character import ASSETS, Character, load_character
from sfv.skeleton import Skeleton

STICKS, GUESSED = "sticks", "guessed"
"""What bodies are called whose masses and strength are nobody's."""
THICKNESS = 0.025
"""Radius of the sticks, m."""


def figure(skeleton: Skeleton) -> Character:
    """A character to draw motions of this skeleton with; its qpos is the skeleton's."""
    for path in sorted(ASSETS.glob("*.xml")):
        character = load_character(path.stem)
        if skeleton.difference_to(character.skeleton) is None:
            return character
    return guessed(skeleton) or sticks(skeleton)


def has_dynamics(body: Character) -> bool:
    """Whether a figure's masses and strength are those of a body, and not made up to draw it."""
    return body.name not in (STICKS, GUESSED)


def guessed(skeleton: Skeleton) -> Character | None:
    """The humanoid on bones of other lengths, as wide as they are long; None where the skeleton is not such."""
    humanoid = load_character("humanoid")
    if skeleton.body_names != humanoid.skeleton.body_names:
        return None
    usual, bare = mujoco.MjSpec.from_string(humanoid.xml), mujoco.MjSpec.from_string(skeleton.xml)
    own, other = offsets_of(bare), offsets_of(usual)
    trunk = stretches(own, other, 1.0)["chest"]
    stretch = stretches(own, other, trunk)
    masses = {part: float(usual.body(sided(part)).geoms[0].mass) * long**3 for part, long in stretch.items()}
    body = Character(
        GUESSED, remeasured(humanoid.xml, Measures(HEIGHT * trunk, own, masses, {}, crown_of(usual) * trunk), GUESSED)
    )
    return body if skeleton.difference_to(body.skeleton) is None else None


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
    return Character(STICKS, spec.to_xml())
