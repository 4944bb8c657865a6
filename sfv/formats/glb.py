"""glTF 2.0 in one binary file: a body's surface, skinned to its bones, and the motion that moves them.

glTF is y up and faces z; quaternions are xyzw and colours linear, and that ends here. What the body looks like is told
(`Coat`). Each bone is a node under its parent, with a key at every frame for what moves; each point follows one bone.
"""

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
from jaxtyping import Float, Int

import sfv
from sfv.errors import InputError
from sfv.formats.conventions import AXES
from sfv.kinematics import motion_state
from sfv.motion import Motion
from sfv.quaternions import apply, conjugate, matrix, multiply
from sfv.work.files import replacing

TO_GLTF = np.array([0.5, -0.5, -0.5, -0.5])
"""Turns our axes (x forward, y left, z up) into glTF's (z forward, x left, y up)."""
STILL = 1e-7
"""m, and of a quaternion's parts, by which what does not move may differ from its place at rest."""
LARGEST = 1 << 32
"""Bytes: a file's length is a number of 32 bits."""
_BYTE, _SHORT, _INT, _FLOAT = 5121, 5123, 5125, 5126
_VERTICES, _INDICES = 34962, 34963


@dataclass(frozen=True)
class Coat:
    """Triangles of one colour on the bones of a body.

    Attributes:
        colour: red, green, blue and opacity, 0..1, as on a screen.
        bodies: (V,) which body each point follows, as an index of `Skeleton.body_names`.
        points: (V, 3) m, in the frame of that body.
        normals: (V, 3) outwards, of length 1.
        faces: (F, 3) points of each triangle.
    """

    colour: tuple[float, float, float, float]
    bodies: Int[np.ndarray, " V"]
    points: Float[np.ndarray, "V 3"]
    normals: Float[np.ndarray, "V 3"]
    faces: Int[np.ndarray, "F 3"]


def write_glb(motion: Motion, coats: Sequence[Coat], path: Path | str, name: str = "motion") -> None:
    """Write a body and its motion, atomically.

    Args:
        motion: what it does; the loop flag, the rate and the source stand in the file's `asset.extras`.
        coats: what it looks like.
        path: the .glb file.
        name: of the animation.

    Raises:
        InputError: it would have over 4 GiB, or cannot be written.
    """
    file = _File()
    _add_bones(file, motion)
    _add_coats(file, motion, coats)
    _add_motion(file, motion, name)
    extras = {"fps": motion.fps, "loop": motion.loop, "source": motion.source}
    asset = {"version": "2.0", "generator": f"sfv {sfv.__version__}", "extras": extras}
    with replacing(path) as temporary:
        temporary.write_bytes(file.content(asset, str(path)))


class _File:
    """A glTF file in the making: its JSON by lists, and its binary chunk."""

    def __init__(self) -> None:
        self.json: dict[str, list[Any]] = {}
        self._binary: list[bytes] = []
        self._length = 0

    def add(self, kind: str, thing: dict[str, Any]) -> int:
        """Append to a list of the JSON; its index there."""
        self.json.setdefault(kind, []).append(thing)
        return len(self.json[kind]) - 1

    def array(
        self, values: np.ndarray, kind: str, target: int | None = None, span: bool = False, normalized: bool = False
    ) -> int:
        """Append an accessor with its numbers; `span` says its least and greatest in the JSON."""
        component = {"B": _BYTE, "H": _SHORT, "I": _INT, "f": _FLOAT}[values.dtype.char]
        content = np.ascontiguousarray(values).tobytes()
        view: dict[str, Any] = {"buffer": 0, "byteOffset": self._length, "byteLength": len(content)}
        view |= {} if target is None else {"target": target}
        self._binary.append(content + bytes(-len(content) % 4))
        self._length += len(self._binary[-1])
        accessor: dict[str, Any] = {"bufferView": self.add("bufferViews", view), "componentType": component}
        accessor |= {"count": len(values), "type": kind} | ({"normalized": True} if normalized else {})
        if span:
            table = values.reshape(len(values), -1)
            accessor |= {"min": table.min(0).tolist(), "max": table.max(0).tolist()}
        return self.add("accessors", accessor)

    def content(self, asset: dict[str, Any], path: str) -> bytes:
        """The whole file."""
        everything = {"asset": asset, "scene": 0, **self.json, "buffers": [{"byteLength": self._length}]}
        text = json.dumps(everything, separators=(",", ":"), ensure_ascii=False).encode()
        text += b" " * (-len(text) % 4)
        length = 12 + 8 + len(text) + 8 + self._length
        if length >= LARGEST:
            raise InputError(
                f"{path} would have {length / 2**30:.1f} GiB, and a glb may have 4; take a part with --end"
            )
        header = struct.pack("<4sII", b"glTF", 2, length)
        chunks = struct.pack("<I4s", len(text), b"JSON"), text, struct.pack("<I4s", self._length, b"BIN\0")
        return b"".join((header, *chunks, *self._binary))


def _add_bones(file: _File, motion: Motion) -> None:
    """Nodes 0 to n - 1: the bodies at rest, which is the zero pose; and the scene of those without a parent."""
    skeleton = motion.skeleton
    place, turn = _locals(*_at_rest(motion), skeleton.parents)
    for index, name in enumerate(skeleton.body_names):
        node: dict[str, Any] = {"name": name, "translation": place[index].tolist(), "rotation": _xyzw(turn[index])}
        children = [i for i, parent in enumerate(skeleton.parents) if parent == index]
        file.add("nodes", node | ({"children": children} if children else {}))
    roots = [i for i, parent in enumerate(skeleton.parents) if parent < 0]
    figure = file.add("nodes", {"name": "figure", "children": roots})
    file.add("scenes", {"nodes": [figure]})


def _add_coats(file: _File, motion: Motion, coats: Sequence[Coat]) -> None:
    """One mesh with a primitive for each coat, bound to the bones at rest."""
    place, turn = _at_rest(motion)
    inverse = np.zeros((len(place), 4, 4), np.float32)
    inverse[:, :3, :3] = matrix(conjugate(turn))
    inverse[:, :3, 3] = apply(conjugate(turn), -place)
    inverse[:, 3, 3] = 1.0
    columns = file.array(np.swapaxes(inverse, 1, 2), "MAT4")  # glTF writes matrices by columns
    bones = len(place)
    file.add("skins", {"inverseBindMatrices": columns, "joints": list(range(bones)), "skeleton": bones})
    primitives = []
    index_type = np.uint8 if bones <= 256 else np.uint16
    for coat in coats:
        followed = np.zeros((len(coat.bodies), 4), index_type)
        followed[:, 0] = coat.bodies
        weights = np.tile(np.array([255, 0, 0, 0], np.uint8), (len(coat.bodies), 1))
        q = turn[coat.bodies]
        points = (place[coat.bodies] + apply(q, coat.points)).astype(np.float32)
        attributes = {
            "POSITION": file.array(points, "VEC3", _VERTICES, span=True),
            "NORMAL": file.array(apply(q, coat.normals).astype(np.float32), "VEC3", _VERTICES),
            "JOINTS_0": file.array(followed, "VEC4", _VERTICES),
            "WEIGHTS_0": file.array(weights, "VEC4", _VERTICES, normalized=True),
        }
        indices = file.array(coat.faces.astype(np.uint32).ravel(), "SCALAR", _INDICES)
        material = file.add("materials", _material(coat.colour))
        primitives.append({"attributes": attributes, "indices": indices, "material": material})
    mesh = file.add("meshes", {"name": "surface", "primitives": primitives})
    surface = file.add("nodes", {"name": "surface", "mesh": mesh, "skin": 0})
    file.json["scenes"][0]["nodes"].append(surface)  # beside the bones: a skinned mesh hangs on none


def _add_motion(file: _File, motion: Motion, name: str) -> None:
    """One animation: of each bone what is not at rest all the time."""
    state = motion_state(motion)
    places, turns = _locals(*_in_gltf(state.xpos[:, 1:], state.xquat[:, 1:]), motion.skeleton.parents)
    rest_places, rest_turns = _locals(*_at_rest(motion), motion.skeleton.parents)
    times = file.array(motion.times.astype(np.float32), "SCALAR", span=True)
    samplers: list[dict[str, Any]] = []
    channels: list[dict[str, Any]] = []

    def move(bone: int, path: str, values: np.ndarray, kind: str) -> None:
        output = file.array(np.ascontiguousarray(values, np.float32), kind)
        samplers.append({"input": times, "output": output, "interpolation": "LINEAR"})
        channels.append({"sampler": len(samplers) - 1, "target": {"node": bone, "path": path}})

    for bone in range(places.shape[1]):
        if bone == 0 or np.abs(places[:, bone] - rest_places[bone]).max() > STILL:
            move(bone, "translation", places[:, bone], "VEC3")
        if bone == 0 or np.abs(turns[:, bone] - rest_turns[bone]).max() > STILL:
            move(bone, "rotation", np.roll(_on_one_side(turns[:, bone]), -1, -1), "VEC4")
    file.add("animations", {"name": name, "samplers": samplers, "channels": channels})


def _at_rest(motion: Motion) -> tuple[np.ndarray, np.ndarray]:
    """Places (B, 3) and turns (B, 4) of all bodies in the zero pose, in glTF's world."""
    model = motion.skeleton.model
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    return _in_gltf(data.xpos[1:], data.xquat[1:])


def _in_gltf(xpos: np.ndarray, xquat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places and turns of bodies in glTF's world; the bodies' own frames stay as they are."""
    return xpos @ AXES, multiply(np.broadcast_to(TO_GLTF, xquat.shape), xquat)


def _locals(xpos: np.ndarray, xquat: np.ndarray, parents: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Places and turns (..., B, ·) of bodies in the world -> in the frames of their parents."""
    place, turn = xpos.copy(), xquat.copy()
    for body, parent in enumerate(parents):
        if parent >= 0:
            back = conjugate(xquat[..., parent, :])
            place[..., body, :] = apply(back, xpos[..., body, :] - xpos[..., parent, :])
            turn[..., body, :] = multiply(back, xquat[..., body, :])
    return place, turn


def _on_one_side(q: np.ndarray) -> np.ndarray:
    """(T, 4) the same turns, each with the sign that is nearer to the one before: readers need not look for it."""
    flips = np.where((q[1:] * q[:-1]).sum(-1) < 0, -1.0, 1.0)
    return q * np.concatenate(([1.0], np.cumprod(flips)))[:, None]


def _xyzw(q: np.ndarray) -> list[float]:
    return np.clip(np.roll(q, -1), -1.0, 1.0).tolist()  # a rounded 1 may be a little more


def _material(colour: tuple[float, float, float, float]) -> dict[str, Any]:
    """A matt surface; glTF's colours are linear in light, those of screens are not."""
    rgb = np.clip(colour[:3], 0.0, 1.0)
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    rough = {"baseColorFactor": [*linear.tolist(), colour[3]], "metallicFactor": 0.0, "roughnessFactor": 0.8}
    return {"pbrMetallicRoughness": rough} | ({"alphaMode": "BLEND"} if colour[3] < 1.0 else {})
