"""Clothes, skin and hair as a texture on a human's skin, and how far they stand off it: drawn by chance.

Everything is told from where a vertex lies on the body at rest. It knows no pictures and no cameras.
"""

from collections.abc import Callable
from dataclasses import dataclass

import mujoco
import numpy as np
from jaxtyping import Float, Int, UInt8

from recon.lifter.human import Human

SIDE = 512
"""px of a texture."""
SKIN, HAIR, SHIRT, TROUSERS, SHOES, EYE, PUPIL, LIPS, BROW = range(9)
TONES = np.array([[255, 219, 190], [236, 188, 150], [205, 150, 110], [160, 105, 70], [105, 66, 44], [66, 42, 30]])
"""Skins, light to dark."""


@dataclass(frozen=True)
class Outfit:
    """What somebody wears.

    Attributes:
        vertices: (V, 3) of the skin at rest, with clothes and hair on.
        texture: (SIDE, SIDE, 3) its first row at the top.
    """

    vertices: Float[np.ndarray, "V 3"]
    texture: UInt8[np.ndarray, "S S 3"]


def outfit(human: Human, rng: np.random.Generator) -> Outfit:
    """Somebody dressed by chance."""
    kinds = _kinds(human, rng)
    texture = _painted(human, kinds, rng)
    return Outfit(_worn(human, kinds, rng), texture)


def wearing(human: Human, outfit: Outfit) -> Callable[[mujoco.MjSpec], None]:
    """What puts the dressed skin on bodies that are named like the human's bones."""

    def wear(spec: mujoco.MjSpec) -> None:
        rgb = mujoco.mjtTextureRole.mjTEXROLE_RGB
        kind = mujoco.mjtTexture.mjTEXTURE_2D
        painted = spec.add_texture(name="outfit", type=kind, width=SIDE, height=SIDE, nchannel=3)
        painted.data = outfit.texture.tobytes()
        spec.add_material(name="outfit", specular=0.1, shininess=0.1).textures[rgb] = "outfit"
        owner = human.corners[:, 0]
        drawn = spec.add_skin(name="human", material="outfit")
        drawn.vert = outfit.vertices[owner].ravel().astype(np.float32)
        points = human.texture[human.corners[:, 1]]
        drawn.texcoord = (points * [1, -1] + [0, 1]).ravel().astype(np.float32)
        drawn.face = human.triangles.ravel().astype(np.int32)
        weights = human.weights[owner]
        moved = [b for b in range(len(human.bones)) if weights[:, b].any()]
        drawn.bodyname = [human.bones[b] for b in moved]
        drawn.bindpos = human.heads[moved].ravel().astype(np.float32)
        drawn.bindquat = np.tile([1, 0, 0, 0], len(moved)).astype(np.float32)
        hung = [np.flatnonzero(weights[:, b]) for b in moved]
        drawn.vertid = [ids.astype(np.int32) for ids in hung]
        drawn.vertweight = [weights[ids, b].astype(np.float32) for ids, b in zip(hung, moved, strict=True)]

    return wear


def _kinds(human: Human, rng: np.random.Generator) -> Int[np.ndarray, " V"]:
    """What covers each vertex."""
    kinds = np.full(len(human.vertices), SKIN)
    most, v = human.weights.argmax(1), human.vertices
    names = np.array(human.bones)[most]
    head = human.heads[human.bones.index("Head")]

    def at(bone: str) -> np.ndarray:
        return human.heads[human.bones.index(bone)]

    def along(first: str, second: str) -> np.ndarray:
        way = at(second) - at(first)
        return np.asarray((v - at(first)) @ way / (way @ way))

    trunk = np.isin(names, ("LowerBack", "Spine", "Spine1", "LeftShoulder", "RightShoulder"))
    waist = at("Hips")[2] + rng.uniform(-0.02, 0.09)
    neckline = at("Neck")[2] - rng.uniform(-0.02, 0.05)
    kinds[trunk & (v[:, 2] < neckline)] = SHIRT
    hips = np.isin(names, ("Hips", "LHipJoint", "RHipJoint", "LeftUpLeg", "RightUpLeg"))
    sleeve, hem = _drawn(rng, (0.1, 0.45, 0.98, 1.9)), _drawn(rng, (0.3, 0.75, 0.95, 1.9, 1.95, 1.95))
    bare, shod = rng.random() < 0.08, rng.uniform(0.0, 0.05)
    for side in ("Left", "Right"):
        arm, fore = names == f"{side}Arm", names == f"{side}ForeArm"
        kinds[arm & (along(f"{side}Arm", f"{side}ForeArm") < sleeve)] = SHIRT
        kinds[fore & (1.0 + along(f"{side}ForeArm", f"{side}Hand") < sleeve)] = SHIRT
        thigh, shin = names == f"{side}UpLeg", names == f"{side}Leg"
        kinds[thigh & (along(f"{side}UpLeg", f"{side}Leg") < hem)] = TROUSERS
        kinds[shin & (1.0 + along(f"{side}Leg", f"{side}Foot") < hem)] = TROUSERS
        foot = np.isin(names, (f"{side}Foot", f"{side}ToeBase")) & (v[:, 2] < at(f"{side}Foot")[2] + shod)
        kinds[foot] = SKIN if bare else SHOES
    kinds[hips & (kinds == SKIN) & (v[:, 2] > at("Hips")[2] - 0.15)] = TROUSERS
    kinds[np.isin(kinds, (SHIRT, TROUSERS)) & (trunk | hips)] = TROUSERS
    kinds[(trunk | hips) & (kinds == TROUSERS) & (v[:, 2] > waist) & (v[:, 2] < neckline)] = SHIRT
    _face(human, kinds, names == "Head", v - head, rng)
    return kinds


def _face(human: Human, kinds: np.ndarray, mine: np.ndarray, v: np.ndarray, rng: np.random.Generator) -> None:
    """Hair, eyes, brows and lips."""
    top, front = v[mine, 2].max(), v[mine, 0].max()
    up, ear = v[:, 2] / top, human.named["head"][1] - human.heads[human.bones.index("Head")]
    kind = rng.random()
    if kind > 0.06:  # else bald
        low = ear[2] / top - rng.choice((0.05, 0.12, 0.4))
        kinds[mine & (v[:, 0] < ear[0] - 0.015) & (up > low)] = HAIR
        kinds[mine & (up > rng.uniform(0.78, 0.88)) & (v[:, 0] < 0.9 * front)] = HAIR
        kinds[mine & (np.abs(v[:, 1]) > 0.055) & (v[:, 0] < ear[0] + 0.02) & (up > ear[2] / top + 0.12)] = HAIR
    eyes = mine & (np.abs(np.abs(v[:, 1]) - 0.031) < 0.013) & (v[:, 0] > 0.62 * front)
    height = ear[2] + 0.02
    kinds[eyes & (np.abs(v[:, 2] - height) < 0.006)] = EYE
    kinds[eyes & (np.abs(v[:, 2] - height) < 0.006) & (np.abs(np.abs(v[:, 1]) - 0.031) < 0.006)] = PUPIL
    kinds[mine & (np.abs(np.abs(v[:, 1]) - 0.031) < 0.02) & (np.abs(v[:, 2] - height - 0.022) < 0.005)
          & (v[:, 0] > 0.7 * front)] = BROW  # fmt: skip
    kinds[mine & (np.abs(v[:, 1]) < 0.024) & (np.abs(v[:, 2] - height + 0.068) < 0.008)
          & (v[:, 0] > 0.75 * front)] = LIPS  # fmt: skip


def _drawn(rng: np.random.Generator, near: tuple[float, ...]) -> float:
    return float(rng.choice(near) + rng.uniform(-0.06, 0.06))


def cloth(rng: np.random.Generator) -> Float[np.ndarray, " 3"]:
    """A colour, 0..255: many are grey, black, white or blue."""
    kind = rng.random()
    if kind < 0.4:
        return np.full(3, rng.choice((25.0, 45.0, 90.0, 150.0, 225.0, 245.0))) + rng.uniform(-12, 12, 3)
    if kind < 0.6:
        return np.array([40.0, 55.0, 95.0]) * rng.uniform(0.5, 1.7) + rng.uniform(-10, 10, 3)
    return muted(rng, 0.6)


def skin(rng: np.random.Generator) -> Float[np.ndarray, " 3"]:
    """A colour, 0..255."""
    tone = rng.uniform(0, len(TONES) - 1.01)
    low, part = int(tone), tone % 1
    return np.asarray(TONES[low] * (1 - part) + TONES[low + 1] * part)


def muted(rng: np.random.Generator, strength: float) -> Float[np.ndarray, " 3"]:
    """A colour, 0..255, up to so far from grey."""
    colour = rng.uniform(15, 245, 3)
    return np.asarray(colour.mean() + strength * rng.random() * (colour - colour.mean()) * 1.5).clip(5, 250)


def _painted(human: Human, kinds: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The texture."""
    import cv2

    canvas = np.full((SIDE, SIDE), SKIN, np.uint8)
    points = np.round(human.texture * [1, -1] * (SIDE - 1) * 16 + [0, (SIDE - 1) * 16]).astype(np.int32)
    owners = human.corners[human.triangles]  # (F, 3, 2)
    # a face is of the kind of most of its corners
    of = np.sort(kinds[owners[..., 0]], 1)[:, 1]
    for kind, polygon in sorted(zip(of.tolist(), points[owners[..., 1]], strict=True), key=lambda pair: pair[0]):
        cv2.fillConvexPoly(canvas, polygon, kind, shift=4)
    bare = skin(rng)
    hair = np.array(((20, 16, 14), (45, 30, 20), (90, 60, 35), (175, 140, 85), (150, 145, 140), (110, 45, 20)))
    palette = {
        SKIN: bare, HAIR: hair[rng.integers(len(hair))] * rng.uniform(0.7, 1.2), SHIRT: cloth(rng),
        TROUSERS: cloth(rng), SHOES: cloth(rng), EYE: np.array([240.0, 240, 240]), PUPIL: np.array([35.0, 25, 20]),
        LIPS: bare * [0.85, 0.6, 0.6], BROW: bare * 0.45,
    }  # fmt: skip
    out = np.array([palette[kind] for kind in range(9)])[canvas]
    for kind in (SHIRT, TROUSERS):
        out = np.where((canvas == kind)[..., None], _patterned(out, cloth(rng), rng), out)
    shade = cv2.GaussianBlur(rng.standard_normal((SIDE, SIDE)).astype(np.float32), (0, 0), rng.uniform(3, 9))
    covered = np.isin(canvas, (SHIRT, TROUSERS, HAIR))
    shade = 1.0 + np.where(covered, rng.uniform(0.03, 0.16), 0.03) * shade / shade.std()
    return np.asarray(np.clip(out * shade[..., None], 0, 255).astype(np.uint8))


def _patterned(base: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Plain, stripes, checks or blots of another colour."""
    y, x = np.mgrid[:SIDE, :SIDE]
    wide, kind = rng.uniform(6, 40), rng.random()
    if kind < 0.6:
        return base
    along = (y if rng.random() < 0.6 else x) % (2 * wide) < wide
    if kind < 0.75:
        mark = along
    elif kind < 0.85:
        mark = along ^ ((x if rng.random() < 0.5 else y) % (2 * wide) < wide)
    else:
        blots = rng.standard_normal((int(SIDE / wide) + 2, int(SIDE / wide) + 2)) > 0.7
        mark = blots[(y / wide).astype(int), (x / wide).astype(int)]
    return np.where(mark[..., None], other, base)


def _worn(human: Human, kinds: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The vertices, out by as much as cloth, shoes and hair are wide."""
    normals = _normals(human)
    off = np.zeros(len(kinds))
    waves = np.zeros(len(kinds))
    for _ in range(4):
        waves += np.sin(human.vertices @ (rng.standard_normal(3) * rng.uniform(8, 30)) + rng.uniform(0, 6.3)) / 4.0
    for kind, widest in ((SHIRT, 0.03), (TROUSERS, 0.025)):
        loose = widest * rng.random() ** 2
        off[kinds == kind] = 0.004 + loose * (1.0 + 0.6 * waves[kinds == kind])
    off[kinds == SHOES], off[kinds == HAIR] = 0.006, rng.uniform(0.004, 0.03)
    # the edge of a garment does not stand off like a plate
    return human.vertices + np.maximum(off, 0.0)[:, None] * normals


def _normals(human: Human) -> Float[np.ndarray, "V 3"]:
    """Outward unit normals of the skin at rest."""
    faces = human.corners[human.triangles][..., 0]
    a, b, c = (human.vertices[faces[:, i]] for i in range(3))
    cross = np.cross(b - a, c - a)
    out = np.zeros_like(human.vertices)
    for i in range(3):
        np.add.at(out, faces[:, i], cross)
    return np.asarray(out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9))
