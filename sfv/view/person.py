"""Somebody to look at: skin, clothes, shoes, hair and a face on the humanoid's bones, of whatever length and width.

The parts are geoms without mass or contact, so physics with and without them is the same; the collision shapes are put
into a hidden group. A pose estimator takes the figure for a person, also from behind and upside down. It knows nothing
of scenes, cameras or motions.
"""

from dataclasses import dataclass, fields

import mujoco

from sfv.bodies.remeasured import crown_of, offsets_of, part_of, sided, stretches
from sfv.character import ASSETS

Rgb = tuple[float, float, float]
Vec = tuple[float, float, float]

VISIBLE_GROUP, HIDDEN_GROUP = 2, 5
"""MuJoCo draws groups 0 to 2 unless told otherwise."""


SHAPES = "shapes"
"""What a body's text `look` says where it is to be drawn as it is."""


@dataclass(frozen=True)
class Look:
    """Colours of a figure, red green blue in 0..1, and its opacity (MuJoCo's own renderer alone can draw below 1)."""

    skin: Rgb = (0.88, 0.66, 0.53)
    shirt: Rgb = (0.74, 0.16, 0.18)
    trousers: Rgb = (0.13, 0.17, 0.30)
    shoes: Rgb = (0.95, 0.95, 0.93)
    hair: Rgb = (0.16, 0.10, 0.07)
    lips: Rgb = (0.70, 0.36, 0.33)
    white: Rgb = (0.97, 0.97, 0.97)
    pupil: Rgb = (0.08, 0.06, 0.05)
    plain: Rgb = (0.72, 0.74, 0.78)
    opacity: float = 1.0

    def tinted(self, colour: Rgb, amount: float, opacity: float = 1.0) -> "Look":
        """This look with every colour moved towards `colour` by `amount` (0: as it is, 1: that colour alone)."""

        def mixed(own: Rgb) -> Rgb:
            red, green, blue = ((1 - amount) * x + amount * y for x, y in zip(own, colour, strict=True))
            return red, green, blue

        colours = {field.name: mixed(getattr(self, field.name)) for field in fields(self) if field.name != "opacity"}
        return Look(**colours, opacity=opacity)


PERSON = Look()
GHOST = PERSON.tinted((0.55, 0.72, 0.92), 0.72)
"""The look of a reference beside the simulated person."""
CARDBOARD = Look(plain=(0.66, 0.50, 0.33))
"""The look of a box."""

# Each part: body, kind, colour, and for an ellipsoid its centre and half axes, for a capsule its two ends and radius.
# Metres, in the body's frame (x forward, y left, z up; arms hang along -z of their bodies).
_ELLIPSOID, _CAPSULE = mujoco.mjtGeom.mjGEOM_ELLIPSOID, mujoco.mjtGeom.mjGEOM_CAPSULE
_Part = tuple[str, str, Vec, Vec, float]

_TRUNK: tuple[_Part, ...] = (
    ("root", "trousers", (-0.004, 0.0, 0.0), (0.108, 0.146, 0.1), 0.0),
    ("root", "trousers", (-0.032, 0.0, -0.012), (0.095, 0.125, 0.09), 0.0),
    ("root", "shirt", (-0.002, 0.0, 0.14), (0.106, 0.14, 0.16), 0.0),
    ("chest", "shirt", (0.0, 0.0, 0.035), (0.107, 0.152, 0.24), 0.0),
    ("chest", "shirt", (0.0, 0.0, 0.14), (0.108, 0.17, 0.16), 0.0),
    ("chest", "shirt", (-0.018, -0.14, 0.226), (-0.018, 0.14, 0.226), 0.055),
    ("chest", "shirt", (-0.008, 0.0, 0.225), (0.068, 0.12, 0.064), 0.0),
)
_HEAD: tuple[_Part, ...] = (
    ("neck", "skin", (-0.012, 0.0, 0.0), (0.012, 0.0, 0.1), 0.05),
    ("neck", "skin", (0.012, 0.0, 0.175), (0.092, 0.075, 0.108), 0.0),
    ("neck", "skin", (0.036, 0.0, 0.115), (0.055, 0.05, 0.048), 0.0),
    ("neck", "hair", (-0.016, 0.0, 0.212), (0.096, 0.083, 0.09), 0.0),
    ("neck", "hair", (-0.034, 0.0, 0.18), (0.08, 0.079, 0.1), 0.0),
    ("neck", "skin", (0.108, 0.0, 0.158), (0.016, 0.014, 0.024), 0.0),
    ("neck", "lips", (0.093, 0.0, 0.115), (0.012, 0.024, 0.007), 0.0),
)
_FACE_SIDE: tuple[_Part, ...] = (  # the left one; the right one is its mirror image
    ("neck", "white", (0.09, 0.032, 0.188), (0.012, 0.016, 0.0095), 0.0),
    ("neck", "pupil", (0.0985, 0.032, 0.188), (0.006, 0.0075, 0.0075), 0.0),
    ("neck", "hair", (0.094, 0.033, 0.208), (0.01, 0.02, 0.005), 0.0),
    ("neck", "skin", (0.0, 0.078, 0.168), (0.02, 0.012, 0.03), 0.0),
)
_ARM: tuple[_Part, ...] = (
    ("shoulder", "shirt", (-0.002, 0.0, -0.004), (0.0, 0.0, -0.16), 0.053),
    ("shoulder", "skin", (0.0, 0.0, -0.14), (0.0, 0.0, -0.27), 0.041),
    ("elbow", "skin", (0.0, 0.0, 0.0), (0.0, 0.0, -0.12), 0.039),
    ("elbow", "skin", (0.0, 0.0, -0.08), (0.0, 0.0, -0.25), 0.031),
)
_HAND: tuple[_Part, ...] = (  # thumb forward when the arm hangs
    ("wrist", "skin", (0.002, 0.0, -0.05), (0.038, 0.019, 0.054), 0.0),
    ("wrist", "skin", (-0.016, 0.0, -0.085), (-0.013, 0.0, -0.14), 0.013),
    ("wrist", "skin", (0.014, 0.0, -0.085), (0.014, 0.0, -0.15), 0.014),
    ("wrist", "skin", (0.034, 0.0, -0.03), (0.058, 0.0, -0.078), 0.012),
)
_LEG: tuple[_Part, ...] = (
    ("hip", "trousers", (0.0, 0.0, -0.01), (0.0, 0.0, -0.2), 0.079),
    ("hip", "trousers", (0.0, 0.0, -0.18), (0.0, 0.0, -0.41), 0.063),
    ("knee", "trousers", (0.0, 0.0, 0.0), (0.0, 0.0, -0.2), 0.057),
    ("knee", "trousers", (-0.012, 0.0, -0.13), (0.055, 0.056, 0.13), 0.0),
    ("knee", "trousers", (0.0, 0.0, -0.18), (0.0, 0.0, -0.37), 0.049),
    ("ankle", "shoes", (-0.008, 0.0, -0.018), (0.058, 0.042, 0.042), 0.0),
    ("ankle", "shoes", (0.062, 0.0, -0.024), (0.082, 0.046, 0.031), 0.0),
    ("ankle", "trousers", (0.0, 0.0, 0.06), (0.0, 0.0, 0.03), 0.047),
)


def dress(spec: mujoco.MjSpec, look: Look = PERSON) -> None:
    """Put a person's looks on the humanoid in `spec`, in its measures; other characters keep their shapes, in
    `look.plain`.

    Changes `spec` in place. Adds no mass and no contact.
    """
    if not is_person(spec):
        bare = all(
            geom.group > VISIBLE_GROUP for geom in spec.geoms
        )  # collision shapes alone, as robots' files hide them
        for geom in spec.geoms:
            geom.rgba = [*look.plain, look.opacity]
            geom.group = VISIBLE_GROUP if bare else geom.group
        return
    bodies, sizes, collar = {body.name: body for body in spec.bodies}, *_sizes(spec)
    for geom in spec.geoms:
        geom.group = HIDDEN_GROUP
    for part in (*_parts(), ("neck", "skin", (-0.02, 0.0, -collar), (-0.012, 0.0, 0.0), 0.05)):
        body, colour, first, second, radius = _sized(part, *sizes[part_of(part[0])])
        geom = bodies[body].add_geom(
            type=_CAPSULE if radius else _ELLIPSOID,
            mass=0.0,
            contype=0,
            conaffinity=0,
            group=VISIBLE_GROUP,
            rgba=[*getattr(look, colour), look.opacity],
        )
        if radius:
            geom.fromto, geom.size = [*first, *second], [radius, 0, 0]
        else:
            geom.pos, geom.size = first, second


def is_person(spec: mujoco.MjSpec) -> bool:
    """Whether it has the humanoid's bodies, on which a person's looks fit, and is not said to show its own shapes."""
    if any(text.name == "look" and text.data == SHAPES for text in spec.texts):
        return False
    return {part[0] for part in _parts()} <= {body.name for body in spec.bodies}


def _sizes(spec: mujoco.MjSpec) -> tuple[dict[str, tuple[float, float]], float]:
    """Part of the body -> how many times as long and as wide it is as the humanoid's; and how much deeper the collar is
    under the neck's joint, in necks."""
    usual = mujoco.MjSpec.from_file(str(ASSETS / "humanoid.xml"))
    own, other = offsets_of(spec), offsets_of(usual)
    stretch, sizes = stretches(own, other, crown_of(spec) / crown_of(usual)), {}
    for part, long in stretch.items():
        mine, theirs = (body.body(sided(part)).geoms for body in (spec, usual))
        alike = bool(mine) and mine[0].type == theirs[0].type
        sizes[part] = (long, float(mine[0].size[0] / theirs[0].size[0]) if alike else long)
    deeper = own["neck"][2] - stretch["chest"] * other["neck"][2]
    return sizes, max(deeper, 0.0) / stretch["neck"]


def _sized(part: _Part, long: float, wide: float) -> _Part:
    """The part on a body that is so many times as long and as wide."""
    body, colour, (a, b, c), (d, e, f), radius = part
    first = (long * a, long * b, long * c)
    second = (long * d, long * e, long * f) if radius else (wide * d, wide * e, long * f)
    return body, colour, first, second, wide * radius


def _parts() -> list[_Part]:
    """All of a person."""
    parts: list[_Part] = [*_TRUNK, *_HEAD, *_FACE_SIDE, *map(_mirrored, _FACE_SIDE)]
    for limb, colour, first, second, radius in (*_ARM, *_HAND, *_LEG):
        parts.append((f"left_{limb}", colour, first, second, radius))
        parts.append(_mirrored((f"right_{limb}", colour, first, second, radius)))
    return parts


def _mirrored(part: _Part) -> _Part:
    """The part on the right side: y turned round, but not the half axes of an ellipsoid."""
    body, colour, (x, y, z), (a, b, c), radius = part
    return body, colour, (x, -y, z), (a, -b if radius else b, c), radius
