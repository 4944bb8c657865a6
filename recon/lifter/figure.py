"""sfv's own figure as somebody who is filmed: the humanoid's bodies in its own or other people's measures, in clothes
of any colours. It knows no rooms, cameras or motions.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields

import mujoco
import numpy as np
from jaxtyping import Float, Int

from recon.lifter.clothing import cloth, muted, skin
from recon.lifter.human import PARTS
from sfv.bodies.person import PREFIX, SOLE
from sfv.character import Character, load_character
from sfv.view.person import PERSON, VISIBLE_GROUP, Look, Rgb, dress

USUAL, PLAIN = 0.5, 0.3
"""Shares of those who have the humanoid's measures, and its clothes."""


@dataclass(frozen=True)
class Figure:
    """A body of which each bone is one of the humanoid's parts. Metres.

    Attributes:
        xml: of the character.
        bones: PARTS.
        parents: (B,) index, -1 for the first.
        offsets: (B, 3) where each begins in its parent's frame; of the first: from the middle of the hips.
        sites: landmarks -> the bone that they are on, and their place in its frame.
    """

    xml: str
    bones: tuple[str, ...]
    parents: Int[np.ndarray, " B"]
    offsets: Float[np.ndarray, "B 3"]
    sites: Mapping[str, tuple[str, tuple[float, float, float]]]

    @property
    def leg(self) -> float:
        """m from hip to ankle."""
        return float(sum(np.linalg.norm(self.offsets[self.bones.index(f"left_{part}")]) for part in ("knee", "ankle")))

    @property
    def soles(self) -> list[int]:
        """Bones by whose beginnings it stands."""
        return [self.bones.index(f"{side}_ankle") for side in ("left", "right")]

    @property
    def sole(self) -> float:
        """m from there to the ground."""
        return SOLE

    def posed(
        self, places: Float[np.ndarray, "T 3"], parts: Mapping[str, Float[np.ndarray, "T 3 3"]]
    ) -> tuple[Float[np.ndarray, "T B 3"], Float[np.ndarray, "T B 3 3"]]:
        """As `Human.posed`."""
        turns = np.stack([parts[bone] for bone in self.bones], 1)
        heads = np.empty((len(places), len(self.bones), 3))
        for b, parent in enumerate(self.parents):
            before, turn = (places, turns[:, b]) if parent < 0 else (heads[:, parent], turns[:, parent])
            heads[:, b] = before + turn @ self.offsets[b]
        return heads, turns

    def landmark(
        self, name: str, heads: Float[np.ndarray, "T B 3"], turns: Float[np.ndarray, "T B 3 3"]
    ) -> Float[np.ndarray, "T 3"]:
        """As `Human.landmark`."""
        names = ("left_ear", "right_ear") if name == "head" else (name,)
        found = []
        for bone, place in (self.sites[one] for one in names):
            b = self.bones.index(bone)
            found.append(heads[:, b] + turns[:, b] @ np.array(place))
        return np.asarray(np.mean(found, 0))


def figure(character: Character) -> Figure:
    """The humanoid, or somebody of other measures."""
    model = character.model
    ids = [model.body(part).id for part in PARTS]
    parents = np.array([ids.index(model.body_parentid[i]) if model.body_parentid[i] in ids else -1 for i in ids])
    offsets = model.body_pos[ids].copy()
    sites = character.keypoints
    offsets[0] = -np.mean([sites[f"{side}_hip"][1] for side in ("left", "right")], 0)
    return Figure(character.xml, PARTS, parents, offsets, sites)


def some_figure(rng: np.random.Generator) -> Figure:
    """One drawn by chance."""
    if rng.random() < USUAL:
        return figure(load_character("humanoid"))
    height, build = rng.uniform(1.3, 1.95), rng.uniform(17.0, 30.0)
    return figure(load_character(f"{PREFIX}:height={height:.2f},weight={build * height**2:.1f}"))


def some_look(rng: np.random.Generator) -> Look:
    """Clothes, skin and hair by chance; each of one colour."""
    if rng.random() < PLAIN:
        return PERSON
    colours = {field.name: cloth(rng) for field in fields(Look) if field.name in ("shirt", "trousers", "shoes")}
    colours |= {"skin": skin(rng), "hair": muted(rng, 0.3) * rng.uniform(0.1, 0.8)}

    def share(colour: Float[np.ndarray, " 3"]) -> Rgb:
        red, green, blue = (colour / 255.0).clip(0, 1).tolist()
        return red, green, blue

    return Look(**{name: share(colour) for name, colour in colours.items()}, opacity=1.0)


def wearing(figure: Figure, look: Look) -> Callable[[mujoco.MjSpec], None]:
    """What puts its shapes on bodies that are named like its bones."""

    def wear(spec: mujoco.MjSpec) -> None:
        own = mujoco.MjSpec.from_string(figure.xml)
        dress(own, look)
        for bone in figure.bones:
            for geom in own.body(bone).geoms:
                if geom.group == VISIBLE_GROUP:
                    made = spec.body(bone).add_geom(type=geom.type, size=geom.size, pos=geom.pos, rgba=geom.rgba)
                    if geom.type == mujoco.mjtGeom.mjGEOM_CAPSULE:
                        made.fromto = geom.fromto

    return wear
