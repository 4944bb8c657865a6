"""A human body of any build whose skin moves on the humanoid's bones: for pictures, not for physics.

Bodies are anny's (Apache-2.0, its data CC0), an optional package that is needed where people are filmed and nowhere
else. Each of its bones takes the turn of the humanoid's part that it belongs to. It knows nothing of clothes, cameras
or motions' files.
"""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial.transform import Rotation

from sfv.errors import InputError

PARTS = ("root", "chest", "neck", *(f"{side}_{part}" for side in ("left", "right")
         for part in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")))  # fmt: skip
"""The humanoid's bodies, whose turns are followed."""
_TRUNK = {
    "Hips": ("root", "root", 0.0), "LHipJoint": ("root", "root", 0.0), "RHipJoint": ("root", "root", 0.0),
    "LowerBack": ("root", "chest", 0.35), "Spine": ("root", "chest", 0.7), "Spine1": ("chest", "chest", 0.0),
    "Neck": ("chest", "neck", 0.5), "Neck1": ("neck", "neck", 0.0), "Head": ("neck", "neck", 0.0),
}  # fmt: skip
"""Bone -> the two parts between whose turns its own lies, and how far from the first."""
_LIMBS = {"UpLeg": "hip", "Leg": "knee", "Foot": "ankle", "ToeBase": "ankle", "Arm": "shoulder", "ForeArm": "elbow",
          "Hand": "wrist", "FingerBase": "wrist", "HandFinger1": "wrist", "Thumb": "wrist"}  # fmt: skip
LOWER = 0.017
"""How much lower than the rig's thighs begin a hip is, over the height: it lies at .53 of it (Winter 2009)."""
COLLAR = 0.15
"""Share of the upper arm's turn that the collar bone takes."""
_CHAINS = (("UpLeg", "Leg", "Foot"), ("Arm", "ForeArm", "Hand", "HandFinger1"))
"""Bones that hang straight down in the humanoid's parts, each with the next, to which it points."""
_AXES = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
"""Forward, left and up of what anny calls left, back and up."""
LANDMARKS = {"knee": "Leg", "ankle": "Foot", "shoulder": "Arm", "elbow": "ForeArm", "wrist": "Hand"}
"""Joint -> the bone that begins there."""


@dataclass(frozen=True)
class Build:
    """How somebody is built, in anny's words: each 0..1. Age .5 is about 18 years, 1 about 90."""

    gender: float
    age: float
    muscle: float
    weight: float
    height: float
    proportions: float


def anybody(rng: np.random.Generator) -> Build:
    """How somebody may be built: one in seven is a child."""
    age = rng.uniform(0.35, 0.55) if rng.random() < 0.15 else rng.uniform(0.55, 0.85)
    return Build(rng.random(), age, *rng.uniform((0.2, 0.2, 0.1, 0.2), (0.8, 0.85, 0.9, 0.8)))


@dataclass(frozen=True)
class Human:
    """A body at rest, and how its skin hangs on its bones. Metres; x forward, y left, z up.

    Attributes:
        vertices: (V, 3) of the skin at rest.
        corners: (W, 2) which vertex, and which point of the texture, each corner of the skin's triangles is.
        texture: (U, 2) points of the texture, 0..1, its first row at the bottom.
        triangles: (F, 3) corners of the faces.
        bones: names; parents before children.
        parents: (B,) index, -1 for the first.
        heads: (B, 3) where each bone begins at rest.
        weights: (V, B) how much of each vertex each bone moves.
        turns: (B, 3, 3) bone -> axes of the humanoid's part, at rest.
        named: landmarks that are no bone's beginning -> the bone that they hang on, and their place at rest.
    """

    vertices: Float[np.ndarray, "V 3"]
    corners: Int[np.ndarray, "W 2"]
    texture: Float[np.ndarray, "U 2"]
    triangles: Int[np.ndarray, "F 3"]
    bones: tuple[str, ...]
    parents: Int[np.ndarray, " B"]
    heads: Float[np.ndarray, "B 3"]
    weights: Float[np.ndarray, "V B"]
    turns: Float[np.ndarray, "B 3 3"]
    named: Mapping[str, tuple[str, Float[np.ndarray, " 3"]]]

    @property
    def leg(self) -> float:
        """m from hip to ankle, at rest."""
        at = [self.heads[self.bones.index(f"Left{bone}")] for bone in ("UpLeg", "Leg", "Foot")]
        return float(np.linalg.norm(at[1] - at[0]) + np.linalg.norm(at[2] - at[1]))

    @property
    def soles(self) -> list[int]:
        """Bones by whose beginnings somebody stands."""
        return [self.bones.index(f"{side}{bone}") for side in ("Left", "Right") for bone in ("Foot", "ToeBase")]

    @property
    def sole(self) -> float:
        """m from there to the ground."""
        return 0.03

    def posed(
        self, places: Float[np.ndarray, "T 3"], parts: Mapping[str, Float[np.ndarray, "T 3 3"]]
    ) -> tuple[Float[np.ndarray, "T B 3"], Float[np.ndarray, "T B 3 3"]]:
        """Where the bones begin, and their turns from rest, in each frame.

        Args:
            places: of the middle of the hips, m.
            parts: the turn of each of the humanoid's PARTS in the world.
        """
        turns = np.empty((len(places), len(self.bones), 3, 3))
        own = dict(parts)
        for b, bone in enumerate(self.bones):
            if bone in _TRUNK:
                first, second, share = _TRUNK[bone]
                turns[:, b] = between(own[first], own[second], share) if share else own[first]
            elif bone.endswith("Shoulder"):
                arm = self.bones.index(bone.replace("Shoulder", "Arm"))
                side = "left" if bone.startswith("Left") else "right"
                turns[:, b] = between(own["chest"], own[f"{side}_shoulder"] @ self.turns[arm], COLLAR)
            else:
                turns[:, b] = own[part_of(bone)] @ self.turns[b]
        heads = np.empty((len(places), len(self.bones), 3))
        for b, parent in enumerate(self.parents):
            if parent < 0:
                heads[:, b] = places
            else:
                heads[:, b] = heads[:, parent] + turns[:, parent] @ (self.heads[b] - self.heads[parent])
        return heads, turns

    def skin(self, heads: Float[np.ndarray, "B 3"], turns: Float[np.ndarray, "B 3 3"]) -> Float[np.ndarray, "V 3"]:
        """The vertices where bones are so (linear blend skinning, as MuJoCo's skins do)."""
        moved = np.einsum("bij,vbj->vbi", turns, self.vertices[:, None] - self.heads) + heads
        return np.asarray(np.einsum("vb,vbi->vi", self.weights, moved))

    def landmark(
        self, name: str, heads: Float[np.ndarray, "T B 3"], turns: Float[np.ndarray, "T B 3 3"]
    ) -> Float[np.ndarray, "T 3"]:
        """Where a joint, a `foot_index` or the `head` (between the ears) is."""
        side, _, joint = name.partition("_")
        if joint in LANDMARKS:
            return heads[:, self.bones.index(side.title() + LANDMARKS[joint])]
        bone, place = self.named[name]
        b = self.bones.index(bone)
        return np.asarray(heads[:, b] + turns[:, b] @ (place - self.heads[b]))


def part_of(bone: str) -> str:
    """The humanoid's part that a limb's bone follows."""
    side = "left" if bone.startswith("L") else "right"
    stem = bone.removeprefix("Left").removeprefix("Right").removeprefix("L").removeprefix("R")
    return f"{side}_{_LIMBS[stem if stem in _LIMBS else bone.removeprefix('Left').removeprefix('Right')]}"


def human(build: Build) -> Human:
    """The body of somebody built like this.

    Raises:
        InputError: anny is not installed.
    """
    torch, model = _anny()
    with torch.no_grad():
        made = model(phenotype_kwargs={name: float(value) for name, value in vars(build).items()})
    origin = made["rest_bone_heads"][0, 0].double().numpy()
    vertices = (made["rest_vertices"][0].double().numpy() - origin) @ _AXES.T
    heads = (made["rest_bone_heads"][0].double().numpy() - origin) @ _AXES.T
    bones = tuple(model.bone_labels)
    weights = np.zeros((len(vertices), len(bones)))
    np.add.at(weights, (np.arange(len(vertices))[:, None], model.vertex_bone_indices.numpy()),
              model.vertex_bone_weights.double().numpy())  # fmt: skip
    weights /= weights.sum(1, keepdims=True)
    pairs = np.stack((model.faces.numpy(), model.face_texture_coordinate_indices.numpy()), -1)
    corners, triangles = np.unique(pairs.reshape(-1, 2), axis=0, return_inverse=True)
    named = {"head": ("Head", _ears() @ vertices)}
    tall = float(np.ptp(vertices[:, 2]))
    for side in ("left", "right"):
        named[f"{side}_hip"] = ("Hips", heads[bones.index(f"{side.title()}UpLeg")] - [0.0, 0.0, LOWER * tall])
        toes = f"{side.title()}ToeBase"
        mine = weights[:, bones.index(toes)] > 0.5
        # the landmark lies on the shoe's tip, a little above the ground
        tip = vertices[mine].max(0)[0]
        middle = vertices[mine][vertices[mine][:, 0] > tip - 0.05]
        named[f"{side}_foot_index"] = (toes, np.array([tip - 0.02, middle[:, 1].mean(), middle[:, 2].mean()]))
    return Human(
        vertices=vertices, corners=corners, texture=model.texture_coordinates.double().numpy(),
        triangles=triangles.reshape(-1, 3), bones=bones, parents=np.array(model.bone_parents), heads=heads,
        weights=weights, turns=_hung(bones, heads), named=named,
    )  # fmt: skip


def between(
    first: Float[np.ndarray, "T 3 3"], second: Float[np.ndarray, "T 3 3"], share: float
) -> Float[np.ndarray, "T 3 3"]:
    """The turns a share of the way from the first to the second."""
    way = Rotation.from_matrix(np.swapaxes(first, 1, 2) @ second).as_rotvec()
    return first @ Rotation.from_rotvec(share * way).as_matrix()


def _hung(bones: tuple[str, ...], heads: Float[np.ndarray, "B 3"]) -> Float[np.ndarray, "B 3 3"]:
    """The turns that bring limbs from rest to where they hang straight down, feet and toes pointing as they do."""
    turns = np.tile(np.eye(3), (len(bones), 1, 1))
    for side in ("Left", "Right"):
        for chain in _CHAINS:
            turn = np.eye(3)
            for bone, following in pairwise(chain):
                way = turn @ (heads[bones.index(side + following)] - heads[bones.index(side + bone)])
                turn = _shortest(way, np.array([0.0, 0.0, -1.0])) @ turn
                turns[bones.index(side + bone)] = turn
            if chain[0] == "Arm":
                for bone in (f"{side}FingerBase", f"{side}HandFinger1", f"{side[0]}Thumb"):
                    turns[bones.index(bone)] = turn
    return turns


def _shortest(a: Float[np.ndarray, " 3"], b: Float[np.ndarray, " 3"]) -> Float[np.ndarray, "3 3"]:
    """The least turn that brings one direction to another."""
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    axis = np.cross(a, b)
    sine = float(np.linalg.norm(axis))
    if sine < 1e-9:
        return np.eye(3)
    return np.asarray(Rotation.from_rotvec(axis / sine * np.arctan2(sine, float(a @ b))).as_matrix())


@cache
def _anny() -> tuple[Any, Any]:
    """torch, and anny's model on the rig that has the names of CMU's skeleton."""
    try:
        anny, torch = importlib.import_module("anny"), importlib.import_module("torch")
    except ImportError as error:
        raise InputError("anny, whose bodies are filmed, is not here; pip install 'sfv[people]'") from error
    return torch, anny.Anny(rig="cmu_mb")


@cache
def _ears() -> Float[np.ndarray, " V"]:
    """Weights of the vertices in the middle of both ears."""
    anny = importlib.import_module("anny")
    ears = anny.KeypointsRegressor.coco(_anny()[1], ["left_ear", "right_ear"])
    weights = ears.regression_weights.double().numpy()
    return np.asarray(weights.mean(0))
