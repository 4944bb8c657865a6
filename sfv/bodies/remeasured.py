"""The humanoid's MJCF with other measures: other bones, masses and widths, and the strength that goes with them.

Names, joints, ranges, shapes, contacts and sites are the humanoid's, so that what is known of it holds for who comes
out: which body is whose hip, how it looks, where landmarks are. It knows no people.

Strength follows the body, as in dynamic similarity: with M the mass and L the height over the humanoid's, torque limits
and position gains go with M L (the torque of the body's own weight on its own levers), reflected inertias with M L^2,
and what damps with sqrt(L) times the gain, since everything takes sqrt(L) times as long.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import mujoco
import numpy as np

Vec = tuple[float, float, float]

CHILD = {"shoulder": "elbow", "elbow": "wrist", "hip": "knee", "knee": "ankle"}
"""Body of a limb -> the one at the other end of its bone; sides left out."""
TRUNK = ("root", "chest", "neck")
CARRIED = ("chest", "neck", "shoulder", "elbow", "wrist", "hip", "knee", "ankle")
"""Bodies that hang on others."""
HEIGHT, MASS = 1.62, 45.0
"""m from the soles to the crown, and kg, of the humanoid."""
CLEAR = 0.018584
"""m by which the humanoid's root is higher in its file than where it stands."""


@dataclass(frozen=True)
class Measures:
    """Of a body, limbs without sides: they are alike.

    Attributes:
        height: m, from the soles to the crown.
        offsets: body -> where it is in the frame of the one that it hangs on, m; of limbs the left one.
        masses: body -> kg.
        bulk: body -> how much wider than the humanoid in proportion; 1 where it is not named.
        crown: m from the neck's joint to the crown.
    """

    height: float
    offsets: Mapping[str, Vec]
    masses: Mapping[str, float]
    bulk: Mapping[str, float]
    crown: float


def part_of(body: str) -> str:
    """'left_hip' -> 'hip'."""
    return body.removeprefix("left_").removeprefix("right_")


def sided(part: str) -> str:
    """'hip' -> 'left_hip'; the trunk's bodies have one name."""
    return part if part in TRUNK else f"left_{part}"


def offsets_of(spec: mujoco.MjSpec) -> dict[str, Vec]:
    """`Measures.offsets` of a body that has the humanoid's bodies."""
    return {part: _vec(spec.body(sided(part)).pos) for part in CARRIED}


def crown_of(spec: mujoco.MjSpec) -> float:
    """m from the neck's joint to the top of the head, which is the neck's first geom."""
    ball = spec.body("neck").geoms[0]
    return float(ball.pos[2] + ball.size[0])


def stretches(own: Mapping[str, Vec], other: Mapping[str, Vec], crowns: float) -> dict[str, float]:
    """Body -> how many times as long it is as another's; `crowns` that of the head.

    The trunk goes with the shoulders' height over the hips, feet with the legs and hands with the forearms.
    """
    out = {body: _length(own[end]) / _length(other[end]) for body, end in CHILD.items()}
    leg, theirs = (sum(_length(bones[name]) for name in ("knee", "ankle")) for bones in (own, other))
    trunk = (own["chest"][2] + own["shoulder"][2]) / (other["chest"][2] + other["shoulder"][2])
    return out | {"root": trunk, "chest": trunk, "neck": crowns, "ankle": leg / theirs, "wrist": out["elbow"]}


def remeasured(xml: str, measures: Measures, name: str) -> str:
    """The humanoid's MJCF `xml` with other measures, as a model called `name`."""
    spec = mujoco.MjSpec.from_string(xml)
    own = offsets_of(spec)
    stretch = stretches(measures.offsets, own, measures.crown / crown_of(spec))
    mass = sum(kg * (1 if part in TRUNK else 2) for part, kg in measures.masses.items())
    heavier, taller = mass / MASS, measures.height / HEIGHT
    spec.modelname = name
    hips = measures.offsets["hip"][1] / own["hip"][1]
    for body in spec.bodies[1:]:
        part = part_of(body.name)
        longer = stretch[part]
        if part != "root":
            body.pos = np.array(measures.offsets[part]) * ([1, -1, 1] if body.name.startswith("right_") else 1)
        for geom in body.geoms:
            _resize(geom, longer, measures.bulk.get(part, 1.0))
            geom.mass = measures.masses[part]
        for site in body.sites:
            site.pos = site.pos * (hips if part == "root" else longer)
        for joint in body.joints:
            if joint.type != mujoco.mjtJoint.mjJNT_FREE:
                joint.armature = joint.armature * heavier * taller**2
    for servo in spec.actuators:
        strength = heavier * taller
        servo.gainprm = servo.gainprm * strength
        servo.biasprm = servo.biasprm * strength * np.array([1.0, 1.0, np.sqrt(taller), *[1.0] * 7])
        servo.forcerange = servo.forcerange * strength
    ankle = spec.body("left_ankle").geoms[0]
    legs = sum(abs(measures.offsets[part][2]) for part in ("hip", "knee", "ankle"))
    spec.body("root").pos = [0.0, 0.0, legs + float(ankle.size[2] - ankle.pos[2]) + CLEAR * taller]
    spec.compile()
    return str(spec.to_xml())


def _resize(geom: mujoco.MjsGeom, longer: float, wider: float) -> None:
    """A geom of a bone that is `longer` times as long, and of a flesh that is `wider` times as thick in proportion."""
    geom.pos = geom.pos * longer
    if geom.type == mujoco.mjtGeom.mjGEOM_CAPSULE:
        geom.fromto = geom.fromto * longer  # or not a number, where the file has a place and half a length
        geom.size = geom.size * longer * np.array([wider, 1.0, 1.0])
    elif geom.type == mujoco.mjtGeom.mjGEOM_SPHERE:
        geom.size = geom.size * longer * wider
    else:
        geom.size = geom.size * longer


def _length(bone: Vec) -> float:
    return float(np.linalg.norm(bone))


def _vec(values: np.ndarray) -> Vec:
    x, y, z = (float(value) for value in values)
    return x, y, z
