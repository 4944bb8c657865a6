"""A character: a skeleton with dynamics, as one MJCF file that says all there is to know about it.

Motors, gains and limits are MuJoCo's. What MuJoCo has no word for is in the file's <custom> block: `key_bodies` and
`feet` (names), `pose_weights` (one number per joint, root first). Sites named after pose landmarks are the joint map.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import mujoco
import numpy as np

from sfv.errors import InputError, did_you_mean
from sfv.skeleton import Skeleton

ASSETS = Path(__file__).parent / "assets"


@dataclass(frozen=True)
class Character:
    """A body that physics can move.

    Attributes:
        name: 'humanoid', or the stem of the user's file.
        xml: the MJCF text, without ground.
    """

    name: str
    xml: str

    @cached_property
    def model(self) -> mujoco.MjModel:
        """The compiled model of the body alone."""
        return mujoco.MjModel.from_xml_string(self.xml)

    @cached_property
    def skeleton(self) -> Skeleton:
        """Its kinematic tree."""
        return Skeleton.of(self.model)

    @cached_property
    def key_bodies(self) -> tuple[str, ...]:
        """The end effectors: bodies whose positions a viewer watches."""
        return self._names("key_bodies")

    @cached_property
    def feet(self) -> tuple[str, ...]:
        """Bodies meant to touch the ground."""
        return self._names("feet")

    @cached_property
    def pose_weights(self) -> np.ndarray:
        """(njnt,) weight of each joint in pose errors, root first."""
        weights = np.array(self.model.numeric("pose_weights").data)
        if len(weights) != self.model.njnt:
            raise InputError(
                f"{self.name}: pose_weights has {len(weights)} numbers for {self.model.njnt} joints; give one per joint"
            )
        return weights

    @cached_property
    def keypoints(self) -> dict[str, tuple[str, tuple[float, float, float]]]:
        """Pose landmark name -> (body, offset in the body frame, m)."""
        out = {}
        for i in range(self.model.nsite):
            site = self.model.site(i)
            x, y, z = (float(v) for v in site.pos)
            out[site.name] = (self.model.body(int(self.model.site_bodyid[i])).name, (x, y, z))
        return out

    @cached_property
    def mass(self) -> float:
        """Kilograms."""
        return float(self.model.body_mass.sum())

    def _names(self, text: str) -> tuple[str, ...]:
        index = mujoco.mj_name2id(self.model, mujoco.mjtObj.mjOBJ_TEXT, text)
        if index < 0:
            raise InputError(
                f'{self.name}: the model lacks <text name="{text}" data="BODY BODY ..."/> in <custom>; add it'
            )
        start = int(self.model.text_adr[index])
        data = self.model.text_data[start : start + int(self.model.text_size[index]) - 1]  # without the closing NUL
        names = tuple(bytes(data).decode().split())
        for name in names:
            if name not in self.skeleton.body_names:
                raise InputError(f"{self.name}: {text} names {name!r}{did_you_mean(name, self.skeleton.body_names)}")
        return names


def load_character(name: str | Path) -> Character:
    """One of sfv's characters by name, or the user's MJCF file by path.

    Raises:
        InputError: neither exists, or the file is no model.
    """
    own = {path.stem: path for path in ASSETS.glob("*.xml")}
    path = own.get(str(name), Path(name))
    if not path.is_file():
        raise InputError(f"there is no character {str(name)!r}{did_you_mean(str(name), own)}; or give an MJCF file")
    try:
        spec = mujoco.MjSpec.from_file(str(path))
        if spec.meshes or spec.hfields or spec.textures:
            # the text alone no longer knows which folder it stood in
            spec.meshdir, spec.texturedir = (str(path.resolve().parent / d) for d in (spec.meshdir, spec.texturedir))
        spec.compile()
        character = Character(path.stem, spec.to_xml())
    except (ValueError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not a model that MuJoCo reads ({error}); check the MJCF file") from error
    character.skeleton.check()
    return character
